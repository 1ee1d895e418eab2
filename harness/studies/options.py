"""What a study may be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.errors import SettingError
from harness.evaluation.columns import DEFAULT_TABLE

MOST_RUNS = 100
"""Searches of each method; one takes minutes to an hour."""


@dataclass(frozen=True)
class StudyOptions:
    """What the command line tells a study; each study takes a part of it (its `takes`).

    Attributes:
        out: folder for the outcome.
        say: prints a line.
        table: name of a table, or path of a file.
        seed: of everything that is drawn.
        workers: processes, one thread each.
        quick: minutes instead of hours.
        full: every architecture of the space.
        sample: architectures to score; None for the study's own number.
        runs: searches by gradients of each method, 1 to `MOST_RUNS`; None for the study's own number.
        data: folder of CIFAR-10's binary files; None where there is none.
        store: SQLite file of the scores; None for one in `out`.
        scores: a store, or a CSV of scores, for the rows that look at one.
    """

    out: Path
    say: Callable[[str], None]
    table: str = DEFAULT_TABLE
    seed: int = 0
    workers: int = 2
    quick: bool = False
    full: bool = False
    sample: int | None = None
    runs: int | None = None
    data: Path | None = None
    store: Path | None = None
    scores: Path | None = None

    def __post_init__(self) -> None:
        for name, least, most in (("seed", 0, None), ("workers", 1, None), ("runs", 1, MOST_RUNS)):
            value = getattr(self, name)
            if name == "runs" and value is None:
                continue
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole or value < least or (most is not None and value > most):
                allowed = f"from {least}" if most is None else f"from {least} to {most}"
                raise SettingError(f"--{name} must be a whole number {allowed}, got {value!r}")
