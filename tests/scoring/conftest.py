"""Fixtures of the runs' tests: a place of their own, a registry that is put back, tiny settings, proxies that count."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import harness
from harness.proxies import Proxy, registry, resolve
from harness.scoring.runner import run
from harness.spaces.space import completed
from tests.scoring.runs import CLASS, PROXIES, Given

TINY = {"width": 4, "depth": 1, "batch_size": 4, "image_size": 8, "classes": 3}


@pytest.fixture(scope="module", autouse=True)
def _place_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is written into the repository or the user's cache, and no proxy stays registered."""
    registry.load_builtin()
    before = dict(registry._REGISTRY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NASINIT_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("NASINIT_DATA", raising=False)
        patch.chdir(tmp_path_factory.mktemp("here"))
        yield
    registry._REGISTRY.clear()
    registry._REGISTRY.update(before)


@pytest.fixture(scope="session")
def tiny() -> dict[str, Any]:
    return dict(TINY)


@pytest.fixture(scope="session")
def space() -> Any:
    return harness.open_space("nasbench201")


@pytest.fixture
def thread() -> Iterator[Executor]:
    """An executor in this process, for what needs no worker processes."""
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.fixture(scope="module")
def lines() -> Callable[[Path], int]:
    """Lines in a file that proxies append to; 0 where there is none."""
    return lambda path: len(path.read_text().splitlines()) if path.exists() else 0


@pytest.fixture(scope="module")
def counting() -> Callable[[Path, str], str]:
    """Registers a proxy of the given name that appends a line to a file whenever it is computed."""

    def make(path: Path, name: str) -> str:
        def counted(loss_gradient: Any) -> float:
            with open(path, "a") as file:
                file.write(f"{os.getpid()}\n")
            return float(sum(gradient.abs().sum() for gradient in loss_gradient.values()))

        counted.__name__ = name
        harness.proxy(source="test")(counted)
        return name

    return make


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "scores.sqlite"


@pytest.fixture
def proxies() -> list[Proxy]:
    return resolve(["grad_norm", "params", "ntk_trace"])


@pytest.fixture(scope="session")
def given(space: Any, tiny: dict[str, Any]) -> Given:
    """Six cells of the sample, one of them written in another way too, and a class of three spellings."""
    cells = [*space.sample(6, seed=5), *(space.parse(text) for text in CLASS)]
    return Given(space, cells, completed(space, harness.Setting(**tiny)))


@pytest.fixture(scope="session")
def pooled(given: Given, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The cells scored by two processes."""
    store = tmp_path_factory.mktemp("pooled") / "scores.sqlite"
    return run(given.space, given.cells, PROXIES, setting=given.setting, store=store, workers=2)
