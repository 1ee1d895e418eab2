"""The MoD-NAS search. Oracles: the objective written out, and the derived networks."""

from __future__ import annotations

import pytest
import torch

from harness.batches import Batch
from harness.errors import SearchError
from harness.search import METHODS, run_search
from harness.search.gradient.checkpoint import CHECKPOINT
from harness.search.gradient.data import Images
from harness.search.gradient.method import Moment, Parameters, Step
from harness.search.gradient.relaxation import softmax
from harness.spaces import open_space
from harness.spaces.mod_nas.expected_cost import mac_share
from harness.spaces.mod_nas.supernet import GROUPS
from tests.search.gradient.test_contract import content, equal, interrupted_and_resumed, without_seconds

METHOD, SPACE = METHODS["mod-nas"], open_space("mod-nas")


def setting(**changes):
    sizes = {
        "epochs": 3, "alpha_warm_up": 1, "steps_per_epoch": 2, "batch_size": 2, "width": 4, "evaluation_batches": 1,
    }  # fmt: skip
    return METHOD.setting(SPACE, "laptop").changed({**sizes, "image_size": None, "images": None, **changes})


def pairs(count=16, side=6):
    source = torch.Generator().manual_seed(0)
    clean = torch.rand(count, 1, side, side, generator=source)
    return Images("pairs", clean + 0.1 * torch.randn(clean.shape, generator=source), clean)


def test_a_step_descends_the_validation_loss_and_the_expected_cost():
    generator = torch.Generator().manual_seed(1)
    tables = {name: torch.randn(group.shape, generator=generator).double() for name, group in GROUPS.items()}
    parameters = Parameters({name: table.requires_grad_() for name, table in tables.items()}, {})
    kept = {name: torch.ones(group.shape, dtype=torch.bool) for name, group in GROUPS.items()}
    at = Moment(1, 0, 0, setting(mac_weight=0.3), GROUPS, kept)
    supernet, images = SPACE.supernet(width=4, seed=2).double(), pairs(2)
    batch = Batch(images.pixels.double(), images.labels.double())
    step = Step(
        SPACE, METHOD, supernet, parameters, {}, at, batch, batch, torch.optim.Adam(supernet.parameters()),
        torch.optim.SGD(parameters.tensors(), 1.0),
    )  # fmt: skip
    weights = softmax(parameters, at).weights
    outputs = supernet(batch.inputs, weights)
    total = (outputs - batch.targets).square().mean() + 0.3 * mac_share(weights, channels=1, width=4)
    expected = torch.autograd.grad(total, parameters.tensors())
    before = [table.detach().clone() for table in parameters.tensors()]
    METHOD.architecture_step(step)
    for gradient, old, table in zip(expected, before, parameters.tensors(), strict=True):
        torch.testing.assert_close(old - table.detach(), gradient, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("after", "options"), [(1, {}), (4, {"checkpoint_minutes": 0})])
def test_it_is_the_same_once_through_and_interrupted(after, options, tmp_path, monkeypatch):
    through = run_search(SPACE, "mod-nas", setting(), data=pairs(), out=tmp_path / "through")
    resumed = interrupted_and_resumed(
        SPACE, "mod-nas", setting(), tmp_path / "resumed", monkeypatch, after=after, data=pairs(), **options
    )
    assert resumed.architecture == through.architecture == SPACE.derive(through.weights)
    once, twice = (content(tmp_path / name) for name in ("through", "resumed"))
    assert equal(without_seconds(once), without_seconds(twice))
    supernet = SPACE.supernet(width=4)
    supernet.load_state_dict(torch.load(tmp_path / "through" / CHECKPOINT, weights_only=True)["supernet"])
    network = SPACE.inherited(supernet, through.architecture)
    assert network(pairs().pixels).shape == pairs().labels.shape


def test_a_large_weight_of_the_cost_leaves_a_narrow_block():
    found = run_search(
        SPACE, "mod-nas", setting(mac_weight=1000, alpha_lr=0.5, steps_per_epoch=8), data=pairs(2 * 2 * 8)
    )
    assert len(found.architecture.nodes) == 1
    assert found.architecture.nodes[0].terms == (("skip_connect", 0),)


def test_the_space_without_data_consistency_is_searched_too():
    space = open_space("mod-nas-unguided")
    found = run_search(space, "mod-nas", setting(epochs=1, alpha_warm_up=0), data=pairs())
    assert space.build(found.architecture)(pairs().pixels).shape == pairs().labels.shape


def test_what_it_cannot_search_is_refused():
    with pytest.raises(SearchError, match="mod-nas cannot search nasbench201: it searches restoring networks, and the"):
        run_search(open_space("nasbench201"), "mod-nas")
    with pytest.raises(SearchError, match="mod-nas cannot search trilevel-small: its supernet has no operations, wid"):
        run_search(open_space("trilevel-small"), "mod-nas")
    with pytest.raises(SearchError, match="mod-nas takes no regularise 'proximity': it searches restoring networks"):
        run_search(SPACE, "mod-nas", setting(regularise="proximity"), data=pairs())
    assert "the paper's settings were not seen" in METHOD.presets_in("mod-nas").note
