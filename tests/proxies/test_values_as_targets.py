"""Networks with a regression target, and graphs: every proxy has the plain definition's value, or says why it has none.

Oracles: plain autograd on the loss as its docstring has it, one sample or one output at a time.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import harness
from harness.batches import Batch
from harness.errors import SettingError
from harness.proxies.registry import list_proxies
from tests.spaces.toy_graphs import ToyGraphs

READS_CLASSES = {"epe_nas", "m_trace", "m_condition", "vkdnw", "vkdnw_code", "vkdnw_single"}
"""They read each sample's own class, or the probabilities of classes."""
ALONE = {
    "fisher", "nwot", "swap", "swap_universal", "jacob_cov", "epe_nas", "gradsign", "zico", "ntk_condition",
    "ntk_trace_per_sample", "m_trace", "m_condition", "vkdnw", "vkdnw_code", "vkdnw_single",
    "zico_bc", "l_swag", "near", "rcor", "wrcor", "t_cet",
}  # fmt: skip
"""They read gradients of single samples, or of parts of the batch."""
BUILT_IN = [entry.name for entry in list_proxies() if entry.function.__module__.startswith("harness.")]


class Regressor(nn.Module):
    """[N, 3, 6, 6] to [N, 2]."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.activation = nn.ReLU()
        self.linear = nn.Linear(4, 2)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = self.activation(self.norm(self.convolution(inputs)))
        outputs: Tensor = self.linear(hidden.mean(dim=(2, 3)))
        return outputs


@pytest.fixture(scope="module")
def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return Regressor().double()


@pytest.fixture(scope="module")
def batch() -> Batch:
    generator = torch.Generator().manual_seed(4)
    return Batch(
        torch.randn(6, 3, 6, 6, generator=generator, dtype=torch.float64),
        torch.randn(6, 2, generator=generator, dtype=torch.float64),
    )


def half_squared(outputs: Tensor, targets: Tensor) -> Tensor:
    return sum(((row - target) ** 2).sum() for row, target in zip(outputs, targets, strict=True)) / 2 / len(outputs)


def absolute(outputs: Tensor, targets: Tensor) -> Tensor:
    return sum((row - target).abs().sum() for row, target in zip(outputs, targets, strict=True)) / len(outputs)


def weights_of(network: nn.Module) -> list[nn.Parameter]:
    return [module.weight for module in network.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]


def squared_gradient(value: Tensor, network: nn.Module) -> float:
    found = torch.autograd.grad(value, list(network.parameters()), retain_graph=True, allow_unused=True)
    return sum(float(gradient.square().sum()) for gradient in found if gradient is not None)


def test_a_regression_is_scored_by_all_but_what_reads_classes(network: nn.Module, batch: Batch) -> None:
    scores = harness.score(network, batch, [name for name in BUILT_IN if not name.startswith(("te_nas", "nasgraph"))])
    refused = {name: score.message for name, score in scores.items() if score.status != "ok"}
    assert {scores[name].status for name in refused} == {"not_applicable"}
    of_cells = {"az_progressivity", "az_expressivity", "az_trainability", "wrcor"}
    assert refused.keys() == READS_CLASSES | of_cells | {"eznas_a"}, refused  # its ReLU is read by no convolution
    for name in READS_CLASSES:
        assert "reads the classes" in refused[name]


@pytest.mark.parametrize(("loss", "plain"), [(None, half_squared), ("mean_absolute_error", absolute)])
def test_gradient_proxies_read_the_problems_loss(
    network: nn.Module, batch: Batch, loss: str | None, plain: Any
) -> None:
    found = harness.score(network, batch, ["grad_norm", "snip", "nasi_trace", "grasp", "plain"], loss=loss)
    network.train()
    value = plain(network(batch.inputs), batch.targets)
    weights = weights_of(network)
    gradients = torch.autograd.grad(value, weights, create_graph=True)
    pairs = list(zip(weights, gradients, strict=True))
    expected = {
        "grad_norm": sum(float(gradient.detach().norm()) for gradient in gradients),
        "snip": sum(float((weight * gradient).detach().abs().sum()) for weight, gradient in pairs),
        "plain": sum(float((weight * gradient).detach().sum()) for weight, gradient in pairs),
        "nasi_trace": squared_gradient(value, network),
    }
    along = sum((gradient * gradient.detach()).sum() for gradient in gradients)
    products = torch.autograd.grad(along, weights, retain_graph=True)
    expected["grasp"] = -sum(float((w * product).detach().sum()) for w, product in zip(weights, products, strict=True))
    for name, number in expected.items():
        assert found[name].status == "ok", found[name]
        assert found[name].value == pytest.approx(number, rel=1e-9, abs=1e-12), name


def test_the_kernels_trace_is_over_all_outputs(network: nn.Module, batch: Batch) -> None:
    found = harness.score(network, batch, ["ntk_trace_exact"])["ntk_trace_exact"]
    network.train()
    outputs = network(batch.inputs)
    assert found.value == pytest.approx(sum(squared_gradient(one, network) for one in outputs.flatten()), rel=1e-10)


def test_signs_are_those_of_each_samples_own_loss(network: nn.Module, batch: Batch) -> None:
    found = harness.score(network, batch, ["gradsign"], bn="eval")["gradsign"]
    network.eval()
    total = [torch.zeros_like(weight) for weight in weights_of(network)]
    for one, target in zip(batch.inputs, batch.targets, strict=True):
        loss = half_squared(network(one[None]), target[None])
        for sums, gradient in zip(total, torch.autograd.grad(loss, weights_of(network)), strict=True):
            sums += gradient.sign()
    assert found.value == sum(float(sums.abs().sum()) for sums in total)


@pytest.mark.parametrize("shape", [(6,), (6, 1), (6, 3), (6, 2, 1)])
def test_targets_of_another_shape_than_the_outputs_are_not_broadcast(
    network: nn.Module, shape: tuple[int, ...]
) -> None:
    other = Batch(torch.randn(6, 3, 6, 6, dtype=torch.float64), torch.randn(shape, dtype=torch.float64))
    score = harness.score(network, other, ["grad_norm"])["grad_norm"]
    assert score.status == "not_applicable"
    assert score.message == f"regression compares outputs with targets {list(shape)}; got [6, 2]"


def test_a_loss_of_another_problem_is_refused(network: nn.Module, batch: Batch) -> None:
    with pytest.raises(SettingError, match=r"unknown loss 'cross_entropy'.*the losses of regression"):
        harness.score(network, batch, ["grad_norm"], loss="cross_entropy")


def test_outputs_may_be_images() -> None:
    generator = torch.Generator().manual_seed(0)
    clean = torch.rand(4, 1, 6, 6, generator=generator, dtype=torch.float64)
    noisy = clean + 0.1 * torch.randn(clean.shape, generator=generator, dtype=torch.float64)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.Conv2d(3, 1, 3, padding=1)).double()
    scores = harness.score(network, Batch(noisy, clean), ["grad_norm", "ntk_trace_exact", "ntk_trace_per_sample"])
    outputs = network(noisy)
    loss = sum((one - target).square().sum() for one, target in zip(outputs, clean, strict=True)) / 2 / 4
    gradients = torch.autograd.grad(loss, weights_of(network), retain_graph=True)
    assert scores["grad_norm"].value == pytest.approx(sum(float(each.norm()) for each in gradients), rel=1e-10)
    trace = sum(squared_gradient(one, network) for one in outputs.flatten())
    assert scores["ntk_trace_exact"].value == pytest.approx(trace, rel=1e-10)
    assert scores["ntk_trace_per_sample"].value == pytest.approx(trace, rel=1e-10), "nothing couples the samples here"


def test_what_needs_single_samples_is_refused_on_a_graph_and_says_why() -> None:
    space = ToyGraphs()
    (stack,) = space.sample(1)
    network, batch = space.build(stack).double(), space.batch(harness.Setting())
    scores = harness.score(network, batch.like(torch.empty(0, dtype=torch.float64)), BUILT_IN)
    for name in ALONE & scores.keys():
        assert scores[name].status == "not_applicable", name
        assert "do not see each other" in scores[name].message or "reads the classes" in scores[name].message, name
    good = {name for name, score in scores.items() if score.status == "ok"}
    assert good >= {"grad_norm", "snip", "synflow", "grasp", "nasi_trace", "ntk_trace", "params", "flops", "l2_norm"}
    assert not {name for name, score in scores.items() if score.status not in ("ok", "not_applicable")}
    arguments = [batch.inputs.double(), batch.arguments[1]]
    loss = half_squared(network(*arguments), batch.targets.double())
    gradients = torch.autograd.grad(loss, weights_of(network))
    assert scores["grad_norm"].value == pytest.approx(sum(float(each.norm()) for each in gradients), rel=1e-9)
    ones = [torch.ones_like(arguments[0]), arguments[1]]
    positive = space.build(stack).double()
    with torch.no_grad():
        for parameter in positive.parameters():
            parameter.abs_()
    total = positive(*ones).sum()
    found = torch.autograd.grad(total, weights_of(positive))
    flow = sum(float((weight.detach() * each).sum()) for weight, each in zip(weights_of(positive), found, strict=True))
    assert scores["synflow"].value == pytest.approx(flow, rel=1e-9)


class EdgeNetwork(nn.Module):
    """Features of edges [e, 3] and their ends [2, e] to a number for each of some nodes."""

    def __init__(self, nodes: int) -> None:
        super().__init__()
        self.nodes = nodes
        self.layer, self.activation, self.head = nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1)

    def forward(self, edges: Tensor, ends: Tensor) -> Tensor:
        state = self.activation(self.layer(edges))
        gathered = state.new_zeros(self.nodes, 4).index_add(0, ends[1], state)
        outputs: Tensor = self.head(gathered)
        return outputs


@pytest.mark.parametrize("edges", [15, 6])
def test_rows_that_are_edges_are_never_taken_for_nodes(edges: int) -> None:
    """Also where there are as many edges as nodes, so that no shape tells them apart."""
    generator = torch.Generator().manual_seed(0)
    arguments = [torch.randn(edges, 3, generator=generator), torch.randint(6, (2, edges), generator=generator)]
    batch = Batch(arguments, torch.randn(6, 1, generator=generator), independent=False)
    scores = harness.score(EdgeNetwork(6), batch, BUILT_IN)
    for name in ALONE:
        assert scores[name].status == "not_applicable", (name, scores[name])
    assert scores["grad_norm"].status == "ok"
