"""Predictors of a tabulated column: how well each ranks cells that it was not fitted to, by how many it was."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
import pandas as pd

from benchmarks import Table, open_table
from harness.errors import SearchError, check_whole, unknown
from harness.evaluation.columns import table_facts
from harness.evaluation.matching import column_by_key, space_of
from harness.evaluation.predictor_inputs import Inputs, known_architectures, predictor_inputs
from harness.prediction.graf import has_features
from harness.progress import patient_bar
from harness.scoring.provenance import PROVENANCE
from harness.setting import derived_seed
from harness.stats.mean import student_interval
from harness.text.presented import Drawn
from harness.versions import made_with

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from typing_extensions import Unpack

    from harness.search.query.indexed import CellArray, FloatArray

SAMPLES = (50, 100, 200)
DRAWS = 5
TOP = 100
"""Cells of the highest predictions whose mean value is given."""
MEASURES = ("kendall_tau_b", "spearman", "top_mean")


class LearningCurveKeywords(TypedDict, total=False):
    """Options of the figure of learning curves, for type checkers."""

    measure: str


LEAST_REST = 3
GRAF = "graf_forest"


@dataclass(frozen=True)
class Predictions(Drawn):
    """How well predictors rank the cells that they were not fitted to.

    Attributes:
        frame: a row for each predictor and number of cells: `predictor`, `samples`, `draws`, and of `kendall_tau_b`,
            `spearman` and `top_mean` (mean value of the 100 cells of the best predictions) the mean over the draws and
            the ends of its 95 % interval by Student's t, no coefficient's beyond ±1, `…_low` and `…_high` (NaN for one
            draw); `cpu_seconds` of a fit with its predictions.
        draws: the same of each draw, with `draw` and `rest`, the number of cells that are ranked.
        column: name of the column.
        notes: sentences on which cells these are.
    """

    frame: pd.DataFrame
    draws: pd.DataFrame
    column: str
    notes: tuple[str, ...]

    def plot(self, **options: Unpack[LearningCurveKeywords]) -> Figure:
        """The learning curves: `harness.report.figures.learning_curves` has the options."""
        return self._figure(**options)


def predict(
    table: Table | str,
    column: str,
    predictors: Sequence[str] = (),
    *,
    samples: Sequence[int] = SAMPLES,
    draws: int = DRAWS,
    seed: int = 0,
    scores: pd.DataFrame | None = None,
    progress: bool = False,
) -> Predictions:
    """Fit predictors to a column of random cells, and rank all other cells by them.

    In each draw all predictors are fitted to the same cells, and those of a smaller number are among those of a larger
    one. Cells that are the same graph as one of these (`space.canonical`) are not ranked: they would be known.

    Args:
        table: a table of a space that states its architectures as choices and can be listed, or as sequences, as DARTS
            does; its name or path. Of a space that cannot be listed the architectures of the table are all there are,
            but for those that no sequence stands for.
        column: name of the column.
        predictors: names in `PREDICTORS`; by default all that can read the space.
        samples: numbers of cells with a value.
        draws: number of draws of cells for each number.
        seed: seed of the draws and of the predictors.
        scores: scores for `proxies_forest`, as `harness.run` or `harness.known_scores` returns them; by default the
            parameters and multiply-adds of each cell. Only cells with all scores are drawn and ranked.
        progress: whether to draw a progress bar on standard error.

    Raises:
        SearchError: an unknown predictor, a space without choices, no number, or one that leaves too few cells.
        TableError: no such table or column.
        ScoresError: scores without a cell that has them all, or of another space.
    """
    opened = open_table(table) if isinstance(table, str) else table
    names = list(dict.fromkeys(predictors))
    for name in names:
        if name not in PREDICTORS:
            raise SearchError(unknown("predictor", name, PREDICTORS))
    check_whole("draws", draws, 1, SearchError)
    counts = sorted(set(samples))
    for count in counts:
        check_whole("samples", count, 2, SearchError)
    space = space_of(opened)
    cells = known_architectures(space, opened)
    names = names or [name for name in PREDICTORS if name != GRAF or has_features(cells.space)]
    inputs, scored = predictor_inputs(cells, space, scores)
    known = column_by_key(opened, column).values
    values = np.array([known.get(key, math.nan) for key in cells.keys])
    there = np.flatnonzero(np.isfinite(values) & np.isfinite(inputs.scores).all(axis=1))
    if not counts or counts[-1] > len(there) - LEAST_REST:
        raise SearchError(
            f"samples must be from 2 to {max(len(there) - LEAST_REST, 0):,}, since {len(there):,} cells have {column} "
            f"and all scores and some must be left to rank; got {', '.join(map(str, samples)) or 'none'}"
        )
    graph = cells.graphs
    sign = 1.0 if opened.column(column).higher_is_better else -1.0
    rows = []
    with patient_bar(progress, draws * len(counts) * len(names), "fits", ("fitting", "fitted"), alike=False) as advance:
        for draw in range(draws):
            order = np.random.default_rng(derived_seed(seed, "predict", str(draw))).permutation(there)
            for count in counts:
                chosen = order[:count]
                rest = order[count:][~np.isin(graph[order[count:]], graph[chosen])]
                if len(rest) < LEAST_REST:
                    raise SearchError(f"{count:,} cells leave {len(rest)} other graphs to rank: take fewer")
                for name in names:
                    began = time.process_time()
                    found = PREDICTORS[name](
                        inputs, chosen, values[chosen], derived_seed(seed, "fit", str(draw)) % 2**31
                    )
                    spent = time.process_time() - began
                    row = {"predictor": name, "samples": count, "draw": draw, "rest": len(rest), "cpu_seconds": spent}
                    rows.append(row | measured(found[rest], values[rest], sign))
                    advance(1)
    each = pd.DataFrame(rows)
    frame = summary_of_draws(each)
    asked = {"samples": counts, "draws": draws, "seed": seed, "scores": scored, "column": column}
    frame.attrs[PROVENANCE] = made_with(table=table_facts(opened), **asked)
    notes = _notes(
        f"{len(there):,} of {len(cells.keys):,} cells of {space.name} have {column} and the scores {', '.join(scored)}",
        cells.left_out,
        int(each["rest"].min()),
    )
    return Predictions(frame, each, column, notes)


def _notes(there: str, left_out: int, least: int) -> tuple[str, ...]:
    """Sentences on which cells are ranked.

    Args:
        there: how many have all that is needed, in words.
        left_out: architectures of the table that no sequence stands for.
        least: the smallest number of cells that a predictor ranks.
    """
    found = [f"{there}; cells of the same graph as one that a predictor was fitted to are not ranked."]
    if left_out:
        found.append(f"{left_out:,} architectures of the table have no sequence of choices and are left out.")
    if least < 2 * TOP:
        found.append(f"Where {least:,} are left to rank, the {TOP} best are most of them, or all.")
    return tuple(found)


def measured(predictions: FloatArray, values: FloatArray, sign: float = 1.0) -> dict[str, float]:
    """Kendall's tau-b, Spearman's coefficient, and the mean value of the cells of the best predictions.

    Args:
        predictions: predicted values, [K].
        values: the values, [K].
        sign: 1 where a higher value is better, -1 where a lower one is.
    """
    from harness.stats.rank_correlation import is_constant, kendall_tau_b, mid_ranks

    best = np.argsort(-sign * predictions, kind="stable")[:TOP]
    tau = rho = math.nan
    if not (is_constant(predictions) or is_constant(values)):
        one, other = mid_ranks(predictions), mid_ranks(values)
        tau, rho = kendall_tau_b(one, other), float(np.corrcoef(one, other)[0, 1])
    return {"kendall_tau_b": tau, "spearman": rho, "top_mean": float(values[best].mean())}


def summary_of_draws(each: pd.DataFrame) -> pd.DataFrame:
    """The frame of `Predictions` of its draws."""
    rows = []
    for (name, count), part in each.groupby(["predictor", "samples"], sort=False):
        row: dict[str, Any] = {"predictor": name, "samples": count, "draws": len(part)}
        for measure in MEASURES:
            bound = math.inf if measure == "top_mean" else 1.0
            ends = np.clip(student_interval(part[measure].dropna().tolist()), -bound, bound).tolist()
            row |= dict(zip((measure, f"{measure}_low", f"{measure}_high"), ends, strict=True))
        rows.append(row | {"cpu_seconds": part["cpu_seconds"].mean()})
    return pd.DataFrame(rows)


def _of_encodings(kind: str) -> Predictor:
    def predictor(inputs: Inputs, chosen: CellArray, values: FloatArray, seed: int) -> FloatArray:
        from harness.evaluation.searches.latency import fitted, predicted

        codes, shapes = inputs.codes
        return predicted(fitted(kind, codes[chosen], values[:, None], shapes, seed), codes)[:, 0]

    return predictor


def _graf_forest(inputs: Inputs, chosen: CellArray, values: FloatArray, seed: int) -> FloatArray:
    from harness.prediction.graf import forest_predictions

    return forest_predictions(inputs.features[chosen], values, inputs.features, seed)


def _proxies_forest(inputs: Inputs, chosen: CellArray, values: FloatArray, seed: int) -> FloatArray:
    from harness.prediction.graf import forest_predictions
    from harness.stats.rank_correlation import mid_ranks

    scores = np.where(np.isfinite(inputs.scores), inputs.scores, -np.inf)
    ranks = mid_ranks(scores.T).T.astype(np.float32)  # a tree reads the order alone, and in float32
    return forest_predictions(ranks[chosen], values, ranks, seed)


def _of_sequences(*, pseudo_labels: bool) -> Predictor:
    def predictor(inputs: Inputs, chosen: CellArray, values: FloatArray, seed: int) -> FloatArray:
        from harness.prediction.seminas import NAO, SEMINAS, SemiNAS

        training = SEMINAS if pseudo_labels else NAO
        model = SemiNAS.of(inputs.space, seed=seed, training=training)
        model.fit(inputs.choices[chosen], values)
        return model.predict(inputs.choices)

    return predictor


Predictor = Callable[[Inputs, "CellArray", "FloatArray", int], "FloatArray"]
"""Takes inputs, the cells [N] with a value, their values [N] and a seed; gives predictions of all cells, [C]."""

PREDICTORS: Mapping[str, Predictor] = {
    "linear": _of_encodings("linear"),
    "pairwise": _of_encodings("pairwise"),
    "mlp": _of_encodings("mlp"),
    GRAF: _graf_forest,
    "proxies_forest": _proxies_forest,
    "nao": _of_sequences(pseudo_labels=False),
    "seminas": _of_sequences(pseudo_labels=True),
}
"""Predictors by name: of operations on edges (`harness.prediction`), of features of graphs, and of proxies' scores."""
