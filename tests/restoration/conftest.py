"""The folder of restoration images."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def restoration_data(published_data: Path) -> Path:
    """The folder that holds Set5, Set12 and others; skips where it is absent."""
    folder = published_data / "restoration"
    if not folder.is_dir():
        pytest.skip(f"folder {folder} is absent")
    return folder
