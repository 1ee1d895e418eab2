"""The objective `latency`: its gradient, its multiplier, its checkpoints, and what refuses it."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from harness.errors import SearchError
from harness.prediction.encoding import one_hots
from harness.prediction.linear import fit_pairwise
from harness.prediction.predictor import Predictor
from harness.search import METHODS, SearchSetting, run_search
from harness.search.gradient.latency import DISCRETE, LOSS, MEAN, MULTIPLIER, RATE, WEIGHT
from harness.search.gradient.options import check_options, with_options
from harness.search.gradient.table_supernet import TableLosses
from harness.spaces.nasbench201.cell import OPERATIONS
from harness.spaces.nasbench201.derivation import GROUPS
from tests.sampling import one_in
from tests.search.gradient.searches import SPACES, alphas, descended, one_step, tiny
from tests.search.gradient.test_contract import content, equal, interrupted_and_resumed, without_seconds
from tests.search.gradient.test_table_supernet import separable

SPACE = SPACES["nasbench201"]
REFUSING = {"rsps", "nasi", "nasi-ada", "te-nas", "radars", "daas", "dsnas", "trilevel", "mod-nas"}
LOSSES = TableLosses("parts of a test", separable()[0].losses / 10)
"""As large as expected errors of cells are."""
ON = {"objective": "latency", "latency_column": "a_latency_ms"}


def predictor(seed=0, **changes):
    """Each operation takes its own time, some pairs take more, and `none` takes least."""
    generator = np.random.default_rng(seed)
    cells = generator.integers(5, size=(600, 6))
    values = 1 + cells.sum(axis=1) + 0.3 * (cells[:, 0] * cells[:, 5] > 8) + generator.random(600)
    models = fit_pairwise(one_hots(cells, 5), values[:, None], ((6, 5),))
    found = Predictor("a_latency_ms", "ms", "nasbench201", ((6, 5),), models, "random cells", 0.1, 0.05)
    return dataclasses.replace(found, **changes)


PREDICTOR = predictor()


def table_search(seed=0, **options):
    setting = tiny("darts", "nasbench201", **{"epochs": 4, "steps_per_epoch": 40, "alpha_lr": 0.05, **ON, **options})
    return run_search(SPACE, "darts", setting, data=LOSSES, seed=seed, predictor=PREDICTOR)


@pytest.mark.parametrize("name", sorted(METHODS))
def test_each_method_takes_the_objective_or_refuses_it_in_one_line(name):
    setting = SearchSetting(**ON, latency_weight=0.1)
    if name in REFUSING:
        with pytest.raises(SearchError, match=f"{name} takes no objective 'latency': it") as raised:
            with_options(METHODS[name], setting, PREDICTOR)
        assert "\n" not in str(raised.value)
    else:
        assert with_options(METHODS[name], setting, PREDICTOR).name == name


@pytest.mark.parametrize(("method", "regularise"), [("darts", "none"), ("beta-darts", "none"), ("darts", "proximity")])
def test_the_gradient_is_that_of_the_loss_and_of_lambda_times_the_mean_latency(method, regularise):
    """Against the same step without the objective and the plain gradient of λ LAT(softmax α)."""
    options = {"regularise": regularise, "penalty": 3.0}
    step = one_step(method, **options)
    plain = dataclasses.replace(step, method=with_options(METHODS[method], step.moment.setting))
    without = descended(plain)["cell"]
    step = one_step(method, **options, **ON, latency_weight=0.7)
    step = dataclasses.replace(step, method=with_options(step.method, step.moment.setting, PREDICTOR))
    found = descended(step)["cell"]
    alpha = alphas(GROUPS)["cell"]
    latency = PREDICTOR({"cell": alpha.softmax(dim=1)}, GROUPS)
    (slope,) = torch.autograd.grad(0.7 * latency, alpha)
    torch.testing.assert_close(found, without + slope)
    assert float(slope.abs().max()) > 1e-3


def test_the_multiplier_moves_by_the_violation_of_the_cell_that_would_be_derived():
    memory, found = {}, []
    for _ in range(3):
        step = one_step("darts", memory=memory, **ON, target_latency=6.0)
        step = dataclasses.replace(step, method=with_options(step.method, step.moment.setting, PREDICTOR))
        step.method.architecture_step(step)
        chosen = torch.nn.functional.one_hot(step.parameters.operations["cell"].detach().argmax(dim=1), 5)
        found.append(float(PREDICTOR({"cell": chosen}, GROUPS)))
    expected = 0.0
    for latency in found:
        expected = max(0.0, expected + RATE * (latency / 6.0 - 1))
    assert float(memory[MULTIPLIER]) == pytest.approx(expected, rel=1e-12)
    assert expected > 0
    assert float(memory[DISCRETE][0, 0]) == pytest.approx(found[-1])


def test_the_multiplier_is_never_below_zero():
    found = table_search(target_latency=1000.0)
    assert float(found.memory[MULTIPLIER]) == 0
    assert not found.memory[WEIGHT].any()


def test_what_is_kept_is_that_of_the_last_step():
    found = table_search(latency_weight=0.01)
    assert float(found.memory[MEAN][-1, -1]) == pytest.approx(
        float(PREDICTOR({"cell": found.weights["cell"]}, GROUPS)), rel=1e-6
    )
    derived = torch.nn.functional.one_hot(found.weights["cell"].argmax(dim=1), 5)
    assert float(found.memory[DISCRETE][-1, -1]) == pytest.approx(float(PREDICTOR({"cell": derived}, GROUPS)))
    assert found.memory[LOSS].isfinite().all()
    assert set(found.memory[WEIGHT].flatten().tolist()) == {0.01}


def test_on_a_table_a_larger_weight_finds_faster_cells():
    ends = [float(table_search(latency_weight=weight).memory[DISCRETE][-1, -1]) for weight in (0.0, 0.001, 1.0)]
    assert ends[0] > ends[1] > ends[2]


def test_a_weight_of_zero_is_the_search_without_the_objective():
    setting = tiny("darts", "nasbench201", epochs=4, steps_per_epoch=40, alpha_lr=0.05)
    plain = run_search(SPACE, "darts", setting, data=LOSSES)
    assert torch.equal(plain.weights["cell"], table_search(latency_weight=0.0).weights["cell"])


@pytest.mark.parametrize("share", one_in(3, [0.3, 0.5, 0.8], at=1))
def test_on_a_table_the_found_cell_is_predicted_within_the_target(share):
    free = float(table_search(latency_weight=0.0).memory[DISCRETE][-1, -1])
    found = table_search(target_latency=share * free, alpha_lr=0.02)
    numbers = [OPERATIONS.index(one) for one in found.architecture.operations]
    assert float(PREDICTOR({"cell": torch.eye(5)[numbers]}, GROUPS)) <= share * free


def test_where_no_cell_is_within_the_target_the_present_one_is_chosen():
    found = table_search(target_latency=1e-6)
    assert found.architecture == SPACE.derive(found.weights)


@pytest.mark.parametrize("seed", one_in(2, range(2)))
def test_on_a_table_a_target_holds_the_cells_to_it_on_average(seed):
    """Cells are discrete, so that the last one may lie on either side of the target."""
    free = float(table_search(seed, latency_weight=0.0).memory[DISCRETE][-1, -1])
    target = 0.8 * free
    found = table_search(seed, target_latency=target, alpha_lr=0.02).memory[DISCRETE][2:].mean()
    assert 0.5 * target < float(found) < 1.1 * target


RESUMED = [
    ("darts", {"latency_weight": 0.1}),
    ("gdas", {"target_latency": 3.0, "regularise": "admm"}),
    ("drnas-progressive", {"target_latency": 3.0, "schedule": "periodic"}),
]


@pytest.mark.parametrize(("method", "options"), one_in(3, [pytest.param(*each) for each in RESUMED], at=1))
def test_a_search_goes_on_to_the_same_bits(method, options, tmp_path, monkeypatch):
    setting = tiny(method, "nasbench201", epochs=2, steps_per_epoch=6, schedule_steps=2, batch_size=4, **ON, **options)
    through = run_search(SPACE, method, setting, data="digits", out=tmp_path / "through", predictor=PREDICTOR)
    resumed = interrupted_and_resumed(
        SPACE, method, setting, tmp_path / "resumed", monkeypatch, after=9, checkpoint_minutes=0, predictor=PREDICTOR
    )
    assert (resumed.resumed_from, resumed.resumed_steps) == (1, 2)
    once, twice = (content(tmp_path / name) for name in ("through", "resumed"))
    assert equal(without_seconds(once), without_seconds(twice))
    assert equal(dict(through.memory), dict(resumed.memory))
    assert through.memory[MEAN].isfinite().any()


def test_the_predictor_is_part_of_a_checkpoint(tmp_path):
    setting = tiny("darts", "nasbench201", epochs=1, **ON, latency_weight=0.1)
    run_search(SPACE, "darts", setting, data="digits", out=tmp_path, predictor=PREDICTOR)
    with pytest.raises(SearchError, match="its predictor is"):
        run_search(SPACE, "darts", setting, data="digits", out=tmp_path, predictor=predictor(1))
    other = setting.changed({"latency_weight": 0.2})
    with pytest.raises(SearchError, match=r"its latency_weight is 0.1, asked for is 0.2"):
        run_search(SPACE, "darts", other, data="digits", out=tmp_path, predictor=PREDICTOR)


@pytest.mark.parametrize(
    ("options", "given", "message"),
    [
        (ON, None, "needs a predictor"),
        ({}, PREDICTOR, "no effect without the objective"),
        (ON, predictor(column="b_ms"), "of b_ms, but the setting asks for the pairwise one of a_latency_ms"),
        (ON, predictor(space="darts"), "is for darts, not for nasbench201"),
    ],
)
def test_a_predictor_that_is_not_that_of_the_setting_is_refused(options, given, message):
    with pytest.raises(SearchError, match=message):
        run_search(SPACE, "darts", tiny("darts", "nasbench201", **options), data="digits", predictor=given)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"objective": "latenc"}, "Did you mean 'latency'"),
        ({"objective": "latency"}, "needs a latency_column"),
        ({**ON, "latency_weight": -1}, "latency_weight must be a number from 0"),
        ({**ON, "target_latency": 0}, "target_latency must be a number above 0"),
        ({**ON, "target_latency": math.nan}, "target_latency must be a number above 0"),
        ({**ON, "target_latency": 2, "latency_weight": 1}, "not both"),
        ({**ON, "activation": "clipped"}, "no distribution"),
        ({**ON, "latency_model": "lstm"}, "latency_model"),
        ({**ON, "latency_samples": 1}, "latency_samples must be a whole number from 2"),
        ({"latency_weight": 1}, "latency_weight is of the objective 'latency'"),
        ({"target_latency": 1}, "target_latency is of the objective 'latency'"),
        ({"latency_column": "x"}, "latency_column is of the objective 'latency'"),
    ],
)
def test_settings_that_no_search_has(fields, message):
    with pytest.raises(SearchError, match=message) as raised:
        SearchSetting(**fields)
    assert "\n" not in str(raised.value)


def test_a_target_is_refused_where_the_search_chooses_by_a_rule_of_its_own():
    """NESBS's choice draws an ensemble, which a target's choice would have silently left out."""
    setting = METHODS["nesbs"].setting("nasbench201", "laptop").changed({**ON, "target_latency": 5.0})
    with pytest.raises(SearchError, match="nesbs takes no target_latency: it chooses its architecture by a rule of"):
        check_options(METHODS["nesbs"], setting)
    check_options(METHODS["nesbs"], setting.changed({"target_latency": None, "latency_weight": 0.1}))
    check_options(METHODS["darts"], setting)
