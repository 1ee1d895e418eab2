"""TE-NAS's condition number of the exact tangent kernel against the authors' own code.

A file of its own: a backward pass a sample takes too long to be run under two sets of PyTorch's kernels.
"""

from __future__ import annotations

import pytest
import torch

import harness
from tests.proxies.published_scores import Given


@pytest.mark.parametrize("index", [0, *(pytest.param(index, marks=pytest.mark.slow) for index in range(1, 6))])
@pytest.mark.slow
def test_ntk_condition_exact_is_that_of_te_nas(index: int, given: Given) -> None:
    """TE-NAS makes one backward pass a sample, through the batch statistics; so does the exact form. AZ-NAS has −κ.

    In float32, which takes a third of the time of float64, on the authors' sides.
    """
    network = given.sided(index, dtype=torch.float32)
    score = harness.score(network, given.batch(), ["ntk_condition_exact"])["ntk_condition_exact"]
    assert -score.value == pytest.approx(given.score("TENAS", "ntk_cond", index), rel=1e-4)
    if index == 0:
        assert score.value == pytest.approx(given.score("AZ-NAS", "te_nas.ntk", index), rel=1e-4)
