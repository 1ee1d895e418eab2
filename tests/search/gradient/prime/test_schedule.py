"""The schedule of the architecture parameters: its long-run frequency, its record, and what it measures."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.search import METHODS, run_search
from harness.search.gradient import steps as steps_module
from harness.search.gradient.prime.schedule import (
    ALPHA_STEPS,
    FISHER_BY_STEP,
    THRESHOLD_BY_STEP,
    alpha_steps,
    moving_average,
    threshold_after,
)
from tests.reference import prime as reference
from tests.search.gradient.searches import SPACES, tiny


def moves(fishers, steps):
    threshold, found = 1.0, []
    for fisher in fishers:
        found.append(0 < fisher < threshold)
        threshold = threshold_after(threshold, moved=found[-1], steps=steps)
    return found


@given(st.integers(1, 20), st.floats(1e-3, 1e3))
def test_with_a_constant_information_alpha_moves_in_one_step_of_s_plus_one(steps, fisher):
    """Between two returns of h, s steps raise it and one lowers it by as much: the mean frequency is 1/(s + 1)."""
    settled = 2000 * (steps + 1)
    found = moves([fisher] * (settled + 400 * (steps + 1)), steps)[settled:]
    assert abs(sum(found) - len(found) / (steps + 1)) <= 1


def test_the_threshold_comes_back_after_a_cycle():
    threshold = threshold_after(0.37, moved=True, steps=10)
    for _ in range(10):
        threshold = threshold_after(threshold, moved=False, steps=10)
    assert threshold == pytest.approx(0.37, rel=1e-12)


def test_the_average_begins_with_the_first_value():
    assert moving_average(math.nan, 5.0) == 5.0
    assert moving_average(5.0, 10.0) == pytest.approx(0.2 * 10 + 0.8 * 5)


def searched(**changes):
    setting = tiny("darts-prime", "nasbench201", epochs=3, steps_per_epoch=20, schedule_steps=3, **changes)
    return run_search(SPACES["nasbench201"], "darts-prime", setting, data="digits"), setting


def test_the_record_is_that_of_a_plain_controller():
    found, setting = searched()
    fishers, thresholds = (found.memory[name].flatten().tolist() for name in (FISHER_BY_STEP, THRESHOLD_BY_STEP))
    wanted, plain = reference.schedule([None, *fishers[:-1]], steps=3)
    assert thresholds == pytest.approx(plain, rel=1e-9)
    counts = torch.tensor(wanted).view(3, 20).sum(dim=1)
    assert torch.equal(found.memory[ALPHA_STEPS], counts)
    assert 0 < int(counts.sum()) < 60
    assert alpha_steps(found.memory, setting, 20) == int(counts.sum())


def test_the_information_is_the_squared_gradient_before_clipping(monkeypatch):
    seen, step = [], steps_module.nn.utils.clip_grad_norm_

    def watched(parameters, clip):
        parameters = list(parameters)
        seen.append(math.fsum(float(one.grad.double().square().sum()) for one in parameters if one.grad is not None))
        return step(parameters, clip)

    monkeypatch.setattr(steps_module.nn.utils, "clip_grad_norm_", watched)
    found, setting = searched(gradient_clip=0.01)
    average, expected = math.nan, []
    for value in seen:
        average = value if math.isnan(average) else 0.2 * value + 0.8 * average
        expected.append(average)
    assert found.memory[FISHER_BY_STEP].flatten().tolist() == pytest.approx(expected, rel=1e-4)
    assert min(seen) > setting.gradient_clip**2


def test_a_period_moves_alpha_in_every_third_step():
    found, _ = searched(schedule="periodic")
    assert found.memory[ALPHA_STEPS].tolist() == [6, 6, 6]
    assert list(found.memory) == [ALPHA_STEPS]


def test_a_schedule_that_gives_no_step_is_said():
    setting = tiny("darts-prime", "nasbench201", epochs=1, steps_per_epoch=1)
    found = run_search(SPACES["nasbench201"], "darts-prime", setting, data="digits")
    assert found.remark.startswith("α never moved: the schedule dynamic gave it no step")


def test_without_a_schedule_alpha_moves_in_every_step_after_the_warm_up():
    setting = METHODS["darts"].setting("nasbench201", "laptop").changed({"epochs": 5, "alpha_warm_up": 2})
    assert alpha_steps({}, setting, 7) == 3 * 7
