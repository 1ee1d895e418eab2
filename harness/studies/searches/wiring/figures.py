"""The figures of the study of wiring, from its logs and costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from harness.report.figures.wiring import BarPanel, CurvePanel, cost_bars, curve_panels
from harness.search.gradient.costs import IMAGES, PARTS
from harness.spaces.darts.wiring.cell import OPERATIONS
from harness.studies.searches.wiring.claims import Frames
from harness.studies.searches.wiring.readings import (
    ALL,
    ARM,
    SEED,
    convolutions_and_skips,
    cost_sums,
    edge_shares,
    operation_costs,
)
from harness.studies.searches.wiring.runs import ARMS, BILEVEL, GROWTH, TABLED, UNIFORM

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HALVES = {"training": "training half", "validation": "search half"}
_BAND = "Lines are means over the seeds, bands go from the smallest to the largest."


def study_figures(frames: Frames) -> Iterator[tuple[str, Figure]]:
    """Name and figure of each part of the study whose searches are there."""
    there = [name for name in (GROWTH, BILEVEL) if (frames.searches[ARM] == name).any()]
    if there:
        yield "edges", curve_panels(_edges(frames, there), f"{_seeds(frames, there)} {_BAND}")
    there = [name for name in (UNIFORM, GROWTH, BILEVEL) if (frames.costs[ARM] == name).any()]
    if there:
        panels = [_excess(frames, name, part) for name in there for part in PARTS]
        yield "excess", curve_panels(panels, f"CE − H, means over images. {_seeds(frames, there)} {_BAND}")
    if UNIFORM in there:
        print_ = (
            f"Means over edges and seeds; whiskers are one standard deviation over steps. {_seeds(frames, [UNIFORM])}"
        )
        yield "costs", cost_bars(_operations(frames), "Z · ∂L/∂Z (nats)", print_)
    there = [name for name in TABLED if (frames.costs[ARM] == name).any()]
    if there:
        yield "nasbench201", curve_panels(_tabled(frames, there), f"{_seeds(frames, there)} {_BAND}")


def _edges(frames: Frames, arms: Sequence[str]) -> list[CurvePanel]:
    """The weight of what is not `none`, a line an edge."""
    shares = edge_shares(frames.searches)
    panels = []
    for name in arms:
        own = shares[shares[ARM] == name]
        lines = {
            f"{target}←{source}": _runs(rows) for (target, source), rows in own.groupby(["target", "source"], sort=True)
        }
        panels.append(CurvePanel(ARMS[name].words, "Weight of what is not none", "share", lines))
    return panels


def _excess(frames: Frames, arm: str, part: str) -> CurvePanel:
    """CE − H of one half, a line a kind of images."""
    sums = cost_sums(frames.costs[frames.costs[ARM] == arm])
    own = sums[sums["part"] == part]
    lines = {images: _runs(own[own["images"] == images]) for images in IMAGES}
    title = f"{ARMS[arm].words.partition(',')[0]}, {_HALVES[part]}"
    return CurvePanel(title, "CE − H (nats)", "cross_entropy_minus_entropy_nats", lines)


def _operations(frames: Frames) -> list[BarPanel]:
    """Costs by operation under uniform Z, in the first epoch and in the last."""
    costs = operation_costs(frames.costs[frames.costs[ARM] == UNIFORM])
    panels = []
    for title, epoch in (("First epoch", 1), ("Last epoch", int(costs["epoch"].max()))):
        groups = {}
        for part, words in _HALVES.items():
            own = costs[(costs["part"] == part) & (costs["images"] == ALL) & (costs["epoch"] == epoch)]
            means = own.groupby("operation")[["cost_nats", "cost_deviation"]].mean()
            groups[words] = means.reindex([name for name in OPERATIONS if name in means.index])
        panels.append(BarPanel(title, groups))
    return panels


def _tabled(frames: Frames, arms: Sequence[str]) -> list[CurvePanel]:
    """Costs of convolutions and of skips on the search half, a panel a method."""
    costs = convolutions_and_skips(frames.costs[frames.costs[ARM].isin(arms)])
    panels = []
    for name in arms:
        runs = _runs(costs[costs[ARM] == name])
        lines = {
            words: [run.rename(columns={column: "cost"}) for run in runs]
            for words, column in (("convolutions", "convolutions_nats"), ("skip connections", "skips_nats"))
        }
        panels.append(CurvePanel(ARMS[name].words, "Mean cost (nats)", "cost", lines))
    return panels


def _runs(rows: pd.DataFrame) -> list[pd.DataFrame]:
    return [run for _, run in rows.groupby(SEED, sort=True)]


def _seeds(frames: Frames, arms: Sequence[str]) -> str:
    counts = frames.searches[frames.searches[ARM].isin(arms)].groupby(ARM)[SEED].nunique()
    fewest, most = int(counts.min()), int(counts.max())
    return f"{fewest if fewest == most else f'{fewest} to {most}'} seeds of each search."
