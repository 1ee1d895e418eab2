"""Partial rank correlations: what proxies tell beyond network size; and Kendall's tau-b among equal sizes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.evaluation.coefficients import check_resampling, place_of
from harness.evaluation.ranking import Ranking, check_ranking, oriented_values, wide_scores
from harness.progress import resampling_bar
from harness.stats.names import BASELINES
from harness.text.presented import Presented

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from harness.stats import Partial

_SETS = {"params": (0,), "flops": (1,), "both": (0, 1)}


@dataclass(frozen=True)
class BeyondSize(Presented):
    """What proxies tell beyond parameters and multiply-adds.

    Attributes:
        frame: a row for each proxy: `proxy`, `n`, `spearman`, its partial coefficients `given_params`, `given_flops`,
            `given_both`, and `among_equals`, Kendall's tau-b over the pairs with equal parameters, each with `_low` and
            `_high`; `pairs`, the number of these pairs, and `classes`, the number of their sizes. The sign of the
            values is flipped where lower is better. NaN where a proxy has fewer than three scores, or nothing varies
            beyond the fixed sizes, as for `params` given itself.
        ranking: the ranking of these proxies.
    """

    frame: pd.DataFrame
    ranking: Ranking


class _Together(NamedTuple):
    """Proxies on the same n architectures: scores [proxies, n], oriented values [n], params and flops [2, n]."""

    names: list[str]
    scores: np.ndarray[Any, np.dtype[np.float64]]
    values: np.ndarray[Any, np.dtype[np.float64]]
    sizes: np.ndarray[Any, np.dtype[np.float64]]


def beyond_size(
    ranking: Ranking, *, resamples: int = 1000, confidence: float = 0.95, seed: int = 0, progress: bool = False
) -> BeyondSize:
    """Partial rank correlation of proxies with parameters and multiply-adds held fixed, and that among equal sizes.

    Args:
        ranking: from `harness.correlate`.
        resamples: bootstrap resamples of the architectures.
        confidence: confidence level of the intervals, 0 to 1.
        seed: seed of the resampling.
        progress: whether to draw a progress bar on standard error.

    Raises:
        ScoresError: no ranking, or resamples or a seed that is no whole number, or too small.
    """
    import math

    import numpy as np
    import pandas as pd

    from harness.stats import kendall_within, partial_correlations, resampled_coefficients

    check_ranking(ranking)
    check_resampling(resamples, seed)
    ends = ("", "_low", "_high")
    empty = [f"{name}{end}" for name in (*(f"given_{held}" for held in _SETS), "among_equals") for end in ends]
    rows: dict[str, dict[str, object]] = {
        name: {"proxy": name, "n": 0, "spearman": math.nan, **dict.fromkeys(empty, math.nan), "pairs": 0, "classes": 0}
        for name in ranking.frame["proxy"]
    }
    options: dict[str, Any] = {"resamples": resamples, "confidence": confidence}
    groups = list(_together(ranking))
    with resampling_bar(progress, resamples * sum(map(_rows_to_resample, groups))) as advance:
        options["advance"] = advance
        for group in groups:
            partials = partial_correlations(
                group.scores,
                group.values,
                group.sizes,
                given=list(_SETS.values()),
                generator=np.random.default_rng(seed),
                **options,
            )
            plain = resampled_coefficients(
                group.scores, group.values, generator=np.random.default_rng(seed), resamples=1, wanted=["spearman"]
            ).estimates[:, place_of("spearman")]
            for name, scores, found, spearman in zip(group.names, group.scores, partials, plain, strict=True):
                within = kendall_within(
                    scores, group.values, group.sizes[0], generator=np.random.default_rng(seed), **options
                )
                row = rows[name]
                row.update(n=len(group.values), spearman=spearman, pairs=within.pairs, classes=within.classes)
                row.update(_ends(zip(_SETS, found, strict=True)))
                row.update(among_equals=within.kendall_tau_b)
                row.update(among_equals_low=within.interval.low, among_equals_high=within.interval.high)
    return BeyondSize(ranking.described(pd.DataFrame(list(rows.values()))), ranking)


def _rows_to_resample(group: _Together) -> int:
    """Number of rows that are resampled: all vectors with the values and each size, and each proxy among equals."""
    proxies, sizes = len(group.scores), len(group.sizes)
    return (1 + sizes) * (proxies + sizes + 1) + proxies


def _together(ranking: Ranking) -> Iterator[_Together]:
    """Groups of proxies with scores of the same architectures, at least three, of known size."""
    wide, _ = wide_scores(ranking)
    if not set(BASELINES) <= set(wide.columns):
        return
    sized = wide[list(BASELINES)].notna().all(axis=1)
    by_architectures: dict[bytes, list[str]] = {}
    for name in wide.columns:
        by_architectures.setdefault((wide[name].notna() & sized).to_numpy().tobytes(), []).append(name)
    for names in by_architectures.values():
        chosen = wide[wide[names[0]].notna() & sized]
        if len(chosen) >= 3:
            yield _Together(
                names,
                chosen[names].to_numpy().T,
                oriented_values(ranking, chosen.index),
                chosen[list(BASELINES)].to_numpy().T,
            )


def _ends(found: Iterator[tuple[str, Partial]]) -> dict[str, float]:
    values: dict[str, float] = {}
    for held, partial in found:
        values[f"given_{held}"] = partial.value
        values[f"given_{held}_low"], values[f"given_{held}_high"] = partial.interval
    return values
