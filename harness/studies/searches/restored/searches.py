"""Searches of a study of restoring networks, each in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from harness.search.gradient.setting import SearchSetting
from harness.studies.options import StudyOptions
from harness.studies.searches.progress import epoch_seconds

FOLDER = "searches"
F = TypeVar("F")


class Search(NamedTuple):
    """A search: its arm, its setting and its seed."""

    arm: str
    setting: SearchSetting
    seed: int

    def folder(self, out: Path) -> Path:
        """Its folder below that of the study."""
        return out / FOLDER / self.name

    @property
    def name(self) -> str:
        """Name of its folder."""
        return f"{self.arm.replace(' ', '-')}-seed-{self.seed}"


def is_searched(search: Search, out: Path) -> bool:
    """Whether a search has come to its end in its folder."""
    return len(epoch_seconds(search.folder(out))) == search.setting.epochs


def searched_one(search: Search, options: StudyOptions, run: Callable[[Search], F]) -> F | None:
    """What a search has found; None where it is not over and the options have `finished`.

    Args:
        search: the search.
        options: options of the study.
        run: runs a search, goes on with it, or reads it.
    """
    if not is_searched(search, options.out):
        if options.finished:
            return None
        options.say(f"search {search.arm}, seed {search.seed}: {search.setting.epochs} epochs")
    return run(search)
