"""Scripted and traced networks are in the modes that were asked for, or refused, and keep what they hold."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import Tensor, nn

from harness.errors import NotApplicable
from harness.measurements.scripted import ScriptedState, check_traced_modes, set_scripted_modes

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")


def network(**options: bool) -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5, **options), nn.Dropout(0.5), nn.Linear(5, 2))


def inputs() -> Tensor:
    return torch.randn(6, 4, generator=torch.Generator().manual_seed(0))


def scripted(module: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made: nn.Module = torch.jit.script(module)
    return made


def traced(module: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made: nn.Module = torch.jit.trace(module, inputs(), check_trace=False)
    return made


def in_modes(module: nn.Sequential, bn: str) -> nn.Sequential:
    module.eval()
    module[1].train(bn == "train")
    return module


class Counting(nn.Module):
    """Holds state of every kind, which its forward pass changes."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 5)
        self.register_buffer("seen", torch.ones(()))
        self.passes, self.sizes, self.counts = 1, [1], {"a": 1}
        self.scale, self.scales = torch.ones(()), [torch.ones(())]

    def forward(self, rows: Tensor) -> Tensor:
        self.seen.add_(1)
        self.passes += 1
        self.sizes.append(2)
        self.counts["a"] += 1
        self.scale = self.scale * 2
        self.scales[0].add_(1)
        held = self.passes * len(self.sizes) * self.counts["a"]
        return self.layer(rows) * self.seen * self.scale * self.scales[0] * held


@pytest.mark.parametrize("bn", ["train", "eval"])
@pytest.mark.parametrize("inside", [False, True])
def test_scripted_batch_norm_takes_the_mode_that_was_asked_for(bn: str, inside: bool) -> None:
    plain = network()
    made = nn.Sequential(scripted(plain)) if inside else scripted(plain)
    made.train()
    set_scripted_modes(made, bn)
    check_traced_modes(made, bn)
    assert torch.equal(made(inputs()), in_modes(plain, bn)(inputs()))


@pytest.mark.parametrize("traced_in", ["train", "eval"])
@pytest.mark.parametrize("outside", [lambda made: made, nn.Sequential, lambda made: scripted(nn.Sequential(made))])
def test_a_network_traced_in_another_mode_is_refused(traced_in: str, outside: object) -> None:
    made = outside(traced(in_modes(network(), traced_in)))  # type: ignore[operator]  # one of those above
    check_traced_modes(made, traced_in)
    other = {"train": "eval", "eval": "train"}[traced_in]
    with pytest.raises(NotApplicable, match=f"traced with batch_norm in {traced_in} mode.*bn={other!r}"):
        check_traced_modes(made, other)


def test_a_network_traced_with_dropout_is_refused_and_norms_of_the_batch_alone_are_not() -> None:
    with pytest.raises(NotApplicable, match="traced with dropout in train mode"):
        check_traced_modes(traced(network().train()), "train")
    alike = traced(in_modes(network(track_running_stats=False), "eval"))
    for bn in ("train", "eval"):
        check_traced_modes(alike, bn)


@pytest.mark.parametrize("inside", [False, True])
def test_each_measurement_begins_with_what_the_scripted_network_held(inside: bool) -> None:
    plain = Counting()
    made = nn.Sequential(scripted(plain)) if inside else scripted(plain)
    counting = made[0] if inside else made
    state = ScriptedState(made)
    buffer, weight = counting.seen, counting.layer.weight
    assert not torch.equal(made(inputs()), made(inputs()))
    state.renew()
    first = made(inputs())
    for _ in range(2):
        state.renew()
        assert torch.equal(made(inputs()), first)
    first.sum().backward()  # what its graph holds has not been changed in place
    state.restore()
    assert counting.seen is buffer
    assert counting.layer.weight is weight
    assert (counting.passes, counting.sizes, counting.counts) == (1, [1], {"a": 1})
    assert [float(each) for each in (counting.seen, counting.scale, counting.scales[0])] == [1.0, 1.0, 1.0]
    assert torch.equal(made(inputs()), first)


def test_buffers_that_are_one_stay_one() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("one", torch.ones(()))
            self.two = self.one

        def forward(self, rows: Tensor) -> Tensor:
            self.one.add_(1)
            return rows * self.two

    made = scripted(Shared())
    state = ScriptedState(made)
    for _ in range(2):
        state.renew()
        assert torch.equal(made(inputs()), 2 * inputs())


def test_networks_without_scripted_modules_are_left_alone() -> None:
    plain = network().train()
    set_scripted_modes(plain, "eval")
    check_traced_modes(plain, "eval")
    state = ScriptedState(plain)
    state.renew()
    state.restore()
    assert all(module.training for module in plain.modules())
