"""Headings of tables, and the names by which a user asks for their columns; nothing heavy is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.errors import ScoresError, unknown
from harness.text.shown import shown

COEFFICIENTS = {
    "spearman": "Spearman",
    "kendall_tau_b": "Kendall τ-b",
    "weighted_tau": "weighted τ",
    "pearson": "Pearson",
}
"""The coefficients as they read in text."""
FAILED = "failed\n(%)"
_LATEX = {
    "spearman": r"Spearman $\rho$",
    "kendall_tau_b": r"Kendall $\tau_b$",
    "weighted_tau": r"Weighted $\tau$",
    "pearson": "Pearson $r$",
}
_GREEK = {"ρ": "rho", "τ": "tau"}
_LABEL = re.compile(r"[A-Za-z0-9:._/-]*")


@dataclass(frozen=True)
class Heading:
    """The head of a column, and how the cells below it are set.

    Attributes:
        text: one or several lines.
        align: flush `left` or flush `right`; `point` is left, with room for a sign in text if one of the cells has it.
        latex: the heading in LaTeX where it says something else there, not escaped; by default a word begins with a
            capital letter there, unless it is a name with an underscore.
        code: whether the cells are names in a program, which Markdown sets as code.
        name: name of the column in a frame, where it is another one.
        explained: what an abbreviation in LaTeX stands for, which the caption says there, not escaped.
    """

    text: str
    align: Literal["left", "right", "point"] = "right"
    latex: str | None = None
    code: bool = False
    name: str = ""
    explained: str = ""

    @property
    def spellings(self) -> tuple[str, ...]:
        """The names by which a user may ask for the column: in text, in LaTeX and in a frame."""
        return tuple(dict.fromkeys(filter(None, (flat(self.text), self.latex, self.name))))


PROXY = Heading("proxy", "left", code=True)
COUNT = Heading("n", latex="$n$", explained="$n$: the number of architectures with a score")


def ranking_headings(value_name: str) -> tuple[Heading, ...]:
    """The headings of a ranking, that of the share of failures last.

    Args:
        value_name: word for the values that were ranked by, `accuracy` or `value`.
    """
    return (
        PROXY,
        *(Heading(text, "point", _LATEX[name], name=name) for name, text in COEFFICIENTS.items()),
        Heading(
            f"{value_name}\nof first", latex="First", name="best_accuracy",
            explained=f"First: {value_name} of the architecture with the highest score",
        ),
        Heading(
            "percentile\nof first", latex="Perc.", name="best_percentile",
            explained=r"Perc.: the share of the table that is worse than it, in \%",
        ),
        Heading(
            "best of\nfirst 10", latex="Top 10", name="top10_best",
            explained=f"Top 10: the best {value_name} among the ten highest scores",
        ),
        COUNT,
        Heading(FAILED, name="failed"),
    )  # fmt: skip


def flat(text: str) -> str:
    r"""A heading in one line; a name that is broken behind an underscore is whole again.

    >>> flat("best of\nfirst 10"), flat("edgegpu_\nlatency_ms")
    ('best of first 10', 'edgegpu_latency_ms')
    """
    return text.replace("_\n", "_").replace("\n", " ")


def places_of(names: Iterable[str], headings: Sequence[Heading]) -> list[int]:
    """The places (from 0) of the columns that a user asks for, in the order of the names, each once.

    Args:
        names: names in any spelling of the headings; capitals, blanks and marks do not matter.
        headings: of the table.

    Raises:
        ScoresError: for a name that no heading has, with the nearest one and all others.
    """
    by_form: dict[str, int] = {}
    for place, heading in enumerate(headings):
        for spelling in heading.spellings:
            by_form.setdefault(_form(spelling), place)
    places: dict[int, None] = {}
    for name in names:
        found = by_form.get(_form(name))
        if found is None:
            known = [one for heading in headings for one in heading.spellings if "$" not in one]
            raise ScoresError(unknown("heading of this table", name, dict.fromkeys(known)))
        places[found] = None
    return list(places)


def check_ranking_columns(names: Iterable[str]) -> None:
    """Refuse names that no ranking has a column of, whatever it ranks by."""
    accuracy = ranking_headings("accuracy")
    of_values = [heading for heading in ranking_headings("value") if heading not in accuracy]
    places_of(names, [*accuracy, *of_values])


def check_label(label: str | None) -> None:
    """Refuse a LaTeX label with characters that LaTeX, or a reference to it, may read otherwise."""
    if label is not None and _LABEL.fullmatch(label) is None:
        raise ScoresError(f"a LaTeX label has letters, digits and :._-/ alone, such as tab:ranking; got {shown(label)}")


def _form(text: str) -> str:
    """A heading without capitals, blanks and marks, with the names of Greek letters."""
    for letter, name in _GREEK.items():
        text = text.replace(letter, name)
    return re.sub(r"[\W_]", "", text.casefold())
