"""Searches here see the tables that a test gives them, and none of a data folder."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NASINIT_DATA", raising=False)
