"""What fails in `run` is a status with a message, or ends it with one."""

from __future__ import annotations

import math
import threading
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import harness
from harness.errors import ProxyError
from harness.scoring.runner import run
from tests.scoring.runs import Given, bits


@pytest.fixture(scope="module")
def failing(given: Given, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Proxies that fail in every way, among two that do not, in a worker process."""
    small = min(
        given.space.sizes(cell, classes=3, width=4, depth=1).parameters
        for cell in (given.space.minimal(cell) for cell in given.cells)
    )

    @harness.proxy(source="test")
    def raises(loss_gradient: Any) -> float:
        raise ValueError("a 'bad' thing\nhappened")

    @harness.proxy(source="test")
    def raises_once(parameter_count: int, loss_gradient: Any) -> float:
        if parameter_count == small:
            raise KeyError("missing")
        return float(parameter_count)

    @harness.proxy(source="test")
    def gives_nan(loss_gradient: Any) -> float:
        return math.nan

    @harness.proxy(source="test")
    def gives_infinity(loss_gradient: Any) -> float:
        return -math.inf

    @harness.proxy(source="test")
    def gives_text(loss_gradient: Any) -> Any:
        return "high"

    @harness.proxy(source="test")
    def gives_tensor(loss_gradient: Any) -> Any:
        return next(iter(loss_gradient.values()))

    @harness.proxy(source="test")
    def gives_none(loss_gradient: Any) -> Any:
        return None

    @harness.proxy(source="test")
    def runs_out(loss_gradient: Any) -> Any:
        raise MemoryError

    names = [
        "raises", "raises_once", "grad_norm", "gives_nan", "gives_infinity", "gives_text", "gives_tensor",
        "gives_none", "runs_out", "params",
    ]  # fmt: skip
    store = tmp_path_factory.mktemp("failing") / "scores.sqlite"
    return run(given.space, given.cells, names, setting=given.setting, store=store, workers=1)


@pytest.mark.parametrize(
    ("proxy", "status", "message"),
    [
        ("raises", "error", "ValueError: a 'bad' thing\nhappened"),
        ("gives_nan", "not_finite", "the value is nan"),
        ("gives_infinity", "not_finite", "the value is -inf"),
        ("gives_text", "error", "could not convert string to float: 'high'"),
        ("gives_tensor", "error", "Error: "),
        ("gives_none", "error", "TypeError"),
        ("runs_out", "out_of_memory", "MemoryError"),
    ],
)
def test_a_failure_is_a_status_with_a_message(failing: pd.DataFrame, proxy: str, status: str, message: str) -> None:
    rows = failing[failing["proxy"] == proxy]
    assert len(rows) == 9
    assert set(rows["status"]) == {status}
    assert all(message in text for text in rows["message"])
    assert rows["score"].isna().all()


def test_a_failure_disturbs_no_other_score(failing: pd.DataFrame, pooled: pd.DataFrame) -> None:
    good = failing[failing["proxy"].isin(["grad_norm", "params"])]
    assert len(good) == 18
    assert bits(good).items() <= bits(pooled).items()
    once = failing[failing["proxy"] == "raises_once"]
    assert sorted(set(once["status"])) == ["error", "ok"]
    assert once.loc[once["status"] == "error", "message"].unique().tolist() == ["KeyError: 'missing'"]


def test_a_proxy_that_leaves_python_is_a_status(given: Given, thread: Executor, tmp_path: Path) -> None:
    @harness.proxy(source="test")
    def leaves(loss_gradient: Any) -> float:
        raise SystemExit(3)

    frame = run(given.space, given.cells, "leaves", setting=given.setting, store=tmp_path / "s", executor=thread)
    assert set(frame["status"]) == {"error"}
    assert set(frame["message"]) == {"SystemExit: 3"}


def test_a_proxy_that_cannot_travel_is_named(given: Given, thread: Executor, tmp_path: Path) -> None:
    lock = threading.Lock()

    @harness.proxy(source="test")
    def holds_a_lock(loss_gradient: Any) -> float:
        with lock:
            return 1.0

    with pytest.raises(ProxyError, match=r"holds_a_lock refers to .*lock.*make it inside the function"):
        run(given.space, given.cells, "holds_a_lock", setting=given.setting, store=tmp_path / "s", executor=thread)
