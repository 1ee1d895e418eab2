"""Results that show themselves: as tables in text, Markdown, LaTeX and HTML, and as a figure.

What they look like is told by `harness.report`, which stands above all that makes results. So it is loaded by its name
when a result is first shown, as the names of the package are, and a type of result that it does not know has no table.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PROVENANCE = "provenance"
"""Key in a frame's `attrs`, of what made its numbers: `nasinit` and `python`, the versions that ran. Of scores also
`space`, `settings` (one a seed), `proxies` (versions by name), `torch`."""
_PRESENTERS = "harness.report.presenters"


class Presented:
    """A result with its tables, which a notebook shows by themselves."""

    def __str__(self) -> str:
        return self.to_text()

    def to_text(self, width: int | None = None) -> str:
        """The result's tables for a terminal.

        Args:
            width: characters a line; by default the terminal's, or 100 where there is none.
        """
        return str(_presenters().as_text(self, width))

    def to_markdown(self) -> str:
        """The result's tables in Markdown."""
        return str(_presenters().as_markdown(self))

    def to_latex(self, label: str | None = None, *, columns: Sequence[str] = (), narrow: bool = False) -> str:
        r"""The result's tables in LaTeX, which need `\usepackage{booktabs}`.

        Args:
            label: label of the float, such as `tab:ranking`; of a result with several tables, of the first.
            columns: headings of the columns to print, or one heading, as they read in text or in LaTeX, or names of the
                frame; small letters do. They stand in this order, after the first column; by default all.
            narrow: whether the table is to fit one column of an article of two: columns that are not in `columns`, and
                intervals, that the text of a narrow terminal leaves out are left out, and the print is small.

        Raises:
            ScoresError: for a heading that the table does not have, with the nearest one, or a label with other
                characters than letters, digits and `:._-/`.
        """
        return str(_presenters().as_latex(self, label, columns, narrow))

    def _repr_html_(self) -> str:
        """The result's tables in a notebook."""
        return str(_presenters().as_html(self))


class Drawn(Presented):
    """A result that has a figure, too: each has a method `plot` with the options of its own figure."""

    def _figure(self, **options: Any) -> Figure:
        """The result's figure; `HarnessError` names an option that it does not have, with the nearest one."""
        figure: Figure = _presenters().figure_of(self, **options)
        return figure

    def _figure_by(self, name: str, *arguments: Any) -> Figure:
        """Another figure of the result: what the function of this name in the presenters draws."""
        figure: Figure = getattr(_presenters(), name)(self, *arguments)
        return figure


def _presenters() -> Any:
    return importlib.import_module(_PRESENTERS)
