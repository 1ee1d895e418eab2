"""The folders of a study, made and tried before hours go into what is to lie in them."""

from __future__ import annotations

import os
from pathlib import Path

from harness.errors import SettingError
from harness.writing import make_writable


def make_folder(folder: Path, option: str) -> None:
    """Make a folder, with its parents, and try that a file can be written in it.

    Args:
        folder: may be there already.
        option: that names it on the command line, for the message.

    Raises:
        SettingError: a folder that cannot be made or written in; named, with the system's reason.
    """
    try:
        make_writable(folder)
    except OSError as error:
        failed = "write in" if os.path.isdir(folder) else "make"
        raise SettingError(f"{option} {folder}: cannot {failed} that folder: {error.strerror}") from error
