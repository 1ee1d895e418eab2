"""The protocol of the trained genotypes: which they are, how they are trained, and the supernets beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harness.search import SearchSetting
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.node_split import NodeSplit
from harness.spaces.sane import Sane
from harness.spaces.space import completed
from harness.studies.samples import distinct_sample
from harness.studies.searches.sane.graphs import NOISE
from harness.studies.searches.sane.searched import our_setting
from harness.training.nodes import NodeTraining

SPACE = "sane"


class Protocol(NamedTuple):
    """The size of the study.

    Attributes:
        graphs: names of the graphs, in order.
        genotypes: number of genotypes of each graph, the same ones on all.
        share: of so many genotypes one is trained under a second seed, too.
        training: setting of all trainings.
        supernets: number of supernets, by one seed each.
        search: setting of the searches that train them.
    """

    graphs: tuple[str, ...]
    genotypes: int
    share: int
    training: NodeTraining
    supernets: int
    search: SearchSetting


USUAL = Protocol(
    ("cora", "citeseer"), 100, 5, NodeTraining(epochs=40, hidden=32, learning_rate=0.01), 2, our_setting(32, 40)
)
QUICK = Protocol((NOISE,), 9, 3, NodeTraining(epochs=3, hidden=8, learning_rate=0.01), 2, our_setting(8, 3))


def opened() -> Sane:
    """The space."""
    space = open_space(SPACE)
    assert isinstance(space, Sane)
    return space


def genotypes_of(count: int, seed: int) -> list[str]:
    """`count` random genotypes in canonical form, no two the same network; fewer are the first of more.

    Args:
        count: number of genotypes.
        seed: seed of the draws.
    """
    return [str(each) for each in distinct_sample(opened(), count, seed)]


def trainings_of(genotypes: list[str], share: int, seed: int) -> Iterator[tuple[str, int]]:
    """Genotype and seed of each training, in order: after so many genotypes one of the first again, by another seed.

    So that what is over tells of genotypes and of seeds at any time.

    Args:
        genotypes: the genotypes.
        share: of so many genotypes one is trained again.
        seed: seed of the first trainings.
    """
    for number, text in enumerate(genotypes, start=1):
        yield text, seed
        if number % share == 0:
            yield genotypes[number // share - 1], seed + 1


def scoring_setting(graph: NodeSplit, protocol: Protocol, seed: int) -> Setting:
    """The setting of the proxies' scores: networks of the trainings' width, on the nodes that train them.

    A random graph is drawn anew, of the same sizes.

    Args:
        graph: the graph.
        protocol: the size of the study.
        seed: seed of the weights.
    """
    nodes, features = graph.features.shape
    sizes = {"classes": graph.count, "hidden": protocol.training.hidden}
    if graph.name in Sane.inputs:
        setting = Setting(input=graph.name, labels="true", batch_size=len(graph.training), seed=seed, shape=sizes)
    else:
        shape = {"nodes": nodes, "features": features, **sizes}
        setting = Setting(input="gaussian", labels="random", batch_size=len(graph.training), seed=seed, shape=shape)
    return completed(opened(), setting)
