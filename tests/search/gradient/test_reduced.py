"""The preset between laptop and paper, and what makes its searches fast enough."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from torch.nn import functional

from harness.errors import SearchError
from harness.search import METHODS, run_search
from harness.search.gradient.state import initial_state
from harness.search.gradient.task import search_task
from harness.spaces.mixing import channels_last
from tests.sampling import BFLOAT16
from tests.search.gradient.searches import PAIRS, SPACES, tiny

REDUCED = {"darts", "beta-darts", "drnas", "gdas", "snas", "pc-darts", "rsps"}
IMAGES = 10_000


def steps_of(setting):
    return setting.epochs * (int(IMAGES * (1 - setting.validation_share)) // setting.batch_size)


def test_these_searches_have_it_and_the_others_say_what_they_have():
    found = {(name, space) for name, space in PAIRS if METHODS[name].presets[space].reduced}
    assert found == {(name, "nasbench201") for name in REDUCED}
    with pytest.raises(SearchError, match="drnas-progressive has no preset 'reduced' in nasbench201: take paper or"):
        METHODS["drnas-progressive"].setting("nasbench201", "reduced")
    with pytest.raises(SearchError, match="darts has no preset 'reduced' in darts: take paper or laptop"):
        run_search(SPACES["darts"], "darts", preset="reduced", data="digits")


@pytest.mark.parametrize("name", sorted(REDUCED))
def test_it_lies_between_laptop_and_paper(name):
    presets = METHODS[name].presets["nasbench201"]
    laptop, reduced, paper = (presets.settings[each] for each in ("laptop", "reduced", "paper"))
    assert laptop.epochs < reduced.epochs
    assert laptop.image_size < reduced.image_size == 32
    assert laptop.images < reduced.images == IMAGES
    assert reduced.width < paper.width
    assert reduced.depth < paper.depth
    assert "in sight" in presets.reduced_note
    drawn = {"weight_decay", "nesterov", "temperature", "partial", "candidates", "momentum", "gradient_clip"}
    assert all(getattr(reduced, field) == getattr(paper, field) for field in drawn), "the method is the published one"


def test_the_penalty_of_beta_darts_grows_a_step_as_published():
    """50 over 100 epochs of 390 steps of 64 images; and α does not rest."""
    presets = METHODS["beta-darts"].presets["nasbench201"]
    paper, reduced = presets.paper, presets.reduced
    published = paper.penalty / (paper.epochs * (25_000 // paper.batch_size))
    assert reduced.penalty / steps_of(reduced) == pytest.approx(published, rel=1e-12)
    assert reduced.alpha_warm_up == 0


def test_the_searches_of_one_path_take_six_times_the_steps():
    counts = {name: steps_of(METHODS[name].setting("nasbench201", "reduced")) for name in REDUCED}
    assert counts == {name: 20_000 if name in ("gdas", "rsps") else 3_250 for name in REDUCED}


def task_of(method, *, space="nasbench201", autocast=False, **changes):
    return search_task(
        SPACES[space], method, tiny(method, space, **changes), preset="", data="digits", seed=0, device="cpu",
        autocast=autocast,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("method", "space", "autocast", "last"),
    [
        ("darts", "nasbench201", False, True),
        ("gdas", "nasbench201", False, True),
        pytest.param("darts", "nasbench201", True, False, marks=BFLOAT16),
        ("pc-darts", "nasbench201", False, False),
        ("nasi", "nasbench201", False, False),
        ("darts", "darts", False, False),
    ],
)
def test_what_trains_in_float32_on_one_path_of_channels_has_them_last(method, space, autocast, last):
    supernet = initial_state(task_of(method, space=space, autocast=autocast)).supernet
    kernels = [weight for weight in supernet.parameters() if weight.dim() == 4 and weight.shape[2] == 3]
    assert {channels_last(weight) for weight in kernels if weight.shape[1] > 1} == {last}


def test_the_layout_changes_no_value():
    """In float64: logits, and gradients by the operation weights and by all parameters."""
    found = []
    for layout in (torch.contiguous_format, torch.channels_last):
        supernet = SPACES["nasbench201"].supernet(width=4, depth=1, seed=5).double().to(memory_format=layout)
        source = torch.Generator().manual_seed(2)
        inputs = torch.randn(6, 3, 8, 8, generator=source, dtype=torch.float64)
        weights = torch.rand(6, 5, generator=source, dtype=torch.float64).requires_grad_()
        logits = supernet(inputs, {"cell": weights})
        loss = functional.cross_entropy(logits, torch.arange(6))
        found.append([logits, *torch.autograd.grad(loss, [weights, *supernet.parameters()])])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)


def test_the_log_has_the_weights_that_the_choice_is_made_by():
    space = SPACES["nasbench201"]
    found = run_search(space, "darts", tiny("darts", "nasbench201"), data="digits")
    for row in found.log.to_dict("records"):
        table = torch.tensor(json.loads(row["operation_weights"])["cell"])
        assert table.sum(dim=1).numpy() == pytest.approx(np.ones(6), abs=5e-6)
        assert str(space.derive({"cell": table})) == row["architecture"]
    np.testing.assert_allclose(table, found.weights["cell"], atol=5e-7)


def test_a_share_of_the_images_trains_alpha():
    task = task_of("darts", images=64, validation_share=0.25, steps_per_epoch=None)
    assert (len(task.split.training), len(task.split.validation)) == (48, 16)
    assert json.loads(task.identity()["setting"])["validation_share"] == 0.25
    assert task.split.steps(task.setting) == 6


def test_bfloat16_is_refused_where_the_processor_has_no_kernels_for_it(monkeypatch):
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    with pytest.raises(SearchError, match="PyTorch has no kernels in bfloat16 for this processor: leave it out"):
        task_of("darts", autocast=True)
    assert dataclasses.is_dataclass(task_of("darts"))
