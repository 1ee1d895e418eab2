"""The combinations of scores by their names, such as `az_nas` or `soft_vote:nwot+synflow`, as rows next to the proxies.

The functions are those of `harness.proxies.combined` and `harness.proxies.scaled_sums`. Ranks, largest values and
majorities are those among the architectures of the frame that have a score by every part: another pool gives other
combined scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from harness.errors import ScoresError, unknown
from harness.proxies import combined, scaled_sums

if TYPE_CHECKING:
    import pandas as pd


class Combiner(NamedTuple):
    """A way to make one score of several.

    Attributes:
        combine: from a frame with a column a proxy, and the columns to combine, the combined scores.
        columns: the proxies that it combines by default; none where they have to be named.
    """

    combine: Callable[[pd.DataFrame, Sequence[str]], pd.Series[float]]
    columns: tuple[str, ...] = ()


class Combination(NamedTuple):
    """A combination as it is asked for: its text, the combiner's name, and the proxies that it combines."""

    text: str
    name: str
    columns: tuple[str, ...]


COMBINERS = {
    "az_nas": Combiner(combined.az_nas, combined.AZ_NAS),
    "te_nas": Combiner(combined.te_nas, combined.TE_NAS),
    "vkdnw_agg": Combiner(combined.vkdnw_agg, combined.VKDNW_AGG),
    "freerea": Combiner(scaled_sums.freerea, scaled_sums.FREEREA),
    "vote": Combiner(combined.vote, combined.ZERO_COST_VOTE),
    "hard_vote": Combiner(combined.hard_vote, combined.WRCOR_VOTE),
    "soft_vote": Combiner(scaled_sums.soft_vote, combined.WRCOR_VOTE),
    "rank_sum": Combiner(combined.rank_sum),
    "log_rank_sum": Combiner(combined.log_rank_sum),
}
"""Every combination that needs no accuracies."""

_COMPUTED = ("skip_distance",)
"""Columns that follow from the architecture alone."""


def combination(text: str) -> Combination:
    """The combination that a text asks for, `NAME` or `NAME:PROXY+PROXY`.

    Raises:
        ScoresError: an unknown name, with the nearest one; no proxies where there are none by default; one of them
            twice.

    >>> combination("rank_sum:nwot+synflow").columns
    ('nwot', 'synflow')
    """
    name, colon, listed = text.partition(":")
    if name not in COMBINERS:
        raise ScoresError(unknown("combination", name, COMBINERS))
    columns = tuple(listed.split("+")) if colon else COMBINERS[name].columns
    if not all(columns) or not columns:
        raise ScoresError(f"{name} combines the proxies that are named: {name}:nwot+synflow; got {text!r}")
    if len(set(columns)) < len(columns):
        raise ScoresError(f"{text!r} names a proxy twice, which would count it twice")
    return Combination(text, name, columns)


def with_combinations(frame: pd.DataFrame, texts: Iterable[str]) -> pd.DataFrame:
    """The frame with further rows, in which each combination stands as a proxy by its text.

    Args:
        frame: a row for each architecture and proxy, as `harness.run` returns it; of several seeds, each is combined by
            itself.
        texts: combinations, as `combination` reads them.

    Raises:
        ScoresError: an unknown combination, a part that has no scores, with the nearest proxy, or a proxy that has the
            name already.
    """
    import pandas as pd

    asked = [combination(text) for text in dict.fromkeys(texts)]
    there = list(dict.fromkeys(frame["proxy"]))
    for one in asked:
        if one.text in there:
            raise ScoresError(f"the scores have a proxy {one.text} already")
        for column in one.columns:
            if column not in there and column not in _COMPUTED:
                raise ScoresError(f"{one.text} needs scores of {column}: {unknown('proxy', column, there)}")
    if not asked:
        return frame
    parts = [frame]
    for seed, of_seed in frame.groupby("seed", sort=False) if "seed" in frame else [(None, frame)]:
        scores = combined.wide(of_seed)
        for one in asked:
            values = COMBINERS[one.name].combine(scores, one.columns)
            made = pd.DataFrame({"architecture": values.index, "proxy": one.text, "score": values.to_numpy()})
            if "status" in frame:
                made["status"] = made["score"].isna().map({True: "not_applicable", False: "ok"})
            parts.append(made if seed is None else made.assign(seed=seed))
    together = pd.concat(parts, ignore_index=True)
    together.attrs.update(frame.attrs)
    return together
