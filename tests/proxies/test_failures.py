"""What keeps a network from having a score is said by a status and a message."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import harness
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.image_batches import draw_images

BATCH = draw_images(Setting(batch_size=6, classes=4, image_size=8))


def made() -> nn.Module:
    space = open_space("nasbench201")
    return space.build(space.sample(1)[0], classes=4, width=4, depth=1, seed=2)


class Unbounded(nn.Module):
    """Finite weights and logits; what lies before the classifier is infinite for one sample, or its gradient is."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where
        self.stem, self.relu, self.head = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Linear(4, 4)
        self.lost = nn.ReLU()

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.relu(self.stem(inputs))
        if self.where == "relu":  # not handed on
            self.lost(features / torch.zeros_like(features))
        else:  # √ has an infinite slope at 0
            features = features + (features * 0).sqrt()
        return self.head(features.mean(dim=(2, 3)))


def test_infinite_relus_and_gradients_behind_finite_logits_are_named() -> None:
    names = ["nwot", "swap", "linear_regions"]
    for score in harness.score(Unbounded("relu").double(), BATCH, names).values():
        assert score.status == "not_finite"
        assert "on the way (div), in the network itself (Unbounded), gives NaN or infinity" in score.message
    names = ["grad_norm", "zico", "gradsign", "m_condition", "ntk_condition", "ntk_condition_exact", "m_trace"]
    names += ["jacob_cov", "epe_nas", "nasi_constrained", "ntk_trace", "snip"]
    for name, score in harness.score(Unbounded("gradient").double(), BATCH, names).items():
        assert score.status == "not_finite", (name, score)
        assert score.message, name


@pytest.mark.parametrize("name", ["gradsign", "m_trace", "m_condition", "grad_norm"])
def test_a_proxy_of_convolutions_and_linear_layers_needs_one_to_train(name: str) -> None:
    network = made()
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.requires_grad_(False)
    score = harness.score(network, BATCH, [name])[name]
    assert (score.status, "trainable" in score.message) == ("not_applicable", True), score


def test_running_out_of_memory_is_said_of_the_machine() -> None:
    """Also by the pass that takes any other failure for a network that refuses the image."""
    network = made()

    def fail(module: nn.Module, given: Any) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory")

    network.register_forward_pre_hook(fail)
    assert {score.status for score in harness.score(network, BATCH, ["meco", "nwot"]).values()} == {"out_of_memory"}
