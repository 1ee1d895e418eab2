"""What a study has left in its folder, for a notebook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import SettingError, unknown
from harness.text.presented import PROVENANCE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_TEXTS = ("table.md", "tables.md")
_TABLES = (".csv", ".csv.gz")
_MAIN = ("comparison", "table")


class _Frames(dict[str, "pd.DataFrame"]):
    """Frames by name; an unknown name is answered with the nearest one."""

    def __missing__(self, name: str) -> pd.DataFrame:
        raise SettingError(unknown("table of this study", name, list(self)))


@dataclass(frozen=True)
class StudyOutcome:
    """The outcome of a study; `print` and a notebook show its tables.

    Attributes:
        folder: the study's folder.
    """

    folder: Path

    @property
    def frames(self) -> Mapping[str, pd.DataFrame]:
        """The study's CSV files as frames, by file name without its ending; each carries the record of the study."""
        import pandas as pd

        found = _Frames()
        for file in sorted(self.folder.iterdir()):
            if name := _without(file.name, _TABLES):
                found[name] = pd.read_csv(file, float_precision="round_trip")
                found[name].attrs[PROVENANCE] = {**self._versions, "study": self.record}
        return found

    @property
    def frame(self) -> pd.DataFrame:
        """The study's main table: `comparison`, `table`, or the first of the frames that holds no scores.

        Raises:
            SettingError: a folder without a table.
        """
        frames = self.frames
        for name in (*_MAIN, *(name for name in frames if not name.startswith("scores"))):
            if name in frames:
                return frames[name]
        raise SettingError(f"there is no table in {self.folder}: the study has not come to its end")

    @cached_property
    def record(self) -> dict[str, Any]:
        """How the study was made: command, settings, table, versions; empty where it has not come to its end."""
        file = self.folder / "study.json"
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return found

    @property
    def _versions(self) -> dict[str, str]:
        """The versions of nasinit and Python that made the study, as far as its record has them."""
        environment = self.record.get("environment", {})
        return {name: environment[name] for name in ("nasinit", "python") if name in environment}

    @property
    def pictures(self) -> tuple[Path, ...]:
        """The study's figures, as PNG files."""
        return tuple(sorted(self.folder.glob("*.png")))

    def plot(self, name: str | None = None) -> Figure:
        """One of the study's pictures as a figure; pyplot does not know of it, and a notebook shows it.

        Args:
            name: name of its file without the ending; by default the first.

        Raises:
            SettingError: an unknown name, with the nearest one, or a study without pictures.
        """
        from matplotlib.figure import Figure

        pictures = {picture.stem: picture for picture in self.pictures}
        if not pictures:
            raise SettingError(f"there is no picture in {self.folder}")
        if name is not None and name not in pictures:
            raise SettingError(unknown("picture of this study", name, list(pictures)))
        chosen = pictures[next(iter(pictures)) if name is None else name]
        return _shown(chosen, Figure)

    def __str__(self) -> str:
        return self.to_text()

    def to_text(self) -> str:
        """The study's tables as text: those of `to_markdown`, which a terminal shows well too."""
        return self.to_markdown()

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


def _shown(picture: Path, kind: type[Figure]) -> Figure:
    from matplotlib.image import imread

    pixels = imread(picture)
    figure = kind(figsize=(pixels.shape[1] / 150, pixels.shape[0] / 150), dpi=150)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.imshow(pixels)
    axes.set_axis_off()
    return figure


def _without(name: str, endings: tuple[str, ...]) -> str:
    return next((name.removesuffix(ending) for ending in endings if name.endswith(ending)), "")
