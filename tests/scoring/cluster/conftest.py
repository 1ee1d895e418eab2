"""Fixtures of the clusters' tests: real processes on this machine, which end with the test."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.scoring.runner import run
from tests.scoring.cluster.daemons import Daemons

PROXIES = ("grad_norm", "nwot", "params", "ntk_trace", "synflow", "l2_norm")


@pytest.fixture(scope="session", autouse=True)
def _all_need_it(distributed: None) -> None: ...


@pytest.fixture(scope="module")
def cells(space: Any) -> list[Any]:
    """Thirty cells that are networks of their own."""
    return list(dict.fromkeys(space.minimal(cell) for cell in space.sample(50, seed=2)))[:30]


@pytest.fixture(scope="module")
def expected(
    space: Any, cells: list[Any], tiny: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> pd.DataFrame:
    """The rows of one thread of this process."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as thread:
        return run(space, cells, PROXIES, store=tmp_path_factory.mktemp("one") / "s", executor=thread, **tiny)


@pytest.fixture
def daemons(tmp_path: Path) -> Iterator[Daemons]:
    """Starts schedulers and workers as a user does, each a process of its own."""
    with contextlib.closing(Daemons(tmp_path)) as started:
        yield started


@pytest.fixture
def score(space: Any, tiny: dict[str, Any], tmp_path: Path) -> Callable[..., pd.DataFrame]:
    """Scores cells on a client, into the test's own store."""
    return lambda client, cells, proxies=PROXIES, **options: run(
        space, cells, proxies, store=tmp_path / "s", client=client, **{**tiny, **options}
    )
