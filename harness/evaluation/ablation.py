"""Ablation of the setting: how each change alters the ranking and the seconds of a proxy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from benchmarks import Table
from harness.errors import ScoresError, unknown
from harness.evaluation.coefficients import check_resampling
from harness.evaluation.matching import column_by_key, joined_scores, space_of
from harness.text.presented import Drawn

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from typing_extensions import Unpack

_LEAST_SECONDS = 1e-3
_LEAST = 3
_ENDS = ("", "_low", "_high")


class LossKeywords(TypedDict):
    """Options of an ablation's figure, for type checkers."""

    series: Mapping[str, Sequence[tuple[str, str]]]


@dataclass(frozen=True)
class Ablation(Drawn):
    """What each change of the setting does to every proxy's ranking, and to the seconds that it takes.

    Attributes:
        frame: a row for each proxy and other setting, over the `n` architectures that have both scores and a value:
            `proxy`, `setting`, `n`; `spearman` and `kendall_tau_b` of its scores with the base's; Spearman's
            coefficient with the column, `ranking_base` under the base and `ranking` under the setting, and
            `difference`, the second less the first; each with `_low` and `_high`. `seconds_base`: the median over the
            architectures; `seconds_ratio`: the median of each architecture's seconds as a share of its own under the
            base, NaN where the base takes less than a millisecond, of which a clock says little. `p_holm`: p-value of
            no difference, corrected over all rows. Coefficients are NaN for fewer than three architectures and for
            constant scores.
        words: what the settings that have rows are called, by their label, in the order of tables.
    """

    frame: pd.DataFrame
    words: Mapping[str, str]

    def plot(self, **options: Unpack[LossKeywords]) -> Figure:
        """What each setting loses against what it saves; pyplot does not know of it, and a notebook shows it.

        Args:
            **options: options of `harness.report.figures.loss_and_saving.loss_and_saving`.
        """
        return self._figure(**options)


def ablate(
    frames: Mapping[str, pd.DataFrame],
    table: Table,
    column: str,
    *,
    base: str,
    words: Mapping[str, str] | None = None,
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Ablation:
    """Ablation of the setting: how each change of it alters a proxy's ranking, and the seconds that it takes.

    Args:
        frames: label of a setting to its scores, as `harness.run` returns them; the base among them.
        table: the table of the column.
        column: name of the column that the scores are to rank, such as an accuracy.
        base: label of the setting that the others are compared with.
        words: what each setting is called in tables, by its label; their order is that of `words`, and settings that
            are not in it are left out of tables. By default the labels, in the order of the frames.
        resamples: bootstrap resamples of the architectures, the same ones for all coefficients of a row.
        confidence: confidence level of the intervals, 0 to 1.
        seed: seed of the resampling.

    Raises:
        ScoresError: fewer than two settings, an unknown base, no proxy with scores under both the base and another
            setting, and what `harness.evaluation.matching.matched_scores` refuses.
        TableError: an unknown column.
        SpaceError: a text that is no architecture of the space.
    """
    import pandas as pd

    from harness.stats import holm

    check_resampling(resamples, seed)
    if base not in frames:
        raise ScoresError(unknown("setting", base, frames))
    scores = joined_scores(frames, space_of(table))
    scores["value"] = scores["architecture"].map(column_by_key(table, column).values)
    scores = scores.dropna(subset="value").set_index("architecture")
    rows, p_values = [], []
    for proxy, of_proxy in scores.groupby("proxy", sort=False):
        by_setting = dict(list(of_proxy.groupby("setting", sort=False)))
        for label in [label for label in by_setting if label != base and base in by_setting]:
            pair = by_setting[base].join(by_setting[label][["score", "seconds"]], how="inner", rsuffix="_changed")
            found, p = _coefficients(pair, resamples=resamples, confidence=confidence, seed=seed)
            rows.append({"proxy": proxy, "setting": label, "n": len(pair), **found, **_seconds(pair)})
            p_values.append(p)
    if not rows:
        raise ScoresError(f"no proxy has scores under {base!r} and under another setting: there is nothing to compare")
    frame = pd.DataFrame(rows).assign(p_holm=holm(p_values))
    there = set(frame["setting"])
    called = words if words is not None else {label: label for label in frames}
    return Ablation(frame, {label: text for label, text in called.items() if label in there})


def _coefficients(
    pair: pd.DataFrame, *, resamples: int, confidence: float, seed: int
) -> tuple[dict[str, float], float]:
    """Coefficients of `score` and `score_changed`, each with its interval, and the p-value of their difference."""
    import numpy as np

    from harness.stats import ChangeOfRanking, change_of_ranking

    change = ChangeOfRanking()
    if len(pair) >= _LEAST:
        change = change_of_ranking(
            pair["score"], pair["score_changed"], pair["value"],
            generator=np.random.default_rng(seed), resamples=resamples, confidence=confidence,
        )  # fmt: skip
    named = {
        "spearman": change.spearman,
        "kendall_tau_b": change.kendall_tau_b,
        "ranking_base": change.ranking_before,
        "ranking": change.ranking,
        "difference": change.difference,
    }
    return {name + end: value for name, item in named.items() for end, value in zip(_ENDS, item, strict=True)}, change.p


def _seconds(pair: pd.DataFrame) -> dict[str, float]:
    """Median seconds under the base, and the median ratio of the changed setting's seconds to them."""
    taken = _median(pair["seconds"])
    shares = pair["seconds_changed"] / pair["seconds"]
    return {"seconds_base": taken, "seconds_ratio": _median(shares) if taken >= _LEAST_SECONDS else math.nan}


def _median(values: pd.Series[float]) -> float:
    """Median of the values that are not NaN; NaN where there are none."""
    known = values.dropna()
    return float(known.median()) if len(known) else math.nan
