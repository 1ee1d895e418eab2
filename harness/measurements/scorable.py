"""Whether a module is one that can be scored."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from harness.errors import SettingError


def check_scorable(network: object) -> nn.Module:
    """The network, if it is a module whose weights are there, dense and on one device.

    Raises:
        SettingError: naming what else it is.
    """
    if not isinstance(network, nn.Module):
        raise SettingError(f"a network is a torch.nn.Module, got {type(network).__name__}")
    for name, tensor in (*network.named_parameters(), *network.named_buffers()):
        if is_lazy(tensor):
            raise SettingError("the network has lazy layers without weights yet: call it once on the inputs first")
        if tensor.is_meta:
            raise SettingError(f"{name!r} is on the device meta, without values: build the network on a real device")
        if tensor.is_inference():
            raise SettingError(f"{name!r} was made under torch.inference_mode: it can't have gradients; build outside")
        complex_weight = isinstance(tensor, nn.Parameter) and tensor.is_complex()
        if tensor.layout != torch.strided or tensor.is_quantized or complex_weight:
            raise SettingError(f"{name!r} is sparse, quantized or complex: scores need dense floating point weights")
    if len({parameter.device for parameter in network.parameters()}) > 1:
        raise SettingError("the network's parameters lie on several devices: move it to one")
    return network
