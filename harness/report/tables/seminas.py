"""The tables of the study of SemiNAS."""

from __future__ import annotations

import pandas as pd

from harness.evaluation.columns import PRINTED
from harness.report.cells import interval, number, spread_in
from harness.report.tables.headings import COEFFICIENTS
from harness.report.tables.predictions import MEASURE_HEADINGS, measures
from harness.report.tables.sheet import Heading, Sheet, groups

_SHOWN = 10
"""Training-free scores that are shown, from the highest."""


def labels_sheet(frame: pd.DataFrame, data_set: str) -> Sheet:
    """Accuracies of what each search finds, by the number of labels.

    Args:
        frame: from `harness.studies.searches.seminas.labels.summary_frame`.
        data_set: name of the data set in columns.
    """
    ordered = frame[frame["data_set"] == data_set].sort_values("labels", kind="stable")
    begins, ruled = groups(ordered["labels"])
    rows = [
        [
            f"{row['labels']:,}" if first else "", str(row["search"]), f"{row['runs']:,}",
            spread_in(row, "test_pct", 2), interval(float(row["test_pct_low"]), float(row["test_pct_high"])),
            number(float(row["regret_mean"]), 2),
        ]
        for first, row in zip(begins, ordered.to_dict("records"), strict=True)
    ]  # fmt: skip
    title = PRINTED[data_set]
    headings: list[Heading | str] = ["labels", Heading("search", "left"), "runs", title, "95 %", "regret"]
    notes = (
        "Test accuracy of the cell of the best queried validation accuracy (both after 200 epochs), mean ± standard "
        "deviation over runs, and the mean's interval by Student's t; every label is a query. Regret is to the best "
        "cell of the table.",
    )
    return Sheet.of(f"Searches by labels, {title}", headings, rows, ruled_above=ruled, notes=notes)


def curves_sheet(frame: pd.DataFrame, curve: str, column: str) -> Sheet:
    """How well predictors rank, by the number of architectures that they were fitted to.

    Args:
        frame: from `harness.evaluation.predictors.summary_of_draws`, with `curve` and `column`.
        curve: name of a set of learning curves.
        column: the column that is predicted.
    """
    of_this = frame[(frame["curve"] == curve) & (frame["column"] == column)].sort_values("samples", kind="stable")
    begins, ruled = groups(of_this["samples"])
    rows = [
        [f"{row['samples']:,}" if first else "", str(row["predictor"]), *measures(row)]
        for first, row in zip(begins, of_this.to_dict("records"), strict=True)
    ]  # fmt: skip
    headings: list[Heading | str] = ["labels", Heading("predictor", "left"), *MEASURE_HEADINGS]
    draws = int(of_this["draws"].iloc[0])
    notes = (
        f"{column} of architectures that were not fitted to, means over {draws:,} draws with 95 % intervals by "
        "Student's t.",
    )
    return Sheet.of(f"Predictors, {PRINTED.get(curve, curve)}", headings, rows, ruled_above=ruled, notes=notes)


def alone_sheet(frame: pd.DataFrame) -> Sheet:
    """The training-free scores that rank best without any label.

    Args:
        frame: from `harness.studies.searches.seminas.curves.proxies_alone`.
    """
    rows = [
        [str(row["proxy"]), f"{row['cells']:,}", number(float(row["kendall_tau_b"]), 2)]
        for row in frame.head(_SHOWN).to_dict("records")
    ]
    headings: list[Heading | str] = [Heading("proxy", "left"), "cells", COEFFICIENTS["kendall_tau_b"]]
    notes = ("With CIFAR-10's test accuracy, on the cells that every known proxy has a score of; the ten highest.",)
    return Sheet.of("Proxies without labels", headings, rows, notes=notes)
