"""Registry of the studies by name, and the function that makes one."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import SettingError, unknown
from harness.studies import darts_genotypes, proxy_identities, stability
from harness.studies.graph_proxies import study as graph_proxies
from harness.studies.kinds import RankStudy, SearchTable, Study
from harness.studies.options import StudyKeywords, StudyOptions
from harness.studies.outcome import StudyOutcome
from harness.studies.rank import (
    az_nas_table_1,
    beyond_size,
    bn_mode,
    hnas_metrics,
    nas_bench_suite_zero,
    nasi_figure_1,
    natsbench_sizes,
    te_nas_kernel,
    zero_cost_nas,
)
from harness.studies.restoration_proxies import study as restoration_proxies
from harness.studies.sane_proxies import study as sane_proxies
from harness.studies.searches import rows
from harness.studies.searches.agnn import study as agnn
from harness.studies.searches.daas import study as daas
from harness.studies.searches.graph_queries import study as graph_queries
from harness.studies.searches.latency import study as latency
from harness.studies.searches.mod_nas import study as mod_nas
from harness.studies.searches.nasi import explained
from harness.studies.searches.nesbs import study as nesbs
from harness.studies.searches.prime import study as darts_prime
from harness.studies.searches.radars import study as radars
from harness.studies.searches.robust import study as e2rnas
from harness.studies.searches.sane import study as sane
from harness.studies.searches.seminas import study as seminas
from harness.studies.searches.toponas import study as toponas
from harness.studies.searches.trilevel import study as trilevel
from harness.studies.searches.wiring import study as wiring
from harness.studies.transnas_micro import study as transnas_micro
from harness.studies.whole_space import study as whole_space

if TYPE_CHECKING:
    from typing_extensions import Unpack

LOG = logging.getLogger(__name__)

STUDIES: Mapping[str, Study] = {
    "zero-cost-nas": zero_cost_nas.STUDY,
    "nas-bench-suite-zero": nas_bench_suite_zero.STUDY,
    "az-nas-table-1": az_nas_table_1.STUDY,
    "te-nas-kernel": te_nas_kernel.STUDY,
    "hnas-metrics": hnas_metrics.STUDY,
    "beyond-size": beyond_size.STUDY,
    "nasi-figure-1": nasi_figure_1.STUDY,
    "bn-mode": bn_mode.STUDY,
    "natsbench-sizes": natsbench_sizes.STUDY,
    "stability": stability.STUDY,
    "proxy-identities": proxy_identities.STUDY,
    "whole-space": whole_space.STUDY,
    "graph-proxies": graph_proxies.STUDY,
    "transnas-micro": transnas_micro.STUDY,
    "restoration-proxies": restoration_proxies.STUDY,
    "sane-proxies": sane_proxies.STUDY,
    "nasi-table-1": rows.NASI,
    "nasi-explained": explained.STUDY,
    "wiring-evolution": wiring.STUDY,
    "naswot-table-2": rows.NASWOT,
    "darts-genotypes": darts_genotypes.STUDY,
    "darts-prime": darts_prime.STUDY,
    "toponas-cost": toponas.STUDY,
    "radars": radars.STUDY,
    "la-darts": latency.STUDY,
    "daas": daas.STUDY,
    "e2rnas": e2rnas.STUDY,
    "nesbs": nesbs.STUDY,
    "seminas": seminas.STUDY,
    "graph-queries": graph_queries.STUDY,
    "agnn": agnn.STUDY,
    "sane-table": sane.STUDY,
    "trilevel-sr": trilevel.STUDY,
    "mod-nas-denoising": mod_nas.STUDY,
}
"""Studies by name, in the order in which they are listed."""


_OF_NO_STUDY = ("say", "progress")
"""Options of `run_study` that every study has, and no command line option stands for."""


def find_study(name: str) -> Study:
    """The study with the given name.

    Raises:
        SettingError: an unknown name; the message gives the nearest one.
    """
    if name not in STUDIES:
        raise SettingError(unknown("study", name, STUDIES))
    return STUDIES[name]


def make(study: Study, options: StudyOptions) -> None:
    """Make a study; the code for its kind of study is imported only here.

    Args:
        study: one of `STUDIES`, or a study of your own.
        options: options, of which the study uses those in its `takes`.

    Raises:
        SettingError: given scores with the size of a sample, of which there is then none; data that are no folder.
        HarnessError: options that the study itself refuses.
        TableError: a table that is not available, or damaged.
    """
    check_scores(study, options)
    LOG.debug(
        "%s: %s", study.shows, ", ".join(f"{name} {value}" for name, value in vars(options).items() if name != "say")
    )
    if options.data is not None and not options.data.is_dir():
        wanted = "sets of images" if getattr(study, "source", "") == "restoration" else "CIFAR-10's binary files"
        raise SettingError(f"--data {options.data} is no folder; it is that of {wanted}")
    if isinstance(study, RankStudy):
        from harness.studies.rank.rank_study import run_rank_study

        run_rank_study(study, options)
    elif isinstance(study, SearchTable):
        from harness.studies.searches.search_table import run_search_table

        run_search_table(study, options)
    else:
        study.run(options)


def check_scores(study: Study, options: StudyOptions) -> None:
    """Refuse scores with the size of a sample, or a shard, in a study of a sample."""
    asked = [*options.sizes, *(["--shard"] if options.shard is not None else [])]
    if options.scores is not None and "sample" in study.takes and asked:
        raise SettingError(f"--scores are taken as they are: give them or {' and '.join(asked)}, not both")


def default_folder(name: str, *, quick: bool) -> Path:
    """Default folder of a study's results; the quick form has its own, since neither can go on from the other."""
    return Path("studies") / (f"{name}-quick" if quick else name)


def options_of(study: Study) -> list[str]:
    """The command line options that a study takes."""
    return [f"--{option}" for option in sorted({*study.takes, "out"})]


def run_study(name: str, out: str | Path, **options: Unpack[StudyKeywords]) -> StudyOutcome:
    """Make a study in a folder, as `nasinit study` does.

    Args:
        name: name of the study, one of `STUDIES`.
        out: folder for the results; a study that is already there goes on.
        **options: fields of `StudyOptions` that the study takes; `say` is `print` by default, and `progress=True` draws
            progress bars. CIFAR-10 is used if `data` names its folder.

    Returns:
        What lies in the folder: frames, tables, pictures and the record.

    Raises:
        SettingError: an unknown study, an unknown option or one that the study does not take, or options that the study
            itself refuses.
    """
    study = find_study(name)
    known = {entry.name for entry in fields(StudyOptions)}
    for option in options:
        if option not in known:
            raise SettingError(unknown("option of a study", option, sorted(known)))
    check_taken(name, study, [option for option in options if option not in _OF_NO_STUDY])
    given: dict[str, Any] = {"say": print, **options}
    for option in ("data", "store", "scores", "steps"):
        if given.get(option) is not None:
            given[option] = _path(option, given[option])
    make(study, StudyOptions(_path("out", out), **given))
    return StudyOutcome(Path(out))


def _path(option: str, value: object) -> Path:
    if not isinstance(value, (str, Path)):
        raise SettingError(f"{option} of a study is a path, got {type(value).__name__}")
    return Path(value)


def check_taken(name: str, study: Study, given: Iterable[str]) -> None:
    """Refuse options that a study does not take."""
    idle = [f"--{option}" for option in given if option not in study.takes]
    if idle:
        taken = ", ".join(options_of(study))
        raise SettingError(f"the study {name} has no {' and no '.join(idle)}; it takes {taken}")
