"""What the machine that builds the site has must not show in its pages."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator

_DATA = "NASINIT_DATA"


@contextlib.contextmanager
def without_data() -> Iterator[None]:
    """Without the variable that names a folder of the user's data."""
    data = os.environ.pop(_DATA, None)
    try:
        yield
    finally:
        if data is not None:
            os.environ[_DATA] = data


@contextlib.contextmanager
def empty_folder() -> Iterator[None]:
    """In a new folder, without the user's data."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder, without_data():
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)
