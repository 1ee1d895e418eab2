"""The proxies against all known ones: their places, and a table for each of a few proxies."""

from __future__ import annotations

from typing import Any

from harness.report.cells import EN_DASH, MINUS, estimate, interval, number, p_value
from harness.report.tables.known import MOST_TABLES, rows_of
from harness.report.webpage.content import Content, Section
from harness.report.webpage.ranking import Cell

_HEADINGS = ("Spearman", "Kendall τ-b", "less it, Spearman", "less it, Kendall", "p (Holm)", "agreement of scores")


def known_section(content: Content) -> Section | None:
    """Each proxy's place among the known ones, and what tells them apart; nothing where they are not compared."""
    known = content.known
    if known is None:
        return None
    names = known.places["proxy"].astype(str).tolist()
    tables = [
        {"proxy": name, "rows": [_row(row) for row in rows_of(known, name)]}
        for name in (names if len(names) <= MOST_TABLES else ())
    ]
    places = [_place(row) for row in known.places.to_dict("records")]
    values: dict[str, Any] = {
        "headings": _HEADINGS, "places": places, "tables": tables, "notes": known.notes,
        "words": known.words if len(names) <= MOST_TABLES else (),
    }  # fmt: skip
    return Section("known", "Against the known proxies", values)


def _place(row: dict[Any, Any]) -> dict[str, Any]:
    ends = ((row[name], row[f"{name}_low"], row[f"{name}_high"]) for name in ("spearman", "kendall_tau_b"))
    return {
        "proxy": row["proxy"],
        "cells": [
            *(estimate(*each, minus=MINUS) for each in ends),
            f"{row['place']} of {row['of']}",
            *(str(row[name]) for name in ("better", "worse", "not_distinguishable")),
            f"{row['nearest']} ({number(row['agreement'], 2, minus=MINUS)})",
        ],
    }


def _row(row: dict[str, Any]) -> dict[str, Any]:
    cells = [_estimated(row, name) for name in ("spearman", "kendall_tau_b")]
    if row["own"]:
        return {"name": row["name"], "own": True, "same": False, "cells": [*cells, *[Cell(EN_DASH, "")] * 4]}
    verdicts = {"spearman": row["verdict"], "kendall_tau_b": ""}
    cells += [_estimated(row, f"{name}_difference", verdict) for name, verdict in verdicts.items()]
    p, agreement = float(row["spearman_p_holm"]), float(row["agreement"])
    cells += [Cell(p_value(p), repr(p)), Cell(number(agreement, 2, minus=MINUS), repr(agreement))]
    return {"name": row["name"], "own": False, "same": bool(row["same"]), "cells": cells}


def _estimated(row: dict[str, Any], name: str, verdict: str = "") -> Cell:
    shown = interval(row[f"{name}_low"], row[f"{name}_high"], minus=MINUS)
    return Cell(number(row[name], 2, minus=MINUS), repr(float(row[name])), shown, verdict)
