"""The space under test, and the official table of the data folder."""

from pathlib import Path

import pandas as pd
import pytest

from harness.spaces import open_space
from harness.spaces.nasbench201 import NasBench201


@pytest.fixture(scope="session")
def space() -> NasBench201:
    opened = open_space("nasbench201")
    assert isinstance(opened, NasBench201)
    return opened


@pytest.fixture(scope="session")
def official(published_data: Path) -> pd.DataFrame:
    """Index, architecture and isomorph_index of the official table, in file order."""
    path = published_data / "nasbench201_official.csv.gz"
    if not path.exists():
        pytest.skip(f"{path.name} is not in {published_data}")
    return pd.read_csv(path, usecols=["index", "architecture", "isomorph_index"])
