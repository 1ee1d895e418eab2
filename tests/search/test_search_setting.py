"""Settings, presets and schedules."""

import dataclasses
import json

import pytest
import torch

from harness.errors import SearchError
from harness.search import METHODS, SearchSetting
from harness.search.stages import strongest, widened
from tests.search.searches import SPACES, generator

PUBLISHED = {
    ("darts", "nasbench201"): {"epochs": 50, "batch_size": 64, "width": 16, "depth": 5, "weight_decay": 5e-4},
    ("darts", "darts"): {"epochs": 50, "width": 16, "depth": 8, "weight_decay": 3e-4, "alpha_lr": 3e-4},
    ("beta-darts", "nasbench201"): {"epochs": 100, "penalty": 50.0},
    ("drnas", "nasbench201"): {"epochs": 100, "alpha_lr": 3e-4},
    ("drnas-progressive", "nasbench201"): {"partial": (4, 2), "keep": (5, 3), "alpha_warm_up": 10},
    ("drnas-progressive", "darts"): {"width": 36, "depth": 20, "weight_lr": 0.1, "partial": (6, 4), "keep": (7, 4)},
    ("gdas", "nasbench201"): {"epochs": 240, "temperature": (10.0, 0.1)},
    ("pc-darts", "darts"): {"batch_size": 256, "weight_lr": 0.1, "alpha_lr": 6e-4, "partial": (4,)},
    ("nasi", "darts"): {"epochs": 10, "steps_per_epoch": 10, "batch_size": 64, "nu": 100.0, "mu": 2.0},
    ("nasi-ada", "darts"): {"nu": 500.0, "adaptive": True},
}


@pytest.mark.parametrize(("method", "space"), sorted(PUBLISHED))
def test_the_paper_preset_has_the_published_values(method, space):
    setting = METHODS[method].setting(space, "paper")
    assert {name: getattr(setting, name) for name in PUBLISHED[method, space]} == PUBLISHED[method, space]


@pytest.mark.parametrize("space", sorted(SPACES))
@pytest.mark.parametrize("method", sorted(METHODS))
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
        ({"alpha_lr": float("nan")}, "alpha_lr must be a number from 0, got nan"),
        ({"temperature": (0.0, 1.0)}, "temperature must be a number above 0"),
        ({"momentum": 0, "nesterov": True}, "nesterov needs a momentum above 0"),
        ({"partial": ()}, "partial must be whole numbers from 1"),
        ({"keep": (3, 2)}, r"keep must be a number a stage \(1\), or none"),
        ({"partial": (4, 2), "epochs": 1}, "2 stages need as many epochs, got 1"),
        ({"trace_gradient": "twopass"}, "unknown trace_gradient 'twopass'. Did you mean 'two_pass'"),
        ({"epoch": 3}, "unknown field of a search's setting 'epoch'. Did you mean 'epochs'"),
    ],
)
def test_a_value_outside_what_is_allowed_is_named(changes, message):
    with pytest.raises(SearchError, match=message):
        SearchSetting().changed(changes)


def test_a_space_without_presets_is_named():
    with pytest.raises(
        SearchError, match=r"darts: unknown space of a search 'nasbench101'\. Did you mean 'nasbench201'"
    ):
        METHODS["darts"].setting("nasbench101", "paper")
