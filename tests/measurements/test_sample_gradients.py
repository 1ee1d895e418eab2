"""GradSign, ZiCo, KNAS and HNAS against plain loops, in float64, on networks of all kinds."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import harness
from harness.batches import Batch
from tests.reference import proxies_sample_gradients as reference

EVERY_KIND = (
    "nasbench201",
    "dead edge",
    "darts",
    "in place",
    "shared",
    "plain",
    "perceptron",
    "group norm",
    "layer norm",
)


@pytest.mark.parametrize("name", EVERY_KIND)
def test_sign_agreement_is_that_of_one_sample_after_the_other(
    name: str, kind: Callable[..., nn.Module], batch: Batch, bn: str
) -> None:
    network = kind(name, bn)
    expected = reference.sign_agreement(network, batch.inputs, batch.labels)
    score = harness.score(kind(name, bn), batch, ["gradsign"], bn=bn)["gradsign"]
    assert (score.status, score.value) == ("ok", expected)
    assert 0 < expected < len(batch) * sum(weight.numel() for weight in reference.weights(network).values())


@pytest.mark.parametrize("name", EVERY_KIND)
def test_zico_is_numpys_over_the_halves(name: str, kind: Callable[..., nn.Module], batch: Batch, bn: str) -> None:
    halves = [(batch.inputs[:2], batch.labels[:2]), (batch.inputs[2:], batch.labels[2:])]
    score = harness.score(kind(name, bn), batch, ["zico"], bn=bn)["zico"]
    # a weight whose gradients nearly agree has a ratio that is known to fewer digits
    assert score.value == pytest.approx(reference.zico(kind(name, bn), halves), rel=1e-7)


@pytest.mark.parametrize("name", EVERY_KIND)
def test_knas_is_the_mean_entry_of_the_gram_matrix(
    name: str, kind: Callable[..., nn.Module], batch: Batch, bn: str, ntk: ModuleType
) -> None:
    """The matrix is formed here, from a copy of the weights a sample; the score never forms it."""
    network = kind(name, bn)
    samples = len(batch)

    def total_loss(logits: Tensor) -> Tensor:
        return functional.cross_entropy(logits, batch.labels, reduction="sum")

    rows = ntk.per_sample_rows(network, batch.inputs.clone(), total_loss)
    gram = ntk.gram(rows, list(rows))
    assert gram.shape == (samples, samples)
    scores = harness.score(kind(name, bn), batch, ["knas", "m_grad"], bn=bn)
    assert scores["knas"].value == pytest.approx(float(gram.mean()), rel=1e-9)
    assert scores["m_grad"].value == pytest.approx(float(gram.mean()) ** 0.5, rel=1e-9)


@pytest.mark.parametrize("name", EVERY_KIND)
def test_hnas_metrics_are_their_formulas(
    name: str, kind: Callable[..., nn.Module], batch: Batch, bn: str, ntk: ModuleType
) -> None:
    scores = harness.score(kind(name, bn), batch, ["m_snip", "m_grasp"], bn=bn)
    network = kind(name, bn)
    gradient = ntk.loss_gradient(network, batch.inputs.clone(), batch.labels)
    product = sum(
        float((weight.detach() * gradient[f"{layer}.weight" if layer else "weight"]).sum())
        for layer, weight in reference.weights(network).items()
    )
    assert scores["m_snip"].value == pytest.approx(abs(product), rel=1e-9, abs=1e-12)
    expected = abs(reference.hessian_gradient_product(network, batch.inputs, batch.labels))
    assert scores["m_grasp"].value == pytest.approx(expected, rel=1e-5, abs=1e-8)


def test_sign_agreement_is_the_same_in_parts(kind: Callable[..., nn.Module], bn: str) -> None:
    """33 samples go in three parts."""
    inputs = torch.randn(33, 3, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    labels = torch.arange(33) % 3
    expected = reference.sign_agreement(kind("nasbench201", bn), inputs, labels)
    assert (
        harness.score(kind("nasbench201", bn), Batch(inputs, labels), ["gradsign"], bn=bn)["gradsign"].value == expected
    )


def test_batch_norm_of_one_value_a_channel_has_no_sample_alone(batch: Batch) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(108, 4), nn.BatchNorm1d(4), nn.Linear(4, 3)).double()
    score = harness.score(network, batch, ["gradsign"])["gradsign"]
    assert score.status == "not_applicable"
    assert "more than one value per channel" in score.message
    assert harness.score(network, batch, ["gradsign"], bn="eval")["gradsign"].status == "ok"
    assert all("forward" not in vars(module) for module in network.modules())


def test_zico_needs_four_samples(batch: Batch, kind: Callable[..., nn.Module]) -> None:
    score = harness.score(kind("plain"), Batch(batch.inputs[:3], batch.labels[:3]), ["zico"])["zico"]
    assert score.status == "not_applicable"
    assert "3 samples" in score.message
