"""Tables of the user's proxies against the known ones."""

from __future__ import annotations

from typing import Any

from harness.evaluation.known.against import AgainstKnown
from harness.report.cells import EN_DASH, number, p_value
from harness.report.tables.ranking import NAMES
from harness.report.tables.sheet import Cell, Heading, Sheet, estimated

MOST_TABLES = 3
"""Proxies that have a table of their own against each known one; of more, one table has a row each."""
_SPEARMAN, _KENDALL = "spearman", "kendall_tau_b"


def known_sheets(result: AgainstKnown) -> list[Sheet]:
    """The places of the proxies; and, of up to three proxies, a table for each with a row for every known one."""
    sheets = [_places_sheet(result)]
    if len(result.places) <= MOST_TABLES:
        sheets += [against_sheet(result, str(proxy)) for proxy in result.places["proxy"]]
    return sheets


def rows_of(result: AgainstKnown, proxy: str) -> list[dict[str, Any]]:
    """The known proxies with the proxy itself at its place, the best first.

    Each has `name`, `own` (whether it is the proxy itself), the coefficients with `_low` and `_high`, and, of the known
    ones, what `AgainstKnown.frame` has.
    """
    own_rows = result.frame[result.frame["proxy"] == proxy].to_dict("records")
    rows = [{str(name): value for name, value in row.items()} for row in own_rows]
    ends = [f"{name}{end}" for name in (_SPEARMAN, _KENDALL) for end in ("", "_low", "_high")]
    of_known = {
        end: end.replace(name, f"{name}_known") for name in (_SPEARMAN, _KENDALL) for end in ends if name in end
    }
    known: list[dict[str, Any]] = [
        {**row, **{end: row[of_known[end]] for end in ends}, "name": row["known"], "own": False} for row in rows
    ]
    own = {"name": proxy, "own": True, **{end: rows[0][end] for end in ends}}
    return sorted([own, *known], key=lambda row: -row[_SPEARMAN])


def against_sheet(result: AgainstKnown, proxy: str) -> Sheet:
    """A row for each known proxy and the user's own, the best first, with what tells them apart."""
    made = rows_of(result, proxy)
    rows: list[list[Cell | str]] = []
    for row in made:
        coefficients = [estimated(row, name) for name in (_SPEARMAN, _KENDALL)]
        if row["own"]:
            rows.append([f"{row['name']} (this one)", *coefficients, *[EN_DASH] * 5])
            continue
        differences = [estimated(row, f"{name}_difference") for name in (_SPEARMAN, _KENDALL)]
        told = p_value(float(row[f"{_SPEARMAN}_p_holm"]))
        same = " (the same)" if row["same"] else ""
        rows.append(
            [
                str(row["name"]),
                *coefficients,
                *differences,
                told,
                number(float(row["agreement"]), 2) + same,
                row["verdict"],
            ]
        )
    headings = [Heading("known proxy", "left", code=True)]
    headings += [Heading(NAMES[name], "point") for name in (_SPEARMAN, _KENDALL)]
    headings += [Heading(f"less it,\n{name}", "point") for name in ("Spearman", "Kendall")]
    return Sheet.of(
        f"{proxy} against the known proxies, {result.ranking.column}",
        (*headings, Heading("p (Holm)", latex="$p$ (Holm)"), "agreement\nof scores", Heading("verdict", "left")),
        rows,
        gives_way=("less it,\nKendall", NAMES[_KENDALL], "p (Holm)"),
    )


def _places_sheet(result: AgainstKnown) -> Sheet:
    rows: list[list[Cell | str]] = [
        [
            str(row["proxy"]), *(estimated(row, name) for name in (_SPEARMAN, _KENDALL)),
            f"{row['place']} of {row['of']}",
            *(str(row[name]) for name in ("better", "worse", "not_distinguishable")),
            f"{row['nearest']} ({number(float(row['agreement']), 2)})",
        ]
        for row in result.places.to_dict("records")
    ]  # fmt: skip
    return Sheet.of(
        f"Place among the known proxies, {result.ranking.column}",
        (
            Heading("proxy", "left", code=True),
            *(Heading(NAMES[name], "point") for name in (_SPEARMAN, _KENDALL)),
            "place",
            *("better\nthan", "worse\nthan", "not told\napart from"),
            Heading("most alike", "left"),
        ),
        rows,
        notes=result.notes,
    )
