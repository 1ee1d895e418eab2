"""Trainings in a file, each a row as soon as it is over, so that what was killed goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from harness.errors import SettingError


def read_kept(path: Path, columns: Sequence[str], texts: Sequence[str], instead: str) -> pd.DataFrame:
    """All rows of a file, of which a last line that was cut by a kill is left out; none where it is not there.

    Args:
        path: the file.
        columns: its columns.
        texts: columns that are text, whatever stands in them: a graph may be called 2020.
        instead: what to do about a file with other columns, in words.

    Raises:
        SettingError: for a file with other columns.
    """
    if not path.exists():
        return pd.DataFrame(columns=list(columns))
    text = path.read_text(encoding="utf-8")
    if not text.endswith("\n"):
        path.write_text(text[: text.rfind("\n") + 1], encoding="utf-8")
    if not path.stat().st_size:
        path.unlink()
        return pd.DataFrame(columns=list(columns))
    found = pd.read_csv(path, float_precision="round_trip", converters=dict.fromkeys(texts, str))
    if list(found.columns) != list(columns):
        raise SettingError(f"{path} {instead}")
    return found


def keep(path: Path, row: Sequence[object], columns: Sequence[str]) -> None:
    """Append a row to a file, which gets its columns first where it is not there."""
    frame = pd.DataFrame([tuple(row)], columns=list(columns))
    frame.to_csv(path, mode="a", header=not path.exists(), index=False, lineterminator="\n")
