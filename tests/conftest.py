"""Shared by all tests: the data folder, a browser, the slow reference of the kernels."""

from __future__ import annotations

import gc
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import pytest
import torch

import benchmarks
from tests.reference import ntk as reference_ntk

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("NASINIT_DATA", ROOT.parent / "shared" / "data"))
"""Read before any test changes the environment."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

# A busy machine is slow, and that is no failure. The same examples at each run: what fails, fails for everybody;
# `make test-slow` draws new ones, and more.
hypothesis.settings.register_profile("same", deadline=None, derandomize=True)
hypothesis.settings.register_profile("new", deadline=None, max_examples=1_000)
hypothesis.settings.load_profile("same")

# Ten thousand tests are a million objects, which the collector would look through again and again.
gc.set_threshold(10_000, 10, 10)


def pytest_collection_finish() -> None:
    """What the collection has made lives to the end: the collector looks through it no more."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _threads() -> None:
    """One: workers of the test run share the cores, and small tensors gain nothing from more.

    `NASINIT_TEST_THREADS=2` asks for two, to see that no test hangs on the order in which threads add up.
    """
    torch.set_num_threads(int(os.environ.get("NASINIT_TEST_THREADS", "1")))


@pytest.fixture(scope="session")
def ntk() -> ModuleType:
    """The slow reference of the tangent kernels."""
    return reference_ntk


@pytest.fixture(scope="session")
def published_data() -> Path:
    """The folder of published data; skips where it is absent."""
    if not DATA.is_dir():
        pytest.skip(f"published data folder {DATA} is absent")
    return DATA


@pytest.fixture(scope="session")
def official(published_data: Path) -> benchmarks.Table:
    """The official NAS-Bench-201 accuracies; skips where they are absent."""
    path = published_data / "nasbench201_official.csv.gz"
    if not path.exists():
        pytest.skip(f"{path.name} is not in {published_data}")
    return benchmarks.open_table("nasbench201-official", path=path)


@pytest.fixture(scope="session")
def distributed() -> None:
    """Dask distributed, which is an extra, and quiet about workers that are killed on purpose."""
    pytest.importorskip("distributed", reason="distributed is not installed (the extra cluster has it)")
    logging.getLogger("distributed").setLevel(logging.CRITICAL)


@pytest.fixture(scope="module")
def cluster(distributed: None) -> Iterator[Any]:
    """Two processes with a nanny each, which starts a process anew when it is killed."""
    from tests.scoring.cluster.daemons import local_cluster

    with local_cluster(2) as opened:
        yield opened


@pytest.fixture
def client(cluster: Any) -> Iterator[Any]:
    """A client of the cluster."""
    from distributed import Client

    with Client(cluster) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The browser that the system has; skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (the extra dev has it)")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser is installed: none of {', '.join(BROWSERS)} is found")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()
