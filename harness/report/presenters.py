"""Which tables, and which figure, a result has: what its methods `to_markdown`, `to_latex` and `plot` give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from inspect import signature
from typing import Any

from matplotlib.figure import Figure

from harness.errors import HarnessError, unknown
from harness.evaluation.ablation import Ablation
from harness.evaluation.agreement import agreement_matrix
from harness.evaluation.beyond_size import BeyondSize
from harness.evaluation.ceiling import Ceiling
from harness.evaluation.comparison import Comparison
from harness.evaluation.evidence import Evidence
from harness.evaluation.known.against import AgainstKnown
from harness.evaluation.matrix import Matrix
from harness.evaluation.predictors import Predictions
from harness.evaluation.published import BesidePublished, ConditionsAgreement
from harness.evaluation.ranking import Ranking
from harness.evaluation.searches.table_searches import TableSearches
from harness.evaluation.stability import Stabilities
from harness.evaluation.top import Top
from harness.evaluation.trade_off import TradeOff
from harness.evaluation.transfer import Transfer
from harness.report.figures.beside_published import beside_published
from harness.report.figures.critical_difference import critical_difference
from harness.report.figures.heat_map import heat_map
from harness.report.figures.learning_curves import learning_curves
from harness.report.figures.loss_and_saving import loss_and_saving
from harness.report.figures.pareto import pareto
from harness.report.figures.scatter import scatter
from harness.report.figures.search_curves import search_curves
from harness.report.tables.ablation import agreement_sheet
from harness.report.tables.beside_published import conditions_sheet, published_sheets
from harness.report.tables.budgets import budgets_sheet
from harness.report.tables.evidence import beyond_size_sheet, ceiling_sheet, comparison_sheet, top_sheets
from harness.report.tables.headings import places_of
from harness.report.tables.known import known_sheets
from harness.report.tables.matrix import numbers_sheet
from harness.report.tables.notebook import sheet_html
from harness.report.tables.predictions import predictions_sheet
from harness.report.tables.ranking import ranking_sheet
from harness.report.tables.searches import epochs_sheet, searches_sheet, seeds_sheet
from harness.report.tables.sheet import Sheet, sheet_latex, sheet_markdown
from harness.report.tables.stability import stability_sheet, transfer_sheet
from harness.report.tables.text import narrowed, sheet_text
from harness.search.gradient.result import SearchResult
from harness.search.gradient.seeds import SEED, SearchSeeds

ARTICLE_COLUMN = 52
"""Characters of small print on a line of an article's column, 3.3 inches."""


def sheets_of(result: Any) -> list[Sheet]:
    """The tables of a result.

    Raises:
        HarnessError: for a result of no type in `SHEETS`.
    """
    make = next((SHEETS[kind] for kind in type(result).__mro__ if kind in SHEETS), None)
    if make is None:
        raise HarnessError(f"{type(result).__name__} has no table")
    return make(result)


def as_text(result: Any, width: int | None) -> str:
    """The tables of a result for a terminal of so many characters a line."""
    return "\n\n".join(sheet_text(sheet, width) for sheet in sheets_of(result))


def as_markdown(result: Any) -> str:
    """The tables of a result in Markdown."""
    return "\n\n".join(map(sheet_markdown, sheets_of(result)))


def as_latex(result: Any, label: str | None, columns: Sequence[str], narrow: bool) -> str:
    """The tables of a result in LaTeX; see `Presented.to_latex`."""
    whole = bool(columns) and isinstance(result, Ranking)
    sheets = [ranking_sheet(result, whole=True)] if whole else sheets_of(result)
    return sheets_latex(sheets, label, columns, narrow)


def sheets_latex(
    sheets: Sequence[Sheet], label: str | None = None, columns: Sequence[str] = (), narrow: bool = False
) -> str:
    """Tables in LaTeX, with the options of `Presented.to_latex`."""
    sheets = [_chosen(sheet, columns) for sheet in sheets]
    if narrow:
        sheets = [narrowed(sheet, ARTICLE_COLUMN, all_columns=bool(columns)) for sheet in sheets]
    labels = [label, *[None] * (len(sheets) - 1)]
    return "\n".join(sheet_latex(sheet, name, small=narrow) for sheet, name in zip(sheets, labels, strict=True))


def as_html(result: Any) -> str:
    """The tables of a result as a part of an HTML page."""
    return "\n".join(map(sheet_html, sheets_of(result)))


def _chosen(sheet: Sheet, columns: Sequence[str]) -> Sheet:
    """The sheet with its first column, then the named ones in the order of the names."""
    names = [columns] if isinstance(columns, str) else columns
    return sheet.of_columns(dict.fromkeys([0, *places_of(names, sheet.headings)])) if names else sheet


def _of_evidence(result: Evidence) -> list[Sheet]:
    parts = (result.ranking, result.comparison, result.beyond_size, result.top, result.ceiling, result.known)
    return [sheet for part in parts if part is not None for sheet in sheets_of(part)]


def _of_published(result: BesidePublished) -> list[Sheet]:
    several = result.frame["condition"].nunique() > 1
    return [
        replace(sheet, title=f"{sheet.title}: {result.words[name]}") if several else sheet
        for name in dict.fromkeys(result.frame["condition"])
        for sheet in published_sheets(result.under(name))
    ]


def _one(make: Callable[[Any], Sheet]) -> Callable[[Any], list[Sheet]]:
    return lambda result: [make(result)]


SHEETS: Mapping[type, Callable[[Any], list[Sheet]]] = {
    Ranking: _one(ranking_sheet),
    Comparison: _one(comparison_sheet),
    BeyondSize: _one(beyond_size_sheet),
    Top: top_sheets,
    Ceiling: _one(ceiling_sheet),
    AgainstKnown: known_sheets,
    Evidence: _of_evidence,
    TradeOff: _one(budgets_sheet),
    Transfer: _one(transfer_sheet),
    Stabilities: _one(stability_sheet),
    Ablation: _one(agreement_sheet),
    Matrix: _one(numbers_sheet),
    BesidePublished: _of_published,
    ConditionsAgreement: _one(conditions_sheet),
    TableSearches: _one(searches_sheet),
    Predictions: _one(predictions_sheet),
    SearchResult: _one(epochs_sheet),
    SearchSeeds: _one(seeds_sheet),
}
"""The function that makes the tables of each kind of result."""


def _of_search(result: SearchResult, *, record_label: str = "Accuracy") -> Figure:
    return search_curves([("this search", result)], record_label=record_label)


def _of_seeds(result: SearchSeeds, *, record_label: str = "Accuracy") -> Figure:
    runs = [(result.method, run) for _, run in result.log.groupby(SEED, sort=False)]
    return search_curves(runs, record_label=record_label)


FIGURES: Mapping[type, Callable[..., Figure]] = {
    Ranking: scatter,
    Comparison: critical_difference,
    TradeOff: pareto,
    Ablation: loss_and_saving,
    Matrix: heat_map,
    BesidePublished: beside_published,
    Predictions: learning_curves,
    SearchResult: _of_search,
    SearchSeeds: _of_seeds,
}
"""The function that draws each kind of result."""


def figure_of(result: Any, **options: Any) -> Figure:
    """The figure of a result.

    Args:
        result: a result of one of the types in `FIGURES`.
        **options: options of the function that draws it.

    Raises:
        HarnessError: for a result without a figure, or an option that its figure does not have, with the nearest one.
    """
    draw = FIGURES.get(type(result))
    if draw is None:
        raise HarnessError(f"{type(result).__name__} has no figure")
    _, *taken = signature(draw).parameters
    for name in options:
        if name not in taken:
            raise HarnessError(unknown("option of this figure", name, taken))
    return draw(result, **options)


def agreement_heat_map(ranking: Ranking, proxies: Sequence[str]) -> Figure:
    """How the proxies of a ranking agree with each other and with its column; see `Ranking.heat_map`."""
    return heat_map(agreement_matrix(ranking, proxies))
