"""Ranking: rank correlation of every proxy with a column of a table, next to that of the network's size."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from benchmarks import Table, TableError
from harness.errors import ScoresError
from harness.evaluation.coefficients import Resampling, check_resampling, log_ranked, ranked_frame
from harness.evaluation.columns import axis_label, check_measured, default_column, is_accuracy, table_facts
from harness.evaluation.matching import column_by_key, scored_space, space_of
from harness.evaluation.pools import keys_in
from harness.evaluation.seeds import matched_over_seeds
from harness.evaluation.sizes import scored_shape, sizes_of, with_baselines
from harness.scoring.provenance import PROVENANCE
from harness.text.presented import Drawn
from harness.text.shown import shown
from harness.versions import made_with

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure
    from typing_extensions import Unpack


class ScatterKeywords(TypedDict, total=False):
    """Options of a ranking's figure, for type checkers."""

    proxies: Sequence[str]
    source: str | None
    columns: int | None
    progress: bool


@dataclass(frozen=True)
class Ranking(Drawn):
    """Rank correlations of proxies with one column of a table.

    Attributes:
        frame: a row for each proxy: `proxy`, `n` (architectures with a score), `failed` (share without, 0 to 1), the
            coefficients `spearman`, `kendall_tau_b`, `weighted_tau`, `pearson` of score against value, each with
            `_low` and `_high` of its bootstrap interval, `best_accuracy` (the value of the architecture with the
            highest score; the mean over those that tie), `best_percentile` (the share of the whole table that is
            worse, 0 to 100), `top10_best` (the best value among the ten highest scores, exact expectation over ties).
            `params` and `flops` stand last; `column` and `table` name what was ranked by. Where lower values are
            better, worse means higher and best lowest; the coefficients keep their sign, so that of a proxy that finds
            low values is negative. Of scores under several seeds all these are means over the seeds, on the
            architectures that have a score under each; `seeds` is their number, each coefficient has its standard
            deviation over the seeds with `_std` (NaN for one seed), and its interval is over architectures and seeds.
        points: a row for each proxy and architecture with a score: `proxy`, `architecture` (its key), `score` (the mean
            over the seeds), `accuracy` (the value), `parameters`.
        column: name of the table's column.
        source: a sentence that names the table.
        unmatched: architectures, as the scores write them, that have no value in the table; they are left out.
        label: the quantity that the column measures, in words.
        higher_is_better: whether higher values of the column are better.
        value_name: word for the values of the column: `accuracy` for an accuracy, else `value`.
        repeated: architectures, as the scores write them, that had more than one row of a proxy, with equal scores.
        duplicates: architectures, as the table writes them, that it has in more than one row, with equal values.
        space: name of the architectures' space.
        title: title of the table.
        seeds: labels of the seeds of the scores; empty for scores of one seed.
        pool: name of the part of the space that was ranked; empty for all that was scored.
    """

    frame: pd.DataFrame
    points: pd.DataFrame
    column: str
    source: str
    unmatched: tuple[str, ...]
    label: str
    higher_is_better: bool = True
    value_name: str = "accuracy"
    repeated: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()
    space: str = "nasbench201"
    title: str = ""
    seeds: tuple[str, ...] = ()
    pool: str = ""

    @property
    def over_seeds(self) -> str:
        """A sentence on the scores of several seeds; else empty."""
        if not self.seeds:
            return ""
        return (
            f"Over {len(self.seeds)} seeds ({', '.join(self.seeds)}): mean ± standard deviation of each coefficient, "
            "with intervals over architectures and seeds. Figures and further tables are of each architecture's mean "
            "score."
        )

    @property
    def of_mean_scores(self) -> str:
        """A sentence for what is made of each architecture's mean score over several seeds; else empty."""
        if not self.seeds:
            return ""
        return (
            f"Of each architecture's mean score over {len(self.seeds)} seeds: a mean score ranks otherwise than single "
            "ones, so these coefficients are not the means over the seeds that the ranking shows."
        )

    def described(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A frame that follows from this ranking, with the ranking's provenance in its `attrs`."""
        frame.attrs[PROVENANCE] = self.frame.attrs.get(PROVENANCE)
        return frame

    @property
    def sign(self) -> float:
        """1 where higher values are better, -1 where lower ones are."""
        return 1.0 if self.higher_is_better else -1.0

    @property
    def uneven(self) -> str:
        """A sentence on how many architectures each proxy was ranked on; empty if all were ranked on as many."""
        counts = dict(zip(self.frame["proxy"], self.frame["n"], strict=True))
        if len(set(counts.values())) <= 1:
            return ""
        most = max(counts.values())
        fewer = ", ".join(f"{proxy} {count:,}" for proxy, count in counts.items() if count < most)
        return f"Not on the same architectures: {fewer}; the others {most:,}. Their rows compare only with care."

    @property
    def direction(self) -> str:
        """A sentence on how to read the table where lower values are better; else empty."""
        if self.higher_is_better:
            return ""
        return (
            f"Lower {self.column} is better. Coefficients are those of score against value: a negative one says that "
            "high scores find low values; the weighted τ weighs the high values most. The percentile is the share of "
            "the table that is higher, the best of the first 10 their lowest."
        )

    def plot(self, **options: Unpack[ScatterKeywords]) -> Figure:
        """Scatter plot of each proxy's scores against the column; pyplot does not know of it, and a notebook shows it.

        Args:
            **options: options of `harness.report.figures.scatter.scatter`.
        """
        return self._figure(**options)

    def heat_map(self, proxies: Sequence[str] = ()) -> Figure:
        """Heat map of Spearman's coefficient of each proxy with each other and with the column.

        It is the figure of `nasinit plot heatmap`; pyplot does not know of it, and a notebook shows it.

        Args:
            proxies: names of the proxies; by default all that have scores.

        Raises:
            ScoresError: a proxy that is not in the ranking, with the nearest name.
        """
        return self._figure_by("agreement_heat_map", proxies)


def check_ranking(given: object) -> None:
    """Refuse anything but a ranking.

    Raises:
        ScoresError: naming what was given.
    """
    if not isinstance(given, Ranking):
        raise ScoresError(f"a ranking is what harness.correlate returns, got {type(given).__name__}")


def correlate(
    frame: pd.DataFrame,
    table: Table,
    column: str | None = None,
    *,
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
    interval: str = "percentile",
    higher_is_better: bool | None = None,
    shape: Mapping[str, int] | None = None,
    pool: str | None = None,
    progress: bool = False,
) -> Ranking:
    """Rank correlation of every proxy with a column of a table, with bootstrap intervals and size baselines.

    Args:
        frame: columns `architecture`, `proxy`, `score`, and `status` if some failed; as `harness.run` returns it. A
            column `seed` tells scores under several seeds apart.
        table: the table of the column, from `benchmarks.open_table`.
        column: name of the column to rank by; by default `cifar10_test_200ep_pct`, or the only one that measures.
        resamples: bootstrap resamples of the architectures; the same ones for every proxy that scored all of them.
        confidence: confidence level of the intervals, 0 to 1.
        seed: seed of the resampling.
        interval: kind of bootstrap interval: `percentile`, or `bca` for bias-corrected and accelerated ones.
        higher_is_better: whether higher values of the column are better; by default what the table says, which takes it
            from the column's name where the table is a user's own file.
        shape: sizes of the scored networks, for which `params` and `flops` are computed if the frame has no rows of
            them; by default the sizes that a frame of `harness.run` or a store carries, else the space's own.
        pool: name of a part of NAS-Bench-201 (`harness.evaluation.pools.POOLS`) whose cells alone are ranked; by
            default all that are scored.
        progress: whether to draw a progress bar on standard error.

    Raises:
        ScoresError: an unknown pool, or one of another space; a frame without the columns, with two scores of one
            proxy for an architecture under one seed, with text for a number, or without an architecture of the table.
        SpaceError: a text that is no architecture of the table's space.
        TableError: an unknown column, with the nearest name; a space without networks; rows of one architecture that
            contradict each other.
    """
    import numpy as np

    from harness.stats.intervals import check_options

    check_resampling(resamples, seed)
    check_options(interval, confidence)
    if not isinstance(table, Table):
        raise TableError(f"a table is one of benchmarks.open_table, got {type(table).__name__}")
    if column is None:
        column = default_column(table)
    if not isinstance(column, str):
        raise TableError(f"a ranking is by one column, got {shown(column)}: rank by each of them in turn")
    if higher_is_better is not None:
        stated = "higher_is_better" if higher_is_better else "lower_is_better"
        table = table.directed(**{stated: [column]})
    check_measured(table, column)
    facts = table.column(column)
    space = space_of(table)
    over_seeds = matched_over_seeds(frame, space)
    matched = over_seeds.matched
    values, duplicates = column_by_key(table, column)
    lacking = tuple(text for key, text in matched.written.items() if key not in values)
    if pool is not None:
        values = {key: value for key, value in values.items() if key in keys_in(pool, space.name)}
    usable = [key for key in matched.architectures if key in values]
    if not usable:
        raise ScoresError(
            f"none of the {len(matched.architectures):,} scored architectures has a value of {column} in "
            f"{table.facts.name}{'' if pool is None else f' and is in the pool {pool}'}"
        )
    given = matched.scores[matched.scores["architecture"].isin(usable)]
    sizes = sizes_of(
        {key: matched.architectures[key] for key in usable},
        scored_space(frame, space),
        scored_shape(frame, shape),
        given,
    )
    scores = with_baselines(given, sizes)
    scores["accuracy"] = [values[key] for key in scores["architecture"]]
    scores["parameters"] = [sizes[key].parameters for key in scores["architecture"]]
    sign = 1.0 if facts.higher_is_better else -1.0
    resampling = Resampling(resamples, confidence, seed, interval)
    begun = time.monotonic()
    ranked = ranked_frame(scores, over_seeds, np.array(list(values.values())), sign, resampling, progress)
    scored = scores[scores["score"].notna()]
    log_ranked(ranked, column, len(usable), len(matched.architectures), resamples, time.monotonic() - begun)
    named = ranked.assign(column=column, table=table.facts.name)
    named.attrs[PROVENANCE] = made_with(
        scores=frame.attrs.get(PROVENANCE),
        table=table_facts(table, column),
        bootstrap=resampling._asdict(),
        **({} if pool is None else {"pool": pool}),
    )
    return Ranking(
        frame=named,
        points=scored[["proxy", "architecture", "score", "accuracy", "parameters"]].reset_index(drop=True),
        column=column,
        source=table.describe(),
        unmatched=lacking,
        label=axis_label(table, column),
        higher_is_better=facts.higher_is_better,
        value_name="accuracy" if is_accuracy(table, column) else "value",
        repeated=matched.repeated,
        duplicates=duplicates,
        space=space.name,
        title=table.facts.title,
        seeds=over_seeds.seeds,
        pool=pool or "",
    )


def wide_scores(ranking: Ranking) -> tuple[pd.DataFrame, pd.Series]:
    """Scores with a row for each architecture and a column for each proxy, in the ranking's order; and the values."""
    points = ranking.points
    values = points.drop_duplicates("architecture").set_index("architecture")["accuracy"]
    wide = points.pivot(index="architecture", columns="proxy", values="score")
    there = [name for name in ranking.frame["proxy"] if name in wide.columns]
    return wide.loc[values.index, there], values


def oriented_values(ranking: Ranking, architectures: pd.Index) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Values of the architectures, with the sign flipped where lower is better."""
    _, values = wide_scores(ranking)
    return ranking.sign * values.loc[architectures].to_numpy()
