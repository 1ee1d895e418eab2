"""The table of predictors: how well each ranks the cells that it was not fitted to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.report.cells import estimate, number
from harness.report.tables.headings import COEFFICIENTS, Heading
from harness.report.tables.sheet import Sheet, groups

if TYPE_CHECKING:
    from harness.evaluation.predictors import Predictions


MEASURE_HEADINGS = (COEFFICIENTS["kendall_tau_b"], COEFFICIENTS["spearman"], "mean of the\n100 best")


def measures(row: Mapping[Any, Any]) -> list[str]:
    """What a predictor is worth, with intervals, under `MEASURE_HEADINGS`.

    Args:
        row: of the frame of `harness.evaluation.predictors.Predictions`.
    """
    return [
        estimate(*(float(row[f"{name}{end}"]) for end in ("", "_low", "_high")), decimals=2)
        for name in ("kendall_tau_b", "spearman", "top_mean")
    ]


def predictions_sheet(predictions: Predictions) -> Sheet:
    """A row for each predictor and number of cells, by the number.

    Args:
        predictions: from `harness.predict`.
    """
    frame = predictions.frame.sort_values("samples", kind="stable")
    begins, ruled = groups(frame["samples"])
    rows = [
        [
            f"{row['samples']:,}" if first else "", str(row["predictor"]),
            *measures(row), number(float(row["cpu_seconds"]), 1),
        ]
        for first, row in zip(begins, frame.to_dict("records"), strict=True)
    ]  # fmt: skip
    headings: list[Heading | str] = ["cells", Heading("predictor", "left"), *MEASURE_HEADINGS, "CPU s"]
    draws = int(frame["draws"].iloc[0])
    notes = (
        f"{predictions.column} of cells that were not fitted to, means over {draws} draw{'s' * (draws != 1)} with 95 % "
        "intervals by Student's t.",
        *predictions.notes,
    )
    return Sheet.of("Predictors", headings, rows, ruled_above=ruled, notes=notes)
