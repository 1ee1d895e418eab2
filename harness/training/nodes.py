"""The training of one graph network on the nodes of one graph, full batch, chosen by its validation accuracy.

Legend: n nodes of the graph, K classes.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.errors import DivergedError, SettingError, check_whole, unknown
from harness.setting import derived_seed
from harness.spaces.initialisation import seeded

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.spaces.node_split import NodeSplit

OPTIMIZERS: Mapping[str, type[torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adagrad": torch.optim.Adagrad,
}
ACTIVATIONS = ("relu", "elu")


@dataclass(frozen=True)
class NodeTraining:
    """Everything that a training on a graph depends on in addition to the architecture, the graph and the seed.

    Args:
        epochs: steps, each on the whole graph.
        hidden: width of the network.
        optimizer: `adam` or `adagrad`.
        learning_rate: its learning rate, which stays.
        weight_decay: weight decay of all weights.
        input_dropout: share of the values behind the first linear layer and behind each layer that a step drops.
        output_dropout: share of the values that the classifier reads that a step drops.
        activation: `relu` or `elu`.

    Raises:
        SettingError: naming the field, the given value and the allowed values.
    """

    epochs: int = 200
    hidden: int = 64
    optimizer: str = "adam"
    learning_rate: float = 5e-3
    weight_decay: float = 5e-4
    input_dropout: float = 0.5
    output_dropout: float = 0.5
    activation: str = "relu"

    def __post_init__(self) -> None:
        for name in ("epochs", "hidden"):
            check_whole(name, getattr(self, name), 1, SettingError)
        for name, allowed in (("optimizer", tuple(OPTIMIZERS)), ("activation", ACTIVATIONS)):
            if getattr(self, name) not in allowed:
                raise SettingError(unknown(name, getattr(self, name), allowed))
        for name in ("learning_rate", "weight_decay", "input_dropout", "output_dropout"):
            value: Any = getattr(self, name)
            bad = isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value)
            most = 1 if name.endswith("dropout") else math.inf
            if bad or not 0 <= value < most or (name == "learning_rate" and value == 0):
                ends = " and below 1" if most == 1 else ""
                raise SettingError(f"{name} must be a number from 0{ends}, above 0 for a rate; got {value!r}")

    def json(self) -> str:
        """The setting as one line of JSON with sorted keys."""
        return json.dumps(asdict(self), sort_keys=True)


class NodeAccuracy(NamedTuple):
    """A training's accuracies at the first epoch of the highest validation accuracy.

    Attributes:
        validation_pct: accuracy on the validation nodes, by which the epoch was chosen.
        test_pct: accuracy on the test nodes at that epoch.
        epoch: that epoch, from 1.
        last_test_pct: accuracy on the test nodes after the last epoch, by which nothing was chosen.
        seconds: seconds of the processor.
    """

    validation_pct: float
    test_pct: float
    epoch: int
    last_test_pct: float
    seconds: float


def train_nodes(
    make: Callable[[NodeTraining], nn.Module], graph: NodeSplit, setting: NodeTraining | None = None, *, seed: int = 0
) -> NodeAccuracy:
    """Train a network on a graph; the same arguments give the same accuracies on the same machine.

    Args:
        make: builds the network of a setting in train mode, from features [n, f], which may be sparse, edges and nodes
            to logits, and draws its weights from torch's default generator.
        graph: the graph and its parts.
        setting: setting of the training; by default `NodeTraining()`.
        seed: seed of the weights and of what is dropped. The global random state is neither used nor changed.

    Raises:
        DivergedError: a loss that is NaN or infinite, with the epoch.
    """
    setting = setting or NodeTraining()
    check_whole("seed", seed, 0, SettingError)
    started = time.process_time()
    features, every = graph.features.to_sparse(), torch.arange(len(graph.features), device="cpu")
    arguments, targets = (features, graph.edges, every), graph.classes[graph.training]
    rows: list[tuple[float, float]] = []
    with seeded(derived_seed(seed, "training on a graph")):
        network = make(setting)
        optimizer = OPTIMIZERS[setting.optimizer](
            network.parameters(), lr=setting.learning_rate, weight_decay=setting.weight_decay
        )  # type: ignore[call-arg]
        for epoch in range(1, setting.epochs + 1):
            network.train()
            loss = functional.cross_entropy(network(*arguments)[graph.training], targets)
            if not bool(loss.isfinite()):
                raise DivergedError(
                    f"the loss of a training is {float(loss.detach())} at epoch {epoch}: a smaller learning_rate may "
                    "help"
                )
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            rows.append(_accuracies(network.eval(), arguments, graph))
    best = max(range(len(rows)), key=lambda place: rows[place][0])
    return NodeAccuracy(*rows[best], best + 1, rows[-1][1], round(time.process_time() - started, 3))


@torch.no_grad()
def _accuracies(network: nn.Module, arguments: tuple[Tensor, Tensor, Tensor], graph: NodeSplit) -> tuple[float, float]:
    """Accuracies in per cent on the validation nodes and on the test nodes."""
    right = network(*arguments).argmax(dim=1) == graph.classes
    validation, test = (100 * float(right[part].double().mean()) for part in (graph.validation, graph.test))
    return validation, test
