"""NASI's outcome follows from what its steps gave, for its own bound and for other readings of the paper."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from harness.search import SearchSetting, run_search
from harness.spaces import open_space
from harness.spaces.space import searchable
from harness.studies.searches.nasi.readings import Reading, choice, parameters_after, summands
from harness.studies.searches.nasi.steps import GRADIENTS, GROUP, TRACES

TINY = SearchSetting(epochs=2, steps_per_epoch=3, batch_size=8, width=4, depth=1, image_size=8, images=32,
                     evaluation_batches=1)  # fmt: skip
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")


def two_steps(traces=(1.0, 200.0)):
    """Gradients of one entry each: 2 of the operation 1, then 4 of the operation 2, on the first edge."""
    gradients = np.zeros((2, 6, 5))
    gradients[0, 0, 1], gradients[1, 0, 2] = 2.0, 4.0
    return np.array(traces), gradients


@pytest.mark.parametrize("without", [(), ("none",)])
@pytest.mark.parametrize("adaptive", [False, True])
def test_the_steps_give_what_the_search_found(adaptive, without):
    """With a ν that some traces pass and others do not."""
    space = searchable(open_space("nasbench201"))
    free = run_search(space, "nasi", replace(TINY, nu=1e9, without=without), seed=1).memory
    setting = replace(TINY, nu=float(free[TRACES].median()), adaptive=adaptive, without=without)
    found = run_search(space, "nasi", setting, seed=1)
    traces, gradients = found.memory[TRACES].numpy(), found.memory[GRADIENTS].numpy()
    assert traces.shape == (6,)
    assert 0 < (traces > setting.nu).sum() < 6
    assert traces.sum() == pytest.approx(float(found.memory["traces"]), rel=1e-15)
    np.testing.assert_allclose(traces, free[TRACES].numpy(), err_msg="a step depends on no other")
    reading = Reading(setting.nu, setting.mu, adaptive, none=not without)
    alpha = torch.from_numpy(parameters_after(traces, gradients, reading))
    if without:
        alpha[:, 0] = -torch.inf
    torch.testing.assert_close(alpha.softmax(dim=1), found.weights[GROUP].double(), rtol=1e-6, atol=0)
    chosen = choice(traces, gradients, reading).operations
    assert [OPERATIONS[operation] for operation in chosen] == list(found.architecture.operations)


def test_a_bound_turns_or_leaves_out_what_lies_above():
    turned, left_out, half = (parameters_after(*two_steps(), Reading(100, mu)) for mu in (2, 1, 0.5))
    assert list(turned[0, 1:3]) == [0.5, -0.5]
    assert list(left_out[0, 1:3]) == [0.5, 0.0]
    assert list(half[0, 1:3]) == [0.5, 0.5]


def test_averages_divide_by_the_largest_norm_by_the_own_or_by_nothing():
    traces, gradients = two_steps()
    reverse = (traces[::-1], gradients[::-1])
    assert list(parameters_after(*reverse, Reading(average="own norm"))[0, 1:3]) == [0.5, 0.5]
    assert list(parameters_after(*reverse, Reading())[0, 1:3]) == [0.25, 0.5]
    assert list(parameters_after(*reverse, Reading(average="mean"))[0, 1:3]) == [1.0, 2.0]
    three = np.concatenate([gradients, 7 * gradients[1:]]), np.ones(3)
    assert list(parameters_after(three[1], three[0], Reading(average="median"))[0, 1:3]) == [0.0, 4.0]


def test_objectives_are_the_chain_rule():
    traces, gradients = two_steps((4.0, 100.0))
    root, log = (summands(traces, gradients, Reading(average="mean", objective=name)) for name in ("root", "log"))
    assert root[0, 0, 1] == pytest.approx(2.0 / (2 * 2.0))
    assert root[1, 0, 2] == pytest.approx(4.0 / (2 * 10.0))
    assert log[0, 0, 1] == pytest.approx(2.0 / 4.0)
    assert log[1, 0, 2] == pytest.approx(4.0 / 100.0)
    bounded = summands(traces, gradients, Reading(float(np.log(50)), 2, average="mean", objective="log"))
    assert bounded[1, 0, 2] == pytest.approx(-4.0 / 100.0), "the bound is on the logarithm"


def test_several_samples_are_one_step():
    traces, gradients = two_steps()
    one = summands(traces, gradients, Reading(100, 1, average="mean", samples=2))
    assert one.shape == (1, 6, 5)
    assert not one.any(), "the mean trace, 100.5, lies above"
    assert list(summands(traces, gradients, Reading(101, 1, average="mean", samples=2))[0, 0, 1:3]) == [1.0, 2.0]


def test_shares_say_how_few_steps_decide():
    traces, gradients = np.ones(40), np.zeros((40, 6, 5))
    gradients[:, 0, 1] = 1.0
    alike = choice(traces, gradients, Reading())
    assert alike.effective_steps == pytest.approx(40)
    assert alike.largest_ten == pytest.approx(0.25)
    gradients[0] *= 1e6
    assert choice(traces, gradients, Reading(average="mean")).effective_steps == pytest.approx(1, abs=1e-3)


def test_the_weight_above_the_bound_is_that_of_the_steps_there():
    gradients = np.zeros((3, 6, 5))
    gradients[:, 0, 1] = (1.0, 2.0, 8.0)
    found = choice(np.array([1.0, 300.0, 2.0]), gradients, Reading(100, 2, average="mean"))
    assert found.weight_above == pytest.approx(2 / 11)
    assert choice(np.array([1.0, 300.0, 2.0]), gradients, Reading(100, 1, average="mean")).weight_above == 0


def test_where_every_step_is_left_out_there_is_no_choice():
    assert choice(np.full(3, 1e9), np.ones((3, 6, 5)), Reading(100, 1)).operations is None


def test_none_is_chosen_only_where_it_may_be():
    gradients = np.zeros((1, 6, 5))
    gradients[:, :, 0], gradients[:, :, 4] = 2.0, 1.0
    assert choice(np.ones(1), gradients, Reading()).operations.tolist() == [0] * 6
    assert choice(np.ones(1), gradients, Reading(none=False)).operations.tolist() == [4] * 6
