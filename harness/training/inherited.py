"""Constrained parameter sharing of AGNN (Zhou et al. 2019): what a network inherits from that of its ancestor.

The paper's body was not seen; the conditions are our reading. A layer inherits its weights where the names and shapes
of all its tensors are equal, and the attention function and the activation are the same; the classifier inherits with
the layer that it reads. Parameters of batch norm and of skips, which are never shared, are not in this space.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

    from harness.spaces.agnn.encoding import AgnnArchitecture
    from harness.spaces.agnn.network import AgnnNetwork


class Ancestor(NamedTuple):
    """A trained network.

    Attributes:
        architecture: its architecture.
        state: its weights by name.
    """

    architecture: AgnnArchitecture
    state: dict[str, Tensor]


def inherit(network: AgnnNetwork, architecture: AgnnArchitecture, ancestor: Ancestor) -> int:
    """Give a network the weights that it inherits, and say how many of its layers did.

    Args:
        network: the network, whose weights change in place.
        architecture: its architecture.
        ancestor: the network that it is made from.
    """
    count, last = 0, False
    for place, (own, other) in enumerate(zip(architecture.layers, ancestor.architecture.layers, strict=True)):
        layer = network.layers[place]
        inherited = _part(ancestor.state, f"layers.{place}.")
        last = _shapes(layer.state_dict()) == _shapes(inherited) and (own.attention, own.activation) == (
            other.attention,
            other.activation,
        )
        if last:
            layer.load_state_dict(inherited)
            count += 1
    if last:
        network.classifier.load_state_dict(_part(ancestor.state, "classifier."))
    return count


def _part(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}


def _shapes(state: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in state.items()}
