"""The folders of a study, made and tried before hours go into what is to lie in them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from harness.errors import SettingError


def make_folder(folder: Path, option: str) -> None:
    """Make a folder, with its parents, and try that a file can be written in it.

    Args:
        folder: may be there already.
        option: that names it on the command line, for the message.

    Raises:
        SettingError: a folder that cannot be made or written in; named, with the system's reason.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(f"{option} {folder}: cannot make that folder: {error.strerror}") from error
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise SettingError(f"{option} {folder}: cannot write in that folder: {error.strerror}") from error
