"""Projection, proximity and ADMM against plain loops in float64, and their fixed points."""

import dataclasses

import numpy as np
import pytest
import torch

from harness.search import METHODS
from harness.search.gradient.method import Parameters, Relaxed
from harness.search.gradient.options import PENALTIES, with_options
from harness.search.gradient.prime.admm import DISCRETE, DUAL, EVERY, STEPS, admm, update
from harness.search.gradient.prime.projection import distance, projected, projections
from harness.search.gradient.relaxation import softmax
from tests.reference import prime as reference
from tests.search.gradient.searches import SPACES, alphas, descended, generator, moment, one_step

GROUPS = {name: space.supernet(width=4, depth=1).groups for name, space in SPACES.items()}
SPACE_NAMES = sorted(SPACES)
RHO = 0.7


def at(space, **changes):
    return moment("darts", space, **{"epoch": 1, "step": 0, "epochs": 4, "rho": RHO, **changes})


def inputs_of(architecture):
    """A cell, or the operations and inputs of a genotype's nodes without the order that their strengths give."""
    if not hasattr(architecture, "normal"):
        return architecture
    cells = (architecture.normal, architecture.reduce)
    return [sorted(cell[place : place + 2]) for cell in cells for place in range(0, len(cell), 2)]


def targets(space, group, weights):
    table = weights.detach().numpy()
    return reference.argmax_per_edge(table) if space == "nasbench201" else reference.two_best_inputs(table, group.edges)


@pytest.mark.parametrize("space", SPACE_NAMES)
@pytest.mark.parametrize("seed", range(5))
def test_the_projection_is_that_of_a_plain_loop_and_of_the_space(space, seed):
    when = at(space)
    weights = softmax(Parameters(alphas(GROUPS[space], seed, scale=2)), when).weights
    found = projections(weights, when.kept, GROUPS[space])
    for name, group in GROUPS[space].items():
        np.testing.assert_array_equal(found[name], targets(space, group, weights[name]))
    assert inputs_of(SPACES[space].derive(found)) == inputs_of(SPACES[space].derive(weights))


@pytest.mark.parametrize("space", SPACE_NAMES)
def test_the_projection_is_idempotent_and_its_distance_nothing(space):
    when = at(space)
    weights = softmax(Parameters(alphas(GROUPS[space], 3)), when).weights
    once = projections(weights, when.kept, GROUPS[space])
    twice = projections(once, when.kept, GROUPS[space])
    assert all(torch.equal(once[name], twice[name]) for name in once)
    assert distance(once, when.kept, GROUPS[space]) == 0
    assert distance(weights, when.kept, GROUPS[space]) > 0.5


def test_what_is_pruned_is_not_chosen_and_an_edge_without_a_weight_is_nothing():
    group = GROUPS["nasbench201"]["cell"]
    weights = torch.tensor([[0.9, 0.0, 0.1, 0.0, 0.0]]).repeat(6, 1)
    weights[0] = 0
    kept = torch.ones(6, 5, dtype=torch.bool)
    kept[:, 0] = False
    found = projected(weights, kept, group)
    assert not found[0].any()
    assert torch.equal(found[1:], torch.tensor([[0.0, 0, 1, 0, 0]]).repeat(5, 1))


def test_edge_weights_choose_the_inputs():
    group = GROUPS["darts"]["normal"]
    weights = softmax(Parameters(alphas(GROUPS["darts"], 4)), at("darts")).weights["normal"]
    edges = torch.rand(14, generator=generator(4), dtype=torch.float64)
    found = projected(weights, torch.ones(14, 8, dtype=torch.bool), group, edges)
    strengths = weights.detach() * edges[:, None]
    np.testing.assert_array_equal(found, reference.two_best_inputs(strengths.numpy(), group.edges))


def test_uniform_weights_have_the_distance_that_is_stated():
    when = at("nasbench201")
    assert distance({"cell": torch.full((6, 5), 0.2)}, when.kept, GROUPS["nasbench201"]) == pytest.approx(
        (6 * (1 - 1 / 5)) ** 0.5
    )


def value_and_gradient(name, space, when, memory=None, seed=5):
    parameters = Parameters(alphas(GROUPS[space], seed, scale=1.0))
    value = PENALTIES[name](parameters, softmax(parameters, when), when, {} if memory is None else memory)
    return parameters, float(value.detach()), torch.autograd.grad(value, parameters.tensors())


@pytest.mark.parametrize("space", SPACE_NAMES)
@pytest.mark.parametrize(
    ("name", "plain"), [("proximity", reference.proximity), ("adjusted_proximity", reference.adjusted)]
)
def test_proximity_and_its_gradient_are_those_of_plain_loops(space, name, plain):
    when = at(space)
    assert when.done == 0.5, "the first of an epoch's one step, in the second of four epochs"
    parameters, value, gradients = value_and_gradient(name, space, when)
    expected = 0.0
    for (group, alpha), gradient in zip(parameters.operations.items(), gradients, strict=True):
        table = alpha.detach().numpy()
        target = targets(space, GROUPS[space][group], alpha.softmax(dim=1))
        own, slope = plain(table, target, RHO, when.done)
        expected += own
        np.testing.assert_allclose(gradient, slope, rtol=1e-10, atol=1e-13)
    assert value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("space", SPACE_NAMES)
def test_the_admm_term_and_its_gradient_are_those_of_plain_loops(space):
    when = at(space)
    discrete, dual = alphas(GROUPS[space], 6), alphas(GROUPS[space], 7)
    memory = {DISCRETE + name: table.detach() for name, table in discrete.items()}
    memory |= {DUAL + name: table.detach() for name, table in dual.items()}
    parameters, value, gradients = value_and_gradient("admm", space, when, memory)
    expected = 0.0
    for (name, alpha), gradient in zip(parameters.operations.items(), gradients, strict=True):
        own, slope = reference.admm(
            alpha.detach().numpy(), discrete[name].detach().numpy(), dual[name].detach().numpy(), RHO
        )
        expected += own
        np.testing.assert_allclose(gradient, slope, rtol=1e-10, atol=1e-13)
    assert value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ["proximity", "adjusted_proximity"])
def test_proximity_and_its_gradient_are_nothing_at_a_discrete_architecture(name):
    when = at("nasbench201")
    cell = torch.eye(5, dtype=torch.float64)[[0, 1, 2, 3, 4, 2]].requires_grad_()
    value = PENALTIES[name](Parameters({"cell": cell}), Relaxed({"cell": cell}), when, {})
    assert float(value.detach()) == 0
    assert not torch.autograd.grad(value, cell)[0].any()


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_the_adjustment_lets_uniform_weights_be_and_fades(count):
    """At p = 0 its factor is 0 where a = 1/O; at p = 1 the term is the proximity."""
    kept = {"cell": torch.arange(5).repeat(6, 1) < count}
    uniform = torch.full((6, 5), 1 / count, dtype=torch.float64).masked_fill(~kept["cell"], 0)
    when = dataclasses.replace(at("nasbench201", rho=1.0), kept=kept)
    early = dataclasses.replace(when, epoch=0, step=-1)  # p = 0
    late = dataclasses.replace(when, epoch=3)
    parameters, relaxed = Parameters({}), Relaxed({"cell": uniform})
    inside = PENALTIES["adjusted_proximity"](parameters, relaxed, early, {})
    assert float(inside) == pytest.approx(0, abs=1e-12)
    shares = torch.rand(6, 5, generator=generator(count), dtype=torch.float64).masked_fill(~kept["cell"], 0)
    relaxed = Relaxed({"cell": shares})
    values = [float(PENALTIES[name](parameters, relaxed, late, {})) for name in ("proximity", "adjusted_proximity")]
    assert values[0] == pytest.approx(values[1], rel=1e-12)


@pytest.mark.parametrize("method", ["darts", "darts-second-order", "snas", "drnas", "gdas", "beta-darts"])
def test_a_method_descends_its_own_gradient_plus_that_of_the_term(method):
    """Without proximity at ρ = 0 and with it: the difference is the term's own gradient, of the weights' mean."""
    changes = {"regularise": "proximity", "penalty": 3.0}
    gradients = []
    for rho in (0.0, 2.0):
        step = one_step(method, rho=rho, **changes)
        gradients.append(descended(dataclasses.replace(step, method=with_options(step.method, step.moment.setting))))
    parameters = one_step(method).parameters
    when = one_step(method, rho=2.0, **changes).moment
    term = PENALTIES["proximity"](parameters, METHODS[method].mean(parameters, when), when, {})
    expected = torch.autograd.grad(term, parameters.tensors())[0]
    torch.testing.assert_close(gradients[1]["cell"] - gradients[0]["cell"], expected, rtol=1e-7, atol=1e-9)
    assert float(expected.abs().max()) > 1e-3


def clipped_step(alpha, memory):
    step = one_step("darts", activation="clipped", regularise="admm")
    parameters = Parameters({"cell": alpha})
    return dataclasses.replace(
        step, parameters=parameters, memory=memory, method=with_options(step.method, step.moment.setting)
    )


def test_a_discrete_architecture_is_a_fixed_point_of_admm():
    """Where a = α, one-hot, with Z = α and U = 0: the term is 0, and neither Z nor U moves."""
    cell = torch.eye(5, dtype=torch.float64)[[1, 2, 3, 4, 2, 3]]
    memory = {DISCRETE + "cell": cell.clone(), DUAL + "cell": torch.zeros(6, 5, dtype=torch.float64)}
    step = clipped_step(cell.clone().requires_grad_(), memory)
    value = admm(step.parameters, step.method.mean(step.parameters, step.moment), step.moment, memory)
    assert float(value.detach()) == 0
    for _ in range(EVERY):
        update(step)
    assert int(memory[STEPS]) == EVERY
    assert torch.equal(memory[DISCRETE + "cell"], cell)
    assert not memory[DUAL + "cell"].any()


def test_z_and_u_are_updated_after_every_tenth_step_z_first():
    alpha = torch.rand(6, 5, generator=generator(8), dtype=torch.float64).requires_grad_()
    memory = {}
    step = clipped_step(alpha, memory)
    admm(step.parameters, step.method.mean(step.parameters, step.moment), step.moment, memory)
    assert torch.equal(memory[DISCRETE + "cell"], alpha.detach()), "Z begins at α"
    for _ in range(EVERY - 1):
        update(step)
    assert torch.equal(memory[DISCRETE + "cell"], alpha.detach())
    before = memory[DUAL + "cell"].clone()
    update(step)
    discrete = reference.argmax_per_edge((alpha.detach() + before).clamp(0, 1).numpy())
    np.testing.assert_array_equal(memory[DISCRETE + "cell"], discrete)
    np.testing.assert_allclose(memory[DUAL + "cell"], (before + alpha.detach()).numpy() - discrete, rtol=1e-14)


def test_with_a_softmax_the_discrete_architecture_moves_on_as_in_the_authors_code():
    """U takes up α − Z with α as it is: at α = 0, Z goes from one operation to the next, and comes to no rest."""
    step = one_step("darts", regularise="admm")
    alpha = torch.zeros(6, 5, dtype=torch.float64, requires_grad=True)
    step = dataclasses.replace(step, parameters=Parameters({"cell": alpha}))
    chosen = []
    for _ in range(5 * EVERY):
        update(step)
        if not int(step.memory[STEPS]) % EVERY:
            chosen.append(int(step.memory[DISCRETE + "cell"][0].argmax()))
    assert sorted(chosen) == [0, 1, 2, 3, 4]
