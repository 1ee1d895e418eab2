from pathlib import Path

import pandas as pd
import pytest

import harness
from tests.evaluation.known import made


@pytest.fixture(scope="session")
def known_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.table(tmp_path_factory.mktemp("known"))


@pytest.fixture(scope="session")
def known(known_file: Path) -> pd.DataFrame:
    return harness.known_scores(path=known_file)
