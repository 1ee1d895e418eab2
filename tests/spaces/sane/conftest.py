"""The space under test, and a graph with an isolated node and an edge to itself."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from harness.spaces import open_space
from harness.spaces.sane import Sane


@pytest.fixture(scope="session")
def space() -> Sane:
    opened = open_space("sane")
    assert isinstance(opened, Sane)
    return opened


@pytest.fixture
def edges() -> Tensor:
    """Six nodes: a triangle with a tail, an edge of one direction, an edge to itself, and node 5, which is alone."""
    ends = torch.tensor([[0, 1], [1, 2], [0, 2], [2, 3]]).t()
    return torch.cat([ends, ends.flip(0), torch.tensor([[4, 1], [0, 1]])], dim=1)
