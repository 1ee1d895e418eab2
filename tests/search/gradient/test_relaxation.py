"""How parameters become weights: distributions against their known laws, gradients against automatic ones."""

import math

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import DivergedError
from harness.search.gradient.beta_darts import beta_penalty
from harness.search.gradient.drnas import concentration
from harness.search.gradient.drnas import mean as dirichlet_mean
from harness.search.gradient.drnas import sample as dirichlet_sample
from harness.search.gradient.method import Parameters
from harness.search.gradient.pc_darts import edge_normalised
from harness.search.gradient.relaxation import (
    dirichlet,
    entropy,
    gumbel,
    gumbel_softmax,
    input_softmax,
    softmax,
    straight_through,
)
from harness.search.gradient.rsps import path, random_path
from tests.search.gradient.searches import SPACES, alphas, generator, moment

ROW = torch.tensor([[0.0, 1.0, -1.0, 0.5, 2.0]], dtype=torch.float64)
DRAWS = 4000


def repeated(row):
    """One group of many equal edges, so that one draw is many."""
    return Parameters({"cell": row.repeat(DRAWS, 1).requires_grad_()})


def many(method="gdas", **changes):
    kept = {"cell": torch.ones(DRAWS, ROW.shape[1], dtype=torch.bool)}
    return moment(method, "nasbench201", kept=kept, **changes)


def test_softmax_weights_are_scipys():
    parameters = Parameters(alphas(SPACES["nasbench201"].supernet(width=4, depth=1).groups))
    weights = softmax(parameters, moment("darts", "nasbench201")).weights["cell"]
    np.testing.assert_allclose(
        weights.detach(), scipy.special.softmax(parameters.operations["cell"].detach().numpy(), axis=1), rtol=1e-14
    )


def test_gumbel_noise_is_standard_gumbel():
    noise = gumbel(torch.empty(DRAWS, dtype=torch.float64), generator())
    assert scipy.stats.kstest(noise.numpy(), scipy.stats.gumbel_r.cdf).pvalue > 0.01


@pytest.mark.parametrize("temperature", [10.0, 0.1])
def test_the_largest_gumbel_weight_is_drawn_from_the_softmax(temperature):
    """The Gumbel-max trick (Maddison et al. 2017): P(argmax = o) = softmax(α)_o at every temperature."""
    weights = gumbel_softmax(repeated(ROW), many(temperature=(temperature, temperature)), "test").weights["cell"]
    counts = torch.bincount(weights.argmax(dim=1), minlength=ROW.shape[1]).numpy()
    expected = DRAWS * ROW.softmax(dim=1)[0].numpy()
    assert scipy.stats.chisquare(counts, expected).pvalue > 0.01
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(DRAWS, dtype=torch.float64))


def test_straight_through_is_the_hard_choice_with_the_soft_gradient():
    parameters, when = repeated(ROW), many(temperature=(2.0, 2.0))
    hard, soft = (relax(parameters, when, "test") for relax in (straight_through, gumbel_softmax))
    chosen = soft.weights["cell"].argmax(dim=1)
    assert torch.equal(hard.weights["cell"].argmax(dim=1), chosen)
    assert torch.equal(hard.weights["cell"], hard.active["cell"].double())
    assert torch.equal(hard.active["cell"].sum(dim=1), torch.ones(DRAWS, dtype=torch.long))
    coefficients = torch.randn(DRAWS, 5, generator=generator(2), dtype=torch.float64)
    by_hard, by_soft = (
        torch.autograd.grad((relaxed.weights["cell"] * coefficients).sum(), parameters.tensors())[0]
        for relaxed in (hard, soft)
    )
    torch.testing.assert_close(by_hard, by_soft)


def test_dirichlet_weights_sum_to_one_and_have_the_right_mean_and_variance():
    beta = concentration(ROW)
    expected = np.where(ROW.numpy() > 0, ROW.numpy() + 1, np.exp(ROW.numpy()))
    np.testing.assert_allclose(beta, expected, rtol=1e-12)
    weights = dirichlet_sample(repeated(ROW), many("drnas"), "test").weights["cell"].detach().numpy()
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-12)
    law = scipy.stats.dirichlet(expected[0])
    np.testing.assert_allclose(weights.mean(axis=0), law.mean(), atol=4 * np.sqrt(law.var().max() / DRAWS))
    np.testing.assert_allclose(weights.var(axis=0), law.var(), rtol=0.15)
    mean = dirichlet_mean(Parameters({"cell": ROW.repeat(DRAWS, 1)}), many("drnas")).weights["cell"]
    np.testing.assert_allclose(mean[0], law.mean(), rtol=1e-12)


def test_the_dirichlet_gradient_is_that_of_the_mean():
    """E[∂w/∂β] = ∂E[w]/∂β: pathwise samples of it average to the closed form."""
    beta = torch.tensor([[1.5, 0.7, 2.0]], dtype=torch.float64).repeat(DRAWS, 1).requires_grad_()
    weights = dirichlet(beta, torch.ones(DRAWS, 3, dtype=torch.bool), seed=1)
    pathwise = torch.autograd.grad(weights[:, 0].sum(), beta)[0].mean(dim=0)
    total = 4.2
    closed = torch.tensor([(total - 1.5) / total**2, -1.5 / total**2, -1.5 / total**2], dtype=torch.float64)
    torch.testing.assert_close(pathwise, closed, atol=0.012, rtol=0)


@pytest.mark.parametrize("value", [-200.0, math.nan, math.inf])
def test_a_concentration_that_is_no_positive_number_is_a_search_that_diverged(value):
    row = ROW.clone()
    row[0, 2] = value
    with pytest.raises(DivergedError, match=r"a concentration elu\(α\) \+ 1 is (0\.0|nan|inf) at epoch 2, step 8"):
        dirichlet_sample(repeated(row), many("drnas", epoch=1, step=7), "test")


def test_pruned_operations_have_no_weight():
    groups = SPACES["nasbench201"].supernet(width=4, depth=1).groups
    kept = {"cell": torch.tensor([[True, False, True, True, False]]).repeat(6, 1)}
    parameters, when = Parameters(alphas(groups)), moment("drnas", "nasbench201", kept=kept)
    for relaxed in (
        dirichlet_sample(parameters, when, "x"),
        dirichlet_mean(parameters, when),
        softmax(parameters, when),
    ):
        weights = relaxed.weights["cell"].detach()
        assert torch.equal(weights > 0, kept["cell"])
        torch.testing.assert_close(weights.sum(dim=1), torch.ones(6, dtype=torch.float64))


def test_draws_follow_from_the_moment_and_leave_the_global_state():
    parameters = Parameters(alphas(SPACES["nasbench201"].supernet(width=4, depth=1).groups))
    before = torch.get_rng_state()
    for relax in (gumbel_softmax, straight_through, dirichlet_sample, random_path):
        drawn = []
        for seed, step, purpose in ((0, 0, "a"), (0, 0, "a"), (1, 0, "a"), (0, 1, "a"), (0, 0, "b")):
            torch.rand(3)  # the global state neither matters
            drawn.append(
                relax(parameters, moment("gdas", "nasbench201", seed=seed, step=step), purpose).weights["cell"]
            )
        torch.testing.assert_close(drawn[0], drawn[1], rtol=0, atol=0)
        assert not any(torch.equal(drawn[0], other) for other in drawn[2:])
        torch.set_rng_state(before)
        relax(parameters, moment("gdas", "nasbench201"), "a")
        assert torch.equal(torch.get_rng_state(), before), "nor moves"


@pytest.mark.parametrize("space", sorted(SPACES))
def test_edge_weights_are_a_softmax_over_each_nodes_inputs(space):
    groups = SPACES[space].supernet(width=4, depth=1).groups
    for group in groups.values():
        beta = torch.randn(len(group.edges), generator=generator(3), dtype=torch.float64)
        sums = {}
        for (target, _), value in zip(group.edges, beta.tolist(), strict=True):
            sums[target] = sums.get(target, 0.0) + math.exp(value)
        plain = [math.exp(value) / sums[target] for (target, _), value in zip(group.edges, beta.tolist(), strict=True)]
        np.testing.assert_allclose(input_softmax(beta, group), plain, rtol=1e-12)
    edges = {name: torch.zeros(len(group.edges)) for name, group in groups.items()}
    relaxed = edge_normalised(Parameters(alphas(groups), edges), moment("pc-darts", space))
    assert set(relaxed.edges) == set(groups)


def test_the_beta_penaltys_gradient_is_the_softmax():
    groups = SPACES["darts"].supernet(width=4, depth=1).groups
    parameters = Parameters(alphas(groups))
    when = moment("beta-darts", "darts", epoch=1, penalty=50.0)
    value = beta_penalty(parameters, when)
    rows = np.concatenate([alpha.detach().numpy() for alpha in parameters.operations.values()])
    assert value.item() == pytest.approx(25 * scipy.special.logsumexp(rows, axis=1).mean(), rel=1e-12)
    for alpha, gradient in zip(parameters.tensors(), torch.autograd.grad(value, parameters.tensors()), strict=True):
        torch.testing.assert_close(gradient, 25 * alpha.softmax(dim=1).detach() / len(rows))
    assert beta_penalty(parameters, moment("beta-darts", "darts", epoch=0, penalty=50.0)).item() == 0


@pytest.mark.parametrize("space", sorted(SPACES))
def test_a_random_path_is_an_architecture(space):
    """One operation an edge; a DARTS node has two inputs with an operation, and all others carry `none`."""
    groups = SPACES[space].supernet(width=4, depth=1).groups
    parameters = Parameters({name: torch.zeros(group.shape) for name, group in groups.items()})
    here = moment("rsps", space, groups=groups)
    source, seen = generator(5), {name: torch.zeros(group.shape) for name, group in groups.items()}
    for _ in range(300):
        relaxed = path(parameters, here, source)
        for name, group in groups.items():
            weights = relaxed.weights[name]
            assert torch.equal(weights.sum(dim=1), torch.ones(len(group.edges)))
            assert torch.equal(weights.bool(), relaxed.active[name])
            seen[name] += weights
            if space == "darts":
                for node in range(2, 6):
                    edges = [place for place, (target, _) in enumerate(group.edges) if target == node]
                    assert weights[edges, 1:].sum() == 2
    for name, table in seen.items():
        dropped = torch.tensor([space == "nasbench201" or target > 2 for target, _ in groups[name].edges])
        assert bool((table[:, 1:] > 0).all()), "every operation of every edge is drawn some time"
        assert torch.equal(table[:, 0] > 0, dropped), "and `none` wherever an edge can be left out"
    if space == "nasbench201":
        assert scipy.stats.chisquare(seen["cell"].numpy().ravel()).pvalue > 0.01


@settings(deadline=None)
@given(st.lists(st.lists(st.floats(-8, 8), min_size=4, max_size=4), min_size=1, max_size=5))
def test_entropy_is_scipys_and_lies_between_none_and_all(rows):
    weights = torch.tensor(rows, dtype=torch.float64).softmax(dim=1)
    found = entropy({"cell": weights})
    assert found == pytest.approx(np.mean([scipy.stats.entropy(row) for row in weights.numpy()]), rel=1e-9, abs=1e-12)
    assert -1e-12 <= found <= math.log(4) + 1e-12


def test_entropy_at_its_ends():
    assert entropy({"cell": torch.eye(5)}) == 0
    assert entropy({"a": torch.full((2, 8), 1 / 8), "b": torch.full((3, 8), 1 / 8)}) == pytest.approx(math.log(8))
