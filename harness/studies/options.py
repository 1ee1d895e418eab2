"""Options of the studies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from harness.errors import SettingError
from harness.evaluation.columns import DEFAULT_TABLE

MOST_RUNS = 100
"""The largest number of searches of each method; one search takes minutes to an hour."""


@dataclass(frozen=True)
class StudyOptions:
    """Options of a study, from the command line; each study uses those in its `takes`.

    Attributes:
        out: folder for the results.
        say: function that prints a line.
        table: name of a table, or path of a file.
        seed: seed of all random numbers.
        workers: number of processes, each with one thread.
        scheduler: address of a Dask scheduler, or its scheduler file, to score and to search on its workers instead of
            processes of this machine; None for these.
        quick: whether to make the study in small: minutes instead of hours.
        full: whether to score every architecture of the space, or to make a study without scores at its full size.
        sample: number of architectures to score; None for the study's own number.
        runs: number of searches by gradients of each method, 1 to `MOST_RUNS`; None for the study's own number.
        data: folder of CIFAR-10's binary files, or of what else the study reads; None if they are not available.
        store: SQLite file for the scores; None for a file in `out`.
        scores: a store, or a CSV, of scores that exist already, for the parts of a study that use scores.
        steps: a folder of `nasinit search nasi-ada --seeds`, or a file of recorded steps, of NASI's searches that exist
            already; None to run them.
        finished: whether to take the searches by gradients, or the scores, that are finished, and to make no other.
        known: whether scores come from the table of known scores where its setting and versions are the study's: True
            for all its cells, or the asked for number of them; False for none; None for the study's own cells if it has
            all.
        shard: which part of the architectures to score, or of the searches by gradients to run, such as (3, 16),
            without making the study; None to make it.
        progress: whether to draw progress bars on standard error.
    """

    out: Path
    say: Callable[[str], None]
    table: str = DEFAULT_TABLE
    seed: int = 0
    workers: int = 2
    scheduler: str | None = None
    quick: bool = False
    full: bool = False
    sample: int | None = None
    runs: int | None = None
    data: Path | None = None
    store: Path | None = None
    scores: Path | None = None
    steps: Path | None = None
    finished: bool = False
    known: bool | None = None
    shard: tuple[int, int] | None = None
    progress: bool = False

    def __post_init__(self) -> None:
        if self.shard is not None:
            from harness.scoring.shards import checked_shard

            checked_shard(self.shard)
        for name, least, most in (("seed", 0, None), ("workers", 1, None), ("runs", 1, MOST_RUNS)):
            value = getattr(self, name)
            if name == "runs" and value is None:
                continue
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole or value < least or (most is not None and value > most):
                allowed = f"from {least}" if most is None else f"from {least} to {most}"
                raise SettingError(f"--{name} must be a whole number {allowed}, got {value!r}")
        if len(self.sizes) > 1:
            raise SettingError(f"{' and '.join(self.sizes)}: each is a size of the sample, give one of them, not both")

    @property
    def sizes(self) -> list[str]:
        """Names of the given options that set the size of the sample."""
        given = {"--quick": self.quick, "--full": self.full, "--sample": self.sample is not None}
        return [name for name, there in given.items() if there]


class StudyKeywords(TypedDict, total=False):
    """The fields of `StudyOptions` as keywords, but for the folder, for type checkers."""

    say: Callable[[str], None]
    table: str
    seed: int
    workers: int
    quick: bool
    full: bool
    sample: int | None
    runs: int | None
    data: str | Path | None
    store: str | Path | None
    scores: str | Path | None
    steps: str | Path | None
    finished: bool
    known: bool | None
    shard: tuple[int, int] | None
    scheduler: str | None
    progress: bool
