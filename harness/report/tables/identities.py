"""Tables of the study proxy-identities."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from harness.report.tables.sheet import Heading, Sheet


def identities_sheet(frame: pd.DataFrame) -> Sheet:
    """The sums of `harness.studies.proxy_identities.identities`, and what should be zero or equal.

    The last two columns are what the identities say to be 0: |Σ θ·g| as a share of Σ |θ·g|, and the difference of GraSP
    and ‖g‖² as a share of ‖g‖².
    """
    places = {text: place for place, text in enumerate(dict.fromkeys(frame["architecture"]), start=1)}
    rows = []
    for row in frame.to_dict("records"):
        kind = "batch norm follows" if row["followed"] else "none follows"
        share = abs(row["plain"]) / row["absolute"]
        difference = abs(row["grasp"] - row["squared_norm"]) / row["squared_norm"]
        cells = (
            str(places[row["architecture"]]), f"{row['epsilon']:g}", f"{row['layers']}, {kind}", f"{row['plain']:.3g}",
            f"{row['grasp']:.6g}", f"{row['squared_norm']:.6g}", f"{share:.1e}", f"{difference:.1e}",
        )  # fmt: skip
        rows.append(cells)
    key = (
        "Vanishes: |Σ θ·g| as a share of Σ |θ·g|. Differs: how far −Σ θᵀHg is from Σ ‖g‖², as a share of it. Both are "
        "0 where batch norm follows and its ε is 0."
    )
    headings: list[Heading | str] = [
        *(Heading(text, "left") for text in ("cell", "ε of batch norm", "layers")),
        *("Σ θ·g", "−Σ θᵀHg", "Σ ‖g‖²", "vanishes", "differs"),
    ]
    named = "\n".join(f"{place}: `{text}`" for text, place in places.items())
    return Sheet.of("", headings, rows, notes=(key, named))


def same_rankings_markdown(groups: Sequence[Sequence[str]], least: float) -> str:
    """Groups of proxies that rank alike, a line each."""
    if not groups:
        return f"No two proxies rank alike (|ρ| of at least {least:g})."
    lines = [f"Proxies that rank alike (|ρ| of at least {least:g}):", ""]
    return "\n".join([*lines, *("- " + ", ".join(f"`{name}`" for name in group) for group in groups)])
