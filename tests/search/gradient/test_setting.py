"""Settings, presets and schedules."""

import dataclasses
import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import SearchError, SpaceError
from harness.search import METHODS, SearchSetting, run_search
from harness.search.gradient.stages import strongest, widened
from tests.search.gradient.searches import PAIRS, SPACES, generator

PUBLISHED = {
    ("darts", "nasbench201"): {"epochs": 50, "batch_size": 64, "width": 16, "depth": 5, "weight_decay": 5e-4},
    ("darts", "darts"): {"epochs": 50, "width": 16, "depth": 8, "weight_decay": 3e-4, "alpha_lr": 3e-4},
    ("beta-darts", "nasbench201"): {"epochs": 100, "penalty": 50.0},
    ("drnas", "nasbench201"): {"epochs": 100, "alpha_lr": 3e-4},
    ("drnas-progressive", "nasbench201"): {"partial": (4, 2), "keep": (5, 3), "alpha_warm_up": 10},
    ("drnas-progressive", "darts"): {"width": 36, "depth": 20, "weight_lr": 0.1, "partial": (6, 4), "keep": (7, 4)},
    ("darts-prime", "darts"): {
        "epochs": 50,
        "batch_size": 64,
        "width": 16,
        "depth": 8,
        "alpha_lr": 3e-4,
        "alpha_weight_decay": 1e-3,
        "regularise": "proximity",
        "rho": 0.1,
        "schedule": "dynamic",
        "schedule_steps": 10,
        "validation_share": 1 / 11,
        "activation": "own",
    },
    ("gdas", "nasbench201"): {"epochs": 240, "temperature": (10.0, 0.1)},
    ("pc-darts", "darts"): {"batch_size": 256, "weight_lr": 0.1, "alpha_lr": 6e-4, "partial": (4,)},
    ("nasi", "darts"): {"epochs": 10, "steps_per_epoch": 10, "batch_size": 64, "nu": 100.0, "mu": 2.0},
    ("nasi-ada", "darts"): {"nu": 500.0, "adaptive": True},
}


@pytest.mark.parametrize(("method", "space"), sorted(PUBLISHED))
def test_the_paper_preset_has_the_published_values(method, space):
    setting = METHODS[method].setting(space, "paper")
    assert {name: getattr(setting, name) for name in PUBLISHED[method, space]} == PUBLISHED[method, space]


NOT_AS_PUBLISHED = {
    ("darts-prime", "nasbench201"),
    ("drnas", "darts"),
    ("nasi", "nasbench201"),
    ("pc-darts", "nasbench201"),
    ("te-nas", "nasbench201"),
    *((method, space) for method in ("radars", "daas", "e2rnas", "nesbs") for space in SPACES),
    *((method, space) for method in ("nasi-ada", "rsps", "snas", "dsnas") for space in SPACES),
}


def test_presets_that_are_not_published_say_so():
    noted = {(name, space) for name, space in PAIRS if METHODS[name].presets[space].note}
    assert noted == NOT_AS_PUBLISHED
    assert not noted & (set(PUBLISHED) - {("nasi-ada", "darts")})


@pytest.mark.parametrize(("method", "space"), PAIRS)
def test_every_preset_builds_its_supernet_in_every_stage(method, space):
    for preset in ("paper", "laptop"):
        setting = METHODS[method].setting(space, preset)
        assert len({setting.stage(epoch) for epoch in range(setting.epochs)}) == len(setting.partial)
        for partial in setting.partial if preset == "laptop" else ():
            SPACES[space].supernet(width=setting.width, depth=1, partial=partial)
        if preset == "paper":
            assert all(setting.width % partial == 0 for partial in setting.partial)


def test_the_learning_rate_is_torchs_cosine():
    setting = SearchSetting(epochs=7)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], setting.weight_lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 7, eta_min=setting.weight_lr_min)
    for epoch in range(7):
        assert setting.learning_rate(epoch) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9)
        optimizer.step()
        schedule.step()


def test_stages_are_equally_long_and_each_warms_up():
    setting = SearchSetting(epochs=100, partial=(4, 2), keep=(5, 3), alpha_warm_up=10)
    assert [setting.stage(epoch) for epoch in (0, 49, 50, 99)] == [0, 0, 1, 1]
    assert [epoch for epoch in range(100) if setting.warms_up(epoch)] == [*range(10), *range(50, 60)]


@given(st.integers(1, 30), st.integers(1, 4), st.integers(0, 30))
def test_a_warm_up_is_allowed_where_the_parameters_move_in_every_stage(epochs, stages, warm_up):
    changes = {"epochs": epochs, "partial": (1,) * stages, "alpha_warm_up": warm_up}
    by_stage = [[epoch for epoch in range(epochs) if epoch * stages // epochs == stage] for stage in range(stages)]
    if all(len(own) > warm_up for own in by_stage):
        setting = SearchSetting().changed(changes)
        assert {setting.stage(epoch) for epoch in range(epochs) if not setting.warms_up(epoch)} == set(range(stages))
    else:
        with pytest.raises(SearchError, match=r"alpha_warm_up must be less than|stages need as many epochs"):
            SearchSetting().changed(changes)


def test_whole_numbers_are_the_same_setting_to_the_letter():
    whole, decimal = (SearchSetting(penalty=one(50), temperature=(one(10), one(1))) for one in (int, float))
    assert whole.json() == decimal.json()


@pytest.mark.parametrize(
    ("method", "changes", "autocast", "message"),
    [
        ("nasi", {}, True, "autocast does not go with NASI's trace_gradient two_pass.*Take trace_gradient double_back"),
        ("nasi-ada", {}, True, "autocast does not go with NASI's trace_gradient two_pass"),
        ("darts-second-order", {}, True, r"autocast does not go with darts-second-order.*Take darts \(first order\)"),
        ("nasi", {"alpha_warm_up": 1}, False, "NASI trains no weights to warm up: alpha_warm_up must be 0, got 1"),
    ],
)
def test_what_a_method_cannot_run_is_refused_before_anything_is_made(tmp_path, method, changes, autocast, message):
    setting = METHODS[method].setting("nasbench201", "laptop").changed(changes)
    with pytest.raises(SearchError, match=message):
        run_search(SPACES["nasbench201"], method, setting, autocast=autocast, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_autocast_goes_with_what_has_no_difference():
    """None is refused: each check would raise."""
    for form in ("double_backward", "one_pass"):
        assert METHODS["nasi"].check(SearchSetting(trace_gradient=form), True) is None
    assert METHODS["nasi"].check(SearchSetting(), False) is None
    assert METHODS["darts-second-order"].check(SearchSetting(), False) is None


def test_the_strongest_operations_stay():
    weights = torch.tensor([[0.1, 0.4, 0.2, 0.3], [0.25, 0.25, 0.25, 0.25]])
    every = torch.ones(2, 4, dtype=torch.bool)
    assert strongest(weights, every, 2).tolist() == [[False, True, False, True], [True, True, False, False]]
    kept = torch.tensor([[True, False, True, True], [False, True, True, True]])
    assert strongest(weights, kept, 2).tolist() == [[False, False, True, True], [False, True, True, False]]


def test_wider_weights_begin_with_the_old_channels_and_repeat_some():
    old = torch.randn(2, 3, 3, 3, generator=generator(1))
    new = widened(old, torch.Size((4, 6, 3, 3)), generator(2))
    assert torch.equal(new[:2, :3], old)
    for channel in new[2:, :3]:
        assert any(torch.equal(channel, one) for one in old)
    for place in range(3, 6):
        assert any(torch.equal(new[:2, place], old[:, one]) for one in range(3))
    assert torch.equal(widened(old, old.shape, generator(2)), old)


def test_differences_are_named_with_both_values():
    paper = SearchSetting()
    assert paper.changed({"epochs": 3, "width": 16}).difference(paper) == {"epochs": (50, 3)}


def test_a_setting_is_json():
    setting = SearchSetting(partial=(4, 2), keep=(5, 3))
    assert set(json.loads(setting.json())) == {entry.name for entry in dataclasses.fields(setting)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs must be a whole number from 1, got 0"),
        ({"batch_size": 1}, "batch_size must be a whole number from 2, got 1"),
        ({"images": 2.5}, "images must be a whole number from 4, got 2.5"),
        ({"weight_lr": 0}, "weight_lr must be a number above 0, got 0"),
        ({"validation_share": 0}, "validation_share must be a number above 0 and below 1, got 0"),
        ({"validation_share": 1.0}, "validation_share must be a number above 0 and below 1, got 1.0"),
        ({"validation_share": "half"}, "validation_share must be a number above 0 and below 1, got 'half'"),
        ({"alpha_lr": float("nan")}, "alpha_lr must be a number from 0, got nan"),
        ({"temperature": (0.0, 1.0)}, "temperature must be a number above 0"),
        ({"temperature": (1.0,)}, "temperature must be two numbers, of the first and last epoch; got"),
        ({"temperature": 1.0}, "temperature must be two numbers"),
        ({"epochs": 2, "alpha_warm_up": 2}, r"alpha_warm_up must be less than .*shortest stage \(2\).*got 2"),
        ({"epochs": 5, "partial": (4, 2), "alpha_warm_up": 2}, r"shortest stage \(2\)"),
        ({"keep": (0,)}, "keep must be whole numbers from 1"),
        ({"partial": (4, 2), "keep": (3, 5)}, "keep must not rise from stage to stage"),
        ({"momentum": 0, "nesterov": True}, "nesterov needs a momentum above 0"),
        ({"partial": ()}, "partial must be whole numbers from 1"),
        ({"keep": (3, 2)}, r"keep must be one number per stage \(1\), or none"),
        ({"partial": (4, 2), "epochs": 1}, "2 stages need as many epochs, got 1"),
        ({"trace_gradient": "twopass"}, "unknown trace_gradient 'twopass'. Did you mean 'two_pass'"),
        ({"regularise": "proximty"}, "unknown regularise 'proximty'. Did you mean 'proximity'"),
        ({"schedule": "dinamic"}, "unknown schedule 'dinamic'. Did you mean 'dynamic'"),
        ({"activation": "cliped"}, "unknown activation 'cliped'. Did you mean 'clipped'"),
        ({"rho": -1}, "rho must be a number from 0, got -1"),
        ({"schedule_steps": 0}, "schedule_steps must be a whole number from 1, got 0"),
        ({"epoch": 3}, "unknown field of a search's setting 'epoch'. Did you mean 'epochs'"),
    ],
)
def test_a_value_outside_what_is_allowed_is_named(changes, message):
    with pytest.raises(SearchError, match=message):
        SearchSetting().changed(changes)


def test_an_unknown_space_is_named():
    with pytest.raises(SpaceError, match=r"unknown space 'nasbench101'\. Did you mean 'nasbench201'"):
        METHODS["darts"].setting("nasbench101", "paper")
