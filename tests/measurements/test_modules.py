import copy
from collections.abc import Callable

import pytest
import torch
from torch import nn

from harness.measurements.modules import named_buffers, named_modules, named_parameters
from harness.spaces import open_space


def _shared() -> nn.Module:
    first, second = nn.Linear(3, 3), nn.BatchNorm1d(3)
    second.weight = nn.Parameter(first.bias.detach())
    block = nn.Sequential(first, second)
    network = nn.ModuleDict({"one": block, "again": block, "last": nn.Sequential(nn.ReLU(), first)})
    network.register_parameter("bias", first.bias)
    network.register_parameter("none", None)
    network.register_module("nothing", None)
    network.register_buffer("mean", second.running_mean)
    return network


def _cell() -> nn.Module:
    space = open_space("nasbench201")
    return space.build(space.parse("|nor_conv_3x3~0|+|avg_pool_3x3~0|none~1|+|skip_connect~0|none~1|nor_conv_1x1~2|"))


def _scripted() -> nn.Module:
    return nn.Sequential(torch.jit.script(nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))), nn.Linear(3, 1))


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("make", [_shared, _cell, _scripted, lambda: nn.LSTM(2, 3), lambda: nn.ReLU()])
def test_names_and_order_are_those_of_torch(make: Callable[[], nn.Module]) -> None:
    network = make()
    assert [*named_modules(network).items()] == [*network.named_modules()]
    for ours, theirs in (
        (named_parameters(network), network.named_parameters()),
        (named_buffers(network), network.named_buffers()),
    ):
        expected = dict(theirs)
        assert list(ours) == list(expected)
        assert all(ours[name] is expected[name] for name in expected) or isinstance(network[0], torch.jit.ScriptModule)


def test_a_network_may_name_its_own_parameters() -> None:
    class Partly(nn.Sequential):
        def named_parameters(self, *arguments: object, **keywords: object):  # type: ignore[no-untyped-def]
            return iter([("only", self[0].weight)])

    network = Partly(nn.Linear(2, 2))
    assert list(named_parameters(copy.deepcopy(network))) == ["only"]
