"""Small benchmarks that nasinit made itself (its study `restoration-proxies`): tables that come with the package."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "packaged"
_NAMES = ("trilevel-small", "mod-nas-small")


def small_benchmarks(folder: Path = FOLDER) -> Mapping[str, Path]:
    """Files of the small benchmarks in a folder by the table's name, those that are there."""
    files = {name: folder / f"{name}.parquet" for name in _NAMES}
    return {name: file for name, file in files.items() if file.is_file()}
