"""Predictors of latencies and energies from a column of a table, for searches with the objective `latency`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import Table, list_tables
from benchmarks.errors import TableError
from harness.errors import SearchError, check_whole, unknown
from harness.evaluation.columns import FOR_THE_RECORD, PREDICTED, SPACE, table_of, unit_in_print
from harness.evaluation.matching import column_by_key, space_of
from harness.evaluation.searches.encodings import costs_of, encodings
from harness.prediction.models import KINDS

if TYPE_CHECKING:
    import pandas as pd

    from harness.prediction.encoding import Shapes
    from harness.prediction.models import Models
    from harness.prediction.predictor import Predictor
    from harness.search.gradient.setting import SearchSetting
    from harness.search.query.indexed import CellArray, FloatArray
    from harness.spaces.space import Space

UNITS = ("ms", "mj")
"""Units of the columns that a predictor can be trained on: latencies and energies."""
SAMPLES, SEED = 1000, 0
"""Cells that a predictor is trained on by default, and the seed of their draw."""


def latency_columns(table: Table) -> list[str]:
    """The names of a table's latencies and energies."""
    return [column.name for column in table.columns if column.unit in UNITS]


def check_latency(table: Table, column: str) -> None:
    """Refuse a column that is neither a latency nor an energy.

    Raises:
        TableError: naming the unit; or for an unknown column, with the nearest name.
    """
    unit = table.column(column).unit
    if unit not in UNITS:
        raise TableError(
            f"{column!r} of {table.facts.name} is neither a latency nor an energy (its unit is {unit}): "
            "`nasinit list columns nasbench201-hardware` has those"
        )


def latency_table(column: str, table: Table | str | Path | None = None, *, space: str = SPACE) -> Table:
    """The table of a column of latencies or energies.

    Args:
        column: name of the column.
        table: the table, its name or path; by default the first one of the space that is here and has the column.
        space: name of the space, where no table is given.

    Raises:
        SearchError: a space of which no table has latencies or energies.
        TableError: no such column (with the nearest name), or one that is neither a latency nor an energy.
    """
    tables = [listing for listing in list_tables() if listing.facts.space == space] if table is None else []
    if table is None and not any(one.unit in UNITS for listing in tables for one in listing.columns):
        raise SearchError(
            f"no table has a latency or an energy of architectures of the space {space}: measure some with `nasinit "
            "measure latency`, and give --latency-table"
        )
    opened = table_of(column, table, space)
    check_latency(opened, column)
    return opened


def latency_predictor(
    column: str,
    table: Table | str | Path | None = None,
    *,
    space: str = SPACE,
    model: str = "pairwise",
    samples: int = SAMPLES,
    seed: int = SEED,
) -> Predictor:
    """A predictor of a tabulated latency or energy, for `harness.run_search(predictor=...)`.

    It is trained on random cells, and its error is measured on all the others.

    Args:
        column: name of the column.
        table: the table, its name or path; by default the first one of the space that is here and has the column.
        space: name of the space, where no table is given.
        model: `linear` (a look-up of operations on edges), `pairwise` or `mlp`.
        samples: number of cells that it is trained on.
        seed: seed of their draw, and of a perceptron's weights.

    Raises:
        TableError: no such table or column, or a column that is neither a latency nor an energy.
        SearchError: what `harness.evaluation.searches.encodings.costs_of` refuses; more cells than have a value.
    """
    from harness.prediction.predictor import Predictor

    opened = latency_table(column, table, space=space)
    if model not in KINDS:
        raise SearchError(unknown("latency_model", model, KINDS))
    costs = costs_of(opened, column)
    known = np.flatnonzero(~np.isnan(costs.values))
    check_whole("latency_samples", samples, 2, SearchError)
    if samples >= len(known):
        raise SearchError(f"{column} has {len(known):,} cells: train on fewer, so that some are left to measure errors")
    training, others = split(known, samples, seed)
    models = fitted(model, costs.codes[training], costs.values[training, None], costs.shapes, seed)
    errors = relative_errors(predicted(models, costs.codes[others])[:, 0], costs.values[others])
    words = f"{samples:,} random cells of {opened.facts.name}, seed {seed}; error on the other {len(others):,}"
    unit = unit_in_print(opened, column)
    mean, median = float(errors.mean()), float(np.median(errors))
    return Predictor(column, unit, space_of(opened).name, costs.shapes, models, words, mean, median)


def opened_predictor(setting: SearchSetting, space: str = SPACE) -> Predictor | None:
    """The predictor that a search's setting asks for; None where its objective is the loss alone.

    Raises:
        SearchError: latencies of another space, and what `latency_predictor` refuses.
    """
    if setting.objective == "none":
        return None
    found = latency_predictor(
        setting.latency_column, setting.latency_table or None, space=space, model=setting.latency_model,
        samples=setting.latency_samples,
    )  # fmt: skip
    if found.space != space:
        raise SearchError(f"{setting.latency_table} has latencies of the space {found.space}, not of {space}")
    return found


def split(cells: CellArray, samples: int, seed: int) -> tuple[CellArray, CellArray]:
    """The cells to train on, drawn without replacement, and all the others."""
    order = np.random.default_rng(seed).permutation(cells)
    return order[:samples], order[samples:]


def fitted(model: str, codes: FloatArray, targets: FloatArray, shapes: Shapes, seed: int) -> Models:
    """Models of one kind for each column of targets [N, T], trained on encodings [N, D]."""
    from harness.prediction.linear import fit_linear, fit_pairwise
    from harness.prediction.mlp import fit_mlp

    if model == "linear":
        return fit_linear(codes, targets)
    return fit_pairwise(codes, targets, shapes) if model == "pairwise" else fit_mlp(codes, targets, seed)


def predicted(models: Models, codes: FloatArray) -> FloatArray:
    """Predictions [N, T] at encodings [N, D]."""
    import torch

    with torch.no_grad():
        return np.asarray(models.predict(torch.from_numpy(np.require(codes, requirements="W"))).numpy())


def relative_errors(predictions: FloatArray, values: FloatArray) -> FloatArray:
    """|prediction − value| / value of positive values, of the same shape."""
    return np.asarray(np.abs(predictions - values) / values)


def predicted_for(predictor: Predictor, space: Space, texts: list[str]) -> list[float]:
    """Predictions for architectures, given as texts."""
    return [float(value) for value in predicted(predictor.models, encodings(space, texts))[:, 0]]


def with_latencies(log: pd.DataFrame, predictor: Predictor, space: Space, table: str = "") -> pd.DataFrame:
    """The log of a search with the latency of each epoch's architecture, predicted and tabulated.

    Args:
        log: from `harness.run_search`, with a column `architecture`.
        predictor: the predictor of the search.
        space: the space of the architectures.
        table: name or path of the table of the latencies; empty for that of `latency_table`.

    Returns:
        The log with `…_predicted` and `…_for_the_record`, two columns that are never one; the search has seen the first
        alone. NaN where the table has no value.
    """
    texts = [str(text) for text in log["architecture"]]
    opened = latency_table(predictor.column, table or None, space=space.name)
    tabulated = column_by_key(opened, predictor.column).values
    keys = [space.key(space.parse(text)) for text in texts]
    return log.assign(
        **{
            f"{predictor.column}{PREDICTED}": predicted_for(predictor, space, texts),
            f"{predictor.column}{FOR_THE_RECORD}": [float(tabulated.get(key, np.nan)) for key in keys],
        }
    )
