"""A comparison of proxies as its table, its picture and its part of the page, for command line and studies alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from harness.evaluation.comparison import Comparison
    from harness.evaluation.ranking import Ranking
    from harness.report.tables.sheet import Sheet
    from harness.report.webpage.against import Against


def compared_sheet(found: Comparison, ranking: Ranking) -> Sheet:
    """The table of a ranking's proxies against one of them (`harness.report.tables.evidence.comparison_sheet`)."""
    from harness.report.tables.evidence import comparison_sheet

    return comparison_sheet(
        found.frame,
        ranking.column,
        against=found.against,
        coefficient=found.coefficient,
        n=found.n,
        pairs=len(found.pairs),
        left_out=found.left_out,
        higher_is_better=ranking.higher_is_better,
    )


def compared_on_page(found: Comparison, ranking: Ranking) -> Against:
    """Its column of the page's ranking table, and the sentences below (`harness.report.webpage`)."""
    from harness.report.tables.evidence import left_out_of_comparison, tested
    from harness.report.tables.ranking import NAMES
    from harness.report.webpage.against import Against

    name = NAMES[found.coefficient]
    notes = [
        f"Against {found.against}: {name} less that of {found.against}, by a paired bootstrap. "
        + tested(found.n, len(found.pairs)),
        *left_out_of_comparison(found.left_out),
    ]
    if not ranking.higher_is_better:
        notes.append(f"Lower values are better: here, {name} is turned round, so that a positive difference is better.")
    return Against(found.against, found.frame, found.words, notes)


def compared_figure(found: Comparison, coefficient_label: str, small_print: str) -> Figure:
    """Its critical-difference diagram, with the texts of axis and foot."""
    from harness.report.figures.critical_difference import critical_difference

    return critical_difference(
        found.frame,
        found.groups,
        coefficient=found.coefficient,
        coefficient_label=coefficient_label,
        against=found.against,
        small_print=small_print,
    )
