"""The proxies of zero-cost-nas and NAS-Bench-Suite-Zero against the slow reference, in float64, and their properties.

Oracle: `tests/reference/proxies_zero_cost.py`, written from the papers.
"""

from __future__ import annotations

import copy
import itertools
import math

import pytest
import torch
from torch import Tensor, nn

import harness
from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements.input_jacobian import LabelledJacobian
from harness.measurements.preserve import preserved
from harness.measurements.session import Session
from harness.proxies.epe_nas import epe_nas
from harness.proxies.jacob_cov import jacob_cov
from harness.proxies.nwot import nwot
from harness.setting import Setting
from tests.proxies.zero_cost_networks import KINDS, SHAPE, WITHOUT_RELU, five_samples, made_of, relu_after_convolution
from tests.reference import proxies_zero_cost as slow


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["train", "eval"])
def bn(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def batch() -> Batch:
    return five_samples()


LOSS_PROXIES = ("snip", "plain", "grasp", "fisher")


# PyTorch scripts its forward-mode rules when they are first used, and warns of scripting
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is:DeprecationWarning")
@pytest.mark.parametrize("proxy", LOSS_PROXIES)
def test_proxies_of_the_loss(proxy: str, kind: str, bn: str, batch: Batch) -> None:
    network = made_of(kind)
    score = harness.score(network, batch, [proxy], bn=bn)[proxy]
    network.eval()
    for module in network.modules():
        module.training = bn == "train" and isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)
    expected = getattr(slow, proxy)(network, batch.inputs, batch.labels)
    assert score.status == "ok", score
    assert score.value == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("proxy", ["jacob_cov", "epe_nas", "nwot"])
def test_proxies_of_correlation(proxy: str, kind: str, bn: str, batch: Batch) -> None:
    network = made_of(kind)
    score = harness.score(network, batch, [proxy], bn=bn)[proxy]
    if proxy == "nwot" and kind in WITHOUT_RELU:
        assert score.status == "not_applicable"
        assert "calls no nn.ReLU module" in score.message
        return
    network.eval()
    for module in network.modules():
        module.training = bn == "train" and isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)
    given = (batch.inputs, batch.labels) if proxy == "epe_nas" else (batch.inputs,)
    assert score.status == "ok", score
    assert score.value == pytest.approx(getattr(slow, proxy)(network, *given), rel=1e-9)


def test_proxies_of_weights_and_flow(kind: str, bn: str, batch: Batch) -> None:
    network = made_of(kind)
    scores = harness.score(network, batch, ["l2_norm", "synflow", "logsynflow", "synflow_bn"], bn=bn)
    assert scores["l2_norm"].value == pytest.approx(slow.l2_norm(network), rel=1e-12)
    assert scores["synflow"].value == pytest.approx(slow.synflow(network.eval(), SHAPE), rel=1e-9)
    assert scores["logsynflow"].value == pytest.approx(slow.logsynflow(network.eval(), SHAPE), rel=1e-9)
    if kind == "perceptron with relu" and bn == "train":
        assert scores["synflow_bn"].status == "not_applicable"
        assert "more than 1 value per channel" in scores["synflow_bn"].message
        return
    for module in network.modules():
        module.training = bn == "train" and isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)
    expected = slow.synflow(network, SHAPE, keep_batch_norm=True)
    # a constant channel over the standard deviation of its rounding: batch norm turns the last bits into the value
    assert scores["synflow_bn"].value == pytest.approx(expected, rel=1e-6)


def measured(network: nn.Module, batch: Batch, *names: str) -> list[object]:
    with preserved(network, bn="train", seed=0):
        session = Session(network, batch, Setting(input="given", batch_size=len(batch)))
        return [session.value(name) for name in names]


def test_grasp_is_the_squared_gradient_norm_where_batch_norm_follows(batch: Batch) -> None:
    """The loss does not change with the scale of such a layer, bias or not: W·∂L/∂W = 0, and −W·(H g) = ‖g‖².

    H and g are restricted to weights here, and the identity holds under any restriction that keeps the layer's own;
    exactly so without batch norm's ε. It fails for the two convolutions that are summed without batch norm and for the
    classifier, which are what GraSP adds to the NASI trace of the weights.
    """
    network = copy.deepcopy(made_of("nasbench201"))
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 1e-14
    gradient, product, weights = measured(network, batch, "loss_gradient", "hessian_gradient", "weights")
    without = {"classifier.weight", "cells.1.downsample.1.weight", "cells.3.downsample.1.weight"}
    assert without < set(weights)
    for name, weight in weights.items():
        squared_norm, curved = float(gradient[name].square().sum()), -float((weight * product[name]).sum())
        if name in without:
            assert abs(curved - squared_norm) > 0.01 * squared_norm, name
        else:
            assert float((weight * gradient[name]).sum()) == pytest.approx(0, abs=1e-9), name
            assert curved == pytest.approx(squared_norm, rel=1e-6, abs=1e-12), name
    scores = harness.score(network, batch, ["grasp", "plain"])
    expected = sum(float(g.square().sum()) for n, g in gradient.weights.items() if n not in without)
    expected -= sum(float((weights[n] * product[n]).sum()) for n in without)
    assert scores["grasp"].value == pytest.approx(expected, rel=1e-6)
    assert scores["plain"].value == pytest.approx(
        sum(float((weights[n] * gradient[n]).sum()) for n in without), rel=1e-6
    )


def chain(widths: tuple[int, ...]) -> nn.Module:
    layers: list[nn.Module] = [nn.Flatten()]
    for wide_in, wide_out in itertools.pairwise(widths):
        layers += [nn.Linear(wide_in, wide_out, bias=False), nn.ReLU()]
    return nn.Sequential(*layers[:-1]).double()


def test_synaptic_flow_is_conserved_in_a_chain() -> None:
    """Tanaka et al. 2020, theorem 1: every layer of a chain without biases carries R = 1ᵀ |W3| |W2| |W1| 1."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = chain((12, 5, 4, 3))
    flow = Tensor([1.0] * 12).double()
    for layer in (network[1], network[3], network[5]):
        flow = layer.weight.detach().abs() @ flow
    batch = Batch(torch.randn(3, 3, 2, 2), torch.tensor([0, 1, 2]))
    assert harness.score(network, batch, ["synflow"])["synflow"].value == pytest.approx(
        3 * float(flow.sum()), rel=1e-12
    )


def test_fisher_of_a_linear_layer_by_hand() -> None:
    """Logits (1, 0) and (0, 3), labels 0 and 0, mean squared error: ∂L/∂f = (0, 0) and (−1/2, 3/2).

    Products a ⊙ ∂L/∂a are (0, 0) and (0, 9/2); half the mean of squares is (0, 81/16), times two weights a channel.
    """
    network = nn.Linear(2, 2, bias=False).double()
    network.weight.data = torch.tensor([[1.0, 0.0], [0.0, 3.0]], dtype=torch.float64)
    batch = Batch(torch.eye(2, dtype=torch.float64), torch.tensor([0, 0]))
    scores = harness.score(network, batch, ["fisher"], loss="mean_squared_error")
    assert scores["fisher"].value == 81 / 8


def test_an_in_place_relu_changes_no_score(batch: Batch) -> None:
    """It overwrites the output of the convolution before it, which Fisher pruning reads."""
    names = ["fisher", "nwot", "grasp", "snip", "jacob_cov", "synflow"]
    plain, in_place = (harness.score(relu_after_convolution(inplace), batch, names) for inplace in (False, True))
    for name in names:
        assert plain[name].status == "ok", name
        assert in_place[name].value == pytest.approx(plain[name].value, rel=1e-12), name


def test_the_channels_of_a_sequence_of_linear_layers_are_its_features() -> None:
    """A linear layer on [N, T, features] has its channels last: as a 1x1 convolution over T positions."""

    class Sequence(nn.Module):
        def __init__(self, layer: nn.Module) -> None:
            super().__init__()
            self.layer, self.head = layer, nn.Linear(4, 3)

        def forward(self, inputs: Tensor) -> Tensor:
            if isinstance(self.layer, nn.Linear):
                return self.head(self.layer(inputs).tanh().mean(dim=1))
            return self.head(self.layer(inputs.mT[..., None]).tanh().mean(dim=(2, 3)))

    linear, convolution = Sequence(nn.Linear(6, 4)).double(), Sequence(nn.Conv2d(6, 4, 1)).double()
    convolution.layer.weight.data = linear.layer.weight.data[..., None, None]
    convolution.layer.bias.data = linear.layer.bias.data
    convolution.head = linear.head
    batch = Batch(torch.randn(4, 5, 6, dtype=torch.float64), torch.tensor([0, 1, 2, 0]))
    as_linear, as_convolution = (harness.score(made, batch, ["fisher"])["fisher"] for made in (linear, convolution))
    assert as_linear.value == pytest.approx(as_convolution.value, rel=1e-12)
    assert as_convolution.value == pytest.approx(slow.fisher(convolution, batch.inputs, batch.labels), rel=1e-9)


def test_epe_nas_is_nearly_proportional_to_the_pairs_of_one_class_whose_number_is_a_matter_of_the_batch() -> None:
    """All samples correlate by r; the number of pairs has the mean and deviation that the docstring gives."""
    count, classes, r = 32, 10, 0.01
    generator = torch.Generator().manual_seed(0)
    axes = torch.eye(count + 1, dtype=torch.float64) - 1 / (count + 1)
    basis = torch.linalg.svd(axes).U[:, :count].T  # orthonormal rows that sum to zero
    equal = torch.full((count, count), r, dtype=torch.float64).fill_diagonal_(1)
    rows = torch.linalg.cholesky(equal) @ basis
    pairs = []
    for _ in range(2000):
        labels = torch.randint(classes, (count,), generator=generator)
        sizes = torch.bincount(labels, minlength=classes)
        pairs.append(int((sizes * (sizes - 1) // 2).sum()))
        if len(pairs) <= 5:
            expected = -2 * pairs[-1] * math.log(r + 1e-5)
            assert epe_nas(LabelledJacobian(rows, labels, classes)) == pytest.approx(expected, abs=2 * count * 1e-5)
    found = torch.tensor(pairs, dtype=torch.float64)
    assert float(found.mean()) == pytest.approx(count * (count - 1) / 2 / classes, rel=0.01)
    relative = math.sqrt(2 * (classes - 1) / (count * (count - 1)))
    assert float(found.std() / found.mean()) == pytest.approx(relative, rel=0.05)
    assert relative == pytest.approx(0.13, abs=0.005)


def test_jacob_cov_and_epe_nas_by_hand() -> None:
    """Rows without correlation: every eigenvalue is 1. Two classes, correlations ½ and −1 within, 0 across."""
    u, v, w, x = torch.linalg.svd(torch.eye(5, dtype=torch.float64) - 0.2).U[:, :4].T  # orthonormal, each of mean 0
    assert jacob_cov(torch.stack([u, 3 * v, w + 2, -x])) == pytest.approx(
        -4 * (math.log(1.00001) + 1 / 1.00001), rel=1e-12
    )
    rows = torch.stack([u, w, u / 2 + math.sqrt(0.75) * v, -2 * w, x + 1])
    labels = torch.tensor([7, 4, 7, 4, 5])
    one, half = math.log(1.00001), math.log(0.50001)
    pairs = [2 * one + 2 * half, 4 * one]  # of classes 7 and 4; class 5 has one sample
    assert epe_nas(LabelledJacobian(rows, labels, 100)) == pytest.approx(abs(pairs[0]) + abs(pairs[1]) + one, rel=1e-9)
    assert epe_nas(LabelledJacobian(rows, labels, 101)) == pytest.approx(
        2 * abs(pairs[0] / 2 - pairs[1] / 2) / 2, rel=1e-9
    )
    with pytest.raises(NotApplicable, match="no class has two samples"):
        epe_nas(LabelledJacobian(rows, torch.arange(5), 101))


def test_nwot_by_hand() -> None:
    """K = [[4, 1], [1, 4]]: four units, one of them in the same state for both; log 15."""
    assert nwot(torch.tensor([[4.0, 1.0], [1.0, 4.0]], dtype=torch.float64)) == pytest.approx(math.log(15), rel=1e-14)
