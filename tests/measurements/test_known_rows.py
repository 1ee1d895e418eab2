"""Whose rows are samples without a trial: the trial itself is the oracle, and whatever is changed is tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

import harness
from harness.measurements import sample_rows
from harness.measurements.known_rows import rows_are_known
from harness.measurements.preserve import preserved
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.row_wise import ROW_WISE

SIZES = {
    "nasbench201": {"width": 4, "depth": 1},
    "darts": {"width": 4, "depth": 5},
    "natsbench-sizes": {},
    "transnas-micro": {"width": 4, "classes": 6},
    "nasbench201-large": {"width": 4, "depth": 1},
}


@pytest.fixture
def batch() -> harness.Batch:
    generator = torch.Generator().manual_seed(0)
    return harness.Batch(torch.randn(6, 3, 32, 32, generator=generator), torch.arange(6))


@pytest.fixture
def cell() -> nn.Module:
    space = open_space("nasbench201")
    return space.build(space.parse("|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|avg_pool_3x3~1|none~2|"))


@pytest.mark.parametrize("space", SIZES)
def test_the_networks_of_the_spaces_are_known_and_the_trial_agrees(
    space: str, batch: harness.Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_space(space)
    setting = Setting(batch_size=6)
    for architecture in opened.sample(3, seed=3):
        network = opened.build(architecture, **SIZES[space])
        assert rows_are_known(network, batch)
        with preserved(network, bn="train", seed=0), monkeypatch.context() as patch:
            patch.setattr(sample_rows, "rows_are_known", lambda *_: False)
            tried = sample_rows.sample_rows(network, batch, setting, sample_rows.READ_GRADIENTS)
        assert not tried.parameters
        assert tried.activations == ""


def test_no_pass_is_made_for_a_network_that_is_known(cell: nn.Module, batch: harness.Batch) -> None:
    passes: list[object] = []
    handle = cell.stem[0].register_forward_hook(lambda *_: passes.append(1))
    harness.score(cell, batch, ["nwot"])
    assert len(passes) == 3  # a hook of the caller's: the batch, and two trials
    handle.remove()
    passes.clear()
    original = nn.Conv2d._conv_forward
    try:
        nn.Conv2d._conv_forward = lambda *given: passes.append(1) or original(*given)  # type: ignore[method-assign]
        harness.score(cell, batch, ["nwot"])
    finally:
        nn.Conv2d._conv_forward = original  # type: ignore[method-assign]
    assert len(passes) == sum(isinstance(each, nn.Conv2d) for each in cell.modules())


class Mixing(nn.ReLU):
    """A ReLU that mixes neighbours."""

    def forward(self, inputs: Tensor) -> Tensor:
        return super().forward(inputs + inputs.roll(1, 0))


def hooked(network: nn.Module) -> None:
    network.lastact[1].register_forward_hook(lambda module, inputs, output: output + output.roll(1, 0))


def hooked_before(network: nn.Module) -> None:
    network.lastact[1].register_forward_pre_hook(lambda module, inputs: (inputs[0].roll(1, 0),))


def replaced(network: nn.Module) -> None:
    network.lastact[1] = Mixing()


def another_forward(network: nn.Module) -> None:
    network.lastact[1].forward = lambda inputs: torch.relu(inputs + inputs.roll(1, 0))


def another_container(network: nn.Module) -> None:
    network.lastact.forward = lambda inputs: network.lastact[1](inputs + inputs.roll(1, 0))


def parametrized(network: nn.Module) -> None:
    parametrizations.weight_norm(network.classifier)


def gradient_hooked(network: nn.Module) -> None:
    network.classifier.weight.register_hook(lambda gradient: 10 * gradient)


def hooked_after_accumulation(network: nn.Module) -> None:
    network.classifier.weight.register_post_accumulate_grad_hook(lambda parameter: None)


def another_convolution(network: nn.Module) -> None:
    layer = network.stem[0]
    layer._conv_forward = lambda inputs, weight, bias: nn.Conv2d._conv_forward(layer, inputs, weight.abs(), bias)


CHANGES = [
    hooked, hooked_before, replaced, another_forward, another_container, parametrized, gradient_hooked,
    hooked_after_accumulation, another_convolution,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_network_that_was_changed_is_tried(
    change: Callable[[nn.Module], None], cell: nn.Module, batch: harness.Batch
) -> None:
    change(cell)
    assert not rows_are_known(cell, batch)


@pytest.mark.parametrize("change", [replaced, another_forward, another_container])
def test_what_mixes_samples_is_refused(
    change: Callable[[nn.Module], None], cell: nn.Module, batch: harness.Batch
) -> None:
    change(cell)
    scores = harness.score(cell, batch, ["m_trace", "ntk_condition", "nwot"])
    assert {each.status for each in scores.values()} == {"not_applicable"}, scores


@pytest.mark.parametrize(("change", "named"), [(gradient_hooked, "classifier"), (another_convolution, "stem.0")])
def test_gradients_that_are_not_the_rules_are_refused_by_name(
    change: Callable[[nn.Module], None], named: str, cell: nn.Module, batch: harness.Batch
) -> None:
    change(cell)
    for name, score in harness.score(cell, batch, ["m_trace", "ntk_trace_per_sample", "gradsign"], bn="eval").items():
        assert (score.status, named in score.message) == ("not_applicable", True), (name, score)


@pytest.fixture
def for_all_modules() -> Iterator[None]:
    handle = nn.modules.module.register_module_forward_hook(lambda module, inputs, output: None)
    yield
    handle.remove()


@pytest.mark.usefixtures("for_all_modules")
def test_hooks_of_all_modules_are_seen(cell: nn.Module, batch: harness.Batch) -> None:
    assert not rows_are_known(cell, batch)


def test_a_class_whose_forward_pass_was_replaced_is_seen(
    cell: nn.Module, batch: harness.Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nn.ReLU, "forward", Mixing.forward)
    assert not rows_are_known(cell, batch)


@pytest.mark.parametrize(
    "arguments", [[torch.randn(4, 3, 8)], [torch.randn(4, 3, 8, 8), torch.randn(4, 1)], [torch.randn(4, 3)]]
)
def test_only_images_are_known(arguments: list[Tensor]) -> None:
    network = nn.Sequential(nn.Conv1d(3, 3, 1) if arguments[0].ndim == 3 else nn.Identity())
    assert not rows_are_known(network, harness.Batch(arguments, torch.arange(4)))


def test_a_convolution_of_one_sample_has_no_rows() -> None:
    """`nn.Conv2d` reads [C, H, W] as one sample: known rows need the four axes of a batch of images."""
    network = nn.Sequential(nn.Conv2d(4, 4, 1))
    assert not rows_are_known(network, harness.Batch(torch.randn(4, 8, 8), torch.arange(4)))


def test_every_known_class_keeps_its_forward_pass() -> None:
    kept: dict[type[nn.Module], Any] = {known: known.forward for known in ROW_WISE}
    assert kept == ROW_WISE
