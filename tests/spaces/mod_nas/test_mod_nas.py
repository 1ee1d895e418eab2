"""The MoD-NAS space. Oracles: networks built by hand, counts by going through all choices, the objective's gradient."""

from __future__ import annotations

import itertools
import random
import re

import pytest
import torch
from torch.nn import functional

from benchmarks.keys import space_of_key
from harness.errors import SpaceError
from harness.spaces import open_space
from harness.spaces.mod_nas.cost import macs
from harness.spaces.mod_nas.network import DataConsistency, mod_nas_network
from harness.spaces.mod_nas.notation import (
    NODES,
    OPERATIONS,
    QUARTERS,
    ModNasArchitecture,
    Node,
    canonical,
    count_of,
    neighbours_of,
    numbered,
    parse,
)

MOD_NAS = open_space("mod-nas")
ALL_OPERATIONS = (
    "conv_3x3~0@2 dil_conv_3x3~0+skip_connect~1@4 sep_conv_3x3~1+residual_3x3~2@3 skip_connect~2+residual_3x3~3@1"
)


def test_numbers_name_all_architectures_once():
    for depth, expected in ((1, 20), (2, 2000), (3, 600_000), (4, 360_000_000)):
        assert count_of(depth) == expected
    assert len(MOD_NAS) == 360_602_020
    two = {numbered(number) for number in range(count_of(1) + count_of(2))}
    terms = [
        ModNasArchitecture((Node(((first, 0),), wide), Node(((left, 0), (right, 1)), other)))
        for first, left, right in itertools.product(OPERATIONS, repeat=3)
        for wide, other in itertools.product(QUARTERS, repeat=2)
    ]
    assert two == {*terms, *(ModNasArchitecture((Node(((one, 0),), wide),)) for one in OPERATIONS for wide in QUARTERS)}
    assert len(numbered(len(MOD_NAS) - 1).nodes) == NODES


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "a block has from 1 to 4 nodes"),
        ("conv_3x3~0", "a node reads skip_connect~0+residual_3x3~1@2; got 'conv_3x3~0'"),
        ("conv_3x3~0@5", "a width is from 1 to 4 quarters, node 1 has 5"),
        ("conv_3x3~0@0", "a width is from 1 to 4 quarters, node 1 has 0"),
        ("conv_5x5~0@4", "node 1 has 'conv_5x5'"),
        ("conv_3x3~1@4", "node 1 reads the input, node 0, and not 1"),
        ("conv_3x3~0+conv_3x3~0@4", "node 1 reads the input, node 0, and not 0, 0"),
        ("conv_3x3~0@4 conv_3x3~1@4", "node 2 reads two different nodes from 0 to 1 and not 1"),
        ("conv_3x3~0@4 conv_3x3~1+conv_3x3~1@4", "two different nodes from 0 to 1 and not 1, 1"),
        ("conv_3x3~0@4 conv_3x3~1+conv_3x3~2@4", "two different nodes from 0 to 1 and not 1, 2"),
        (" ".join(["conv_3x3~0@4", *["conv_3x3~0+conv_3x3~1@4"] * 4]), "a block has from 1 to 4 nodes"),
    ],
)
def test_what_is_wrong_with_a_text_is_said(text, why):
    with pytest.raises(SpaceError, match=re.escape(why)):
        parse(text)


def test_a_text_may_have_its_operations_in_any_order():
    assert str(parse("\ufeffconv_3x3~0@4  residual_3x3~1+skip_connect~0@2 ")) == (
        "conv_3x3~0@4 skip_connect~0+residual_3x3~1@2"
    )


def test_a_key_is_known_by_its_form():
    for architecture in MOD_NAS.sample(20):
        assert parse(str(architecture)) == architecture
        assert space_of_key(str(architecture)) == "mod-nas"


class ByHand:
    """The forward pass from the weights by name, as the docstrings define it."""

    def __init__(self, network, architecture, width):
        self.weights = dict(network.named_parameters())
        self.architecture = architecture
        self.wide = [width, *(width * node.quarters // 4 for node in architecture.nodes)]

    def convolved(self, name, values, dilation=1, groups=1):
        weight, bias = self.weights[f"{name}.weight"], self.weights.get(f"{name}.bias")
        padding = dilation * (weight.shape[-1] // 2)
        return functional.conv2d(values, weight, bias, padding=padding, dilation=dilation, groups=groups)

    def copied(self, values, wide):
        found = values.new_zeros(len(values), wide, *values.shape[2:])
        least = min(wide, values.shape[1])
        found[:, :least] = values[:, :least]
        return found

    def operation(self, name, operation, values, wide):
        if operation == "skip_connect":
            return self.copied(values, wide)
        if operation == "residual_3x3":
            inner = self.convolved(f"{name}.main.0", values).relu()
            return (self.copied(values, wide) + self.convolved(f"{name}.main.2", inner)).relu()
        if operation == "sep_conv_3x3":
            return self.convolved(f"{name}.1", self.convolved(f"{name}.0", values, groups=values.shape[1])).relu()
        return self.convolved(f"{name}.0", values, dilation=2 if operation == "dil_conv_3x3" else 1).relu()

    def denoised(self, values):
        features = [self.convolved("denoiser.0", values).relu()]
        for place, node in enumerate(self.architecture.nodes):
            features.append(
                sum(
                    self.operation(
                        f"denoiser.2.nodes.{place}.{term}", operation, features[source], self.wide[place + 1]
                    )
                    for term, (operation, source) in enumerate(node.terms)
                )
            )
        return values + self.convolved("denoiser.3", features[-1])

    def outputs(self, noisy, stages):
        estimate = noisy
        for stage in range(stages):
            delta, eta = self.weights[f"steps.{stage}.delta"], self.weights[f"steps.{stage}.eta"]
            denoised = self.denoised(estimate)
            estimate = (1 - delta - eta) * denoised + eta * estimate + delta * noisy
        return estimate


@pytest.mark.parametrize("text", ["skip_connect~0@3", ALL_OPERATIONS])
def test_the_network_is_the_one_written_by_hand(text):
    architecture = parse(text)
    network = MOD_NAS.build(architecture, width=8, depth=3, channels=2).double()
    with torch.no_grad():
        for stage, step in enumerate(network.steps):
            step.delta.fill_(0.1 + 0.05 * stage)
            step.eta.fill_(0.3 - 0.1 * stage)
    noisy = torch.rand(2, 2, 5, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    expected = ByHand(network, architecture, 8).outputs(noisy, 3)
    torch.testing.assert_close(network(noisy), expected, rtol=0, atol=1e-12)
    used = torch.autograd.grad(network(noisy).sum(), list(network.parameters()), allow_unused=True)
    assert all(gradient is not None for gradient in used)


def test_data_consistency_is_a_gradient_step():
    """Of ½‖y − x‖² + η'/2 ‖x − v‖² with step δ', where δ = δ' and η = 1 − δ' − δ'η'."""
    generator = torch.Generator().manual_seed(0)
    estimate, denoised, noisy = (torch.rand(3, 4, generator=generator, dtype=torch.float64) for _ in range(3))
    estimate.requires_grad_()
    length, weight = 0.2, 0.7
    objective = (noisy - estimate).square().sum() / 2 + weight * (estimate - denoised).square().sum() / 2
    (gradient,) = torch.autograd.grad(objective, estimate)
    step = DataConsistency().double()
    with torch.no_grad():
        step.delta.fill_(length)
        step.eta.fill_(1 - length - length * weight)
    torch.testing.assert_close(step(denoised, estimate, noisy), estimate - length * gradient, rtol=0, atol=1e-15)


def test_stages_share_one_denoiser_and_cost_its_passes():
    architecture = parse(ALL_OPERATIONS)
    one, three = (MOD_NAS.sizes(architecture, depth=depth) for depth in (1, 3))
    assert three.parameters - one.parameters == 2 * 2
    assert three.macs == 3 * one.macs
    assert one.macs == macs(architecture, channels=1, width=16, depth=1, image_size=40)
    without = mod_nas_network(architecture, consistent=False)
    assert sum(weight.numel() for weight in without.parameters()) == one.parameters - 2


def test_the_canonical_form_drops_what_nothing_reads_and_orders_the_nodes():
    unread = parse("skip_connect~0@3 sep_conv_3x3~0+conv_3x3~1@2 conv_3x3~0+residual_3x3~1@1")
    assert str(canonical(unread)) == "skip_connect~0@3 conv_3x3~0+residual_3x3~1@1"
    one = "skip_connect~0@3 sep_conv_3x3~0+conv_3x3~1@2 conv_3x3~0+residual_3x3~1@1 conv_3x3~2+skip_connect~3@4"
    other = "skip_connect~0@3 conv_3x3~0+residual_3x3~1@1 sep_conv_3x3~0+conv_3x3~1@2 skip_connect~2+conv_3x3~3@4"
    assert canonical(parse(one)) == canonical(parse(other))
    assert MOD_NAS.key(parse(one)) == MOD_NAS.key(parse(other)) == min(one, other)
    alone = parse("residual_3x3~0@3 sep_conv_3x3~0+conv_3x3~1@2")
    assert canonical(alone) == alone


def test_the_canonical_form_is_the_same_network():
    """The weights of each operation, given to the operation that computes it in the canonical form."""
    own = parse("skip_connect~0@3 sep_conv_3x3~0+conv_3x3~1@2 conv_3x3~0+residual_3x3~1@1 skip_connect~2+conv_3x3~3@4")
    other = canonical(own)
    assert other != own
    first, second = (MOD_NAS.build(each, width=4, depth=1).double() for each in (own, other))
    second.denoiser[0].load_state_dict(first.denoiser[0].state_dict())
    second.denoiser[3].load_state_dict(first.denoiser[3].state_dict())
    swapped = {0: 0, 1: 2, 2: 1, 3: 3}
    for place, node in enumerate(other.nodes):
        origin = own.nodes[swapped[place]]
        for term, (operation, _) in enumerate(node.terms):
            same = [name for name, _ in origin.terms].index(operation)
            state = first.denoiser[2].nodes[swapped[place]][same].state_dict()
            second.denoiser[2].nodes[place][term].load_state_dict(state)
    noisy = torch.rand(2, 1, 4, 4, dtype=torch.float64)
    torch.testing.assert_close(first(noisy), second(noisy), rtol=0, atol=1e-12)


def test_neighbours_are_symmetric_and_have_one_change():
    for seed in range(6):
        own = numbered(random.Random(seed).randrange(sum(map(count_of, (1, 2, 3)))))
        near = neighbours_of(own)
        assert len(near) == len(set(near))
        assert own not in near
        for other in random.Random(seed).sample(near, 10):
            assert own in neighbours_of(other)
    widest = parse("conv_3x3~0@4")
    assert len(neighbours_of(widest)) == 4 + 3 + 25


def test_a_network_that_is_to_be_trained_begins_as_the_noisy_image():
    architecture = parse(ALL_OPERATIONS)
    images = torch.randn(2, 1, 6, 5)
    for name in ("mod-nas", "mod-nas-unguided"):
        space = open_space(name)
        network = space.begun(architecture, seed=3, width=4)
        torch.testing.assert_close(network(images), images)
        built = space.build(architecture, init="kaiming_fan_in", seed=3, width=4).state_dict()
        changed = [key for key, weight in network.state_dict().items() if not torch.equal(weight, built[key])]
        assert changed == ["denoiser.3.weight"]
