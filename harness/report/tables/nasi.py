"""Tables of the study nasi-explained."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from harness.evaluation.columns import dataset_title
from harness.report.cells import EN_DASH, number, spread_in
from harness.report.tables.sheet import Heading, Sheet, groups

_MEAN = "_mean"
_CHOICE = "edges 0>1, 0>2, 1>2, 0>3, 1>3, 2>3"


def accuracy_names(frame: pd.DataFrame) -> list[str]:
    """Names of the accuracies of a frame: what stands before `_mean` in its columns."""
    return [str(name).removesuffix(_MEAN) for name in frame.columns if str(name).endswith(_MEAN)]


def summary_sheet(frame: pd.DataFrame) -> Sheet:
    """Published rows, readings and null models, one below the other.

    Args:
        frame: `group`, `label`, `none`, `steps`, `runs` (NaN where not known), for each accuracy `…_mean` and `…_std`,
            and `remark`.
    """
    names = accuracy_names(frame)
    _, ruled = groups(frame["group"])
    rows = [
        [
            str(row["label"]), _text(row["none"]), _count(row["steps"]), _count(row["runs"]),
            *(spread_in(row, name, 2) for name in names), _text(row["remark"]),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    headings: list[Heading | str] = [Heading("reading", "left"), Heading("none", "left"), "steps", "runs"]
    headings += [*map(dataset_title, names), Heading("remark", "left")]
    return Sheet.of("", headings, rows, ruled_above=ruled)


def bounds_sheet(frame: pd.DataFrame, steps: int, average: str) -> Sheet:
    """The grid of bounds after a number of steps under one average: ν across, and rule, μ and `none` down.

    Args:
        frame: from `harness.studies.searches.nasi.grid.readings_table`.
        steps: number of steps.
        average: the average over the steps.
    """
    name = accuracy_names(frame)[0]
    part = frame[(frame["steps"] == steps) & (frame["average"] == average) & (frame["samples"] == 1)]
    part = part[(part["rule"] != "none") & (part["objective"] == "trace")]
    across = sorted(part["nu"].unique())
    rows = []
    for (none, rule, mu), group in part.groupby(["none", "rule", "mu"], sort=False):
        by_nu = {row["nu"]: row for row in group.to_dict("records")}
        cells = (spread_in(by_nu[nu], name, 2) if nu in by_nu else EN_DASH for nu in across)
        rows.append([str(none), str(rule), f"{mu:g}", *cells])
    rows.sort(key=lambda row: tuple(row[:3]))
    headings: list[Heading | str] = [
        Heading("none", "left"),
        Heading("ν", "left"),
        "μ",
        *(f"{nu:,.0f}" for nu in across),
    ]
    return Sheet.of(f"Bounds, {steps} steps, {average}, {dataset_title(name)}", headings, rows)


def averages_sheet(frame: pd.DataFrame, steps: Sequence[int]) -> Sheet:
    """Objectives down, averages over the steps across, without a bound; each cell has one entry a number of steps.

    Args:
        frame: from `harness.studies.searches.nasi.grid.readings_table`.
        steps: numbers of steps.
    """
    name = accuracy_names(frame)[0]
    part = frame[(frame["rule"] == "none") & (frame["samples"] == 1)]
    averages = list(dict.fromkeys(part["average"]))
    rows = []
    for (none, objective), group in part.groupby(["none", "objective"], sort=False):
        cells = []
        for average in averages:
            own = group[group["average"] == average].drop_duplicates("steps").set_index("steps")
            there = [spread_in(own.loc[count].to_dict(), name, 2) for count in steps if count in own.index]
            cells.append(" / ".join(there))
        rows.append([str(none), str(objective), *cells])
    rows.sort(key=lambda row: row[0])
    headings: list[Heading | str] = [Heading("none", "left"), Heading("objective", "left"), *averages]
    title = f"Objectives and averages without a bound, {' / '.join(map(str, steps))} steps, {dataset_title(name)}"
    return Sheet.of(title, headings, rows)


def variants_sheet(frame: pd.DataFrame, title: str) -> Sheet:
    """What is chosen when the passes change.

    Args:
        frame: `words`, `runs`, `trace_10`, `trace_50`, `trace_90`, and `LABEL:…_mean` and `…_std` for each reading.
        title: sizes of the supernet.
    """
    names = accuracy_names(frame)
    rows = [
        [
            str(row["words"]) or "base", _count(row["runs"]),
            " / ".join(f"{row[f'trace_{share}']:.3g}" for share in (10, 50, 90)),
            *(spread_in(row, name, 2) for name in names), str(row["most_frequent"]),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    headings: list[Heading | str] = [Heading("what is changed", "left"), "runs", "trace 10/50/90 %", *names]
    return Sheet.of(title, [*headings, Heading(_CHOICE, "left")], rows)


def marginals_sheet(frame: pd.DataFrame) -> Sheet:
    """What the exact marginals of the discrete objective choose.

    Args:
        frame: from `harness.studies.searches.nasi.marginals.marginals_table`.
    """
    accuracies = [name for name in frame.columns if name.endswith("_pct")]
    rows = [
        [
            str(row["objective"]), str(row["none"]), str(row["choice"]), *(number(row[name], 2) for name in accuracies),
            number(row["spearman"], 2),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    headings: list[Heading | str] = [*(Heading(text, "left") for text in ("objective", "none", _CHOICE))]
    title = f"Argmax of the means over {int(frame['scored'].iloc[0]):,} discrete cells by operation and edge"
    return Sheet.of(title, [*headings, *map(dataset_title, accuracies), "Spearman"], rows)


def traces_sheet(frame: pd.DataFrame) -> Sheet:
    """Coefficients between two traces of the same networks.

    Args:
        frame: `between`, `count`, `spearman`, `pearson`, `pearson_log`.
    """
    rows = [
        [str(row["between"]), _count(row["count"]), *(number(row[name], 3) for name in _COEFFICIENTS)]
        for row in frame.to_dict("records")
    ]
    return Sheet.of("Traces", [Heading("between", "left"), "networks", *_COEFFICIENTS.values()], rows)


_COEFFICIENTS = {"spearman": "Spearman", "pearson": "Pearson", "pearson_log": "Pearson of logarithms"}


def _count(value: float) -> str:
    return EN_DASH if math.isnan(value) else f"{value:,.0f}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
