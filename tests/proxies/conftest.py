"""The authors' own scores, for the tests that compare with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from tests.proxies.published_scores import Given


@pytest.fixture(scope="session")
def given(published_data: Path) -> Given:
    folder = published_data / "reference_scores"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")
    inputs = {name: torch.from_numpy(array) for name, array in np.load(folder / "inputs.npz").items()}
    scores = pd.read_csv(folder / "scores.csv").set_index(["peer", "proxy", "architecture"])["score"]
    return Given(folder, inputs, (folder / "architectures.txt").read_text().split(), scores)
