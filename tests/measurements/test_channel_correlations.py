"""MeCo against NumPy's correlation matrices, in float64, on networks of several kinds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import nn

import harness
from harness.batches import Batch
from harness.measurements.channel_correlations import correlations_of
from harness.measurements.own_weights import given_tensors
from tests.reference import proxies_features as reference


@pytest.mark.parametrize("name", ["nasbench201", "dead edge", "darts", "in place", "plain", "group norm"])
def test_meco_is_numpys_over_all_modules(name: str, kind: Callable[..., nn.Module], batch: Batch, bn: str) -> None:
    network = kind(name, bn)
    found = correlations_of(network, given_tensors(network), batch.inputs)
    assert sum(found) == pytest.approx(reference.meco(network, batch.inputs), rel=1e-9, abs=1e-12)


def test_meco_says_what_a_network_lacks(kind: Callable[..., nn.Module], batch: Batch) -> None:
    scores = {
        "takes no": harness.score(kind("perceptron"), batch, ["meco"])["meco"],
        "batch has inputs [5, 108]": harness.score(
            nn.Linear(108, 3).double(), Batch(batch.inputs.flatten(1), batch.labels), ["meco"]
        )["meco"],
    }
    assert scores["takes no"].status == "not_applicable"
    assert "does not take this proxy's own inputs [1, 3, 64, 64]" in scores["takes no"].message
    assert "batch has inputs [5, 108]" in scores["batch has inputs [5, 108]"].message
