"""The searches of the study of SANE: ours, and one by the setting of the authors' code, which learns nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from harness.errors import NotLearntError
from harness.search import SearchSetting, find_method, run_search
from harness.search.gradient.checkpoint import ACCURACY, LOG
from harness.spaces.node_split import NodeSplit
from harness.spaces.sane import Sane
from harness.studies.searches.sane.designs import Sizes

METHOD = "darts"
OURS, CODE = "ours", "authors' code"


class Searched(NamedTuple):
    """A search that is over.

    Attributes:
        graph: name of the graph.
        setting: `OURS` or `CODE`.
        seed: its seed.
        architecture: what it derived; empty where nothing was derived from its supernet.
        log: a row for each epoch: epoch, validation accuracy of the supernet in per cent, entropy of the operation
            weights in nats, and `largest_gap`, by how much the largest of them is above equal ones.
    """

    graph: str
    setting: str
    seed: int
    architecture: str
    log: pd.DataFrame


def settings(sizes: Sizes) -> dict[str, SearchSetting]:
    """The settings of the searches by name."""
    code = (
        find_method(METHOD).setting("sane", "paper").changed({"width": sizes.search_width, "epochs": sizes.code_epochs})
    )
    return {OURS: our_setting(sizes.search_width, sizes.search_epochs), CODE: code}


def our_setting(width: int, epochs: int | None) -> SearchSetting:
    """The setting by which a supernet learns, with a width and a number of epochs; None for the preset's."""
    changed = {"width": width, **({} if epochs is None else {"epochs": epochs})}
    return find_method(METHOD).setting("sane", "laptop").changed(changed)


def folder_of(graph: NodeSplit, name: str, seed: int, folder: Path) -> Path:
    """The folder of a search within that of all searches."""
    return folder / f"{graph.name}-{'ours' if name == OURS else 'code'}-seed_{seed}"


def search(
    space: Sane, graph: NodeSplit, name: str, setting: SearchSetting, seed: int, folder: Path, *, finished: bool
) -> Searched | None:
    """One search, which goes on from its folder; with `finished` None for one that is not over."""
    out = folder_of(graph, name, seed, folder)
    if finished and (not (out / LOG).exists() or len(pd.read_csv(out / LOG)) < setting.epochs):
        return None
    try:
        text = str(run_search(space, METHOD, setting, data=graph, seed=seed, out=out).architecture)
    except NotLearntError:
        text = ""
    log = pd.read_csv(out / LOG, float_precision="round_trip")
    gaps = [largest_gap(json.loads(weights)) for weights in log["operation_weights"]]
    return Searched(graph.name, name, seed, text, log[["epoch", ACCURACY, "entropy_nats"]].assign(largest_gap=gaps))


def largest_gap(weights: Mapping[str, Sequence[Sequence[float]]]) -> float:
    """By how much the largest weight is above the equal weights of its edge, over all edges.

    >>> round(largest_gap({"node": [[0.3, 0.3, 0.4]], "skip": [[0.55, 0.45]]}), 3)
    0.067
    """
    return max(max(row) - 1 / len(row) for rows in weights.values() for row in rows)


def supernet_frame(searches: Sequence[Searched], majority: Mapping[str, float]) -> pd.DataFrame:
    """A row for each epoch of each search, with the share of the most frequent class of the validation nodes."""
    columns = [
        "graph",
        "setting",
        "seed",
        "epoch",
        ACCURACY,
        "majority_pct",
        "entropy_nats",
        "largest_gap",
        "architecture",
    ]
    if not searches:
        return pd.DataFrame(columns=columns)
    parts = [
        each.log.assign(
            graph=each.graph, setting=each.setting, seed=each.seed, majority_pct=majority[each.graph],
            architecture=each.architecture,
        )
        for each in searches
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)[columns]
