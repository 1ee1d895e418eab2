"""Which parameters of a network are its weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.utils import parametrize

from harness.errors import NotApplicable
from harness.measurements.forward import trainable
from harness.measurements.layers import LAYERS, layer_named
from harness.measurements.modules import named_modules

T = TypeVar("T", bound=Tensor)

_RMS = [nn.RMSNorm] if hasattr(nn, "RMSNorm") else []  # new in PyTorch 2.4
NORMS: Final = (_NormBase, nn.GroupNorm, nn.LayerNorm, *_RMS)


def weights(network: nn.Module) -> dict[str, Tensor]:
    """Trainable weights by name, without a graph (see `weight_names`).

    Raises:
        NotApplicable: when the network has no weight, or a layer makes its weight from other parameters.

    Cost: no pass.
    """
    return {name: weight.detach() for name, weight in weights_of(network, trainable(network)).items()}


def weights_of(network: nn.Module, by_name: Mapping[str, T]) -> dict[str, T]:
    """Those of the tensors whose names are the network's weights.

    Raises:
        NotApplicable: when there is none, or a layer makes its weight from other parameters.
    """
    names = weight_names(network)
    found = {name: tensor for name, tensor in by_name.items() if name in names}
    if not found:
        raise NotApplicable(
            "the network has no trainable weight of a convolution or a linear layer, and no other matrix"
        )
    return found


def weight_names(network: nn.Module) -> frozenset[str]:
    """Names of the weights: those of convolutions and linear layers, and every other matrix that is a parameter.

    The authors' codes know convolutions and linear layers alone. The others are the projections of attention, the
    matrices of recurrent and bilinear layers, embeddings, and a module's own parameters, where at least two axes are
    longer than one. Biases, norm layers and vectors do not count.

    Raises:
        NotApplicable: when a layer makes its weight from other parameters, as weight norm does.
    """
    layers = layer_weight_names(network)
    return layers | frozenset(_others(network, layers))


def layer_weight_names(network: nn.Module) -> frozenset[str]:
    """Names of the weights of convolutions and linear layers.

    Raises:
        NotApplicable: when a layer makes its weight from other parameters, as weight norm does.
    """
    layers = [(name, module) for name, module in named_modules(network).items() if isinstance(module, LAYERS)]
    for name, module in layers:
        own = {parameter for parameter, value in module._parameters.items() if value is not None}
        if "weight" not in own or not own <= {"weight", "bias"}:
            raise _made(name, module)
    return frozenset(f"{name}.weight" if name else "weight" for name, _ in layers)


def check_only_layers(network: nn.Module, what: str) -> None:
    """Refuse a network with trainable weights beside those of convolutions and linear layers.

    Args:
        network: the network to look through.
        what: what reads only these layers, for the message.

    Raises:
        NotApplicable: naming the first other weight.
    """
    parameters = trainable(network)
    for name, owner in other_weights(network).items():
        if name in parameters:
            raise NotApplicable(
                f"{what} knows the weights of convolutions and linear layers; {name!r} is one of {owner}"
            )


def check_called_weight(network: nn.Module) -> None:
    """Refuse a network with trainable weights that are not called `weight`.

    Raises:
        NotApplicable: naming the first of them, or saying that there is none called so.
    """
    parameters = trainable(network)
    if not any(_own_name(name) == "weight" for name in parameters):
        raise NotApplicable("the network has no trainable parameter called `weight`")
    for name, owner in other_weights(network).items():
        if name in parameters and _own_name(name) != "weight":
            raise NotApplicable(f"this kernel knows the parameters called `weight`; {name!r} is a weight of {owner}")


def _own_name(name: str) -> str:
    return name.rpartition(".")[2]


def other_weights(network: nn.Module) -> dict[str, str]:
    """Names of the weights that belong to no convolution and no linear layer, each with its owner for messages.

    Raises:
        NotApplicable: when a module makes a parameter from others.
    """
    return _others(network, layer_weight_names(network))


def _others(network: nn.Module, layers: frozenset[str]) -> dict[str, str]:
    found = {}
    for prefix, module in named_modules(network).items():
        if _is_made(module):
            raise _made(prefix, module)
        if not isinstance(module, (*LAYERS, *NORMS)):
            found.update(
                {name: layer_named(prefix, module) for name in _matrices(prefix, module) if name not in layers}
            )
    return found


def _matrices(prefix: str, module: nn.Module) -> Iterator[str]:
    for name, parameter in module._parameters.items():
        if parameter is not None and sum(size > 1 for size in parameter.shape) > 1:
            yield f"{prefix}.{name}" if prefix else name


def _is_made(module: nn.Module) -> bool:
    """Whether a parameter of the module is a function of others: by a parametrization, or by a hook of `nn.utils`."""
    hooks = (type(hook).__module__ for hook in module._forward_pre_hooks.values())
    return parametrize.is_parametrized(module) or any(name.startswith("torch.nn.utils.") for name in hooks)


def _made(name: str, module: nn.Module) -> NotApplicable:
    return NotApplicable(
        f"{layer_named(name, module)} makes its weight from other parameters "
        f"({', '.join(sorted(dict(module.named_parameters())))}): whose gradient counts is not defined"
    )
