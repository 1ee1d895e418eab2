"""Searches by DAAS: logs, results, orders, refusals, and what a kill leaves."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from harness import table_losses
from harness.errors import SearchError
from harness.search import METHODS, SearchSetting, run_search
from harness.search.gradient.checkpoint import COLUMNS, LOG, POLICY
from harness.search.gradient.daas.daas import moves
from harness.search.gradient.daas.sub_policies import name_of, operation_shares, sub_policies
from harness.search.gradient.policy_choices import PLANTED
from harness.search.gradient.state import initial_state
from harness.search.gradient.steps import one_step, steps_of_epoch
from harness.search.gradient.task import search_task
from tests.search.gradient.searches import SPACES, tiny

SPACE = SPACES["nasbench201"]


def test_the_log_has_the_policy_of_each_epoch_and_the_result_the_last(tmp_path: Path) -> None:
    setting = tiny("daas", "nasbench201", epochs=3, steps_per_epoch=3, policy_lr=0.1)
    found = run_search(SPACE, "daas", setting, data="digits", out=tmp_path)
    assert list(found.log.columns) == [*COLUMNS, POLICY]
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / LOG), found.log)
    by_epoch = [json.loads(text) for text in found.log[POLICY]]
    assert found.policy is not None
    assert by_epoch[-1] == pytest.approx(found.policy, abs=1e-6)
    names = [name_of(each) for each in sub_policies(setting)]
    assert all(list(policy) == names and sum(policy.values()) == pytest.approx(1, abs=1e-4) for policy in by_epoch)
    assert by_epoch[0] != by_epoch[-1]
    plain = run_search(SPACE, "gdas", tiny("gdas", "nasbench201", epochs=1), data="digits")
    assert plain.policy is None
    assert POLICY not in plain.log


@pytest.mark.parametrize(
    ("order", "moving"),
    [
        ("joint", [(True, True)] * 4),
        ("sequential", [(True, False), (True, False), (False, True), (False, True)]),
        ("fixed", [(True, False)] * 4),
    ],
)
def test_the_order_says_what_moves_when(order: str, moving: list[tuple[bool, bool]]) -> None:
    setting = SearchSetting(epochs=4, policy_search=order)
    assert [moves(setting, epoch) for epoch in range(4)] == moving
    warm = setting.changed({"alpha_warm_up": 1})
    assert [moves(warm, epoch) for epoch in range(4)] == [(False, False), *moving[1:]]


@pytest.mark.parametrize("order", ["joint", "sequential", "fixed"])
def test_cell_and_policy_move_in_their_epochs_and_rest_in_the_others(order: str) -> None:
    setting = tiny("daas", "nasbench201", epochs=2, steps_per_epoch=3, policy_search=order, alpha_lr=0.1)
    log = run_search(SPACE, "daas", setting, data="digits").log
    cells, policies = log["operation_weights"], log[POLICY]
    uniform = {round(1 / 28, 6)}
    assert (set(json.loads(policies[0]).values()) == uniform) == (order != "joint")
    assert (set(json.loads(policies[1]).values()) == uniform) == (order == "fixed")
    assert (cells[0] == cells[1]) == (order == "sequential")


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({"sub_batches": 3}, {}, "sub_batches must be equal parts of a batch, of 2 images or more: 3 do not divide"),
        ({"sub_batches": 8}, {}, "8 do not divide a batch of 8"),
        ({"policy_search": "sequential", "epochs": 1}, {}, "needs an epoch for the cell and one for the policy"),
        ({}, {"data": "noise"}, "daas augments images of whole numbers from 0 to 255, which noise has not"),
        ({"memory_mb": 100.0}, {}, "memory_mb: a step of daas keeps more than one pass does"),
        ({"regularise": "proximity"}, {}, "daas takes no regularise 'proximity': it moves weights, parameters and pol"),
    ],
)
def test_what_it_cannot_run_is_one_line(changes: dict[str, Any], options: dict[str, Any], message: str) -> None:
    setting = tiny("daas", "nasbench201", **changes)
    with pytest.raises(SearchError, match=message) as raised:
        run_search(SPACE, "daas", setting, **{"data": "digits", **options})
    assert "\n" not in str(raised.value)


def test_a_table_has_no_images_to_augment() -> None:
    losses = table_losses("cifar10_test_200ep_pct", "nasbench201")
    with pytest.raises(SearchError, match=r"daas augments images, and .* has none"):
        run_search(SPACE, "daas", METHODS["daas"].setting(SPACE, "laptop"), data=losses)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"policy_operations": ("rotate", "rotat")},
            "policy_operations: unknown operation 'rotat'. Did you mean 'rotate'",
        ),
        ({"policy_operations": ("rotate",)}, "must be two or more different operations"),
        ({"policy_operations": ("rotate", "rotate")}, "must be two or more different operations"),
        ({"policy_magnitudes": ()}, "policy_magnitudes must be one or more different numbers"),
        ({"policy_magnitudes": (0.5, 0.5)}, "policy_magnitudes must be one or more different numbers"),
        ({"policy_magnitudes": (1.5,)}, "policy_magnitudes must be numbers above 0 and up to 1, got 1.5"),
        ({"policy_probabilities": (0.0,)}, "policy_probabilities must be numbers above 0 and up to 1, got 0"),
        ({"policy_lr": -1}, "policy_lr must be a number from 0"),
        ({"policy_search": "jont"}, "unknown policy_search 'jont'. Did you mean 'joint'"),
        ({"sub_batches": 0}, "sub_batches must be a whole number from 1"),
    ],
)
def test_a_setting_that_no_policy_has_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SearchError, match=message):
        SearchSetting(**changes)


def test_lists_are_the_same_setting_as_tuples() -> None:
    given: dict[str, Any] = {
        "policy_operations": ["rotate", "invert"],
        "policy_magnitudes": [1],
        "policy_probabilities": [1],
    }
    setting = SearchSetting(**given)
    assert setting == SearchSetting(**{name: tuple(value) for name, value in given.items()})
    assert hash(setting)
    assert json.loads(setting.json())["policy_magnitudes"] == [1.0]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_planted_operation_loses_its_share_in_a_search(seed: int) -> None:
    operations = ("rotate", "contrast", "brightness", PLANTED)
    setting = tiny(
        "daas", "nasbench201", epochs=6, steps_per_epoch=40, batch_size=32, images=1000, policy_lr=0.05,
        policy_operations=operations,
    )  # fmt: skip
    found = run_search(SPACE, "daas", setting, data="digits", seed=seed)
    assert found.policy is not None
    assert operation_shares(found.policy)[PLANTED] < 0.25


def test_the_weights_of_paths_that_were_not_drawn_stay() -> None:
    """As with GDAS, weight decay and momentum included: SGD sees no gradient of theirs."""
    setting = tiny("daas", "nasbench201", epochs=1, steps_per_epoch=1)
    task = search_task(SPACE, "daas", setting, preset="laptop", data="digits", seed=0, device="cpu", autocast=False)
    state = initial_state(task)
    (step,) = steps_of_epoch(task, state, 1)
    before = {name: weight.detach().clone() for name, weight in state.supernet.named_parameters()}
    active = step.relaxed("step").active
    assert active is not None
    one_step(step, moves=True)
    operations = state.supernet.groups["cell"].operations
    for name, weight in state.supernet.named_parameters():
        place = re.search(r"\.(\d+)\.(\w+)\.", name.partition("layers")[2])
        drawn = place is None or bool(active["cell"][int(place[1]), operations.index(place[2])])
        assert torch.equal(weight, before[name]) != drawn, name
