"""What the study reads from its searches: the weight that edges keep, sums of costs, and operations in groups."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pandas as pd

from harness.search.gradient.costs import IMAGES
from harness.spaces.darts.wiring.cell import edges_of
from harness.studies.searches.runs import Outcome, Run
from harness.studies.searches.wiring.runs import MINIMAL, ONE_PATH

ARM, SEED = "arm", "seed"
NONE, SKIP = "none", "skip_connect"
ALL = IMAGES[0]
_NUMBERS = ("cost_nats", "cost_variance", "cross_entropy_nats", "cross_entropy_minus_entropy_nats", "edges_not_none")


def searches_frame(ended: Mapping[Run, Outcome], arms: Mapping[Run, str]) -> pd.DataFrame:
    """The logs of the searches below each other, with the name of the arm, the seed and the space."""
    return pd.concat([_named(outcome.log, run, arms) for run, outcome in ended.items()], ignore_index=True)


def costs_frame(ended: Mapping[Run, Outcome], arms: Mapping[Run, str]) -> pd.DataFrame:
    """The recorded costs of the searches below each other, with arm, seed and space, to six significant digits."""
    found = pd.concat([_named(outcome.costs, run, arms) for run, outcome in ended.items()], ignore_index=True)
    for name in _NUMBERS:
        found[name] = [float(f"{value:.6g}") for value in found[name]]
    return found


def edge_shares(searches: pd.DataFrame) -> pd.DataFrame:
    """The weight of all operations but `none` on each edge of the minimal cell, after each epoch.

    Args:
        searches: from `searches_frame`; searches of other spaces are left out.

    Returns:
        `arm`, `seed`, `epoch`, `target`, `source`, `share`, and `chosen`: whether the largest weight is not `none`'s.
    """
    edges = edges_of(2)
    rows = []
    for row in searches[searches["space"] == MINIMAL].to_dict("records"):
        table = json.loads(row["operation_weights"])["cell"]
        for (target, source), weights in zip(edges, table, strict=True):
            chosen = max(weights) > weights[0]
            rows.append((row[ARM], row[SEED], row["epoch"], target, source, 1 - weights[0], chosen))
    return pd.DataFrame(rows, columns=[ARM, SEED, "epoch", "target", "source", "share", "chosen"])


def cost_sums(costs: pd.DataFrame) -> pd.DataFrame:
    """The mean cost of all edges together in a step, and the cross-entropy minus the entropy, by epoch.

    Returns:
        `arm`, `seed`, `part`, `images`, `epoch`, `cost_nats` and `cross_entropy_minus_entropy_nats`.
    """
    by = [ARM, SEED, "part", "images", "epoch"]
    edges = edge_costs(costs)
    sums = edges.groupby(by, sort=False)["cost_nats"].sum()
    excess = costs.groupby(by, sort=False)["cross_entropy_minus_entropy_nats"].first()
    return pd.concat([sums, excess], axis=1).reset_index()


def edge_costs(costs: pd.DataFrame) -> pd.DataFrame:
    """The mean cost of each edge in a step, all its operations together, by epoch.

    Where a step draws one operation of an edge, each counts by its share of the steps.
    """
    by = [ARM, SEED, "part", "images", "epoch", "target", "source"]
    shares = costs["steps"] / costs.groupby(by)["steps"].transform("sum")
    weighted = costs.assign(cost_nats=costs["cost_nats"] * shares.where(costs[ARM].isin(ONE_PATH), 1.0))
    return weighted.groupby(by, sort=False)["cost_nats"].sum().reset_index()


def operation_costs(costs: pd.DataFrame) -> pd.DataFrame:
    """Mean cost of each operation over edges and steps, and its standard deviation over the steps, by epoch."""
    by = [ARM, SEED, "part", "images", "epoch", "operation"]
    steps = costs["steps"]
    pooled = costs.assign(total=costs["cost_nats"] * steps, spread=costs["cost_variance"] * (steps - 1))
    found = pooled.groupby(by, sort=False).agg(
        total=("total", "sum"), steps=("steps", "sum"), spread=("spread", "sum"), edges=("steps", "count")
    )
    found["cost_nats"] = found["total"] / found["steps"]
    found["cost_deviation"] = (found["spread"] / (found["steps"] - found["edges"]).clip(lower=1)) ** 0.5
    return found.reset_index()[[*by, "cost_nats", "cost_deviation"]]


def convolutions_and_skips(costs: pd.DataFrame) -> pd.DataFrame:
    """Mean costs of the convolutions and of the skip connections on the validation part, all images, by epoch.

    Returns:
        `arm`, `seed`, `epoch`, `convolutions_nats`, `skips_nats` and `difference_nats`, the first minus the second.
    """
    own = costs[(costs["part"] == "validation") & (costs["images"] == ALL)]
    by = [ARM, SEED, "epoch"]
    convolutions = own[own["operation"].str.contains("conv")].groupby(by, sort=False)["cost_nats"].mean()
    skips = own[own["operation"] == SKIP].groupby(by, sort=False)["cost_nats"].mean()
    found = pd.DataFrame({"convolutions_nats": convolutions, "skips_nats": skips})
    return found.assign(difference_nats=convolutions - skips).reset_index()


def _named(frame: pd.DataFrame | None, run: Run, arms: Mapping[Run, str]) -> pd.DataFrame:
    assert frame is not None
    named = frame.assign(arm=arms[run], seed=run.seed, space=run.space)
    return named[[ARM, SEED, "space", *frame.columns]]
