"""Tables of the study of E2RNAS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from harness.report.cells import EN_DASH, number, ranged, spread
from harness.report.tables.sheet import Heading, Sheet

_CLEAN, _PGD = "cifar10half_test_200ep_clean_pct", "cifar10half_test_200ep_pgd_linf_eps1_pct"
_START = "cifar10half_test_200ep_"
_MILLION = 1e6


def arms_sheet(frame: pd.DataFrame, words: Mapping[str, str]) -> Sheet:
    """What each arm finds on the table supernet.

    Args:
        frame: from `harness.studies.searches.robust.tabled.arms_frame`.
        words: name of each arm.
    """
    rows = []
    for arm, part in frame.groupby("arm", sort=False):
        rows.append(
            [
                words[str(arm)], str(len(part)), str(part["architecture"].nunique()), _spread(part[_CLEAN], 1.0, 2),
                _spread(part[_PGD], 1.0, 1), _spread(part["parameters"], _MILLION, 3),
                f"{int(part['on_front'].sum())}", f"{int(part['on_front_of_three'].sum())}",
            ]
        )  # fmt: skip
    headings: list[Heading | str] = [
        Heading("search", "left"), "seeds", "cells", "clean (%)", "PGD 1/255 (%)", "parameters (M)", "on own front",
        "on that of three",
    ]  # fmt: skip
    notes = (
        "On the table supernet, which trains no weights: these are no searches on images. Mean ± standard deviation "
        "over seeds; cells: how many different ones; on own front: seeds whose cell no cell of the table dominates in "
        "the search's own objectives. raw and l2: MGDA's weights are those of gradients as they are, or over their "
        "norms; two of these always weigh one half each.",
    )
    return Sheet.of("Objectives on the table supernet", headings, rows, notes=notes)


def volumes_sheet(frame: pd.DataFrame) -> Sheet:
    """Hypervolumes as shares of the exact front's.

    Args:
        frame: from `harness.studies.searches.robust.volumes.volumes_frame`.
    """
    rows = [
        [
            str(row["pair"]).replace("-", ", "), str(row["found_by"]), str(int(row["cells"])),
            _range(row, "share", "low", "high", 100, 1), _range(row, "null_share", "null_low", "null_high", 100, 1),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    headings: list[Heading | str] = [
        Heading("objectives", "left"), Heading("found by", "left"), "cells", "found", "random",
    ]  # fmt: skip
    notes = (
        "Per cent of the exact front's hypervolume (reference: the median of accuracies, the largest network). found: "
        "mean over seeds with its 95 % interval; random: as many random cells, mean and 95 % range.",
    )
    return Sheet.of("Hypervolume", headings, rows, notes=notes)


def attacks_sheet(frame: pd.DataFrame) -> Sheet:
    """Clean against robust accuracies.

    Args:
        frame: from `harness.studies.searches.robust.correlations.attacks_frame`.
    """
    every, better = (frame[frame["cells"] == name].set_index("column") for name in dict.fromkeys(frame["cells"]))
    rows = []
    for column, row in every.iterrows():
        other = better.loc[column]
        rows.append(
            [
                _short(str(column)), number(float(row["highest"]), 1), f"{100 * float(row['zeros']):.0f}",
                _range(row, "spearman", "low", "high", 1, 3), _range(other, "spearman", "low", "high", 1, 3),
            ]
        )  # fmt: skip
    headings: list[Heading | str] = [
        Heading("attack", "left"), "highest (%)", "at 0 (% of cells)", "ρ, all cells", f"ρ, {better['cells'].iloc[0]}",
    ]  # fmt: skip
    notes = (
        "Spearman's ρ of the clean accuracy and that under each attack, with its 95 % interval over cells. "
        "One network a cell, trained without attacks on half of CIFAR-10's training images.",
    )
    return Sheet.of("Clean and robust accuracy", headings, rows, notes=notes)


def proxies_sheet(frame: pd.DataFrame) -> Sheet:
    """Proxies against clean and robust accuracy.

    Args:
        frame: from `harness.studies.searches.robust.correlations.proxies_frame`.
    """
    columns = [name for name in dict.fromkeys(frame["column"]) if name != _CLEAN]
    by_key = {(row["proxy"], row["column"]): row for row in frame.to_dict("records")}
    rows = []
    for proxy in dict.fromkeys(frame["proxy"]):
        cells = [str(proxy), str(int(by_key[proxy, _CLEAN]["n"])), number(by_key[proxy, _CLEAN]["spearman"], 2)]
        for column in columns:
            row = by_key[proxy, column]
            cells.append(
                f"{number(row['spearman'], 2)}; {_range(row, 'beyond_clean', 'beyond_low', 'beyond_high', 1, 2)}"
            )
        rows.append(cells)
    headings: list[Heading | str] = [
        Heading("proxy", "left"), "cells", "clean", *(_short(column) for column in columns),
    ]  # fmt: skip
    notes = (
        "Spearman's ρ with the accuracy; then the partial ρ with the clean accuracy held fixed, and its 95 % "
        "interval over cells, not corrected for the number of proxies. Scores are those that come with the "
        "package.",
    )
    return Sheet.of("Proxies and robust accuracy", headings, rows, notes=notes)


def parameters_sheet(frame: pd.DataFrame) -> Sheet:
    """Parameters of cells in the DARTS space.

    Args:
        frame: from `harness.studies.searches.robust.published.parameters_frame`.
    """
    rows = [[str(row["cell"]), number(row["params_m"], 3), str(row["source"])] for row in frame.to_dict("records")]
    headings: list[Heading | str] = [Heading("cell", "left"), "parameters (M)", Heading("read in", "left")]
    notes = ("20 cells of width 36, without the auxiliary head, by our counter.",)
    return Sheet.of("Cells of the DARTS space", headings, rows, notes=notes)


def images_sheet(frame: pd.DataFrame) -> Sheet:
    """Searches on images, finished or not.

    Args:
        frame: from `harness.studies.searches.robust.searched.chosen_frame`.
    """
    columns = [name for name in frame.columns if name.startswith(_START)]
    rows = []
    for row in frame.to_dict("records"):
        values = ["not finished", *[EN_DASH] * len(columns)]
        if row["finished"]:
            values = [number(row["parameters"] / _MILLION, 3), *(number(float(row[name]), 1) for name in columns)]
        rows.append([str(row["arm"]), str(row["seed"]), *values])
    headings: list[Heading | str] = [
        Heading("search", "left"), "seed", "parameters (M)", *(f"{_short(name)} (%)" for name in columns),
    ]  # fmt: skip
    notes = ("Accuracies of the tabulated network of the found cell, which was trained without attacks.",)
    return Sheet.of("Searches on images", headings, rows, notes=notes)


def _short(column: str) -> str:
    """The attack and ε of a column: `PGD 1/255`."""
    words = column.removeprefix(_START).removesuffix("_pct")
    if "_linf_eps" not in words:
        return words
    attack, epsilon = words.split("_linf_eps")
    return f"{attack.replace('_', '-').upper()} {epsilon}/255"


def _spread(values: pd.Series[float], over: float, decimals: int) -> str:
    return spread(float(values.mean() / over), float(values.std() / over), decimals)


def _range(
    row: Mapping[Any, Any] | pd.Series[Any], middle: str, low: str, high: str, times: float, decimals: int
) -> str:
    value, start, end = (times * float(row[name]) for name in (middle, low, high))
    return ranged(value, start, end, decimals)
