"""The supernet of the MoD-NAS space, held to derived networks, and what widths cost."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from harness.errors import SpaceError
from harness.spaces import open_space
from harness.spaces.mod_nas.expected_cost import expected_macs, mac_share
from harness.spaces.mod_nas.notation import NODES, OPERATIONS, QUARTERS, parse
from harness.spaces.mod_nas.supernet import CHOICES, EDGES, EXITS, GROUPS, WIDTHS

MOD_NAS, UNGUIDED = open_space("mod-nas"), open_space("mod-nas-unguided")
TEXTS = (
    "skip_connect~0@3",
    "residual_3x3~0@1 sep_conv_3x3~0+dil_conv_3x3~1@3",
    "conv_3x3~0@2 dil_conv_3x3~0+skip_connect~1@4 sep_conv_3x3~1+residual_3x3~2@3 skip_connect~2+residual_3x3~3@1",
)


def chosen(architecture):
    """One-hot weights of an architecture; what it does not say is `none`, the full width."""
    weights = {name: torch.zeros(group.shape, dtype=torch.float64) for name, group in GROUPS.items()}
    for target in range(1, NODES + 1):
        node = architecture.nodes[target - 1] if target <= len(architecture.nodes) else None
        weights[WIDTHS][target - 1, (node.quarters if node else 4) - 1] = 1
        terms = dict((source, operation) for operation, source in node.terms) if node else {}
        for edge, (of, source) in enumerate(EDGES):
            if of == target:
                weights[CHOICES][edge, 1 + OPERATIONS.index(terms[source]) if source in terms else 0] = 1
    weights[EXITS][0, len(architecture.nodes) - 1] = 1
    return weights


@pytest.mark.parametrize("space", [MOD_NAS, UNGUIDED], ids=lambda space: space.name)
@pytest.mark.parametrize("text", TEXTS)
def test_a_chosen_architecture_is_the_derived_network(space, text):
    architecture = parse(text)
    supernet = space.supernet(width=6, depth=2, seed=1).double()
    noisy = torch.rand(2, 1, 6, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    weights = chosen(architecture)
    assert space.derive(weights) == architecture
    network = space.inherited(supernet, architecture)
    torch.testing.assert_close(supernet(noisy, weights), network(noisy), rtol=0, atol=1e-14)
    assert space.sizes(architecture, width=6).parameters == sum(each.numel() for each in network.parameters())


def test_a_pass_costs_one_convolution_for_all_widths():
    supernet = MOD_NAS.supernet(width=8, depth=2)
    called = []
    for module in supernet.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(lambda one, *_: called.append(one))
    even = {name: torch.full(group.shape, 1 / group.shape[1]) for name, group in GROUPS.items()}
    supernet(torch.rand(1, 1, 4, 4), even)
    every = 2 * (2 + len(EDGES) * 6)  # stem and tail; conv, dilated, two of the separable, two of the residual
    assert len(called) == every
    called.clear()
    first = torch.zeros(NODES, len(QUARTERS))
    first[:, 0] = 1
    supernet(torch.rand(1, 1, 4, 4), {**even, WIDTHS: first})
    assert len(called) == every


def test_widths_mix_masks():
    """A node of one edge, by hand: conv(x) times the share of the widths that have each channel."""
    supernet = MOD_NAS.supernet(width=4, depth=1, seed=3).double()
    weights = chosen(parse("conv_3x3~0@4"))
    shares = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    weights[WIDTHS][0] = shares
    noisy = torch.rand(1, 1, 5, 5, dtype=torch.float64)
    stem, _, _, tail = supernet.denoiser
    features = supernet.edges_of(1, 0)["conv_3x3"](stem(noisy).relu())
    kept = torch.tensor([1.0, 0.9, 0.7, 0.4], dtype=torch.float64)[:, None, None]
    delta, eta = (getattr(supernet.steps[0], name) for name in ("delta", "eta"))
    denoised = noisy + tail(features * kept)
    expected = (1 - delta - eta) * denoised + (eta + delta) * noisy
    torch.testing.assert_close(supernet(noisy, weights), expected, rtol=0, atol=1e-14)


def test_the_largest_weights_are_derived():
    generator = torch.Generator().manual_seed(4)
    weights = {name: torch.rand(group.shape, generator=generator) for name, group in GROUPS.items()}
    weights[CHOICES][:, 0] = 2  # `none` is never chosen
    found = MOD_NAS.derive(weights)
    assert len(found.nodes) == 1 + int(weights[EXITS][0].argmax())
    for target, node in enumerate(found.nodes, start=1):
        assert node.quarters == QUARTERS[int(weights[WIDTHS][target - 1].argmax())]
        rows = {source: weights[CHOICES][edge, 1:] for edge, (of, source) in enumerate(EDGES) if of == target}
        best = sorted(rows, key=lambda source: -rows[source].max())[:2]
        assert node.terms == tuple((OPERATIONS[int(rows[each].argmax())], each) for each in sorted(best))
    first = {name: torch.ones(group.shape) for name, group in GROUPS.items()}
    assert str(MOD_NAS.derive(first)) == "conv_3x3~0@1"


def test_operations_left_out_have_no_weights():
    masks = {name: torch.ones(group.shape, dtype=torch.bool) for name, group in GROUPS.items()}
    masks[CHOICES][:, 1] = False
    pruned, whole = MOD_NAS.supernet(operations=masks), MOD_NAS.supernet()
    assert "conv_3x3" not in pruned.edges_of(1, 0)
    assert torch.equal(pruned.edges_of(2, 1)["dil_conv_3x3"][0].weight, whole.edges_of(2, 1)["dil_conv_3x3"][0].weight)
    even = {name: torch.ones(group.shape) for name, group in GROUPS.items()}
    assert MOD_NAS.derive(even, operations=masks).nodes[0].terms == (("dil_conv_3x3", 0),)


def test_what_a_supernet_does_not_have_is_refused():
    with pytest.raises(SpaceError, match="partial must be 1"):
        MOD_NAS.supernet(partial=2)
    with pytest.raises(SpaceError, match="Conv2d is no supernet of the space mod-nas"):
        MOD_NAS.inherited(nn.Conv2d(1, 1, 1), parse("conv_3x3~0@4"))
    for space, other, told in ((MOD_NAS, UNGUIDED, "without"), (UNGUIDED, MOD_NAS, "with")):
        with pytest.raises(SpaceError, match=f"the space {space.name} has no supernet {told} data consistency"):
            space.inherited(other.supernet(width=4), parse("conv_3x3~0@4"))


def drawn_weights(seed):
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.rand(group.shape, generator=generator, dtype=torch.float64).softmax(dim=1)
        for name, group in GROUPS.items()
    }


@pytest.mark.parametrize("text", TEXTS)
def test_chosen_architectures_cost_what_their_networks_do(text):
    architecture = parse(text)
    one = float(expected_macs(chosen(architecture), channels=3, width=8))
    assert one == MOD_NAS.sizes(architecture, channels=3, width=8, depth=1, image_size=1).macs


@pytest.mark.parametrize(("group", "row"), [(CHOICES, 0), (CHOICES, 7), (WIDTHS, 1), (WIDTHS, 3), (EXITS, 0)])
def test_expected_costs_are_means_over_each_choice(group, row):
    """Linear in each row: with chosen architectures right, this makes every expectation right."""
    weights = drawn_weights(1)
    parts = []
    for column, share in enumerate(weights[group][row]):
        one = {name: table.clone() for name, table in weights.items()}
        one[group][row] = 0
        one[group][row, column] = 1
        parts.append(share * expected_macs(one, channels=1, width=16))
    torch.testing.assert_close(torch.stack(parts).sum(), expected_macs(weights, channels=1, width=16))


def test_the_share_lies_between_none_and_all():
    weights = drawn_weights(2)
    found = mac_share({name: table.requires_grad_() for name, table in weights.items()}, channels=1, width=16)
    assert 0 < found.item() < 1
    gradients = torch.autograd.grad(found, list(weights.values()))
    assert all(bool((gradient > 0).any()) for gradient in gradients)
