"""Trade-off of two columns: the best architecture for every budget, and the pick of each proxy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks import Table, TableError
from harness.errors import ScoresError, unknown
from harness.evaluation.checked_scores import checked_scores
from harness.evaluation.columns import axis_label, check_measured, table_facts
from harness.evaluation.matching import column_by_key, scored_space, space_of
from harness.evaluation.seeds import matched_over_seeds
from harness.evaluation.sizes import scored_shape, sizes_of, with_baselines
from harness.scoring.provenance import PROVENANCE
from harness.stats.names import BASELINES
from harness.text.presented import Drawn
from harness.versions import made_with

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    from matplotlib.figure import Figure

    FloatArray = npt.NDArray[np.float64]

QUANTILES = (0.1, 0.25, 0.5, 0.75, 1.0)


class Quantity(NamedTuple):
    """One column of a table as a side of the trade-off.

    Attributes:
        table: the table that holds the column.
        column: name of the column.
    """

    table: Table
    column: str

    @property
    def label(self) -> str:
        """Label of the column, with its unit."""
        return axis_label(self.table, self.column)

    @property
    def higher_is_better(self) -> bool:
        """Whether higher values of the column are better."""
        return self.table.column(self.column).higher_is_better

    @property
    def is_percentage(self) -> bool:
        """Whether the column is in per cent."""
        return self.table.column(self.column).unit == "pct"

    @property
    def sign(self) -> float:
        """1 where higher is better, else -1."""
        return 1.0 if self.higher_is_better else -1.0


@dataclass(frozen=True)
class TradeOff(Drawn):
    """Pareto front of cost x and gain y, and the architectures that proxies pick within budgets of x.

    A budget allows every architecture whose x is no worse than the budget. Within it a proxy picks its highest score;
    of equal scores, the one with the better x; if these are equal too, the numbers below are means over them.

    Attributes:
        x: cost of an architecture.
        y: gain of an architecture.
        points: a row for each architecture with both values: `architecture` (its key), `x`, `y`, `on_front` (no other
            is better in one and no worse in the other), `scored`.
        picks: a row for each proxy and architecture that it picks within some budget, from the tightest budget on; the
            last one has the highest score of all: `proxy`, `architecture`, `score`, `x`, `y`.
        budgets: a row for each budget, at quantiles of x of the scored architectures, the tightest first: `budget`,
            `allowed` (scored architectures within it), `best` (best y in the table), `best_scored`, `random` (mean y of
            the allowed).
        picked: y of each proxy's pick, a row for each of `budgets`, a column for each proxy; NaN if it has no score
            within the budget.
        regret: by proxy, how much better the best scored y is than y of its pick, as a mean over budgets: x of every
            scored architecture, from the tightest within which all proxies have a score.
        random_regret: mean regret of an architecture that is drawn at random within each budget.
        unmatched: architectures, as the scores write them, that lack one of the values, or both; they are left out.
        repeated: architectures, as the scores write them, that had more than one row of a proxy, with equal scores.
        duplicates: architectures, as a table writes them, that it has in more than one row, with equal values.
        provenance: what made the scores and the two columns.
    """

    x: Quantity
    y: Quantity
    points: pd.DataFrame
    picks: pd.DataFrame
    budgets: pd.DataFrame
    picked: pd.DataFrame
    regret: dict[str, float]
    random_regret: float
    unmatched: tuple[str, ...]
    repeated: tuple[str, ...]
    duplicates: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each of `budgets`, with its columns and y of each proxy's pick, under the proxy's name."""
        found = self.budgets.join(self.picked)
        found.attrs[PROVENANCE] = dict(self.provenance)
        return found

    def plot(self) -> Figure:
        """The front, and each proxy's picks; pyplot does not know of it, and a notebook shows it."""
        return self._figure()


def trade_off(frame: pd.DataFrame, x: Quantity, y: Quantity, proxies: Sequence[str]) -> TradeOff:
    """Trade-off of two columns: the pick of each proxy for every budget of `x`, and the best `y` within it.

    Args:
        frame: columns `architecture`, `proxy`, `score`, and `status` if some failed; as `harness.run` returns it. Of
            scores under several seeds, each architecture's mean is taken.
        x: cost of an architecture, such as latency; a budget is an upper limit where lower is better, else a lower one.
        y: gain of an architecture, such as accuracy, in the same space.
        proxies: names of proxies in the frame; `params` and `flops` are allowed also if they are not in it.

    Raises:
        ScoresError: a frame without the columns, an unknown proxy, a proxy without a score of an architecture with both
            values, two scores of one proxy for an architecture, or no architecture with both values.
        SpaceError: a text that is no architecture of the tables' space.
        TableError: an unknown column, one that counts, one column twice, or tables of different spaces.
    """
    import numpy as np
    import pandas as pd

    _check(x, y)
    space = space_of(y.table)
    matched = matched_over_seeds(frame, space).matched
    points, duplicates = _points(x, y)
    points["scored"] = points["architecture"].isin(matched.architectures.keys())
    scored = points[points["scored"]].set_index("architecture")
    if scored.empty:
        raise ScoresError(
            f"none of the {len(matched.architectures):,} scored architectures has both {x.column} and {y.column}"
        )
    given = matched.scores[matched.scores["architecture"].isin(scored.index)]
    networks = {key: matched.architectures[key] for key in scored.index}
    sizes = sizes_of(networks, scored_space(frame, space), scored_shape(frame), given)
    scores = with_baselines(given, sizes)
    scores = scores.join(scored, on="architecture")
    known = list(dict.fromkeys([*matched.scores["proxy"], *BASELINES]))
    by_proxy = {name: _scores_of(name, scores, known, len(scored)) for name in proxies}
    limits = np.unique(np.quantile(scored["cost"], QUANTILES, method="inverted_cdf"))
    regret, random_regret = _regret(scored, by_proxy)
    return TradeOff(
        x=x,
        y=y,
        points=points[["architecture", "x", "y", "on_front", "scored"]],
        picks=pd.concat([_picks(group) for group in by_proxy.values()], ignore_index=True),
        budgets=_budgets(points, scored, limits, x, y),
        picked=pd.DataFrame({name: y.sign * _gain_of(group, limits) for name, group in by_proxy.items()}),
        regret=regret,
        random_regret=random_regret,
        unmatched=tuple(text for key, text in matched.written.items() if key not in scored.index),
        repeated=matched.repeated,
        duplicates=duplicates,
        provenance=made_with(
            scores=frame.attrs.get(PROVENANCE),
            x=table_facts(x.table, x.column),
            y=table_facts(y.table, y.column),
        ),
    )


def scored_proxies(frame: pd.DataFrame) -> list[str]:
    """Names of the proxies that have a score in the frame, in its order; ScoresError if there is none."""
    scores = checked_scores(frame)
    proxies = scores.loc[scores["score"].notna(), "proxy"].unique().tolist()
    if not proxies:
        raise ScoresError(f"none of the {len(scores):,} rows of the scores has a score")
    return proxies


def proxies_with_params(frame: pd.DataFrame, most: int) -> list[str]:
    """Default proxies of a trade-off: the first with a score in the frame, and `params`; at most `most` in all.

    The baselines stand last. `params` is always among them, also if the frame has no row of it, since `trade_off` then
    computes it. ScoresError if no proxy has a score.
    """
    there = scored_proxies(frame)
    first, second = BASELINES
    baseline = [first] if first in there or not (frame["proxy"] == first).any() else []
    proxies = [name for name in there if name not in BASELINES][: most - len(baseline)] + baseline
    return [*proxies, *(name for name in there if name == second)][:most]


def _check(x: Quantity, y: Quantity) -> None:
    for side in (x, y):
        if not isinstance(side, Quantity):
            raise TableError(f"a side of a trade-off is harness.Quantity(table, column), got {type(side).__name__}")
    for table, column in (x, y):
        check_measured(table, column)
    if x.column == y.column:
        raise TableError(f"x and y are both {x.column}: a trade-off needs two columns")
    first, second = space_of(x.table).name, space_of(y.table).name
    if first != second:
        raise TableError(
            f"{x.column} is of the space {first} (table {x.table.facts.name}), {y.column} of {second} "
            f"(table {y.table.facts.name}): a trade-off needs two columns of one space"
        )


def _points(x: Quantity, y: Quantity) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Architectures with both values, their cost (lower is better) and gain; and those that the tables have twice."""
    import pandas as pd

    from harness.stats import pareto_front

    costs, gains = column_by_key(x.table, x.column), column_by_key(y.table, y.column)
    keys = [key for key in gains.values if key in costs.values]
    if not keys:
        raise TableError(
            f"no architecture has both {x.column} (table {x.table.facts.name}) and {y.column} "
            f"(table {y.table.facts.name})"
        )
    points = pd.DataFrame(
        {"architecture": keys, "x": [costs.values[key] for key in keys], "y": [gains.values[key] for key in keys]}
    )
    points["cost"], points["gain"] = -x.sign * points["x"], y.sign * points["y"]
    points["on_front"] = False
    points.loc[pareto_front(points["cost"], points["gain"]), "on_front"] = True
    return points, tuple(dict.fromkeys([*costs.duplicates, *gains.duplicates]))


def _scores_of(proxy: str, scores: pd.DataFrame, known: Sequence[str], architectures: int) -> pd.DataFrame:
    """The rows of one proxy with a score; `architectures` is the number of scored ones with both values."""
    if proxy not in known:
        raise ScoresError(unknown("proxy of the scores", proxy, known))
    scored = scores[(scores["proxy"] == proxy) & scores["score"].notna()]
    if scored.empty:
        raise ScoresError(f"{proxy} has no score for any of the {architectures:,} architectures that have both values")
    return scored


def _picks(group: pd.DataFrame) -> pd.DataFrame:
    """One proxy's Pareto front of score and cost, from the tightest budget on."""
    from harness.stats import pareto_front

    return group.iloc[pareto_front(group["cost"], group["score"])][["proxy", "architecture", "score", "x", "y"]]


def _gain_of(group: pd.DataFrame, limits: FloatArray) -> FloatArray:
    """Gain of one proxy's pick within each limit of the cost."""
    from harness.stats import picked_within

    return picked_within(group["cost"], group["score"], group["gain"], limits)


def _budgets(points: pd.DataFrame, scored: pd.DataFrame, limits: FloatArray, x: Quantity, y: Quantity) -> pd.DataFrame:
    """The frame `budgets` of `TradeOff`, in the units and directions of x and y."""
    import pandas as pd

    from harness.stats import mean_within

    return pd.DataFrame(
        {
            "budget": -x.sign * limits,
            "allowed": [int((scored["cost"] <= limit).sum()) for limit in limits],
            "best": y.sign * _gain_of(points.assign(score=points["gain"]), limits),
            "best_scored": y.sign * _gain_of(scored.assign(score=scored["gain"]), limits),
            "random": y.sign * mean_within(scored["cost"], scored["gain"], limits),
        }
    )


def _regret(scored: pd.DataFrame, by_proxy: dict[str, pd.DataFrame]) -> tuple[dict[str, float], float]:
    """Mean regret of each proxy, and of a random choice; see `TradeOff`."""
    from harness.stats import mean_within

    tightest = max(group["cost"].min() for group in by_proxy.values())
    limits = scored.loc[scored["cost"] >= tightest, "cost"].to_numpy()
    best = _gain_of(scored.assign(score=scored["gain"]), limits)
    regret = {name: float((best - _gain_of(group, limits)).mean()) for name, group in by_proxy.items()}
    return regret, float((best - mean_within(scored["cost"], scored["gain"], limits)).mean())
