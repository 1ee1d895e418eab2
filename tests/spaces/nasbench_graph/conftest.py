"""The space under test, and a graph with an isolated node, in the batch's form."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from harness.spaces import open_space
from harness.spaces.nasbench_graph import NasBenchGraph


@pytest.fixture(scope="session")
def space() -> NasBenchGraph:
    opened = open_space("nasbench-graph")
    assert isinstance(opened, NasBenchGraph)
    return opened


@pytest.fixture
def edges() -> Tensor:
    """Seven nodes: a triangle with a tail, a pair, and node 6, which has no edge."""
    ends = torch.tensor([[0, 1], [1, 2], [0, 2], [2, 3], [4, 5]]).t()
    return torch.cat([ends, ends.flip(0)], dim=1)
