"""Papers' tables of searches on NAS-Bench-201, row by row: the published numbers, and our counterpart."""

from __future__ import annotations

from harness.evaluation.searches.published import PUBLISHED_OTHERS, PUBLISHED_QUERIES
from harness.studies.kinds import (
    AllConvolutions,
    Best,
    LargestOf,
    NotRun,
    Ours,
    Queried,
    Row,
    Searched,
    SearchTable,
    TabulatedCell,
)

RESNET = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|"
_NOT_HERE = NotRun("not among the searches here")


def _queried(label: str, name: str) -> Row:
    return Row(label, Queried(name), (PUBLISHED_QUERIES[name],) if name in PUBLISHED_QUERIES else ())


def _trained(label: str, name: str, ours: Ours | None = None) -> Row:
    return Row(label, Searched(name) if ours is None else ours, PUBLISHED_OTHERS[name])


def _reduced(label: str, name: str, runs: int = 3) -> Row:
    return Row(f"{label}, reduced", Searched(name, runs=runs, preset="reduced"), PUBLISHED_OTHERS.get(name, ()))


def _with_reduced(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The rows, each with that of the same search in the preset `reduced` below it, if there is one."""
    below = {row.ours.method: row for row in _BY_REDUCED_SEARCHES if isinstance(row.ours, Searched)}
    found = []
    for row in rows:
        found.append(row)
        if isinstance(row.ours, Searched) and row.ours.method in below:
            found.append(below.pop(row.ours.method))
    return (*found, *below.values())


_BY_QUERIES = (
    _queried("REA", "regularised_evolution"),
    _queried("Random search", "random_search"),
    _queried("REINFORCE", "reinforce"),
    _queried("BOHB (ours: successive halving)", "successive_halving"),
)
_BY_WEIGHT_SHARING = (
    _trained("ENAS", "enas", _NOT_HERE),
    _trained("RSPS", "rsps"),
    _trained("DARTS (first order)", "darts"),
    _trained("DARTS (second order)", "darts-second-order"),
    _trained("GDAS", "gdas"),
    _trained("SETN", "setn", _NOT_HERE),
)

_BY_REDUCED_SEARCHES = (
    _reduced("RSPS", "rsps"),
    _reduced("DARTS (first order)", "darts", 5),
    _reduced("GDAS", "gdas"),
    _reduced("SNAS", "snas"),
    _reduced("PC-DARTS", "pc-darts"),
    _reduced("DrNAS", "drnas", 5),
    _reduced("β-DARTS", "beta-darts", 5),
)
_NULL_MODELS = (
    Row("Random cell", LargestOf(1), (PUBLISHED_QUERIES["random"],)),
    Row("Cells of convolutions alone", AllConvolutions()),
    *(Row(f"Most parameters of {count:,}", LargestOf(count)) for count in (10, 100, 1000)),
)

NASI_TABLE_1 = (
    *_NULL_MODELS,
    _trained("ResNet", "resnet", TabulatedCell(RESNET)),
    *_BY_QUERIES,
    *_with_reduced((*_BY_WEIGHT_SHARING, _trained("DrNAS", "drnas"), _trained("β-DARTS", "beta-darts"))),
    _queried("NASWOT (N=100)", "best_of_100"),
    _queried("NASWOT (N=1000)", "best_of_1000"),
    _trained("TE-NAS", "te_nas", Searched("te-nas", runs=5, preset="paper")),
    _queried("KNAS (N=100, ours)", "knas"),
    _trained("NASI (T)", "nasi_t", Searched("nasi-ada", epochs=40, after=10, runs=5, preset="paper")),
    _trained("NASI (4T)", "nasi_4t", Searched("nasi-ada", epochs=40, runs=5, preset="paper")),
    _queried("HNAS", "hnas"),
    _queried("RoBoT", "robot"),
    _queried("The 20 with the most parameters", "largest"),
    _trained("Optimal", "optimal", Best()),
)
"""NASI's table of searches (Shu et al., ICLR 2022), with null models and eight more searches added."""

NASWOT_TABLE_2 = (
    *_BY_WEIGHT_SHARING,
    *_BY_QUERIES,
    _queried("Random", "random"),
    _queried("NASWOT (N=10)", "best_of_10"),
    _queried("NASWOT (N=100)", "best_of_100"),
    _queried("NASWOT (N=1000)", "best_of_1000"),
    _queried("Optimal (N=10)", "optimal_of_10"),
    _queried("Optimal (N=100)", "optimal_of_100"),
    _queried("AREA", "assisted_evolution"),
)
"""Table 2 of Mellor et al. (ICML 2021)."""

NASI = SearchTable(
    "searches on NAS-Bench-201, NASI among them, next to the published accuracies", NASI_TABLE_1
)  # fmt: skip
NASWOT = SearchTable(
    "NASWOT's table of searches on NAS-Bench-201, with its exact rows", NASWOT_TABLE_2
)  # fmt: skip
