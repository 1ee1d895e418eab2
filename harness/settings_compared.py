"""One proxy in several settings: how stable it is, and how one data set's inputs serve another's accuracies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from benchmarks import Table
from harness.errors import ScoresError, unknown
from harness.join import check_resampling, correlate
from harness.matching import joined_scores, recognised_space, space_of
from harness.spaces import open_space

if TYPE_CHECKING:
    import pandas as pd

    from harness.stats import Stability


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


def stability(
    frames: Mapping[str, pd.DataFrame],
    proxies: Sequence[str] | None = None,
    *,
    coefficient: str = "spearman",
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> list[ProxyStability]:
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
        One a proxy, in the order of the first frame; settings in which it has no scores are left out, and so are
        architectures that lack a score in one of the others.

    Raises:
        ScoresError: fewer than two settings, an unknown proxy, or one with fewer than two settings or three
            architectures in common; what `harness.matching.matched_scores` refuses.
        SpaceError: an architecture that is none of the space.
    """
    import numpy as np

    from harness.stats import rank_stability

    check_resampling(resamples, seed)
    scores = joined_scores(frames, open_space(recognised_space(next(iter(frames.values())))) if frames else None)
    settings: dict[str, list[str]] = {
        str(name): group["setting"].drop_duplicates().tolist() for name, group in scores.groupby("proxy", sort=False)
    }
    for name in proxies or ():
        if name not in settings:
            raise ScoresError(unknown("proxy of these scores", name, settings))
    found = []
    for name in proxies or [name for name, labels in settings.items() if len(labels) > 1]:
        labels = settings[name]
        wide = scores[scores["proxy"] == name].pivot(index="architecture", columns="setting", values="score")
        common = wide[labels].dropna()
        if len(labels) < 2 or len(common) < 3:
            raise ScoresError(
                f"{name} has scores in {len(labels)} of the settings, {len(common)} architectures in common: its "
                "stability needs 2 settings and 3 architectures"
            )
        result = rank_stability(
            common.to_numpy().T,
            generator=np.random.default_rng(seed),
            coefficient=coefficient,
            resamples=resamples,
            confidence=confidence,
        )
        found.append(ProxyStability(name, tuple(labels), len(common), result))
    if not found:
        raise ScoresError("no proxy has scores in two of the settings: there is nothing to compare")
    return found


def transfer(
    frames: Mapping[str, pd.DataFrame],
    table: Table,
    columns: Sequence[str],
    *,
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Proxies scored on the inputs of one data set against accuracies on others.

    Args:
        frames: label of the inputs to scores on them; one or more.
        table: that has the columns.
        columns: what to rank by, such as the test accuracies on three data sets.
        resamples: bootstrap resamples of the architectures.
        confidence: of the intervals.
        seed: of the resampling.

    Returns:
        A row a proxy, input and column: `proxy`, `inputs`, `column`, and what `harness.correlate` gives for it. Of a
        proxy only architectures are used that have a score with all of the inputs under which it has any, so that a
        difference is never one of the samples; `params` and `flops`, which read no inputs, stand once for each.

    Raises:
        ScoresError: no frame or no column, and what `harness.correlate` refuses.
        TableError: an unknown column.
        SpaceError: an architecture that is none of the space.
    """
    import pandas as pd

    if not frames or not columns:
        raise ScoresError("a transfer needs scores on the inputs of one data set or more, and a column or more")
    scores = joined_scores(frames, space_of(table), least=1)
    asked = scores.groupby("proxy")["setting"].transform("nunique")
    having = scores.groupby(["proxy", "architecture"])["setting"].transform("nunique")
    even = scores[asked == having]
    parts = []
    for label in frames:
        for column in columns:
            ranking = correlate(
                even[even["setting"] == label], table, column, resamples=resamples, confidence=confidence, seed=seed
            )
            parts.append(ranking.frame.assign(inputs=label, column=column))
    every = pd.concat(parts, ignore_index=True)
    leading = ["proxy", "inputs", "column"]
    order = {name: place for place, name in enumerate(dict.fromkeys(every["proxy"]))}
    every = every.sort_values("proxy", key=lambda names: names.map(order), kind="stable", ignore_index=True)
    return every[[*leading, *(name for name in every.columns if name not in leading)]]
