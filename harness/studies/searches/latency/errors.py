"""How well a latency is predicted: relative error by the number of training cells, and transfer between devices."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from harness.evaluation.searches.encodings import Costs, costs_of
from harness.evaluation.searches.latency import fitted, latency_columns, predicted, relative_errors

if TYPE_CHECKING:
    from harness.evaluation import Table
    from harness.search.query.indexed import CellArray, FloatArray

TEST = 3000
"""Cells of each split that no model is trained on."""
KEYS = ["column", "model", "training_cells"]


class Sizes(NamedTuple):
    """What the models are trained on.

    Attributes:
        sizes: numbers of training cells of the linear and the pairwise model.
        mlp: those of the perceptron.
        seeds: number of splits of the linear and the pairwise model.
        mlp_seeds: that of the perceptron.
        columns: number of columns; None for all.
    """

    sizes: tuple[int, ...] = (50, 100, 200, 500, 1000, 2000, 4000, 8000, 12000)
    mlp: tuple[int, ...] = (100, 1000, 4000, 12000)
    seeds: int = 5
    mlp_seeds: int = 3
    columns: int | None = None

    def of(self, model: str) -> tuple[tuple[int, ...], int]:
        """Numbers of training cells, and of splits, of a model."""
        return (self.mlp, self.mlp_seeds) if model == "mlp" else (self.sizes, self.seeds)


QUICK = Sizes((50, 200), (200,), 1, 1, 2)


class Device(NamedTuple):
    """Columns of equal numbers: the name of the first, and all of them."""

    column: str
    same: tuple[str, ...]
    costs: Costs


def devices(table: Table, most: int | None = None) -> list[Device]:
    """The different latencies of a table; columns with the same numbers are one."""
    found: dict[bytes, list[str]] = {}
    kept: dict[bytes, Costs] = {}
    for name in latency_columns(table):
        if table.column(name).unit == "ms":
            costs = costs_of(table, name)
            found.setdefault(costs.values.tobytes(), []).append(name)
            kept.setdefault(costs.values.tobytes(), costs)
    every = [Device(names[0], tuple(names), kept[key]) for key, names in found.items()]
    return every[:most]


def errors_frame(measured: Sequence[Device], sizes: Sizes, seed: int) -> pd.DataFrame:
    """Errors of each model on 3,000 cells that it was not trained on, by column, training cells and split.

    Returns:
        `column`, `model`, `training_cells`, `seed`, `mean_relative_error`, `median_relative_error` (shares; of cells
        with a latency above 0) and `spearman`.
    """
    rows = [row for together in _alike(measured) for row in _rows(together, sizes, seed)]
    return pd.DataFrame(rows)


def means_frame(errors: pd.DataFrame) -> pd.DataFrame:
    """Means over the splits, with the standard deviation of the mean relative error over them."""
    grouped = errors.groupby(KEYS, sort=False)
    found = grouped[["mean_relative_error", "median_relative_error", "spearman"]].mean()
    found["mean_relative_error_std"] = grouped["mean_relative_error"].std()
    return found.assign(splits=grouped.size()).reset_index()


def transfer_frame(measured: Sequence[Device], samples: int, seed: int) -> pd.DataFrame:
    """Rank correlation of the pairwise predictor of one device with the latencies of each.

    Returns:
        `predictor_of`, `device`, `spearman` (over cells of both that the predictor was not trained on) and
        `spearman_of_latencies` (of the two devices' own latencies, which a perfect predictor would have).
    """
    rows = []
    for source in measured:
        known = np.flatnonzero(~np.isnan(source.costs.values))
        order = np.random.default_rng(seed).permutation(known)
        codes, values = source.costs.codes, source.costs.values
        models = fitted("pairwise", codes[order[:samples]], values[order[:samples], None], source.costs.shapes, seed)
        found = predicted(models, codes)[:, 0]
        for target in measured:
            others = order[samples:]
            both = others[~np.isnan(target.costs.values[others])]
            pair = [stats.spearmanr(one[both], target.costs.values[both]).statistic for one in (found, values)]
            rows.append((source.column, target.column, *map(float, pair)))
    return pd.DataFrame(rows, columns=["predictor_of", "device", "spearman", "spearman_of_latencies"])


def _alike(measured: Sequence[Device]) -> list[list[Device]]:
    """The devices in groups that have values of the same cells, which are fitted side by side."""
    groups: dict[bytes, list[Device]] = {}
    for device in measured:
        groups.setdefault(np.isnan(device.costs.values).tobytes(), []).append(device)
    return list(groups.values())


def _rows(together: Sequence[Device], sizes: Sizes, seed: int) -> Iterator[dict[str, Any]]:
    codes, shapes = together[0].costs.codes, together[0].costs.shapes
    values: FloatArray = np.stack([device.costs.values for device in together], axis=1)
    known = np.flatnonzero(~np.isnan(values[:, 0]))
    for model in ("linear", "pairwise", "mlp"):
        counts, splits = sizes.of(model)
        for split in range(seed, seed + splits):
            order: CellArray = np.random.default_rng(split).permutation(known)
            test, training = order[:TEST], order[TEST:]
            for count in counts:
                if count <= len(training):
                    chosen = training[:count]
                    models = fitted(model, codes[chosen], values[chosen], shapes, split)
                    found = predicted(models, codes[test])
                    for place, device in enumerate(together):
                        yield {
                            "column": device.column, "model": model, "training_cells": count, "seed": split,
                            **error_of(found[:, place], values[test, place]),
                        }  # fmt: skip


def error_of(found: FloatArray, true: FloatArray) -> dict[str, float]:
    """`mean_relative_error`, `median_relative_error` (of latencies above 0) and `spearman` (NaN of a constant)."""
    above = true > 0
    errors = relative_errors(found[above], true[above])
    return {
        "mean_relative_error": float(errors.mean()),
        "median_relative_error": float(np.median(errors)),
        "spearman": float(stats.spearmanr(found, true).statistic) if np.ptp(found) else math.nan,
    }
