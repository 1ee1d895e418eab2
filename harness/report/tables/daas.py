"""Tables of the study of DAAS."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from harness.evaluation.columns import dataset_title
from harness.report.cells import number, spread
from harness.report.tables.sheet import Heading, Sheet


def table_sheet(places: pd.DataFrame, policies: Sequence[str], values: npt.NDArray[np.float64], column: str) -> Sheet:
    """Accuracies of cells under fixed policies, mean and standard deviation over the replicates.

    Args:
        places: `cell` and `tabulated_pct`, a row for each cell.
        policies: names of the policies.
        values: accuracies [cells, policies, replicates] in per cent; NaN where a training is not over.
        column: the tabulated accuracy.
    """
    rows = [
        [str(place["cell"]), number(float(place["tabulated_pct"]), 2), *map(_spread, own)]
        for place, own in zip(places.to_dict("records"), values, strict=True)
    ]
    rows.append(["all cells", "", *(number(float(values[:, one].mean()), 2) for one in range(len(policies)))])
    headings: list[Heading | str] = [Heading("cell", "left"), f"{dataset_title(column)}, tabulated", *policies]
    notes = (
        "Accuracy in per cent on test images that no training or search sees, mean ± standard deviation, "
        f"{values.shape[2]} trainings with seeds of their own. "
        "Colour and geometry come after crop and flip.",
    )
    return Sheet.of("Cells under fixed augmentations", headings, rows, ruled_above=(len(rows) - 1,), notes=notes)


def arms_sheet(chosen: pd.DataFrame, column: str, random_cell: float) -> Sheet:
    """What the searches found, mean and standard deviation over the seeds.

    Args:
        chosen: from `harness.studies.searches.daas.searched.chosen_frame`.
        column: the tabulated accuracy.
        random_cell: its mean over all cells of the space.
    """
    rows = [
        [
            str(arm), str(len(part)), _spread(part[column].to_numpy()), _spread(part["trained_pct"].to_numpy()),
            number(float(part["cpu_seconds"].mean()), 0),
        ]
        for arm, part in chosen.groupby("arm", sort=False)
    ]  # fmt: skip
    headings: list[Heading | str] = [
        Heading("search", "left"), "seeds", f"{dataset_title(column)}, tabulated", "trained here", "CPU s",
    ]  # fmt: skip
    notes = (
        "Trained here: the found cell from scratch under the found augmentations. All searches have as many steps. "
        f"A random cell has {number(random_cell, 2)} % on average in the table.",
    )
    return Sheet.of("Searches", headings, rows, notes=notes)


def shares_sheet(shares: pd.DataFrame) -> Sheet:
    """Share of each operation in the policies at the end of the searches, mean over the seeds.

    Args:
        shares: from `harness.studies.searches.daas.searched.shares_frame`.
    """
    last = shares.sort_values("epoch").groupby(["arm", "seed", "operation"], sort=False)["share"].last().reset_index()
    arms = list(dict.fromkeys(shares["arm"]))
    rows = []
    for operation in dict.fromkeys(shares["operation"]):
        own = last[last["operation"] == operation]
        by_arm = [own[own["arm"] == arm]["share"].to_numpy() for arm in arms]
        rows.append([str(operation), *(_spread(values, 3) for values in by_arm)])
    headings: list[Heading | str] = [Heading("operation", "left"), *arms]
    return Sheet.of(
        "Operations of the found policies", headings, rows, notes=("Shares of all operations add up to 1.",)
    )


def _spread(values: npt.NDArray[np.float64], decimals: int = 2) -> str:
    """Mean and standard deviation of the values that are there."""
    found = values[~np.isnan(values)]
    mean = float(found.mean()) if len(found) else math.nan
    return spread(mean, float(found.std(ddof=1)) if len(found) > 1 else math.nan, decimals)
