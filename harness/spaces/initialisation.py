"""Weight initialisation by name, drawn from a seed without changing the global random state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn

from harness.errors import SettingError, unknown

N = TypeVar("N", bound=nn.Module)

_DRAWS: dict[str, Callable[[Tensor], Tensor]] = {
    "kaiming_fan_in": lambda weight: nn.init.kaiming_normal_(weight, mode="fan_in", nonlinearity="relu"),
    "kaiming_fan_out": lambda weight: nn.init.kaiming_normal_(weight, mode="fan_out", nonlinearity="relu"),
    "xavier": nn.init.xavier_normal_,
    "orthogonal": nn.init.orthogonal_,
    "gaussian": nn.init.normal_,
}
SCHEMES = ("pytorch", *_DRAWS)
REDRAWN = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
"""Layers whose weights a scheme draws."""


@contextmanager
def default_type(dtype: torch.dtype) -> Iterator[None]:
    """Inside, tensors that are made without a type are of this one."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Inside, draws are those of the CPU in float32 after `torch.manual_seed(seed)`; global states outside stay."""
    with torch.random.fork_rng(devices=[]), torch.device("cpu"), default_type(torch.float32):
        torch.default_generator.manual_seed(seed)  # `torch.manual_seed` would seed the accelerators too
        yield


def initialise(network: nn.Module, scheme: str) -> None:
    """Draw new weights of convolutions and linear layers by `scheme`; their biases become zero.

    Args:
        network: network whose weights are changed in place; norm layers keep scale 1 and shift 0.
        scheme: name of the initialisation: `pytorch` keeps the weights that the layers' constructors drew (uniform, He
            et al. 2015 with a = √5, biases not zero); `kaiming_fan_in`, `kaiming_fan_out` (He et al. 2015, normal),
            `xavier` (Glorot & Bengio 2010, normal), `orthogonal` (Saxe et al. 2014), `gaussian` (standard normal, as in
            Zen-NAS).

    Raises:
        SettingError: for an unknown scheme.
    """
    if scheme not in SCHEMES:
        raise SettingError(unknown("init", scheme, SCHEMES))
    if scheme == "pytorch":
        return
    for module in network.modules():
        if isinstance(module, REDRAWN):
            _DRAWS[scheme](module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def drawn(make: Callable[[], N], init: str, seed: int) -> N:
    """The network that `make` builds, with weights drawn by the scheme `init` from the seed alone."""
    with seeded(seed):
        network = make()
        initialise(network, init)
    return network
