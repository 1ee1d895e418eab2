"""The command line, called in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import run_main
from tests.workers import worker_threads


@pytest.fixture(scope="session")
def nasinit() -> Callable[..., Any]:
    return run_main


@pytest.fixture(scope="module", autouse=True)
def _worker_threads() -> Iterator[None]:
    """But for what asks for `worker_processes`."""
    with worker_threads():
        yield


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Studies write below the working folder by default."""
    monkeypatch.chdir(tmp_path)
