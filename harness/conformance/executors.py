"""Conformance suite for executors: what `harness.run` requires of them, as tests for pytest.

An executor is any object with the interface of `concurrent.futures.Executor`: threads, processes, a cluster. The same
tests run on a `distributed.Client`, which `harness.run` takes as `client`: see `ExecutorConformance.run_options`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import pytest

from harness.errors import RunError
from harness.proxies.registry import registered
from harness.scoring.runner import run
from harness.setting import Setting
from harness.spaces import open_space

PROXIES = ("grad_norm", "nwot", "params", "ntk_trace")
SMALL = {"width": 4, "depth": 1, "image_size": 8, "classes": 3}
CELLS = 4


class ExecutorConformance:
    """The tests of one kind of executor.

    Attributes:
        in_processes: whether tasks run in processes other than this one, so that a task may end its process.
        workers: number of tasks that run at once.
        survives_deaths: whether a run goes on when a worker dies.
    """

    in_processes: ClassVar[bool] = True
    workers: ClassVar[int] = 2
    survives_deaths: ClassVar[bool] = False

    def open_executor(self) -> Any:
        """A new executor; the tests shut it down."""
        raise NotImplementedError

    @contextmanager
    def executor(self) -> Iterator[Any]:
        """An executor that is open during a test."""
        opened = self.open_executor()
        try:
            yield opened
        finally:
            opened.shutdown(wait=True)

    def run_options(self, executor: Any) -> dict[str, Any]:
        """The options of `harness.run` with which it computes on the executor."""
        return {"executor": executor, "workers": self.workers}

    def rows(self, store: Path, executor: Any, proxies: tuple[str, ...] = PROXIES) -> pd.DataFrame:
        """Scores of a few cells; without an executor, in this process alone."""
        space = open_space("nasbench201")
        setting = Setting(batch_size=6, shape=SMALL)
        return run(
            space, space.sample(CELLS, 1), proxies, setting=setting, store=store,
            **({} if executor is None else self.run_options(executor)),
        )  # fmt: skip

    def test_the_rows_are_those_of_one_worker_to_the_last_bit(self, tmp_path: Path) -> None:
        expected = self.rows(tmp_path / "one.sqlite", None)
        with self.executor() as executor:
            found = self.rows(tmp_path / "other.sqlite", executor)
        assert found.drop(columns="seconds").equals(expected.drop(columns="seconds"))
        assert (found["status"] == "ok").all()

    def test_what_is_scored_is_not_scored_again(self, tmp_path: Path) -> None:
        with self.executor() as executor:
            first = self.rows(tmp_path / "scores.sqlite", executor)
            assert self.rows(tmp_path / "scores.sqlite", executor).equals(first)

    def test_a_function_of_the_callers_travels_by_value(self, tmp_path: Path) -> None:
        factor = 3.0

        def scaled_size(parameter_count: int, loss_gradient: Any) -> float:
            return factor * parameter_count

        with registered(scaled_size, source="a test"), self.executor() as executor:
            frame = self.rows(tmp_path / "scores.sqlite", executor, ("params", "scaled_size"))
        by_proxy = {name: rows["score"].tolist() for name, rows in frame.groupby("proxy")}
        assert by_proxy["scaled_size"] == [factor * size for size in by_proxy["params"]]

    def test_a_proxy_that_fails_stops_no_other(self, tmp_path: Path) -> None:
        def failing(loss_gradient: Any) -> float:
            raise ValueError("no score today")

        with registered(failing, source="a test"), self.executor() as executor:
            frame = self.rows(tmp_path / "scores.sqlite", executor, ("failing", "grad_norm"))
        failed = frame[frame["proxy"] == "failing"]
        assert set(failed["status"]) == {"error"}
        assert set(failed["message"]) == {"ValueError: no score today"}
        assert set(frame.loc[frame["proxy"] == "grad_norm", "status"]) == {"ok"}

    def test_a_worker_that_dies_leaves_what_was_finished(self, tmp_path: Path) -> None:
        if not self.in_processes:
            pytest.skip("its tasks share this process")
        store, mark = tmp_path / "scores.sqlite", tmp_path / "lives"

        space = open_space("nasbench201")
        sizes = [space.sizes(cell, SMALL).parameters for cell in space.sample(CELLS, 1)]

        def deadly(parameter_count: int, loss_gradient: Any) -> float:
            if parameter_count == sizes[-1] and not mark.exists():
                os._exit(9)
            return 1.0

        with registered(deadly, source="a test"):
            with self.executor() as executor:
                first = self.rows(store, executor)
            if self.survives_deaths:
                with self.executor() as executor:
                    died = self.rows(store, executor, (*PROXIES, "deadly"))
                found = ["died" if size == sizes[-1] else "ok" for size in sizes]
                assert died.loc[died["proxy"] == "deadly", "status"].tolist() == found
            else:
                with self.executor() as executor, pytest.raises((RunError, BrokenProcessPool)):
                    self.rows(store, executor, (*PROXIES, "deadly"))
            mark.touch()
            with self.executor() as executor:
                frame = self.rows(store, executor, (*PROXIES, "deadly"))
        assert frame[frame["proxy"] != "deadly"].reset_index(drop=True).equals(first)
        assert set(frame.loc[frame["proxy"] == "deadly", "status"]) == {"ok"}
