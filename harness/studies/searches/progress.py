"""Progress of a study's searches, from the logs that they write after every epoch."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from harness.search.gradient.checkpoint import LOG
from harness.studies.searches.runs import Run
from harness.text.shown import in_time

Seconds = Mapping[Run, Sequence[float]]
"""Seconds of each finished epoch, by search."""


class SearchProgress:
    """Shows the finished epochs, the running searches, and the time left.

    Args:
        runs: all searches, in the order in which they begin.
        folder: folder of all searches.
        workers: number of searches that run at once.
        advance: function that advances a bar over all epochs (`harness.progress.progress_bar`).
    """

    def __init__(self, runs: Sequence[Run], folder: Path, workers: int, advance: Callable[..., None]) -> None:
        self._runs, self._folder, self._workers, self._advance = runs, folder, workers, advance
        self._shown = 0

    def show(self, over: Collection[Run]) -> None:
        """Read the logs and advance the bar; a finished or failed search counts with all its epochs."""
        seconds = {run: epoch_seconds(self._folder / run.folder) for run in self._runs}
        done = sum(run.setting.epochs if run in over else len(seconds[run]) for run in self._runs)
        self._advance(note_on(self._runs, seconds, over, self._workers), steps=done - self._shown)
        self._shown = done


def epoch_seconds(folder: Path) -> list[float]:
    """Seconds of every epoch in the log of a search; empty if there is no log yet."""
    try:
        with (folder / LOG).open(newline="", encoding="utf-8") as file:
            return [float(row["seconds"]) for row in csv.DictReader(file)]
    except (OSError, KeyError, ValueError):  # a file of somebody else's: the search itself will say so
        return []


def note_on(runs: Sequence[Run], seconds: Seconds, over: Collection[Run], workers: int) -> str:
    """A note for the bar: finished searches, the time left as far as it is known, and the running searches."""
    waiting = [run for run in runs if run not in over]
    told = [f"{len(over)}/{len(runs)} searches"]
    left, whole = seconds_left(waiting, seconds, workers)
    if left > 0:
        told.append(f"{'about' if whole else 'more than'} {in_time(left)} left")
    told += [f"{run.name} {run.seed}: {len(seconds[run])}/{run.setting.epochs}" for run in waiting[:workers]]
    return ", ".join(told)


def seconds_left(waiting: Sequence[Run], seconds: Seconds, workers: int) -> tuple[float, bool]:
    """Seconds until all waiting searches are finished, and whether that counts all of them.

    An epoch is taken to last as long as the mean epoch of its method and preset so far; one without any is not counted.
    """
    of_name: dict[str, list[float]] = {}
    for run, found in seconds.items():
        of_name.setdefault(run.name, []).extend(found)
    left = [
        max(run.setting.epochs - len(seconds[run]), 0) * fmean(of_name[run.name])
        for run in waiting
        if of_name[run.name]
    ]
    return max([sum(left) / workers, *left], default=0.0), len(left) == len(waiting)
