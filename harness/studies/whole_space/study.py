"""Study: the ranking of all proxies on the whole of NAS-Bench-201, and what stands behind it.

It takes the known scores that come with the package, or a larger part that `nasinit store table` made. It computes no
scores, so that its page is made again by the same command when more of the space is scored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import SettingError
from harness.evaluation import TableError, open_table
from harness.scoring.provenance import PROVENANCE
from harness.setting import Setting
from harness.studies.kinds import DATASETS, SingleStudy
from harness.studies.options import StudyOptions
from harness.studies.record import record
from harness.writing import make_folder

if TYPE_CHECKING:
    import pandas as pd

    from harness.evaluation import Table
    from harness.evaluation.evidence import Evidence
    from harness.evaluation.size_classes import SizeClasses

CLASSES = 5
LEAST = 50
"""Scored cells of a pool that the page shows."""
AGAINST = "params"


@dataclass(frozen=True)
class WholeSpace:
    """All results of the study.

    Attributes:
        known: the known scores.
        evidence: ranking, comparison with `params`, beyond size, highest scores and ceiling, by column.
        by_size: coefficients by size class, by column.
        matrix: Spearman's coefficients between proxies, similar ones next to each other.
        same: groups of proxies that are one number in other words.
        pools: coefficients on each pool (`coefficients_by_pool`).
        counts: those of counts, on all cells of each pool (`counts_by_pool`).
        left_out: sentences on pools that are not there.
    """

    known: pd.DataFrame
    evidence: Mapping[str, Evidence]
    by_size: Mapping[str, SizeClasses]
    matrix: pd.DataFrame
    same: list[list[str]]
    pools: pd.DataFrame
    counts: pd.DataFrame
    left_out: tuple[str, ...]

    @property
    def cells(self) -> Mapping[str, Any]:
        """What is scored: `cells`, `of_cells` and more, as the provenance of the known scores says."""
        table: Mapping[str, Any] = self.known.attrs[PROVENANCE]["table"]
        return table


def run_whole_space(options: StudyOptions) -> None:
    """Write all tables, figures and the page (`README.md`) of the study into `out`.

    Raises:
        SettingError: a table without all accuracies, or a folder that cannot be written in.
        TableError: a table, or a file of known scores, that is not there or is damaged.
    """
    from harness.evaluation.known.scores import known_scores, said_cells
    from harness.report.files import write_text
    from harness.studies.whole_space.page import write_page
    from harness.studies.whole_space.writing import write_results

    table = open_table(options.table)
    if missing := [name for name in DATASETS if name not in table.column_names]:
        raise SettingError(f"table {options.table!r} has no {', '.join(missing)}")
    known = known_scores(path=options.scores)
    make_folder(options.out, "--out")
    options.say(f"known scores: {said_cells(known)}")
    found = whole_space(known, table, resamples=200 if options.quick else 1000)
    write_results(found, options.out)
    setting = Setting.from_json(known.attrs["setting"])
    scores = known.attrs[PROVENANCE]["table"]
    write_text(record({"scores": setting}, table, scores=scores, columns=list(DATASETS)), options.out / "study.json")
    write_page(found, options.out)
    options.say(f"\nIn {options.out}: README.md, the page, with its tables and figures; study.json says how.")


def whole_space(known: pd.DataFrame, table: Table, *, resamples: int = 1000) -> WholeSpace:
    """All results of known scores on a table; nothing is written.

    Args:
        known: from `harness.known_scores`.
        table: the table of the test accuracies.
        resamples: bootstrap resamples of the cells.
    """
    from harness.evaluation.by_pool import coefficients_by_pool, counts_by_pool
    from harness.evaluation.evidence import EvidenceOptions, gather_evidence
    from harness.evaluation.size_classes import size_classes
    from harness.studies.proxy_identities import rank_matrix, same_rankings
    from harness.studies.rank.rank_study import rank, with_combinations

    wanted = EvidenceOptions(
        against=AGAINST, beyond_size=True, top=True, ceiling=True, resamples=resamples, if_possible=True
    )
    rankings = rank(known, table, DATASETS, resamples=resamples)
    evidence = {column: gather_evidence(ranking, table, wanted) for column, ranking in rankings.items()}
    matrix = rank_matrix(known)
    pools, left_out = _pools_there(known)
    return WholeSpace(
        known,
        evidence,
        {column: size_classes(ranking, CLASSES) for column, ranking in rankings.items()},
        matrix,
        same_rankings(matrix),
        coefficients_by_pool(known, table, DATASETS, pools, with_combinations, least=LEAST),
        counts_by_pool(table, DATASETS, pools),
        left_out,
    )


def _pools_there(known: pd.DataFrame) -> tuple[list[str], tuple[str, ...]]:
    """Names of the pools that are known here, and a sentence on each of the others."""
    from harness.evaluation.pools import POOLS, pool_keys

    there, left_out = [], []
    for name in POOLS:
        try:
            pool_keys(name)
        except TableError as error:
            left_out.append(f"The pool {name} is left out: {error}.")
            continue
        there.append(name)
        scored = known.loc[known["architecture"].isin(pool_keys(name)), "architecture"].nunique()
        if scored < LEAST:
            words = f"{scored:,} of {POOLS[name].words} are scored so far, too few to tell"
            left_out.append(f"Proxies are not shown on the pool {name}: {words}.")
    return there, tuple(left_out)


def short(column: str) -> str:
    """Name of the data set in a column's name, for file names.

    >>> short("cifar100_test_200ep_pct"), dataset_title("cifar100_test_200ep_pct")
    ('cifar100', 'CIFAR-100')
    """
    return column.partition("_test")[0]


STUDY = SingleStudy(
    "every proxy on all cells of NAS-Bench-201: sizes, the best, the ceiling, and the pools of papers",
    frozenset({"table", "quick", "scores"}),
    run_whole_space,
)
