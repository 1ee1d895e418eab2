"""The authors' own scores, for the tests that compare with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proxies.published_scores import Given, read_given


@pytest.fixture(scope="session")
def given(published_data: Path) -> Given:
    folder = published_data / "reference_scores"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")
    return read_given(folder)
