"""Stability: rank correlation of one proxy with itself over settings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.errors import ScoresError, unknown
from harness.evaluation.coefficients import check_resampling
from harness.evaluation.matching import check_space, joined_scores, recognised_space
from harness.evaluation.seeds import each_seed_alone
from harness.progress import resampling_bar
from harness.scoring.provenance import PROVENANCE
from harness.spaces import open_space
from harness.text.presented import Presented
from harness.versions import made_with

if TYPE_CHECKING:
    import pandas as pd

    from harness.stats import Stability

_NAMED = 3


class ProxyStability(NamedTuple):
    """Stability of one proxy over settings.

    Attributes:
        proxy: name of the proxy.
        settings: labels of the settings, in the order of the matrix.
        n: number of architectures that have a score in every setting.
        result: correlation matrix, its mean and the intervals.
    """

    proxy: str
    settings: tuple[str, ...]
    n: int
    result: Stability


@dataclass(frozen=True)
class Stabilities(Presented):
    """Stability of several proxies over settings.

    Attributes:
        proxies: stability of each proxy with scores in two settings or more, in the order of the first frame.
        left_out: reason why a proxy was left out, by its name.
        lacking: settings in which a proxy of `proxies` has no scores, by its name; only where there are such settings.
        coefficient: name of the coefficient.
        provenance: what made the scores, by the label of their setting.
        bootstrap: how the intervals were made: `resamples`, `confidence`, `seed`.
    """

    proxies: tuple[ProxyStability, ...]
    left_out: dict[str, str]
    lacking: dict[str, tuple[str, ...]]
    coefficient: str
    provenance: Mapping[str, Any] = field(default_factory=dict)
    bootstrap: Mapping[str, Any] = field(default_factory=dict)

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each proxy: `proxy`, `settings` (number), `n`, `mean`, `mean_low`, `mean_high`, `least` (pair)."""
        import pandas as pd

        found = pd.DataFrame(
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
        found.attrs[PROVENANCE] = made_with(
            scores=dict(self.provenance), coefficient=self.coefficient, bootstrap=dict(self.bootstrap)
        )
        return found


def stability(
    frames: Mapping[str, pd.DataFrame],
    proxies: Sequence[str] | None = None,
    *,
    coefficient: str = "spearman",
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
    progress: bool = False,
) -> Stabilities:
    """Stability: rank correlation of each proxy with itself over settings, such as seeds, batches, inits or sizes.

    Args:
        frames: scores by the label of their setting, as `harness.run` returns them; two or more. Each seed of a frame
            of several is a setting. One frame with a column `setting` is split by
            `dict(list(frame.groupby("setting", observed=True)))`.
        proxies: names of proxies; by default all with scores in two settings or more.
        coefficient: `spearman`, `kendall_tau_b`, `weighted_tau` or `pearson`.
        resamples: bootstrap resamples of the architectures.
        confidence: confidence level of the intervals, 0 to 1.
        seed: seed of the resampling.
        progress: whether to draw a progress bar on standard error.

    Returns:
        The stability of each proxy, over the settings in which it has scores and the architectures that all of these
        settings scored. Proxies with fewer than two settings, or fewer than three architectures in common, are left
        out, with the reason, unless they are named in `proxies`.

    Raises:
        ScoresError: fewer than two settings; scores of different spaces; an unknown proxy; a named proxy, or all
            proxies, with fewer than two settings or three architectures in common; what
            `harness.evaluation.matching.matched_scores` refuses.
        SpaceError: a text that is no architecture of the space.
    """
    import numpy as np

    from harness.stats import rank_stability

    check_resampling(resamples, seed)
    frames = each_seed_alone(frames)
    scores = _scores_of_one_space(frames)
    there = list(dict.fromkeys(str(name) for frame in frames.values() for name in frame["proxy"]))
    for name in proxies or ():
        if name not in there:
            raise ScoresError(unknown("proxy of these scores", name, there))
    usable: list[tuple[str, list[str], pd.DataFrame]] = []
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
        usable.append((name, labels, common))
    found: list[ProxyStability] = []
    pairs = sum(math.comb(len(labels), 2) for _, labels, _ in usable)
    with resampling_bar(progress, resamples * pairs) as advance:
        for name, labels, common in usable:
            result = rank_stability(
                common.to_numpy().T,
                generator=np.random.default_rng(seed),
                coefficient=coefficient,
                resamples=resamples,
                confidence=confidence,
                advance=advance,
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
    made = {label: frame.attrs.get(PROVENANCE) for label, frame in frames.items()}
    bootstrap = {"resamples": resamples, "confidence": confidence, "seed": seed}
    return Stabilities(tuple(found), left_out, lacking, coefficient, made, bootstrap)


def _scores_of_one_space(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The joined scores of all settings, which must be of the first one's space."""
    if not frames:
        return joined_scores(frames, None)
    first, leading = next(iter(frames.items()))
    space = recognised_space(leading)
    for label, frame in frames.items():
        check_space(frame, f"the setting {label}", space, f"the setting {first}")
    return joined_scores(frames, open_space(space))


def _too_few(labels: Sequence[str], common: int) -> str:
    """Why these settings and their common architectures are too few for a stability; empty if they are enough."""
    if len(labels) < 2:
        return f"scores in {f'{labels[0]} only' if labels else 'none of the settings'}"
    if common < 3:
        return f"scores in {len(labels)} of the settings, {common} architecture{'s' * (common != 1)} in common"
    return ""
