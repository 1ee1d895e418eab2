"""Passes of a network with tensors other than its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from harness.errors import HarnessError, NotApplicable, ran_out_of_memory
from harness.measurements.layers import layer_named, layer_of
from harness.measurements.memory import Memory
from harness.measurements.modules import named_buffers, named_modules, named_parameters
from harness.measurements.watch import Watch
from harness.spaces.initialisation import default_type


@contextmanager
def replaced(network: nn.Module, tensors: Mapping[str, Tensor], what: str) -> Iterator[Watch]:
    """Inside, parameters and buffers are `tensors`; afterwards they are the network's own again.

    Backward passes belong inside too: a layer that is computed again for them (`torch.utils.checkpoint`) then reads the
    same tensors. The default type of new tensors is that of `tensors`. Overflow on the way is looked for.

    Args:
        network: the network whose tensors are replaced.
        tensors: parameters and buffers by name, all of them; a shared one stands under its first name.
        what: what the pass is called in messages, such as "a pass in float64".

    Raises:
        NotApplicable: where the tensors cannot be replaced (scripted modules, a reference beside the module that holds
            the tensor), and for any error that the network raises in this pass of ours, with the layer's name.
        NotFinite: when an operation gives NaN or infinity for finite numbers.
    """
    modules, parameters = named_modules(network), named_parameters(network)
    for name, module in modules.items():
        if isinstance(module, torch.jit.ScriptModule):
            raise NotApplicable(f"{layer_named(name, module)} is scripted or traced: {what} cannot be made of it")
    own = {id(tensor): name for name, tensor in (*parameters.items(), *named_buffers(network).items())}
    kinds: list[Any] = [kind for module in modules.values() for kind in (module._parameters, module._buffers)]
    places = [(kind, key, tensor) for kind in kinds for key, tensor in kind.items() if tensor is not None]
    foreign = {
        name: tensor
        for name, tensor in parameters.items()
        if tensor.numel() and tensor.data_ptr() != tensors[name].data_ptr()
    }
    types = (tensor.dtype for tensor in tensors.values() if tensor.is_floating_point())
    watch = Watch(Memory(foreign))
    handles = watch.take_as_known(modules.values())
    try:
        for kind, key, tensor in places:
            kind[key] = tensors[own[id(tensor)]]
        _refresh(modules.values())
        with default_type(next(types, torch.get_default_dtype())), watch:
            yield watch
        watch.check(network)
    except HarnessError:
        raise
    except Exception as error:
        if ran_out_of_memory(error):
            raise
        where = layer_of(error, network)
        raise NotApplicable(f"the network does not take {what}{where and f', in {where}'}: {error}") from error
    finally:
        for handle in handles:
            handle.remove()
        for kind, key, tensor in places:
            kind[key] = tensor
        _refresh(modules.values())


def _refresh(modules: Iterable[nn.Module]) -> None:
    """Recurrent layers hold their weights a second time, in a list."""
    for module in modules:
        if isinstance(module, nn.RNNBase):
            module._flat_weights = [getattr(module, name) for name in module._flat_weights_names]
