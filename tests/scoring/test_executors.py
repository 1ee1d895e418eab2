"""Every kind of executor that the documents name keeps the contract of `harness.conformance.executors`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest

from harness.conformance.executors import ExecutorConformance
from harness.scoring.engine import worker_pool
from tests.scoring.cluster.daemons import local_cluster


class TestThreads(ExecutorConformance):
    in_processes = False

    def open_executor(self) -> Executor:
        return ThreadPoolExecutor(2)


@pytest.mark.slow
class TestWorkerPool(ExecutorConformance):
    def open_executor(self) -> Executor:
        return worker_pool(2)


class OneAfterAnother(Executor):
    """The least that an executor of a user's own may be: it runs each task when it is submitted."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(function(*arguments, **options))
        except Exception as error:
            future.set_exception(error)
        return future


@pytest.mark.slow
class TestOwnExecutor(ExecutorConformance):
    in_processes = False
    workers = 1

    def open_executor(self) -> Executor:
        return OneAfterAnother()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """One for all tests, since its processes take seconds to start."""
    dask = pytest.importorskip("dask", reason="distributed is not installed (the extra cluster has it)")
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), local_cluster(2) as opened:
        yield opened


class OnDask(ExecutorConformance):
    @pytest.fixture(autouse=True)
    def _client(self, cluster: Any) -> Iterator[None]:
        from distributed import Client

        with Client(cluster) as self.client:
            yield


@pytest.mark.slow
class TestDask(OnDask):
    survives_deaths = True

    @contextlib.contextmanager
    def executor(self) -> Iterator[Any]:
        yield self.client

    def run_options(self, executor: Any) -> dict[str, Any]:
        return {"client": executor}


@pytest.mark.slow
class TestDaskExecutor(OnDask):
    def open_executor(self) -> Any:
        return self.client.get_executor()
