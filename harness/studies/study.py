"""The studies by name, and making one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from harness.errors import SettingError, unknown
from harness.studies import darts_genotypes, proxy_identities, stability
from harness.studies.kinds import RankStudy, SearchTable, Study
from harness.studies.options import StudyOptions
from harness.studies.rank import (
    az_nas_table_1,
    beyond_size,
    bn_mode,
    hnas_metrics,
    nas_bench_suite_zero,
    nasi_figure_1,
    te_nas_kernel,
    zero_cost_nas,
)
from harness.studies.searches import rows

STUDIES: Mapping[str, Study] = {
    "zero-cost-nas": zero_cost_nas.STUDY,
    "nas-bench-suite-zero": nas_bench_suite_zero.STUDY,
    "az-nas-table-1": az_nas_table_1.STUDY,
    "te-nas-kernel": te_nas_kernel.STUDY,
    "hnas-metrics": hnas_metrics.STUDY,
    "beyond-size": beyond_size.STUDY,
    "nasi-figure-1": nasi_figure_1.STUDY,
    "bn-mode": bn_mode.STUDY,
    "stability": stability.STUDY,
    "proxy-identities": proxy_identities.STUDY,
    "nasi-table-1": rows.NASI,
    "naswot-table-2": rows.NASWOT,
    "darts-genotypes": darts_genotypes.STUDY,
}
"""In the order in which they are listed."""


def find_study(name: str) -> Study:
    """The study of that name.

    Raises:
        SettingError: for an unknown name, with the nearest one.
    """
    if name not in STUDIES:
        raise SettingError(unknown("study", name, STUDIES))
    return STUDIES[name]


def make(study: Study, options: StudyOptions) -> None:
    """Make a study's outcome; what makes a study of its kind is imported here, and not before.

    Args:
        study: one of `STUDIES`, or a record of one's own.
        options: of which the study takes a part.

    Raises:
        HarnessError: what the study itself refuses.
        TableError: a table that is not here, or damaged.
    """
    if isinstance(study, RankStudy):
        from harness.studies.rank.rank_study import run_rank_study

        run_rank_study(study, options)
    elif isinstance(study, SearchTable):
        from harness.studies.searches.search_table import run_search_table

        run_search_table(study, options)
    else:
        study.run(options)


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
    make(study, StudyOptions(Path(out), **{"say": print, **options}))


def check_taken(name: str, study: Study, given: Iterable[str]) -> None:
    """Refuse options that a study does not take."""
    idle = [f"--{option}" for option in given if option not in study.takes]
    if idle:
        taken = ", ".join(options_of(study))
        raise SettingError(f"the study {name} has no {' and no '.join(idle)}; it takes {taken}")
