"""The space under test, and the slice of the official release in the data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.spaces import open_space
from harness.spaces.natsbench_sizes import NatsBenchSizes

SLICE = "NATS-sss-v1_0-50262-simple"


@pytest.fixture(scope="session")
def space() -> NatsBenchSizes:
    opened = open_space("natsbench-sizes")
    assert isinstance(opened, NatsBenchSizes)
    return opened


@pytest.fixture(scope="session")
def client(published_data: Path) -> Any:
    """The official client on the slice, which has all architectures' names and the records 0, 11 and 284."""
    import nats_bench

    folder = published_data / SLICE
    if not folder.exists():
        pytest.skip(f"{SLICE} is not in {published_data}")
    return nats_bench.create(str(folder), "sss", fast_mode=True, verbose=False)
