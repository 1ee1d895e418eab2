"""Tables of the study of LA-DARTS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from harness.report.cells import EN_DASH, number, percentage, ranged, spread
from harness.report.tables.sheet import Heading, Sheet, groups

_SIZES = (100, 1000, 12000)
_MODELS = ("linear", "pairwise", "mlp")
_ACCURACY = "cifar10_test_200ep_pct"


def over_columns_sheet(frame: pd.DataFrame) -> Sheet:
    """Errors over all columns by model and training cells.

    Args:
        frame: from `harness.studies.searches.latency.claims.over_columns`.
    """
    begins, ruled = groups(frame["model"])
    rows = [
        [
            str(row["model"]) if first else "", f"{int(row['training_cells']):,}",
            percentage(row["mean_relative_error"]), percentage(row["median_relative_error"]),
            f"{int(row['below'])} of {int(row['columns'])}", number(float(row["spearman"]), 3),
        ]
        for first, row in zip(begins, frame.to_dict("records"), strict=True)
    ]  # fmt: skip
    headings: list[Heading | str] = [Heading("model", "left"), "cells", "mean error", "median error", "below 10 %", "ρ"]
    notes = (
        "Relative errors on 3,000 cells that no model was trained on, for the median column; how many columns have a "
        "mean error below 10 %; Spearman's ρ of predicted and tabulated latencies. Published: below 10 % from 80,000 "
        "to 100,000 samples of the DARTS space, with little gain beyond 40,000.",
    )
    return Sheet.of("Error by training cells", headings, rows, ruled_above=ruled, notes=notes)


def columns_sheet(frame: pd.DataFrame) -> Sheet:
    """Mean and median errors of each column.

    Args:
        frame: from `harness.studies.searches.latency.errors.means_frame`.
    """
    values = {(row["column"], row["model"], row["training_cells"]): row for row in frame.to_dict("records")}
    shown = [(model, size) for model in _MODELS for size in _SIZES if any(key[1:] == (model, size) for key in values)]
    rows = []
    for column in dict.fromkeys(frame["column"]):
        cells = []
        for model, size in shown:
            row = values.get((column, model, size))
            cells.append(EN_DASH if row is None else _both(row["mean_relative_error"], row["median_relative_error"]))
        rows.append([str(column), *cells])
    headings: list[Heading | str] = [Heading("column", "left"), *(f"{model} {size:,}" for model, size in shown)]
    notes = (
        "Mean / median relative error in per cent on cells that the model was not trained on, by the number of "
        "training cells. Where some latencies are near zero, the mean says little. Columns with equal numbers are one.",
    )
    return Sheet.of("Error by column", headings, rows, notes=notes)


def sweep_sheet(frame: pd.DataFrame) -> Sheet:
    """What the sweep of λ and of targets finds on the table supernet.

    Args:
        frame: from `harness.studies.searches.latency.searched.sweep_frame`.
    """
    rows = []
    grouped = list(frame.groupby(["device", "kind", "relative"], sort=False))
    begins, ruled = groups(device for (device, _, _), _ in grouped)
    for first, ((device, kind, relative), part) in zip(begins, grouped, strict=True):
        value = float(part["value"].iloc[0])
        rows.append(
            [
                str(device) if first else "", f"{kind} {relative:g}",
                f"{value:.4f} /ms" if kind == "weight" else f"{value:.2f} ms", str(len(part)),
                *(_spread(part[name], 2) for name in ("mean_ms", "predicted_ms", "true_ms")),
                _spread(part[_ACCURACY], 2), number(float(part["share"].mean()), 2),
            ]
        )  # fmt: skip
    headings: list[Heading | str] = [
        Heading("device", "left"), Heading("relative", "left"), "λ or target", "seeds", "mean (ms)", "predicted (ms)",
        "true (ms)", "accuracy (%)", "term / loss",
    ]  # fmt: skip
    notes = (
        "DARTS on the table supernet, which trains no weights: these are no searches on images. Mean ± standard "
        "deviation over seeds. mean: predicted at the last operation weights; predicted and true: of the cell that was "
        "found. A weight is λ times the median latency in nats, a target a share of it.",
    )
    return Sheet.of("Sweep on the table supernet", headings, rows, ruled_above=ruled, notes=notes)


def volumes_sheet(frame: pd.DataFrame) -> Sheet:
    """Hypervolumes as shares of the exact front's.

    Args:
        frame: from `harness.studies.searches.latency.fronts.volumes_frame`.
    """
    rows = [
        [
            str(row["device"]), f"{row['kind']}s", str(int(row["cells"])), _range(row, "share", "low", "high"),
            _range(row, "null_share", "null_low", "null_high"),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    headings: list[Heading | str] = [Heading("device", "left"), Heading("sweep", "left"), "cells", "found", "random"]
    notes = (
        "Per cent of the exact front's hypervolume (reference: the slowest cell, the median accuracy). found: mean "
        "over seeds with its 95 % interval; random: as many random cells, mean and 95 % range.",
    )
    return Sheet.of("Hypervolume", headings, rows, notes=notes)


def savings_sheet(frame: pd.DataFrame) -> Sheet:
    """Latency saved at preserved accuracy.

    Args:
        frame: from `harness.studies.searches.latency.fronts.savings_frame`.
    """
    rows = [
        [
            str(row["device"]), number(float(row["tolerance"]), 1), _range(row, "saving", "low", "high"),
            number(100 * float(row["front"]), 1), number(100 * float(row["null"]), 1),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    headings: list[Heading | str] = [Heading("device", "left"), "points lost", "saved", "front", "random"]
    notes = (
        "Per cent of the latency of the same seed's cell at λ = 0, by the λ that saves most of those whose cell loses "
        "no more than these points, with the 95 % interval over seeds; front: by the best cell of the table; random: "
        "the chance that one of as many random cells saves 20 %.",
    )
    return Sheet.of("Latency saved at preserved accuracy", headings, rows, notes=notes)


def images_sheet(frame: pd.DataFrame) -> Sheet:
    """Searches on images, finished or not.

    Args:
        frame: from `harness.studies.searches.latency.searched.chosen_frame`.
    """
    rows = []
    for row in frame.to_dict("records"):
        values = ["not finished", EN_DASH, EN_DASH]
        if row["finished"]:
            values = [number(float(row[name]), 2) for name in ("predicted_ms", "true_ms", _ACCURACY)]
        rows.append([f"{row['weight']:g}", str(row["seed"]), *values])
    headings: list[Heading | str] = [
        Heading("weight", "left"), "seed", "predicted (ms)", "true (ms)", "accuracy (%)",
    ]  # fmt: skip
    return Sheet.of("Searches on images", headings, rows, notes=("The weight is λ times the median latency, in nats.",))


def genotypes_sheet(means: pd.DataFrame, noise: pd.DataFrame) -> Sheet:
    """Errors on genotypes of the DARTS space, with how well their latencies are known in the note.

    Args:
        means: from `harness.studies.searches.latency.genotypes.genotype_means_frame`.
        noise: from `harness.studies.searches.latency.genotypes.genotype_noise_frame`.
    """
    counts = list(dict.fromkeys(means["training_genotypes"]))
    by_count = means.set_index(["model", "training_genotypes"])["mean_relative_error"]
    order = means[means["training_genotypes"] == counts[-1]].set_index("model")["spearman"]
    rows = [
        [str(model), *(percentage(float(by_count[(model, count)])) for count in counts), number(float(order[model]), 2)]
        for model in order.index
    ]  # fmt: skip
    known, wall = (noise[noise["clock"] == clock].iloc[0] for clock in ("thread", "wall"))
    headings: list[Heading | str] = [Heading("model", "left"), *(f"{count:,}" for count in counts), "ρ"]
    times = [number(known[name], 1) for name in ("least_ms", "most_ms", "median_ms")]
    notes = (
        f"Mean relative errors by the number of training genotypes, on genotypes that no model was trained on, and "
        f"Spearman's ρ of predicted and timed latencies with {counts[-1]:,}. constant: the mean; macs, counts: least "
        "squares on multiply-adds, or on how often each operation is there.",
        f"{int(known['genotypes']):,} random genotypes as networks of 16 channels and 8 cells, one thread, batch 1, "
        f"processor time: {times[0]} to {times[1]} ms, median {times[2]}. Noise floor: the two medians of one "
        f"genotype, timed twice ({int(known['timed_again'])} of them), differ by {percentage(known['noise_floor'])} "
        f"(median; mean {percentage(known['mean_difference'])}; ρ {number(known['spearman'], 2)}), two genotypes by "
        f"{percentage(known['spread'])}. By the wall clock, beside other programs, they differ by "
        f"{percentage(wall['noise_floor'])} and {percentage(wall['spread'])} ({int(wall['genotypes'])} genotypes).",
    )
    return Sheet.of("Networks of the DARTS space on this processor", headings, rows, notes=notes)


def _both(mean: float, median: float) -> str:
    return f"{number(100 * mean, 1)} / {number(100 * median, 1)}"


def _spread(values: pd.Series[float], decimals: int) -> str:
    return spread(float(values.mean()), float(values.std()), decimals)


def _range(row: Mapping[Any, Any], middle: str, low: str, high: str) -> str:
    value, start, end = (100 * float(row[name]) for name in (middle, low, high))
    return ranged(value, start, end, 1)
