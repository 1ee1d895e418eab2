"""Tables of the study of NESBS."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from harness.report.cells import EN_DASH, interval, number
from harness.report.tables.sheet import Cell, Heading, Sheet

_WORDS = {
    "svgd": "SVGD", "mc": "Monte Carlo", "top": "most probable cells", "random": "random cells",
    "deep": "one cell, several seeds",
}  # fmt: skip
_PERCENT = {"accuracy": 100.0, "ece": 100.0, "fgsm": 100.0, "nll": 1.0}
_UNITS = {"accuracy": "accuracy (points)", "nll": "NLL (nats)", "ece": "ECE (points)", "fgsm": "FGSM (points)"}


def sweep_sheet(frame: pd.DataFrame) -> Sheet:
    """Diversity and quality of drawn sets.

    Args:
        frame: from `harness.studies.searches.nesbs.exact.sweep_frame`.
    """
    rows, ruled = [], []
    for place, row in enumerate(frame.to_dict("records")):
        if place and frame["members"].iloc[place - 1] != row["members"]:
            ruled.append(place)
        rows.append(
            [
                number(float(row["members"]), 0), _WORDS[str(row["arm"])], _plain(row["std"]), _plain(row["diversity"]),
                *(_estimate(row, name, 2) for name in ("hamming", "accuracy_pct", "best_pct", "distinct")),
            ]
        )  # fmt: skip
    headings: list[Heading | str] = ["n", Heading("sets", "left"), "σ", "δ", "edges that differ", "mean accuracy (%)"]
    headings += ["best member (%)", "different cells"]
    notes = (
        f"Means over {int(frame['sets'].max())} sets with 95 % intervals, drawn from the best factorised posterior "
        "of the validation accuracies; accuracies are tabulated CIFAR-10 test accuracies after 200 epochs. A table "
        "supernet trains no weights.",
    )
    return Sheet.of("Sets on the table", headings, rows, ruled_above=tuple(ruled), notes=notes)


def ensembles_sheet(frame: pd.DataFrame) -> Sheet:
    """Means over the repetitions of the finished ensembles.

    Args:
        frame: from `harness.studies.searches.nesbs.members.ensembles_frame`.
    """
    rows: list[list[str]] = []
    ruled = []
    done = frame[frame["finished"].astype(bool)]
    names = ["accuracy_pct", "nll", "ece_pct", "fgsm_pct", "disagreement_pct", "member_pct", "best_member_pct", "cells"]
    for (members, arm), part in done.groupby(["members", "arm"], sort=False):
        if rows and rows[-1][0] != str(members):
            ruled.append(len(rows))
        means = {name: float(part[name].mean()) for name in [*names, "cpu_seconds"]}
        rows.append(
            [
                str(members), _WORDS[str(arm)], str(len(part)),
                *(number(means[name], 3 if name == "nll" else 1) for name in names), number(means["cpu_seconds"], 0),
            ]
        )  # fmt: skip
    headings: list[Heading | str] = ["n", Heading("ensemble", "left"), "seeds", "accuracy (%)", "NLL", "ECE (%)"]
    headings += ["FGSM (%)", "disagree (%)", "a member (%)", "best member (%)", "cells", "CPU s"]
    notes = (
        "Averaged probabilities of n trained networks, means over repetitions. FGSM: accuracy where each pixel has "
        "moved by 8/255 along the averaged model's own gradient. Each member takes the same number of steps.",
    )
    return Sheet.of("Trained ensembles", headings, rows, ruled_above=tuple(ruled), notes=notes)


def differences_sheet(frame: pd.DataFrame) -> Sheet:
    """Differences of drawn ensembles from the others.

    Args:
        frame: from `harness.studies.searches.nesbs.members.differences_frame`.
    """
    rows = []
    for (members, arm, against), part in frame.groupby(["members", "arm", "against"], sort=False):
        found = {str(row["measure"]): row for row in part.to_dict("records")}
        cells = [_difference(found[name], _PERCENT[name]) if name in found else EN_DASH for name in _UNITS]
        rows.append([str(members), _WORDS[str(arm)], _WORDS[str(against)], str(int(part["seeds"].iloc[0])), *cells])
    headings: list[Heading | str] = ["n", Heading("ensemble", "left"), Heading("less that of", "left"), "seeds"]
    notes = ("In brackets: 95 % bootstrap intervals over test images, for these trained members.",)
    return Sheet.of("Differences on the same images", [*headings, *_UNITS.values()], rows, notes=notes)


def _difference(row: Mapping[Any, Any], factor: float) -> Cell:
    value, low, high = (factor * float(row[name]) for name in ("difference", "low", "high"))
    decimals = 3 if factor == 1 else 1
    return Cell(number(value, decimals), interval(low, high, decimals=decimals))


def _estimate(row: Mapping[Any, Any], name: str, decimals: int) -> Cell | str:
    value, low, high = (float(row[key]) for key in (name, f"{name}_low", f"{name}_high"))
    return (
        number(value, decimals)
        if math.isnan(low)
        else Cell(number(value, decimals), interval(low, high, decimals=decimals))
    )


def _plain(value: Any) -> str:
    return EN_DASH if math.isnan(float(value)) else number(float(value), 2)
