"""What is shown and written: results in; tables, figures and pages out.

A table is a `Sheet` of one result, which `sheet_text`, `sheet_markdown` and `sheet_latex` print:

- `ranking_sheet` of a `Ranking`; `matrix_sheet` of several by other columns;
- `comparison_sheet`, `beyond_size_sheet`, `top_sheets`, `ceiling_sheet` of what stands behind a ranking;
- `budgets_sheet` of a `TradeOff`; `searches_sheet` of `TableSearches`;
- `stability_sheet`, `settings_sheets`, `transfer_sheet` of proxies over settings; `agreement_sheet`, `change_sheet` of
  an ablation;
- `published_sheets` of coefficients next to a paper's.

A figure is matplotlib's, of a paper's size: `scatter` of a `Ranking`, `critical_difference` of a `Comparison`, `pareto`
of a `TradeOff`, `search_curves` of `SearchResult`s, `beside_published`, `heat_map`, `loss_and_saving`, and `draw` of an
architecture.

`report_page` writes one HTML page of a ranking and all that stands behind it. `save_figure`, `write_csv` and
`write_text` write files that are whole or not there.

A name is loaded on first use (`harness.loading.lazy`), so that a table in a terminal does not pay for matplotlib.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.loading.lazy import loaded_on_use

if TYPE_CHECKING:
    from harness.report.drawing.figure import draw
    from harness.report.figures.beside_published import beside_published
    from harness.report.figures.critical_difference import critical_difference
    from harness.report.figures.heat_map import heat_map
    from harness.report.figures.loss_and_saving import loss_and_saving
    from harness.report.figures.pareto import pareto
    from harness.report.figures.scatter import scatter
    from harness.report.figures.search_curves import search_curves
    from harness.report.files import save_figure, write_csv, write_text
    from harness.report.tables.ablation import agreement_sheet, change_sheet
    from harness.report.tables.beside_published import published_sheets
    from harness.report.tables.budgets import budgets_sheet
    from harness.report.tables.evidence import beyond_size_sheet, ceiling_sheet, comparison_sheet, top_sheets
    from harness.report.tables.matrix import matrix_sheet
    from harness.report.tables.ranking import ranking_sheet
    from harness.report.tables.searches import searches_sheet
    from harness.report.tables.sheet import Cell, Heading, Sheet, sheet_latex, sheet_markdown
    from harness.report.tables.stability import settings_sheets, stability_sheet, transfer_sheet
    from harness.report.tables.text import sheet_text
    from harness.report.webpage.report_page import report_page

__all__ = [
    "Cell", "Heading", "Sheet", "agreement_sheet", "beside_published", "beyond_size_sheet", "budgets_sheet",
    "ceiling_sheet", "change_sheet", "comparison_sheet", "critical_difference", "draw", "heat_map",
    "loss_and_saving", "matrix_sheet", "pareto", "published_sheets", "ranking_sheet", "report_page", "save_figure",
    "scatter", "search_curves", "searches_sheet", "settings_sheets", "sheet_latex", "sheet_markdown", "sheet_text",
    "stability_sheet", "top_sheets", "transfer_sheet", "write_csv", "write_text",
]  # fmt: skip

_MODULES = {
    "drawing.figure": ["draw"],
    "figures.beside_published": ["beside_published"],
    "figures.critical_difference": ["critical_difference"],
    "figures.heat_map": ["heat_map"],
    "figures.loss_and_saving": ["loss_and_saving"],
    "figures.pareto": ["pareto"],
    "figures.scatter": ["scatter"],
    "figures.search_curves": ["search_curves"],
    "files": ["save_figure", "write_csv", "write_text"],
    "tables.ablation": ["agreement_sheet", "change_sheet"],
    "tables.beside_published": ["published_sheets"],
    "tables.budgets": ["budgets_sheet"],
    "tables.evidence": ["beyond_size_sheet", "ceiling_sheet", "comparison_sheet", "top_sheets"],
    "tables.matrix": ["matrix_sheet"],
    "tables.ranking": ["ranking_sheet"],
    "tables.searches": ["searches_sheet"],
    "tables.sheet": ["Cell", "Heading", "Sheet", "sheet_latex", "sheet_markdown"],
    "tables.stability": ["settings_sheets", "stability_sheet", "transfer_sheet"],
    "tables.text": ["sheet_text"],
    "webpage.report_page": ["report_page"],
}
_HOMES = {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names}

if not TYPE_CHECKING:  # a type checker would otherwise take every misspelt name for an attribute
    __getattr__, __dir__ = loaded_on_use(__name__, _HOMES)
