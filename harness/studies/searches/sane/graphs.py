"""The graphs of the studies of SANE, and the networks that are trained on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from torch import nn

from harness.evaluation import data_folder
from harness.spaces.node_split import NodeSplit
from harness.spaces.sane import Sane
from harness.spaces.sane.network import Dropped, SaneNetwork
from harness.spaces.sane.splits import random_split, read_split
from harness.spaces.sane.supernet import DROPPED
from harness.training.nodes import NodeTraining

NOISE = "noise"


def graph_of(name: str, data: Path | None, seed: int) -> NodeSplit:
    """The graph of that name with SANE's split.

    Args:
        name: `cora`, `citeseer`, or `noise`, a random graph, which has its seed in its name: trainings are kept by it.
        data: folder of the data sets; None for that of the user's data files.
        seed: seed of a random graph.

    Raises:
        SettingError: a graph that is not here.
    """
    if name == NOISE:
        return replace(random_split(60, 8, 3, seed), name=f"{NOISE}-{seed}")
    return read_split(name, data or data_folder())


def builder(space: Sane, graph: NodeSplit) -> Callable[[str, NodeTraining], nn.Module]:
    """Builds the network of a text and a setting, with half of the messages and weights of attention dropped."""

    def network(text: str, setting: NodeTraining) -> nn.Module:
        return SaneNetwork(
            space.parse(text), features=graph.features.shape[1], classes=graph.count, hidden=setting.hidden,
            activation=setting.activation, dropped=Dropped(setting.input_dropout, setting.output_dropout, DROPPED),
        )  # fmt: skip

    return network
