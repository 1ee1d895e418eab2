"""The sizes of the study of SANE, its human designs, and the hyper-parameters that are drawn."""

from __future__ import annotations

import random
from typing import NamedTuple

from harness.setting import derived_seed
from harness.training.nodes import ACTIVATIONS, OPTIMIZERS, NodeTraining

HUMAN = {"GCN": "gcn", "GraphSAGE": "sage", "GAT": "gat", "GIN": "gin", "GeniePath": "geniepath"}
"""Node aggregators of the human designs."""
_WITH, _WITHOUT = "skip||skip||skip||l_concat", "none||none||skip||l_max"
HIDDEN = (16, 32, 64, 128, 256)
"""Widths that the authors' code draws from."""
DROPOUTS = tuple(tenths / 10 for tenths in range(7))


class Sizes(NamedTuple):
    """The size of the study.

    Attributes:
        graphs: names of the graphs.
        human: number of human designs, each with and without jumping knowledge.
        seeds: trainings of each architecture.
        searches: searches, as many as random architectures.
        search_epochs: epochs of a search; None for the preset's.
        search_width: width of the supernet.
        code_epochs: epochs of the search by the setting of the authors' code.
        trials: draws of hyper-parameters for an architecture that is tuned.
        hidden: widths that are drawn.
        training: setting of the trainings that are not tuned, and the epochs of all.
    """

    graphs: tuple[str, ...]
    human: int
    seeds: int
    searches: int
    search_epochs: int | None
    search_width: int
    code_epochs: int
    trials: int
    hidden: tuple[int, ...]
    training: NodeTraining


USUAL = Sizes(("cora", "citeseer"), 5, 5, 5, 40, 32, 20, 8, (16, 32, 64), NodeTraining(epochs=80, hidden=32))
"""About 45 minutes of one core."""
FULL = Sizes(("cora", "citeseer"), 5, 5, 5, 100, 32, 20, 50, HIDDEN, NodeTraining(epochs=400))
"""Trials, widths and epochs of the authors' code."""
QUICK = Sizes(("noise",), 1, 2, 1, 2, 8, 1, 2, (8, 16), NodeTraining(epochs=3, hidden=8))


def human_designs(count: int) -> dict[str, str]:
    """The first `count` human designs by name, each without and with jumping knowledge (JK).

    Three equal layers; without JK only the last is read, with JK all are, concatenated. Which layer aggregator the
    published rows have was not seen; this is our choice.
    """
    found: dict[str, str] = {}
    for name, aggregator in list(HUMAN.items())[:count]:
        nodes = "||".join([aggregator] * 3)
        found |= {name: f"{nodes}||{_WITHOUT}", f"{name}-JK": f"{nodes}||{_WITH}"}
    return found


def drawn_settings(sizes: Sizes, purpose: str, seed: int) -> list[NodeTraining]:
    """Settings drawn from the ranges of the authors' code, by random search where they use TPE.

    Args:
        sizes: size of the study.
        purpose: what is tuned, as text, from which the draws follow with the seed.
        seed: seed of the study.
    """
    generator = random.Random(derived_seed(seed, "tuning", purpose))
    return [
        NodeTraining(
            epochs=sizes.training.epochs,
            hidden=generator.choice(sizes.hidden),
            optimizer=generator.choice(tuple(OPTIMIZERS)),
            learning_rate=10 ** generator.uniform(-3, -2),
            weight_decay=10 ** generator.uniform(-5, -3),
            input_dropout=generator.choice(DROPOUTS),
            output_dropout=generator.choice(DROPOUTS),
            activation=generator.choice(ACTIVATIONS),
        )
        for _ in range(sizes.trials)
    ]
