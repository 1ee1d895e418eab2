"""Every kind of executor that the documents name keeps the contract of `harness.conformance.executors`."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor

from harness.conformance.executors import ExecutorConformance
from harness.scoring.engine import worker_pool


class TestThreads(ExecutorConformance):
    in_processes = False

    def open_executor(self) -> Executor:
        return ThreadPoolExecutor(2)


class TestWorkerPool(ExecutorConformance):
    def open_executor(self) -> Executor:
        return worker_pool(2)
