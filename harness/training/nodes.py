"""The training of one graph network on the nodes of one graph, full batch, chosen by its validation accuracy.

Legend: n nodes of the graph, K classes.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.errors import DivergedError, SettingError, check_whole, unknown
from harness.setting import derived_seed
from harness.spaces.initialisation import seeded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from harness.spaces.node_split import NodeSplit

OPTIMIZERS: Mapping[str, type[torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adagrad": torch.optim.Adagrad,
}
ACTIVATIONS = ("relu", "elu")


@dataclass(frozen=True)
class NodeSteps:
    """How a network is trained on a graph, whatever the network.

    Args:
        epochs: steps, each on the whole graph.
        optimizer: `adam` or `adagrad`.
        learning_rate: its learning rate, which stays.
        weight_decay: weight decay of all weights.
        input_dropout: share of the values that layers read that a step drops.
        output_dropout: share of the values that the classifier reads that a step drops.

    Raises:
        SettingError: naming the field, the given value and the allowed values.
    """

    epochs: int = 200
    optimizer: str = "adam"
    learning_rate: float = 5e-3
    weight_decay: float = 5e-4
    input_dropout: float = 0.5
    output_dropout: float = 0.5

    def __post_init__(self) -> None:
        check_whole("epochs", self.epochs, 1, SettingError)
        if self.optimizer not in OPTIMIZERS:
            raise SettingError(unknown("optimizer", self.optimizer, OPTIMIZERS))
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


@dataclass(frozen=True)
class NodeTraining(NodeSteps):
    """Everything that a training on a graph depends on in addition to the architecture, the graph and the seed.

    Args:
        hidden: width of the network.
        activation: `relu` or `elu`.

    Raises:
        SettingError: naming the field, the given value and the allowed values.
    """

    hidden: int = 64
    activation: str = "relu"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("hidden", self.hidden, 1, SettingError)
        if self.activation not in ACTIVATIONS:
            raise SettingError(unknown("activation", self.activation, ACTIVATIONS))


S = TypeVar("S", bound=NodeSteps)


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


def train_nodes(make: Callable[[S], nn.Module], graph: NodeSplit, setting: S, *, seed: int = 0) -> NodeAccuracy:
    """Train a network on a graph; the same arguments give the same accuracies on the same machine.

    Args:
        make: builds the network of a setting in train mode, from features [n, f], which may be sparse, edges and nodes
            to logits, and draws its weights from torch's default generator.
        graph: the graph and its parts.
        setting: setting of the training.
        seed: seed of the weights and of what is dropped. The global random state is neither used nor changed.

    Raises:
        DivergedError: a loss that is NaN or infinite, with the epoch.
    """
    check_whole("seed", seed, 0, SettingError)
    started = time.process_time()
    with seeded(derived_seed(seed, "training on a graph")):
        rows = list(_epochs(make(setting), graph, setting, (graph.validation, graph.test)))
    best = max(range(len(rows)), key=lambda place: rows[place][0])
    validation, test = rows[best]
    return NodeAccuracy(validation, test, best + 1, rows[-1][1], round(time.process_time() - started, 3))


def validate_nodes(network: nn.Module, graph: NodeSplit, setting: NodeSteps, *, seed: int = 0, every: int = 1) -> float:
    """Train a network in place, and give its highest validation accuracy in per cent; no test node is looked at.

    Args:
        network: the network with its weights, as `train_nodes` makes it.
        graph: the graph and its parts.
        setting: setting of the training.
        seed: seed of what is dropped. The global random state is neither used nor changed.
        every: epochs from one validation to the next; the last epoch is always validated.

    Raises:
        DivergedError: a loss that is NaN or infinite, with the epoch.
    """
    with seeded(derived_seed(seed, "training on a graph")):
        return max(accuracy for (accuracy,) in _epochs(network, graph, setting, (graph.validation,), every))


def _epochs(
    network: nn.Module, graph: NodeSplit, setting: NodeSteps, parts: Sequence[Tensor], every: int = 1
) -> Iterator[tuple[float, ...]]:
    """Train a network, and yield its accuracies on parts of the nodes after each of the `every`-th epochs."""
    features, nodes = graph.features.to_sparse(), torch.arange(len(graph.features), device="cpu")
    arguments, targets = (features, graph.edges, nodes), graph.classes[graph.training]
    optimizer = OPTIMIZERS[setting.optimizer](
        network.parameters(), lr=setting.learning_rate, weight_decay=setting.weight_decay
    )  # type: ignore[call-arg]
    for epoch in range(1, setting.epochs + 1):
        network.train()
        loss = functional.cross_entropy(network(*arguments)[graph.training], targets)
        if not bool(loss.isfinite()):
            raise DivergedError(
                f"the loss of a training is {float(loss.detach())} at epoch {epoch}: a smaller learning_rate may help"
            )
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        if epoch % every == 0 or epoch == setting.epochs:
            yield _accuracies(network.eval(), arguments, graph.classes, parts)


@torch.no_grad()
def _accuracies(
    network: nn.Module, arguments: tuple[Tensor, Tensor, Tensor], classes: Tensor, parts: Sequence[Tensor]
) -> tuple[float, ...]:
    """Accuracies in per cent on the nodes of each part."""
    right = network(*arguments).argmax(dim=1) == classes
    return tuple(100 * float(right[part].double().mean()) for part in parts)
