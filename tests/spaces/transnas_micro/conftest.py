"""The space under test."""

from __future__ import annotations

import pytest

from harness.spaces import open_space
from harness.spaces.transnas_micro import TransNasMicro


@pytest.fixture(scope="session")
def space() -> TransNasMicro:
    opened = open_space("transnas-micro")
    assert isinstance(opened, TransNasMicro)
    return opened
