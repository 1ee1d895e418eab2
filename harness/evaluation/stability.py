"""Stability: the rank correlation of one proxy with itself over settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from harness.errors import ScoresError, unknown
from harness.evaluation.matching import check_space, joined_scores, recognised_space
from harness.evaluation.ranking import check_resampling
from harness.spaces import open_space

if TYPE_CHECKING:
    import pandas as pd

    from harness.stats import Stability

_NAMED = 3


class ProxyStability(NamedTuple):
    """Stability of one proxy over settings.

    Attributes:
        proxy: its name.
        settings: labels, in the order of the matrix.
        n: architectures that have a score in every one of them.
        result: matrix, mean and intervals.
    """

    proxy: str
    settings: tuple[str, ...]
    n: int
    result: Stability


class Stabilities(NamedTuple):
    """Stability of several proxies over settings.

    Attributes:
        proxies: that have scores in two settings or more, in the order of the first frame.
        left_out: name of each other proxy to why it is not among them.
        lacking: name of a proxy that is among them to the settings in which it has no scores, where there are such.
        coefficient: by which they are compared, its name.
    """

    proxies: tuple[ProxyStability, ...]
    left_out: dict[str, str]
    lacking: dict[str, tuple[str, ...]]
    coefficient: str

    @property
    def frame(self) -> pd.DataFrame:
        """A row a proxy: `proxy`, `settings` (how many), `n`, `mean`, `mean_low`, `mean_high`, `least` (of a pair)."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "proxy": one.proxy,
                    "settings": len(one.settings),
                    "n": one.n,
                    "mean": one.result.mean,
                    "mean_low": one.result.interval.low,
                    "mean_high": one.result.interval.high,
                    "least": float(one.result.matrix.min()),
                }
                for one in self.proxies
            ]
        )


def stability(
    frames: Mapping[str, pd.DataFrame],
    proxies: Sequence[str] | None = None,
    *,
    coefficient: str = "spearman",
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Stabilities:
    """Rank correlation of each proxy with itself over settings: seeds, batches, inputs, inits, modes, sizes.

    Args:
        frames: label of a setting to its scores, as `harness.run` returns them; two or more. Of one frame with a column
            that says the setting, `dict(list(frame.groupby("setting")))`.
        proxies: names; by default all that have scores in two settings or more.
        coefficient: `spearman`, `kendall_tau_b`, `weighted_tau` or `pearson`.
        resamples: bootstrap resamples of the architectures.
        confidence: of the intervals.
        seed: of the resampling.

    Returns:
        One a proxy; settings in which it has no scores are left out, and so are architectures that lack a score in one
        of the others. Proxies with fewer than two settings, or three architectures in common, are left out too, each
        with the reason, unless they are asked for by name.

    Raises:
        ScoresError: fewer than two settings, scores of different spaces, an unknown proxy, one asked for by name with
            fewer than two settings or three architectures in common, or no other; what
            `harness.evaluation.matching.matched_scores` refuses.
        SpaceError: an architecture that is none of the space.
    """
    import numpy as np

    from harness.stats import rank_stability

    check_resampling(resamples, seed)
    scores = _scores_of_one_space(frames)
    there = list(dict.fromkeys(str(name) for frame in frames.values() for name in frame["proxy"]))
    for name in proxies or ():
        if name not in there:
            raise ScoresError(unknown("proxy of these scores", name, there))
    found: list[ProxyStability] = []
    left_out: dict[str, str] = {}
    for name in proxies or there:
        own = scores[scores["proxy"] == name]
        labels = [label for label in frames if (own["setting"] == label).any()]
        common = own.pivot(index="architecture", columns="setting", values="score")[labels].dropna()
        reason = _too_few(labels, len(common))
        if reason and proxies:
            raise ScoresError(f"{name} has {reason}: its stability needs 2 settings and 3 architectures")
        if reason:
            left_out[name] = reason
            continue
        result = rank_stability(
            common.to_numpy().T,
            generator=np.random.default_rng(seed),
            coefficient=coefficient,
            resamples=resamples,
            confidence=confidence,
        )
        found.append(ProxyStability(name, tuple(labels), len(common), result))
    if not found:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in list(left_out.items())[:_NAMED])
        raise ScoresError(
            f"no proxy has scores in two of the settings for three architectures or more: there is nothing to compare "
            f"({reasons}{'; and so on' if len(left_out) > _NAMED else ''})"
        )
    lacking = {one.proxy: tuple(label for label in frames if label not in one.settings) for one in found}
    lacking = {name: labels for name, labels in lacking.items() if labels}
    return Stabilities(tuple(found), left_out, lacking, coefficient)


def _scores_of_one_space(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The joined scores of two settings or more, in the space of the first."""
    if not frames:
        return joined_scores(frames, None)
    first, leading = next(iter(frames.items()))
    space = recognised_space(leading)
    for label, frame in frames.items():
        check_space(frame, f"the setting {label}", space, f"the setting {first}")
    return joined_scores(frames, open_space(space))


def _too_few(labels: Sequence[str], common: int) -> str:
    """Empty, or why there is no stability over these settings with so many architectures in common."""
    if len(labels) < 2:
        return f"scores in {f'{labels[0]} only' if labels else 'none of the settings'}"
    if common < 3:
        return f"scores in {len(labels)} of the settings, {common} architecture{'s' * (common != 1)} in common"
    return ""
