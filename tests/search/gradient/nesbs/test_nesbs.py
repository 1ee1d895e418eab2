"""NESBS: the posterior's bound against exact expectations, its draws, and the search on a table."""

import itertools
import math
from dataclasses import replace

import pytest
import torch

from harness.errors import SearchError
from harness.search import METHODS, run_search
from harness.search.gradient.method import Parameters, Relaxed
from harness.search.gradient.nesbs.draws import Draw, averaged_loss, best_set, drawn_sets, members_in, packed
from harness.search.gradient.nesbs.posterior import divergence, most_likely, penalty, posterior, relax
from harness.search.gradient.setting import SearchSetting
from harness.spaces.nasbench201.cell import OPERATIONS
from tests.search.gradient.searches import SPACES, alphas, descended, generator, moment, one_step, tiny
from tests.search.gradient.test_table_supernet import separable

SPACE = SPACES["nasbench201"]


def at(space="nasbench201", **more):
    return moment("nesbs", space, **more)


def parameters_of(groups, scale=1.0):
    return Parameters({name: scale * alpha.detach() for name, alpha in alphas(groups).items()})


def kept_without(groups, *left_out):
    masks = {name: torch.ones(group.shape, dtype=torch.bool) for name, group in groups.items()}
    for mask in masks.values():
        mask[:, list(left_out)] = False
    return masks


def test_the_divergence_is_that_of_the_categorical_distributions():
    here = at()
    parameters = parameters_of(here.groups, 3.0)
    uniform = torch.distributions.Categorical(probs=torch.full((6, 5), 0.2, dtype=torch.float64))
    own = torch.distributions.Categorical(logits=parameters.operations["cell"])
    expected = torch.distributions.kl_divergence(own, uniform).sum()
    torch.testing.assert_close(divergence(parameters, here), expected, rtol=1e-12, atol=0)
    torch.testing.assert_close(penalty(parameters, here), expected / here.setting.likelihood)
    assert float(divergence(parameters_of(here.groups, 0.0), here)) == pytest.approx(0, abs=1e-12)


def test_what_is_pruned_has_no_part_in_the_posterior():
    here = at()
    here = replace(here, kept=kept_without(here.groups, 1, 3))
    parameters = parameters_of(here.groups)
    found = posterior(parameters, here).weights["cell"]
    assert bool((found[:, [1, 3]] == 0).all())
    own = torch.distributions.Categorical(logits=parameters.operations["cell"][:, [0, 2, 4]])
    uniform = torch.distributions.Categorical(probs=torch.full((6, 3), 1 / 3, dtype=torch.float64))
    expected = torch.distributions.kl_divergence(own, uniform).sum()
    torch.testing.assert_close(divergence(parameters, here), expected, rtol=1e-12, atol=0)
    leaf = Parameters({name: alpha.requires_grad_() for name, alpha in parameters.operations.items()})
    (slope,) = torch.autograd.grad(divergence(leaf, here), leaf.tensors())
    assert slope.isfinite().all()
    assert bool((slope[:, [1, 3]] == 0).all())


def test_a_step_descends_the_negative_bound_of_a_drawn_architecture():
    """The gradient of cross-entropy + KL / c by automatic differentiation through the softmax of the noisy logits."""
    step = one_step("nesbs", likelihood=7.0)
    alpha = step.parameters.operations["cell"].detach().clone().requires_grad_()
    leaf = Parameters({"cell": alpha})
    loss = step.loss(step.validation, relax(leaf, step.moment, "parameters"))
    (loss + divergence(leaf, step.moment) / 7.0).backward()
    torch.testing.assert_close(descended(step)["cell"], alpha.grad, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("space", sorted(SPACES))
def test_a_draw_is_one_architecture_with_the_gradient_of_its_softmax(space):
    here = at(space)
    leaf = Parameters(alphas(here.groups))
    found = relax(leaf, here, "parameters")
    assert found.active is None
    for name, table in found.weights.items():
        group = here.groups[name]
        assert sorted(set(table.detach().flatten().round(decimals=12).tolist())) == [0.0, 1.0]
        for node in {target for target, _ in group.edges}:
            rows = [row for row, (target, _) in zip(table.detach(), group.edges, strict=True) if target == node]
            assert float(sum(row.sum() for row in rows)) == pytest.approx(group.inputs or len(rows))
        if group.inputs is not None:
            assert not bool(table[:, 0].any()), "none is never drawn where nodes choose their inputs"
    (slope,) = torch.autograd.grad(next(iter(found.weights.values()))[:, 1].sum(), leaf.tensors()[:1])
    assert bool(slope.any())


def test_architectures_are_drawn_with_the_posterior_s_probabilities():
    here = at()
    parameters = parameters_of(here.groups)
    expected = posterior(parameters, here).weights["cell"]
    counts = torch.zeros_like(expected)
    steps = 3000
    for step in range(steps):
        counts += relax(parameters, replace(here, step=step), "parameters").weights["cell"]
    deviations = (expected * (1 - expected) / steps).sqrt()
    assert bool(((counts / steps - expected).abs() < 5 * deviations).all())


def test_the_weights_see_uniform_paths():
    here = at()
    here = replace(here, groups=here.groups)
    parameters = parameters_of(here.groups, 100.0)
    drawn = [relax(parameters, replace(here, step=step), "weights").weights["cell"] for step in range(400)]
    shares = torch.stack(drawn).mean(dim=(0, 1))
    assert bool(((shares - 0.2).abs() < 5 * math.sqrt(0.16 / 2400)).all())


def test_the_most_likely_are_those_of_all_combinations():
    probabilities = torch.randn(4, 3, generator=generator(), dtype=torch.float64).softmax(dim=1)
    every = sorted(
        itertools.product(range(3), repeat=4),
        key=lambda cell: -math.prod(float(probabilities[edge, place]) for edge, place in enumerate(cell)),
    )
    assert most_likely(10, probabilities) == every[:10]


@pytest.mark.parametrize("rule", ["mc", "svgd"])
@pytest.mark.parametrize("space", sorted(SPACES))
def test_members_are_architectures_and_their_paths(space, rule):
    here = at(space)
    left_out = [
        SPACES[space].supernet(width=4, depth=1).groups[name].operations.index("skip_connect") for name in here.groups
    ][:1]
    kept = kept_without(here.groups, *left_out)
    weights = posterior(parameters_of(here.groups), replace(here, kept=kept)).weights
    sets = drawn_sets(SPACES[space], weights, here.groups, kept, Draw(3, rule, 0.2, 1.0, 40), 4, generator(1))
    assert [len(one) for one in sets] == [3] * 4
    for member in itertools.chain(*sets):
        assert SPACES[space].derive(member.path, None, kept) == member.architecture
        assert "skip_connect" not in str(member.architecture)
        for table in member.path.values():
            assert set(table.flatten().tolist()) <= {0.0, 1.0}
            assert table.sum(dim=1).max() == 1
    assert len({str(member.architecture) for member in itertools.chain(*sets)}) > 4


def test_monte_carlo_draws_the_posterior_and_svgd_is_led_by_it():
    here = at()
    weights = {"cell": torch.full((6, 5), 0.02, dtype=torch.float64)}
    weights["cell"][:, 2] = 0.92
    for draw in (Draw(3, "mc"), Draw(3, "svgd", 0.0, 0.3, 300)):
        sets = drawn_sets(SPACE, weights, here.groups, kept_without(here.groups), draw, 60, generator(2))
        chosen = [operation for one in sets for member in one for operation in member.architecture.operations]
        share = chosen.count(OPERATIONS[2]) / len(chosen)
        assert share == pytest.approx(0.92, abs=0.05)


def test_the_averaged_loss_is_that_of_the_mean_probability():
    logs = torch.randn(3, 8, 5, generator=generator(), dtype=torch.float64).log_softmax(dim=2)
    labels = torch.arange(8) % 5
    expected = (
        -math.fsum(math.log(float(logs[:, row, label].exp().mean())) for row, label in enumerate(labels.tolist())) / 8
    )
    assert averaged_loss(logs, labels) == pytest.approx(expected, rel=1e-12)


def test_the_best_set_is_the_one_of_the_lowest_averaged_loss():
    step = one_step("nesbs")
    kept = kept_without(step.moment.groups)
    weights = posterior(step.parameters, step.moment).weights
    sets = drawn_sets(SPACE, weights, step.moment.groups, kept, Draw(2, "mc"), 6, generator(3))
    losses = []
    for one in sets:
        logits = [step.logits(step.validation, Relaxed(member.path)).detach() for member in one]
        mean = torch.stack(logits).softmax(dim=2).mean(dim=0)
        losses.append(float(-mean.gather(1, step.validation.labels[:, None]).log().mean()))
    assert best_set(step, sets) == sets[losses.index(min(losses))]


def test_texts_go_through_the_memory():
    members = drawn_sets(
        SPACE, {"cell": torch.full((6, 5), 0.2)}, at().groups, kept_without(at().groups), Draw(4, "mc"), 1, generator()
    )[0]
    assert members_in({"nesbs/members": packed(members)}) == tuple(str(member.architecture) for member in members)
    assert members_in({}) == ()


@pytest.mark.parametrize("draw", ["mc", "svgd"])
def test_a_search_on_a_table_draws_good_cells(draw):
    losses, best = separable()
    changes = {"alpha_lr": 0.05, "alpha_warm_up": 0, "epochs": 10, "draw": draw, "particle_std": 0.5, "members": 4}
    found = run_search(SPACE, "nesbs", METHODS["nesbs"].setting(SPACE, "laptop").changed(changes), data=losses)
    assert str(found.architecture) == best
    assert len(found.members) == 4
    values = [
        float(losses.losses[tuple(OPERATIONS.index(one) for one in member.operations)]) for member in found.members
    ]
    assert sum(values) / 4 < float(losses.losses.flatten().quantile(0.02))


def test_the_learning_rate_of_the_weights_ends_with_their_epochs():
    setting = SearchSetting(epochs=20, alpha_warm_up=8)
    alone = SearchSetting(epochs=8)
    rates = [setting.learning_rate(epoch, 8) for epoch in range(20)]
    assert rates[:8] == [alone.learning_rate(epoch) for epoch in range(8)]
    assert rates[8:] == pytest.approx([setting.weight_lr_min] * 12)


def test_a_supernet_that_would_never_be_trained_is_refused():
    with pytest.raises(SearchError, match="nesbs trains its supernet in the epochs of alpha_warm_up, which must be"):
        run_search(SPACE, "nesbs", tiny("nesbs", "nasbench201", alpha_warm_up=0), data="digits")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"members": 0}, "members must be a whole number from 1, got 0"),
        ({"draw": "mcmc"}, "unknown draw 'mcmc'"),
        ({"diversity": math.inf}, "diversity must be a finite number, got inf"),
        ({"likelihood": 0}, "likelihood must be a number above 0, got 0"),
        ({"sets": 0}, "sets must be a whole number from 1"),
    ],
)
def test_settings_that_draw_nothing_are_refused(change, message):
    with pytest.raises(SearchError, match=message):
        SearchSetting(**change)
    assert SearchSetting(diversity=-1).diversity == -1.0
