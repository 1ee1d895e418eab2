"""What a study is, and what it may be told."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from harness.errors import SettingError, unknown

DEFAULT_TABLE = "nasbench201"
MOST_RUNS = 100
"""Searches of each method; one takes minutes to an hour."""


@dataclass(frozen=True)
class StudyOptions:
    """What the command line tells a study; each takes a part of it (`Study.takes`).

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


@dataclass(frozen=True)
class Study:
    """A study, known before anything heavy is imported.

    Attributes:
        module: in `harness.studies`, whose `STUDY` is called with the options.
        shows: what its outcome shows, in a line.
        takes: names of the options that it takes beside `out` and `say`.
    """

    module: str
    shows: str
    takes: frozenset[str]

    def run(self, options: StudyOptions) -> None:
        """Make the outcome."""
        importlib.import_module(f"harness.studies.{self.module}").STUDY(options)


_SAMPLED = frozenset({"sample", "quick", "full", "seed", "workers", "store"})
_RANKED = _SAMPLED | {"table", "data"}  # under several conditions; under one, scores made before may stand in
_SEARCHED = frozenset({"table", "quick", "runs", "seed", "workers", "data", "scores"})
STUDIES: Mapping[str, Study] = {
    "zero-cost-nas": Study(
        "rank.zero_cost_nas", "every proxy on NAS-Bench-201, beside the papers' rank correlations", _RANKED
    ),
    "nas-bench-suite-zero": Study(
        "rank.nas_bench_suite_zero", "its thirteen proxies on NAS-Bench-201", _RANKED | {"scores"}
    ),
    "az-nas-table-1": Study(
        "rank.az_nas_table_1", "AZ-NAS's parts, its sum of ranks, and its peers", _RANKED | {"scores"}
    ),
    "te-nas-kernel": Study(
        "rank.te_nas_kernel", "TE-NAS's condition number and linear regions", _RANKED | {"scores"}
    ),
    "hnas-metrics": Study(
        "rank.hnas_metrics", "HNAS's four metrics and the condition number", _RANKED | {"scores"}
    ),
    "beyond-size": Study(
        "rank.beyond_size", "what every proxy knows beyond the number of parameters", _RANKED | {"scores"}
    ),
    "nasi-figure-1": Study(
        "rank.nasi_figure_1", "whether NASI's trace depends on labels and inputs", _RANKED
    ),
    "bn-mode": Study("rank.bn_mode", "proxies with batch norm in train and in eval mode", _RANKED),
    "stability": Study(
        "stability", "what a proxy's ranking owes to seeds, inputs, init, batch norm's mode and size", _RANKED
    ),
    "proxy-identities": Study(
        "proxy_identities", "which proxies are the same number in other words", _SAMPLED | {"scores"}
    ),
    "nasi-table-1": Study(
        "searches.nasi_table_1",
        "searches on NAS-Bench-201, NASI among them, beside the published accuracies",
        _SEARCHED,
    ),
    "naswot-table-2": Study(
        "searches.naswot_table_2", "NASWOT's table of searches on NAS-Bench-201, with its exact rows", _SEARCHED
    ),
    "darts-genotypes": Study(
        "darts_genotypes", "published DARTS genotypes and those found here, by every proxy",
        (_SEARCHED | {"store"}) - {"table"},
    ),
}  # fmt: skip


def find_study(name: str) -> Study:
    """The study of that name.

    Raises:
        SettingError: for an unknown name, with the nearest one.
    """
    if name not in STUDIES:
        raise SettingError(unknown("study", name, STUDIES))
    return STUDIES[name]


def default_folder(name: str, *, quick: bool) -> Path:
    """Where a study's outcome lies if nobody says so: the quick form's apart, as neither goes on from the other."""
    return Path("studies") / (f"{name}-quick" if quick else name)


def options_of(study: Study) -> list[str]:
    """The options of the command line that a study takes."""
    return [f"--{option}" for option in sorted({*study.takes, "out"})]


def run_study(name: str, out: str | Path, **options: Any) -> None:
    """Make a study's outcome in a folder, as `nasinit study` does.

    Args:
        name: of the study, as `STUDIES` lists them.
        out: folder for the outcome; a study that lies there goes on.
        **options: fields of `StudyOptions` that the study takes; `say` prints by default. CIFAR-10 is used where `data`
            names its folder.

    Raises:
        SettingError: an unknown study, an option that there is not or that the study does not take, or what the study
            itself refuses.
    """
    study = find_study(name)
    known = {entry.name for entry in fields(StudyOptions)}
    for option in options:
        if option not in known:
            raise SettingError(unknown("option of a study", option, sorted(known)))
    check_taken(name, study, [option for option in options if option != "say"])
    for option in ("data", "store", "scores"):
        if options.get(option) is not None:
            options[option] = Path(options[option])
    study.run(StudyOptions(Path(out), **{"say": print, **options}))


def check_taken(name: str, study: Study, given: Iterable[str]) -> None:
    """Refuse options that a study does not take."""
    idle = [f"--{option}" for option in given if option not in study.takes]
    if idle:
        taken = ", ".join(options_of(study))
        raise SettingError(f"the study {name} has no {' and no '.join(idle)}; it takes {taken}")
