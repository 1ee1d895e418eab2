"""What proxies know beyond size, and what their highest scores are worth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.errors import ScoresError, unknown
from harness.evaluation.ranking import BASELINES, Ranking, check_resampling

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from harness.stats import Partial

FIRST = (1, 10, 100)
SHARES = (0.01, 0.05, 0.1, 0.25)
_SETS = {"params": (0,), "flops": (1,), "both": (0, 1)}


class _Together(NamedTuple):
    """Proxies on the same n architectures: scores [proxies, n], turned values [n], params and flops [2, n]."""

    names: list[str]
    scores: np.ndarray[Any, np.dtype[np.float64]]
    values: np.ndarray[Any, np.dtype[np.float64]]
    sizes: np.ndarray[Any, np.dtype[np.float64]]


def beyond_size(ranking: Ranking, *, resamples: int = 1000, confidence: float = 0.95, seed: int = 0) -> pd.DataFrame:
    """What proxies know beyond size: rank correlation with parameters and multiply-adds held fixed, and among equals.

    Args:
        ranking: from `harness.correlate`.
        resamples: bootstrap resamples of the architectures.
        confidence: of the intervals.
        seed: of the resampling.

    Returns:
        A row a proxy: `proxy`, `n`, `spearman`, its partial coefficients `given_params`, `given_flops`, `given_both`,
        and `among_equals`, Kendall's tau-b over the pairs with equal parameters, each with `_low` and `_high`; `pairs`
        and `classes` of these. Values of a column where lower is better are turned round. NaN where a proxy has fewer
        than three scores, or nothing varies beyond what is held fixed, as for `params` given itself.

    Raises:
        ScoresError: resamples or a seed that are no whole numbers.
    """
    import math

    import numpy as np
    import pandas as pd

    from harness.stats import kendall_within, partial_correlations, resampled_coefficients

    check_resampling(resamples, seed)
    ends = ("", "_low", "_high")
    empty = [f"{name}{end}" for name in (*(f"given_{held}" for held in _SETS), "among_equals") for end in ends]
    rows: dict[str, dict[str, object]] = {
        name: {"proxy": name, "n": 0, "spearman": math.nan, **dict.fromkeys(empty, math.nan), "pairs": 0, "classes": 0}
        for name in ranking.frame["proxy"]
    }
    options: dict[str, Any] = {"resamples": resamples, "confidence": confidence}
    for group in _together(ranking):
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
    return pd.DataFrame(list(rows.values()))


def top(ranking: Ranking) -> pd.DataFrame:
    """What the highest scores of each proxy are worth, and how it ranks the best architectures.

    Args:
        ranking: from `harness.correlate`.

    Returns:
        A row a proxy: `proxy`, `n`; for k of 1, 10 and 100, as far as n allows, `best_of_k` (expected best value of the
        k highest scores), `regret_of_k` (how much worse than the best of all that the proxy scored), `precision_at_k`,
        `ndcg_at_k`; `sample_k` and `sample_k_std`, mean and standard deviation of the value of the highest score among
        k random architectures without replacement; `spearman_top_s`, Spearman's coefficient among the best s per cent
        by value, for 1, 5, 10 and 25, and `n_top_s`, how many these are (with what ties with the last). NaN where there
        are too few. Ties in scores are broken at random, in expectation. Values keep the unit and direction of the
        column; coefficients are turned where lower is better.
    """
    import math

    import pandas as pd

    from harness.stats import best_by_score, best_of_random, ndcg_at, precision_at, top_correlation

    sign = 1.0 if ranking.higher_is_better else -1.0
    rows = []
    for name in ranking.frame["proxy"]:
        chosen = ranking.points[ranking.points["proxy"] == name]
        scores, values = chosen["score"].to_numpy(), sign * chosen["accuracy"].to_numpy()
        row: dict[str, object] = {"proxy": name, "n": len(chosen)}
        for k in FIRST:
            names = [f"best_of_{k}", f"regret_of_{k}", f"precision_at_{k}", f"ndcg_at_{k}", f"sample_{k}"]
            row.update(dict.fromkeys([*names, f"sample_{k}_std"], math.nan))
            if len(chosen) < max(k, 2):
                continue
            best = best_by_score(scores, values, k)
            sampled = best_of_random(scores, values, k, replacement=False)
            figures = [sign * best, values.max() - best, precision_at(scores, values, k), ndcg_at(scores, values, k)]
            row.update(zip(names, [*figures, sign * sampled.mean], strict=True))
            row[f"sample_{k}_std"] = sampled.deviation
        for share in SHARES:
            found = top_correlation(scores, values, share).coefficients if len(chosen) else None
            row[f"spearman_top_{100 * share:.0f}"] = math.nan if found is None else found.spearman
            row[f"n_top_{100 * share:.0f}"] = 0 if found is None else found.n
        rows.append(row)
    return pd.DataFrame(rows)


def wide_scores(ranking: Ranking) -> tuple[pd.DataFrame, pd.Series]:
    """Scores, a row an architecture and a column a proxy in the ranking's order, and the architectures' values."""
    points = ranking.points
    values = points.drop_duplicates("architecture").set_index("architecture")["accuracy"]
    wide = points.pivot(index="architecture", columns="proxy", values="score")
    there = [name for name in ranking.frame["proxy"] if name in wide.columns]
    return wide.loc[values.index, there], values


def turned_values(ranking: Ranking, architectures: pd.Index) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Values of the architectures, with the sign under which higher is better."""
    _, values = wide_scores(ranking)
    sign = 1.0 if ranking.higher_is_better else -1.0
    return sign * values.loc[architectures].to_numpy()


def _together(ranking: Ranking) -> Iterator[_Together]:
    """Proxies by the architectures that they have scored and that have sizes, three or more of them."""
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
                turned_values(ranking, chosen.index),
                chosen[list(BASELINES)].to_numpy().T,
            )


def place_of(coefficient: str) -> int:
    """Place of a coefficient among the four; ScoresError for an unknown one."""
    from harness.stats import COEFFICIENTS

    if coefficient not in COEFFICIENTS:
        raise ScoresError(unknown("coefficient", coefficient, COEFFICIENTS))
    return COEFFICIENTS.index(coefficient)


def _ends(found: Iterator[tuple[str, Partial]]) -> dict[str, float]:
    values: dict[str, float] = {}
    for held, partial in found:
        values[f"given_{held}"] = partial.value
        values[f"given_{held}_low"], values[f"given_{held}_high"] = partial.interval
    return values
