"""Mixed edges of all spaces' supernets.

Oracles: the supernet as a plain loop over edges and operations (tests/reference), finite differences, the parameter
count that DARTS's search code prints.
"""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from harness.errors import SpaceError
from tests.spaces.supernets import (
    CELLS,
    DEPTHS,
    REFERENCES,
    SHAPES,
    SPACES,
    edge_weights,
    gradients,
    images,
    mask,
    positive,
    supernet,
)

pytestmark = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name == "nasbench201-large" else []) for name in SPACES]
)
OFTEN = ("plain", "pruned partial edges")
"""Cases that run by default; the others are with the slow tests."""
CASES = {
    "plain": {},
    "edges": {"edges": True},
    "partial": {"partial": 2, "width": 8},
    "partial edges": {"partial": 4, "width": 8, "edges": True},
    "pruned": {"operations": True},
    "pruned partial edges": {"partial": 2, "width": 8, "operations": True, "edges": True},
}


def assert_equal(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[] if case in OFTEN else [pytest.mark.slow]) for case in CASES]
)
def test_logits_and_all_gradients_are_the_plain_loops(name, case):
    options = dict(CASES[case])
    edges = edge_weights(name) if options.pop("edges", False) else None
    operations = mask(name) if options.pop("operations", False) else None
    network = supernet(name, operations=operations, **options)
    weights, parameters = positive(name), dict(network.named_parameters())
    kept = weights if operations is None else {group: weights[group] * operations[group] for group in weights}
    expected = REFERENCES[name](
        parameters, images(), kept, depth=DEPTHS[name], edges=edges, partial=options.get("partial", 1)
    )
    found = network(images(), weights, edges)
    assert_equal(found, expected)
    tensors = [*weights.values(), *(edges or {}).values(), *parameters.values()]
    for one, other in zip(gradients(found, tensors), gradients(expected, tensors), strict=True):
        assert_equal(one, other)


def test_second_derivatives_are_the_plain_loops(name):
    network, weights = supernet(name, width=2), positive(name)
    parameters, tables = dict(network.named_parameters()), list(weights.values())
    found = []
    for logits in (network(images(), weights), REFERENCES[name](parameters, images(), weights, depth=DEPTHS[name])):
        first = torch.autograd.grad(logits.square().sum(), list(parameters.values()), create_graph=True)
        found.append(torch.autograd.grad(sum(one.square().sum() for one in first), tables))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-7, atol=1e-7)


def test_no_parameter_is_without_a_gradient_when_all_weights_are_positive(name):
    network = SPACES[name].supernet(width=4, depth=DEPTHS[name]).double()
    loss = network(images(), positive(name)).square().sum()
    for parameter, gradient in zip(network.parameters(), torch.autograd.grad(loss, network.parameters()), strict=True):
        assert gradient.shape == parameter.shape
        assert gradient.abs().max() > 0


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 2**31), partial=st.sampled_from([1, 2]))
def test_pruned_operations_are_those_of_weight_zero(name, seed, partial):
    operations, weights = mask(name, seed), {group: table.detach() for group, table in positive(name).items()}
    shape = {"width": 4, "depth": DEPTHS[name], "partial": partial}
    pruned, full = SPACES[name].supernet(operations=operations, **shape), SPACES[name].supernet(**shape)
    names = dict(full.named_parameters())
    assert all(torch.equal(parameter, names[key]) for key, parameter in pruned.named_parameters())
    zeroed = {group: weights[group] * operations[group] for group in weights}
    assert torch.equal(pruned(images(dtype=torch.float32), weights), full(images(dtype=torch.float32), zeroed))


def test_weights_of_zero_are_not_missed_where_a_gradient_is_asked_for(name):
    network = supernet(name)
    edges, operations = SHAPES[name]
    second = torch.eye(operations, dtype=torch.float64)[[1] * edges]
    weights = {group: second.clone().requires_grad_() for group in CELLS[name]}
    parameters = dict(network.named_parameters())
    expected = REFERENCES[name](parameters, images(), weights, depth=DEPTHS[name])
    found = network(images(), weights)
    assert_equal(found, expected)
    for one, other in zip(
        gradients(found, list(weights.values())), gradients(expected, list(weights.values())), strict=True
    ):
        assert_equal(one, other)
        assert (one[:, 2:] != 0).any()


@pytest.mark.parametrize("how", ["inferred", "given", "given with gradients", "no gradients asked for"])
def test_a_sampled_step_computes_only_the_sampled_operations(name, how):
    network = supernet(name)
    column = network.groups[CELLS[name][0]].operations.index("skip_connect")
    edges, operations = SHAPES[name]
    chosen = {group: nn.functional.one_hot(torch.full((edges,), column), operations) for group in CELLS[name]}
    weights = {group: table.double() for group, table in chosen.items()}
    active = None
    if how.startswith("given"):
        active = {group: table.bool() for group, table in chosen.items()}
        weights = {group: table.detach() for group, table in positive(name).items()}
    if how in ("given with gradients", "no gradients asked for"):
        weights = {group: table.requires_grad_() for group, table in weights.items()}
    with torch.set_grad_enabled(how != "no gradients asked for"):
        assert convolutions(network, weights, active) == SKIPPING[name]
    assert convolutions(network, positive(name), None) > 2 * SKIPPING[name]


SKIPPING = {
    # stem, and two reduction blocks of three
    "nasbench201": 1 + 2 * 3,
    "nasbench201-large": 1 + 2 * 3,
    # stem; two preprocessing ones in each of three cells, of which one, after a reduction, has one more; in each of two
    # reduction cells, for each of its two inputs, the two of the factorised reductions of all edges
    "darts": 1 + 2 * 3 + 1 + 2 * 2 * 2,
}
"""Convolutions of a supernet that skips everywhere."""


class Counter(TorchDispatchMode):
    count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += function is torch.ops.aten.convolution.default
        return function(*args, **(kwargs or {}))


def convolutions(network, weights, active):
    with Counter() as counter:
        network(images(), weights, active=active)
    return counter.count


def test_active_operations_alone_count(name):
    network, weights, active = supernet(name), positive(name), mask(name)
    zeroed = {group: weights[group] * active[group] for group in weights}
    found, expected = network(images(), weights, active=active), network(images(), zeroed)
    assert_equal(found, expected)
    tables, parameters = list(weights.values()), list(network.parameters())
    by_all = [gradients(logits, [*tables, *parameters]) for logits in (found, expected)]
    for one, other in zip(*by_all, strict=True):
        assert_equal(one, other)
    for group, gradient in zip(weights, by_all[0], strict=False):
        assert (gradient[~active[group]] == 0).all()


def test_a_supernet_of_none_alone_gives_every_image_the_same_logits(name):
    network = supernet(name)
    weights = {
        group: torch.zeros(SHAPES[name], dtype=torch.float64).index_fill(1, torch.tensor(0), 1) for group in CELLS[name]
    }
    logits = network(images(), weights)
    assert_equal(logits, logits[:1].expand(4, 3))


def test_batch_norm_never_keeps_statistics(name):
    network, weights = supernet(name), positive(name)
    assert torch.equal(network.train()(images(), weights), network.eval()(images(), weights))
    assert not [key for key in network.state_dict() if "running" in key or "tracked" in key]


def test_a_network_in_half_precision_autocast_trains(name):
    network, weights = SPACES[name].supernet(width=4, depth=DEPTHS[name]), positive(name)
    with torch.autocast("cpu", torch.bfloat16):
        logits = network(images(dtype=torch.float32), weights)
    expected = network(images(dtype=torch.float32), weights)
    assert torch.nn.functional.cosine_similarity(logits.float().flatten(), expected.flatten(), dim=0) > 0.95
    for gradient in torch.autograd.grad(logits.float().square().sum(), list(network.parameters())):
        assert gradient.isfinite().all()


def test_weights_follow_from_the_seed_alone_and_no_random_state_moves(name):
    before = torch.get_rng_state()
    one, same, other = (SPACES[name].supernet(width=4, depth=2, seed=seed, init="kaiming_fan_in") for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), before)
    for left, right in zip(one.parameters(), same.parameters(), strict=True):
        assert torch.equal(left, right)
    assert not torch.equal(one.stem[0].weight, other.stem[0].weight)
    assert not torch.equal(one.classifier.weight, other.classifier.weight)


def test_every_parameter_has_its_own_name_and_module(name):
    network = SPACES[name].supernet(width=4, depth=2)
    other = SPACES[name].supernet(width=4, depth=2, seed=1)
    other.load_state_dict(network.state_dict())
    for left, right in zip(network.parameters(), other.parameters(), strict=True):
        assert torch.equal(left, right)
        assert left.data_ptr() != right.data_ptr()


def wrong_inputs(name):
    edges, operations = SHAPES[name]
    table, group = torch.ones(edges, operations), CELLS[name][-1]
    tables = dict.fromkeys(CELLS[name], table)
    flags = {key: value.bool() for key, value in tables.items()}
    none_left = table.bool()
    none_left[2] = False
    call = SPACES[name].supernet(width=4, depth=1)
    nothing = torch.zeros(2, 3, 8, 8)
    return {
        "missing": (lambda: call(nothing, {}), f"operation weights are missing for group '{CELLS[name][0]}'"),
        "unknown": (lambda: call(nothing, {**tables, "cells": table}), "unknown group of operation weights 'cells'"),
        "shape": (
            lambda: call(nothing, {**tables, group: table.T}),
            rf"operation weights of group '{group}' have the shape \[{operations}, {edges}\], "
            rf"expected \[{edges}, {operations}\]",
        ),
        "edges": (
            lambda: call(nothing, tables, {key: torch.ones(3) for key in tables}),
            rf"edge weights of group '\w+' have the shape \[3\], expected \[{edges}\]",
        ),
        "active": (lambda: call(nothing, tables, active=tables), "must be a Boolean mask, got torch.float32"),
        "emptied": (
            lambda: SPACES[name].supernet(operations={**flags, group: none_left}),
            f"of group '{group}' keeps no operation",
        ),
        "partial": (lambda: SPACES[name].supernet(width=16, partial=3), "partial must divide .* 16; got 3"),
        "no partial": (lambda: SPACES[name].supernet(partial=0), "got 0"),
        "derive shape": (lambda: SPACES[name].derive({**tables, group: table[1:]}), "expected"),
        "derive missing": (lambda: SPACES[name].derive({}), "missing"),
        "derive NaN": (
            lambda: SPACES[name].derive({**tables, group: table * float("nan")}),
            f"the weight of 'none' on edge .*←0 of group '{group}' is nan",
        ),
    }


@pytest.mark.parametrize("case", wrong_inputs("nasbench201"))
def test_bad_input_is_named(name, case):
    action, message = wrong_inputs(name)[case]
    with pytest.raises(SpaceError, match=message):
        action()
