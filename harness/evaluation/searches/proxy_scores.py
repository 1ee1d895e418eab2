"""Training-free scores by cell, for the searches that use them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.errors import ScoresError, unknown
from harness.evaluation.columns import SPACE
from harness.evaluation.matching import matched_scores
from harness.spaces import open_space
from harness.spaces.listed import all_architectures
from harness.stats.names import BASELINES

if TYPE_CHECKING:
    import pandas as pd

    from harness.search.query.indexed import FloatArray
    from harness.spaces.space import Architecture, Space

PROXY, METRIC, CONDITION = "nwot", "m_trace", "m_condition"
KNAS, PARAMS = "knas", "params"


@dataclass(frozen=True)
class ProxyScores:
    """Training-free scores by cell, for the searches that use them.

    Attributes:
        by_cell: scores of shape [C] in the order of the space, NaN for a cell without one, under the names `scores`,
            `metric`, `condition`, `knas` and `params`, and `metrics` of shape [C, M], as far as they were given.
        notes: a sentence on each of them: its proxy, and how many cells have a score.
    """

    by_cell: Mapping[str, FloatArray] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

    def notes_on(self, needed: Iterable[str]) -> list[str]:
        """The notes on the scores of these names, each once."""
        return list(dict.fromkeys(self.notes[name] for name in needed if name in self.notes))


def scores_by_cell(
    frame: pd.DataFrame | None,
    *,
    proxy: str | None = None,
    metric: str | None = None,
    condition: str | None = None,
    metrics: Sequence[str] | None = None,
    space: str = SPACE,
) -> ProxyScores:
    """Scores by cell for the searches that use them; default proxies without scores are left out.

    Args:
        frame: scores as `harness.run` returns them; None if only `params` or `flops` are used.
        proxy: proxy that `best_of_…` and the warmed-up evolutions use; by default `nwot`.
        metric: proxy that is HNAS's M; by default `m_trace`.
        condition: proxy whose negative is HNAS's κ; by default `m_condition`.
        metrics: proxies that RoBoT combines; by default the six of its paper.
        space: name of the space of the cells, one that can be listed.

    Raises:
        ScoresError: a named proxy without a score, with the nearest name.
        SearchError: a metric below 0 or a condition number that is not positive.
        SpaceError: scores of another space, or a space that cannot be listed.
    """
    import numpy as np

    from harness.search.query.hnas import with_both
    from harness.search.query.robot import METRICS

    opened = open_space(space)
    scores = {} if frame is None else proxies_by_cell(frame, opened)
    sizes = {name: np.asarray(values, dtype=np.float64) for name, values in sizes_by_cell(opened).items()}
    known = {**sizes, **scores}
    asked = [
        ("proxy", proxy),
        ("metric", metric),
        ("condition", condition),
        *(("metric", each) for each in metrics or ()),
    ]
    for kind, name in asked:
        if name is not None and name not in known:
            raise ScoresError(unknown(f"{kind} of the scores", name, known))
    proxy, metric, condition = proxy or PROXY, metric or METRIC, condition or CONDITION
    by_cell, notes = {PARAMS: sizes[PARAMS]}, {}
    if proxy in known:
        by_cell["scores"] = known[proxy]
        notes["scores"] = _proxy_note(proxy, int((~np.isnan(known[proxy])).sum()), len(known[proxy]))
    if metric in known and condition in known:
        by_cell |= {"metric": known[metric], "condition": -known[condition]}
        both = with_both(by_cell["metric"], by_cell["condition"]).size
        note = f"{both:,} of {len(known[metric]):,} cells have M ({metric}) and κ ({condition})"
        notes |= {"metric": note, "condition": note}
    if KNAS in known:
        by_cell[KNAS] = known[KNAS]
        there, cells = int((~np.isnan(known[KNAS])).sum()), len(known[KNAS])
        notes[KNAS] = f"{there:,} of {cells:,} cells have a score of {KNAS}" + _drawn_from(there, cells)
    combined = list(dict.fromkeys(metrics or METRICS))
    if all(name in known for name in combined):
        by_cell["metrics"] = np.column_stack([known[name] for name in combined])
        there = int((~np.isnan(by_cell["metrics"])).all(axis=1).sum())
        notes["metrics"] = f"{there:,} of {len(by_cell['metrics']):,} cells have a score of {', '.join(combined)}"
    return ProxyScores(by_cell, notes)


def sizes_by_cell(space: Space) -> dict[str, list[int]]:
    """`params` and `flops` (multiply-adds) of all cells, in the order of the space."""
    return sizes_of(space, all_architectures(space))


def sizes_of(space: Space, architectures: Sequence[Architecture]) -> dict[str, list[int]]:
    """`params` and `flops` (multiply-adds) of architectures, in their order."""
    sizes = [space.sizes(each) for each in architectures]
    return dict(zip(BASELINES, ([each.parameters for each in sizes], [each.macs for each in sizes]), strict=True))


def proxies_by_cell(frame: pd.DataFrame, space: Space) -> dict[str, FloatArray]:
    """Scores of every proxy, of shape [C] in the order of the space; NaN for a cell without one."""
    return scores_in_order(frame, space, [space.key(each) for each in all_architectures(space)])


def scores_in_order(frame: pd.DataFrame, space: Space, keys: Sequence[str]) -> dict[str, FloatArray]:
    """Scores of every proxy, of shape [C] in the order of the keys; NaN for a key without one, others are left out."""
    import numpy as np

    scores = matched_scores(frame, space).scores
    place = {key: at for at, key in enumerate(keys)}
    scores = scores[scores["architecture"].isin(place)]
    found: dict[str, FloatArray] = {}
    for proxy, group in scores[scores["score"].notna()].groupby("proxy", sort=False):
        values = np.full(len(place), np.nan)
        values[[place[key] for key in group["architecture"]]] = group["score"]
        found[str(proxy)] = values
    return found


def _proxy_note(proxy: str, count: int, cells: int) -> str:
    published = "" if proxy == PROXY else f"; the published NASWOT rows are by {PROXY}"
    return f"{count:,} of {cells:,} cells have a score of {proxy}{_drawn_from(count, cells)}{published}"


def _drawn_from(count: int, cells: int) -> str:
    return "" if count == cells else "; these are drawn from"
