"""What trained supernets say of genotypes: accuracy with inherited weights, and the probability by the weights α.

Legend: α architecture parameters, [E, O] of each group; K classes, N nodes of a part.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional

from harness.scoring.scorer import OK
from harness.search.gradient.checkpoint import CHECKPOINT, read_checkpoint
from harness.search.gradient.graphs import accuracy_pct
from harness.spaces.sane.derivation import GROUPS
from harness.spaces.sane.encoding import LAYERS, SaneArchitecture, representative
from harness.studies.sane_proxies.protocol import Protocol, opened
from harness.studies.searches.sane.searched import OURS, Searched, folder_of, search

if TYPE_CHECKING:
    from harness.spaces.node_split import NodeSplit
    from harness.spaces.supernet import Supernet
    from harness.studies.options import StudyOptions

FOLDER = "searches"


class SupernetScores(NamedTuple):
    """What one supernet says of one genotype; higher is better.

    Attributes:
        one_shot_accuracy: accuracy of the genotype's path on the validation nodes, with the supernet's weights, in per
            cent.
        one_shot_likelihood: mean log-probability that the path gives to the class of a validation node, in nats.
        log_probability: log-probability of the network where each choice is drawn with the softmax of its α, in nats.
        log_ratio: the same above its value for equal α, so that it is 0 for a supernet that prefers nothing.
    """

    one_shot_accuracy: float
    one_shot_likelihood: float
    log_probability: float
    log_ratio: float


KINDS = SupernetScores._fields
COLUMNS = ("graph", "seed", "architecture", *KINDS)


def trained_supernets(graph: NodeSplit, protocol: Protocol, options: StudyOptions) -> list[Searched]:
    """The searches that are over; those that are not are run, unless the options have `finished`."""
    found = []
    for place in range(protocol.supernets):
        seed, folder = options.seed + place, options.out / FOLDER
        over = search(opened(), graph, OURS, protocol.search, seed, folder, finished=options.finished)
        if over is not None:
            options.say(f"{graph.name}: supernet {seed}: {over.architecture or 'nothing was derived'}")
            found.append(over)
    return found


def supernet_scores(
    graph: NodeSplit, seed: int, genotypes: Iterable[str], protocol: Protocol, out: Path
) -> pd.DataFrame:
    """A row for each genotype, `COLUMNS`, by the supernet of a search that is over.

    Args:
        graph: the graph.
        seed: seed of the search.
        genotypes: the genotypes.
        protocol: the size of the study.
        out: folder of the study.
    """
    checkpoint = read_checkpoint(folder_of(graph, OURS, seed, out / FOLDER) / CHECKPOINT)
    sizes = {"features": graph.features.shape[1], "classes": graph.count, "hidden": protocol.search.width}
    supernet = opened().supernet(sizes)
    supernet.load_state_dict(checkpoint.supernet)
    alphas = checkpoint.parameters["operations"]
    rows = []
    for text in genotypes:
        architecture = opened().parse(text)
        scores = SupernetScores(*one_shot(supernet, architecture, graph), *probabilities(architecture, alphas))
        rows.append((graph.name, seed, text, *scores))
    return pd.DataFrame(rows, columns=list(COLUMNS))


@torch.no_grad()
def one_shot(supernet: Supernet, architecture: SaneArchitecture, graph: NodeSplit) -> tuple[float, float]:
    """Accuracy in per cent and mean log-likelihood on the validation nodes, of one path with the supernet's weights.

    Args:
        supernet: the trained supernet.
        architecture: the genotype.
        graph: the graph.
    """
    inputs = (graph.features.to_sparse(), graph.edges, graph.validation)
    logits = supernet.eval()(inputs, one_hot(architecture))
    classes = graph.classes[graph.validation]
    return accuracy_pct(logits, classes), -float(functional.cross_entropy(logits.double(), classes))


def one_hot(architecture: SaneArchitecture) -> dict[str, Tensor]:
    """The operation weights of a genotype's path, 1 for what it has and else 0, by group."""
    chosen = representative(architecture)
    names = {"node": chosen.nodes, "skip": chosen.skips, "layer": (chosen.layers,)}
    return {
        group: torch.tensor([[float(name == each) for each in GROUPS[group].operations] for name in row])
        for group, row in names.items()
    }


def probabilities(architecture: SaneArchitecture, alphas: Mapping[str, Tensor]) -> tuple[float, float]:
    """Log-probability in nats of a network, and by how much it is above that by equal α.

    All texts of the network count: what stands in a layer behind the last one that is read does not matter, and without
    any skip the last layer is read.

    Args:
        architecture: the genotype.
        alphas: α by group.
    """
    own = _log_probability(architecture, alphas)
    return own, own - _log_probability(architecture, {name: torch.zeros_like(each) for name, each in alphas.items()})


def _log_probability(architecture: SaneArchitecture, alphas: Mapping[str, Tensor]) -> float:
    chosen = representative(architecture)
    logs = {name: each.double().log_softmax(dim=1).tolist() for name, each in alphas.items()}

    def log(group: str, row: int, name: str) -> float:
        return float(logs[group][row][GROUPS[group].operations.index(name)])

    found = log("layer", 0, chosen.layers)
    found += sum(log("node", row, chosen.nodes[row]) for row in range(chosen.depth))
    skips = sum(log("skip", row, name) for row, name in enumerate(chosen.skips))
    if chosen.skips == ("none",) * (LAYERS - 1) + ("skip",):
        nothing = sum(log("skip", row, "none") for row in range(LAYERS))
        skips = math.log(math.exp(skips) + math.exp(nothing))
    return found + skips


def as_proxies(found: pd.DataFrame) -> pd.DataFrame:
    """The scores of supernets as rows of proxies, whose names end in the seed: `one_shot_accuracy_0`.

    Args:
        found: `COLUMNS`, of one graph.
    """
    long = found.melt(["seed", "architecture"], list(KINDS), "kind", "score")
    names = [name_of(str(kind), int(seed)) for kind, seed in zip(long["kind"], long["seed"], strict=True)]
    return long.assign(proxy=names, status=OK)[["architecture", "proxy", "score", "status"]]


def name_of(kind: str, seed: int) -> str:
    """Name of a kind of score, one of `KINDS`, by the supernet of a seed."""
    return f"{kind}_{seed}"
