"""What a study has left in its folder, for a notebook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import SettingError, unknown

if TYPE_CHECKING:
    import pandas as pd

_TEXTS = ("table.md", "tables.md")
_TABLES = (".csv", ".csv.gz")


@dataclass(frozen=True)
class StudyOutcome:
    """The outcome of a study; a notebook shows its tables.

    Attributes:
        folder: the study's folder.
    """

    folder: Path

    @property
    def frames(self) -> Mapping[str, pd.DataFrame]:
        """The study's CSV files as frames, by file name without its ending."""
        import pandas as pd

        return {
            name: pd.read_csv(file, float_precision="round_trip")
            for file in sorted(self.folder.iterdir())
            if (name := _without(file.name, _TABLES))
        }

    def frame(self, name: str) -> pd.DataFrame:
        """One of the frames, by its file's name without the ending.

        Raises:
            SettingError: an unknown name, with the nearest one.
        """
        frames = self.frames
        if name not in frames:
            raise SettingError(unknown("table of this study", name, list(frames)))
        return frames[name]

    @cached_property
    def record(self) -> dict[str, Any]:
        """How the study was made: command, settings, table, versions; empty where it has not come to its end."""
        file = self.folder / "study.json"
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return found

    @property
    def pictures(self) -> tuple[Path, ...]:
        """The study's figures, as PNG files."""
        return tuple(sorted(self.folder.glob("*.png")))

    def to_markdown(self) -> str:
        """The study's tables in Markdown."""
        return "\n\n".join(self._texts(*_TEXTS))

    def to_latex(self) -> str:
        r"""The study's tables in LaTeX, which need `\usepackage{booktabs}`."""
        return "\n".join(self._texts(*(file.name for file in sorted(self.folder.glob("*.tex")))))

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def _texts(self, *names: str) -> list[str]:
        files = (self.folder / name for name in names)
        return [file.read_text(encoding="utf-8").rstrip("\n") for file in files if file.exists()]


def _without(name: str, endings: tuple[str, ...]) -> str:
    return next((name.removesuffix(ending) for ending in endings if name.endswith(ending)), "")
