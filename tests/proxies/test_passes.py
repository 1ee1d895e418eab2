"""How many passes a score costs: counted on the real network, not timed."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import pytest
import torch

import harness
from harness.proxies.registry import resolve
from harness.scoring.scorer import score_network
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.image_batches import draw_images

SAMPLES, CLASSES, PROBES = 5, 3, 4
ROWS = 4  # samples that are tried alone
CELLS = 5  # with the reduction blocks
AZ_NAS = ("az_expressivity", "az_progressivity", "az_trainability")
ONE_LOSS = ("grad_norm", "nasi_trace", "fisher")
ZERO_COST = ("grad_norm", "snip", "grasp", "fisher", "plain", "jacob_cov", "synflow", "synflow_bn")


def passes(monkeypatch: pytest.MonkeyPatch, proxies: Sequence[str]) -> tuple[int, int, int]:
    """Forward passes of the batch, forward passes of one sample, backward passes.

    Two passes of four and three samples, which show whether rows are samples, are apart; their backward passes
    count, one for each of the four samples, where gradients by sample are read.
    """
    space = open_space("nasbench201")
    rebuild = functools.partial(space.build, space.sample(1)[0], classes=CLASSES)
    network = rebuild(width=2, depth=1)
    batch = draw_images(Setting(batch_size=SAMPLES, classes=CLASSES, image_size=8))
    sizes: list[int] = []
    backwards: list[int] = []
    network.register_forward_pre_hook(lambda module, inputs: sizes.append(len(inputs[0])))
    real = torch.autograd.grad

    def counting(*arguments: Any, **options: Any) -> Any:
        backwards.append(1)
        return real(*arguments, **options)

    monkeypatch.setattr(torch.autograd, "grad", counting)
    setting = Setting(batch_size=SAMPLES, classes=CLASSES, probes=PROBES)
    scores = score_network(network, batch, resolve(proxies), setting, rebuild)
    bounded = {"swap_universal"}  # five samples have few patterns
    assert {score.status for name, score in scores.items() if name not in bounded} == {"ok"}
    return sizes.count(SAMPLES), sizes.count(1), len(backwards)


@pytest.mark.parametrize(
    ("proxies", "expected"),
    [
        (["params"], (0, 0, 0)),
        (["flops"], (0, 1, 0)),
        (["nasi_trace"], (1, 0, 1)),
        (ONE_LOSS, (1, 0, 1 + ROWS)),
        (["snip", "plain", "fisher", "grad_norm"], (1, 0, 1 + ROWS)),
        (["grasp"], (1, 0, 1)),
        (["l2_norm"], (0, 0, 0)),
        (["nwot"], (1, 0, 0)),
        (["jacob_cov", "epe_nas", "nwot"], (1, 0, 1)),
        (["eznas_a", "jacob_cov"], (1, 0, 1)),
        (["eznas_a_weights", "grad_norm"], (1, 0, 1)),
        (["synflow", "logsynflow"], (0, 1, 1)),
        (["synflow", "logsynflow", "synflow_bn"], (0, 2, 2)),
        (ZERO_COST, (1, 2, 1 + 1 + 2 + ROWS)),
        (["swap", "swap_universal", "linear_regions", "nwot"], (1, 0, 0)),
        (["knas", "m_grad", "nasi_constrained", "nasi_trace"], (1, 0, 1)),
        (["m_snip", "m_grasp"], (1, 0, 1)),
        (["gradsign"], (1, 0, 1 + ROWS)),
        (["zico"], (0, 0, 2)),  # of halves
        (["zico", "zico_bc", "l_swag", "swap"], (1, 0, 2)),
        (["intrain", "grad_norm"], (1, 0, 1)),
        (["t_cet", "synflow", "nwot"], (1, 1, 1)),
        (["near", "nwot"], (1, 0, 0)),
        (["rcor", "wrcor", "nasi_trace"], (1, 0, 1)),
        (["zen"], (2, 0, 0)),
        (AZ_NAS, (1, 0, CELLS)),  # each of a cell alone: together one backward pass
        (["meco", "meco_opt"], (0, 1, 0)),
        (["dextr", "meco"], (0, 2, 4)),  # of an image, and of a curve of images
        (["m_trace", "m_condition"], (1, 0, 1 + ROWS)),
        (["ntk_condition"], (1, 0, 1 + ROWS)),
        (["te_nas_condition"], (0, 0, 3 * SAMPLES)),  # of small networks
        (["te_nas_regions"], (0, 0, 0)),  # forward passes of a single cell
        (["ntk_trace"], (1, 0, PROBES)),
        (["ntk_trace_per_sample"], (1, 0, CLASSES + ROWS)),
        (["vkdnw", "vkdnw_code", "vkdnw_single"], (1, 0, CLASSES + ROWS)),
        (["ntk_trace_exact"], (1, 0, SAMPLES * CLASSES)),
        (["ntk_condition_exact"], (1, 0, SAMPLES)),
        # shared, gradsign, zen, AZ-NAS; flops, flow, meco, dextr;
        # loss, kernels, trace, input, flow, rows, dextr, (gradsign, zico, AZ-NAS)
        (["all"], (1 + 1 + 2 + 1, 1 + 2 + 1 + 1, 1 + 2 + PROBES + 1 + 2 + ROWS + 4 + (1 + 2 + CELLS))),
    ],
)
def test_passes(monkeypatch: pytest.MonkeyPatch, proxies: Sequence[str], expected: tuple[int, int, int]) -> None:
    assert passes(monkeypatch, proxies) == expected


def test_all_gradient_proxies_of_one_loss_share_one_forward_and_one_backward(monkeypatch: pytest.MonkeyPatch) -> None:
    readers = [entry.name for entry in harness.list_proxies() if entry.needs == ("loss_gradient",)]
    assert set(readers) >= set(ONE_LOSS) - {"fisher"}
    assert passes(monkeypatch, readers) == (1, 0, 1)


def test_a_failed_measurement_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3, 2))
    calls: list[int] = []
    network.register_forward_pre_hook(lambda module, inputs: calls.append(1))
    batch = harness.Batch(torch.randn(4, 5), torch.tensor([0, 1, 0, 1]))
    scores = harness.score(network, batch, ["grad_norm", "nasi_trace", "m_trace", "ntk_trace"])
    assert {score.status for score in scores.values()} == {"error"}
    assert len({score.message for score in scores.values()}) == 1
    assert len(calls) == 1
