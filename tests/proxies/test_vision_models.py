"""Networks of the kinds that users bring: sizes against PyTorch's counter, and gradients against plain references."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import harness
from tests.vision_models import CLASSES, INPUTS, MODELS, TRANSFORMERS

ATTENTION = {
    "=vit (fused)": ("blocks.0.attention.qkv.weight", "blocks.1.attention.proj.weight", "positions"),
    "vit, layers": ("blocks.0.attention.layer.in_proj_weight", "blocks.1.attention.layer.out_proj.weight", "positions"),
}


@pytest.fixture(params=MODELS)
def named(request: pytest.FixtureRequest) -> tuple[str, nn.Module]:
    torch.manual_seed(0)
    return request.param, MODELS[request.param]().double()


@pytest.fixture(scope="module")
def batch() -> harness.Batch:
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(6, *INPUTS, generator=generator, dtype=torch.float64)
    return harness.Batch(images, torch.randint(CLASSES, (6,), generator=generator))


def _weights(network: nn.Module) -> dict[str, nn.Parameter]:
    """By the documented rule: weights of layers and other matrices, no biases, norms and vectors."""
    norms = {
        f"{name}.{parameter}"
        for name, module in network.named_modules()
        if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm))
        for parameter, _ in module.named_parameters()
    }
    return {
        name: parameter
        for name, parameter in network.named_parameters()
        if name not in norms and sum(size > 1 for size in parameter.shape) > 1
    }


def _biases(network: nn.Module, images: Tensor) -> int:
    """Multiply-adds of the biases of one sample, which PyTorch's counter leaves out: one for each output number."""
    counted: list[int] = []

    def note(module: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> None:
        if getattr(module, "bias", None) is not None:
            counted.append(output.numel())

    handles = [
        module.register_forward_hook(note) for module in network.modules() if isinstance(module, (nn.Conv2d, nn.Linear))
    ]
    network.eval()(images[:1])
    for handle in handles:
        handle.remove()
    rows = 1 + 16
    layered = [module for module in network.modules() if isinstance(module, nn.MultiheadAttention)]
    return sum(counted) + sum(4 * rows * layer.embed_dim for layer in layered)  # their layers are called inside


def test_flops_are_those_of_pytorchs_counter(named: tuple[str, nn.Module], batch: harness.Batch) -> None:
    _, network = named
    biases = _biases(network, batch.inputs)
    network.train()
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.eval()  # one sample has no statistics
    with FlopCounterMode(display=False) as counter, torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        network(batch.inputs[:1])  # in train mode, for which attention has no operation of its own
    found = harness.score(network, batch, ["flops", "params"])
    assert found["flops"].value == counter.get_total_flops() // 2 + biases
    assert found["params"].value == sum(parameter.numel() for parameter in network.parameters())


def test_norms_and_sensitivities_are_sums_over_the_weights(named: tuple[str, nn.Module], batch: harness.Batch) -> None:
    name, network = named
    found = harness.score(network, batch, ["l2_norm", "snip", "grad_norm"], bn="train")
    chosen = _weights(network)
    assert set(ATTENTION.get(name, ())) <= set(chosen)
    for module in network.modules():  # the mode of a score: batch norm in train mode, all others in eval mode
        module.training = isinstance(module, nn.BatchNorm2d)
    with sdpa_kernel(SDPBackend.MATH):
        loss = functional.cross_entropy(network(batch.inputs), batch.labels)
    gradients = torch.autograd.grad(loss, list(chosen.values()))
    expected = {
        "l2_norm": sum(float(weight.detach().norm()) for weight in chosen.values()),
        "snip": sum(float((w.detach() * g).abs().sum()) for w, g in zip(chosen.values(), gradients, strict=True)),
        "grad_norm": sum(float(gradient.norm()) for gradient in gradients),
    }
    for proxy, value in expected.items():
        assert found[proxy].status == "ok", found[proxy]
        assert math.isclose(found[proxy].value, value, rel_tol=1e-9), proxy


def test_grasp_is_the_double_backward_pass_through_plain_attention(
    named: tuple[str, nn.Module], batch: harness.Batch
) -> None:
    _, network = named
    found = harness.score(network, batch, ["grasp"], bn="train")["grasp"]
    for module in network.modules():
        module.training = isinstance(module, nn.BatchNorm2d)
    chosen = list(_weights(network).values())
    with sdpa_kernel(SDPBackend.MATH):
        loss = functional.cross_entropy(network(batch.inputs), batch.labels)
        gradients = torch.autograd.grad(loss, chosen, create_graph=True)
        objective = sum((gradient.detach() * gradient).sum() for gradient in gradients)
        products = torch.autograd.grad(objective, chosen)
    expected = -sum(float((weight.detach() * product).sum()) for weight, product in zip(chosen, products, strict=True))
    assert found.status == "ok", found
    assert math.isclose(found.value, expected, rel_tol=1e-7, abs_tol=1e-12)


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_a_change_of_attention_changes_every_proxy_of_weights(name: str, batch: harness.Batch) -> None:
    readers = ["l2_norm", "snip", "grad_norm", "grasp"]
    torch.manual_seed(0)
    network = MODELS[name]().double()
    before = harness.score(network, batch, readers)
    with torch.no_grad():
        dict(network.named_parameters())[ATTENTION[name][0]].mul_(1.5)
    after = harness.score(network, batch, readers)
    for reader in readers:
        assert before[reader].value != after[reader].value, reader


def test_every_proxy_has_a_score_of_every_network_or_says_why_not(
    named: tuple[str, nn.Module], batch: harness.Batch
) -> None:
    for proxy, score in harness.score(named[1], batch, "all").items():
        assert score.status in ("ok", "not_applicable"), (proxy, score)
        assert score.status == "ok" or len(score.message) > 10
