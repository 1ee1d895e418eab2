"""Paired comparison of proxies: which differ significantly, on the same architectures and resamples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from harness.errors import ScoresError, unknown
from harness.evaluation.coefficients import check_resampling, place_of
from harness.evaluation.ranking import Ranking, check_ranking, oriented_values, wide_scores
from harness.progress import resampling_bar
from harness.text.presented import Drawn

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from typing_extensions import Unpack

LEVEL = 0.05
"""Significance level of the tests, after the correction for all pairs."""


class DiagramKeywords(TypedDict, total=False):
    """Options of a comparison's figure, for type checkers."""

    brief: bool


@dataclass(frozen=True)
class Comparison(Drawn):
    """Paired comparison of proxies by one coefficient, on the same architectures and the same resamples.

    The sign of the values is flipped where lower is better, so that a higher coefficient is always the better one.

    Attributes:
        frame: a row for each proxy, the best first: `proxy`, the coefficient under its name with `_low` and `_high`,
            `difference` from the proxy `against`, with `difference_low` and `difference_high` of the interval of this
            pair alone, `p`, the p-value of no difference, `p_holm`, adjusted for all pairs of proxies, and `verdict`:
            `better`, `worse` or `not distinguishable`, at a level of 0.05; empty in the row of `against` itself.
        pairs: a row for each pair of proxies: `first`, `second`, `difference`, `low`, `high`, `p`, `p_holm`.
        groups: proxies that are not told apart, the best first: the bars of a critical-difference diagram.
        against: name of the proxy that all others are compared with.
        coefficient: name of the coefficient.
        n: number of architectures that are compared on.
        left_out: proxies with scores of fewer than half of the architectures, or with constant scores.
        ranking: the ranking whose proxies are compared.
    """

    frame: pd.DataFrame
    pairs: pd.DataFrame
    groups: tuple[tuple[str, ...], ...]
    against: str
    coefficient: str
    n: int
    left_out: tuple[str, ...]
    ranking: Ranking

    @property
    def words(self) -> tuple[str, ...]:
        """The verdicts as sentences, one for each kind of verdict."""
        sentences = []
        for verdict, text in (
            ("better", "better than {against}"),
            ("not distinguishable", "not distinguishable from {against}"),
            ("worse", "worse than {against}"),
        ):
            names = self.frame.loc[self.frame["verdict"] == verdict, "proxy"].tolist()
            if names:
                sentences.append(f"{text.format(against=self.against)}: {', '.join(names)}")
        return tuple(sentences)

    def plot(self, **options: Unpack[DiagramKeywords]) -> Figure:
        """Critical-difference diagram of the proxies; pyplot does not know of it, and a notebook shows it.

        Args:
            **options: options of `harness.report.figures.critical_difference.critical_difference`.
        """
        return self._figure(**options)


def compare(
    ranking: Ranking,
    against: str = "params",
    *,
    coefficient: str = "spearman",
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
    progress: bool = False,
) -> Comparison:
    """Paired bootstrap comparison of every proxy with every other, Holm-corrected over all pairs.

    Only architectures that all of them have scored are used, so that no difference comes from different samples.

    Args:
        ranking: from `harness.correlate`.
        against: name of the proxy that the others are compared with.
        coefficient: `spearman`, `kendall_tau_b`, `weighted_tau` or `pearson`.
        resamples: bootstrap resamples of the architectures.
        confidence: confidence level of the intervals, 0 to 1.
        seed: seed of the resampling.
        progress: whether to draw a progress bar on standard error.

    Raises:
        ScoresError: no ranking, an unknown proxy or coefficient, fewer than two proxies, or fewer than three
            architectures in common.
    """
    import numpy as np
    import pandas as pd

    from harness.stats import indistinguishable_groups, paired_differences, resampled_coefficients
    from harness.stats.intervals import percentile_interval

    check_ranking(ranking)
    place = place_of(coefficient)
    check_resampling(resamples, seed)
    common = _common_scores(ranking, against)
    kept = list(common.columns)
    with resampling_bar(progress, resamples * len(kept)) as advance:
        resampled = resampled_coefficients(
            common.to_numpy().T,
            oriented_values(ranking, common.index),
            generator=np.random.default_rng(seed),
            resamples=resamples,
            wanted=[coefficient],
            advance=advance,
        )
    found = paired_differences(resampled, coefficient, confidence=confidence)
    estimates = resampled.estimates[:, place]
    ends = np.array([percentile_interval(values, confidence) for values in resampled.values[:, :, place]])
    other = kept.index(against)
    rows = pd.DataFrame(
        {
            "proxy": kept,
            coefficient: estimates,
            f"{coefficient}_low": ends[:, 0],
            f"{coefficient}_high": ends[:, 1],
            "difference": found.difference[:, other],
            "difference_low": found.low[:, other],
            "difference_high": found.high[:, other],
            "p": found.p[:, other],
            "p_holm": found.p_holm[:, other],
        }
    )
    rows["verdict"] = [
        "" if name == against else verdict(difference, p)
        for name, difference, p in zip(kept, rows["difference"], rows["p_holm"], strict=True)
    ]
    upper = np.triu_indices(len(kept), k=1)
    named = {"first": [kept[i] for i in upper[0]], "second": [kept[i] for i in upper[1]]}
    return Comparison(
        frame=ranking.described(rows.sort_values(coefficient, ascending=False, kind="stable", ignore_index=True)),
        pairs=pd.DataFrame({**named, **{name: getattr(found, name)[upper] for name in found._fields}}),
        groups=tuple(
            tuple(kept[i] for i in group) for group in indistinguishable_groups(estimates, found.p_holm, level=LEVEL)
        ),
        against=against,
        coefficient=coefficient,
        n=len(common),
        left_out=tuple(name for name in ranking.frame["proxy"] if name not in kept),
        ranking=ranking,
    )


def _common_scores(ranking: Ranking, against: str) -> pd.DataFrame:
    """Non-constant scores of the proxies with half of the architectures or more, on their common architectures.

    Raises:
        ScoresError: an unknown proxy, no other proxy, or fewer than three architectures in common.
    """
    wide, _ = wide_scores(ranking)
    proxies = ranking.frame["proxy"].tolist()
    if against not in proxies:
        raise ScoresError(unknown("proxy of this ranking", against, proxies))
    kept = [name for name in wide.columns if wide[name].notna().mean() >= 0.5]
    common = wide[kept].dropna()
    kept = [name for name in kept if common[name].nunique() > 1]
    if against not in kept or len(kept) < 2 or len(common) < 3:
        raise ScoresError(
            f"a comparison with {against} needs its scores, those of another proxy, and 3 architectures in common; "
            f"there are {len(common)}, on which scores of these vary: {', '.join(kept) or 'none'}"
        )
    return common[kept]


def verdict(difference: float, p: float) -> str:
    """Whether a difference is told apart from none, by its corrected p-value: better, worse or not distinguishable."""
    if not p < LEVEL:
        return "not distinguishable"
    return "better" if difference > 0 else "worse"
