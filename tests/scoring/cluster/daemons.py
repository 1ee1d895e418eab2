"""Clusters of processes on this machine, and what kills them."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def local_cluster(workers: int) -> Iterator[Any]:
    """A scheduler in this process, and workers in processes of their own."""
    import dask
    from distributed import LocalCluster

    with (
        # a nanny whose worker is missing 15 s after a death would be closed, though another death is the reason
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1h"}),
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0", host="127.0.0.1",
            silence_logs=False,
        ) as opened,
    ):  # fmt: skip
        yield opened


def pids(cluster: Any) -> list[int]:
    """The worker processes that live now."""
    return [nanny.pid for nanny in list(cluster.workers.values()) if nanny.pid]


def until(condition: Callable[[], Any], seconds: float = 60) -> None:
    """Wait until something is so; an error where it takes too long."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.05)


class Killer:
    """Kills workers of a cluster at random moments, from a thread.

    Args:
        cluster: the cluster.
        kills: number of processes to kill.
        at_once: number of processes that die at one moment.
        seed: of the moments and the choice.
        after: a file; the first dies when it is there.
        pause: least and most seconds between two deaths.
    """

    def __init__(
        self,
        cluster: Any,
        kills: int,
        *,
        seed: int,
        after: Path,
        at_once: int = 1,
        pause: tuple[float, float] = (0.05, 0.6),
    ) -> None:
        self.killed = 0
        self._cluster, self._kills, self._at_once, self._after, self._pause = cluster, kills, at_once, after, pause
        self._random = random.Random(seed)
        self._thread = threading.Thread(target=self._kill)

    def __enter__(self) -> Killer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def _kill(self) -> None:
        end = time.monotonic() + 240
        while self.killed < self._kills and time.monotonic() < end:
            time.sleep(self._random.uniform(*self._pause))
            alive = pids(self._cluster)
            if not self._after.exists() or len(alive) < self._at_once:
                continue
            for pid in self._random.sample(alive, self._at_once):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    self.killed += 1


class Daemons:
    """Schedulers and workers that the commands of Dask start, each in a process of its own.

    Args:
        folder: folder for the scheduler file.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / "scheduler.json"
        self._running: list[subprocess.Popen[bytes]] = []

    def scheduler(self) -> subprocess.Popen[bytes]:
        """Start a scheduler, which writes its file anew."""
        self.file.unlink(missing_ok=True)
        process = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        until(self.file.exists)
        return process

    def worker(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker with more variables in its environment."""
        return self._start("worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", **environment)

    def close(self) -> None:
        """Kill all that still runs."""
        for process in self._running:
            process.kill()
            process.wait()

    def _start(self, which: str, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{which}", "--scheduler-file", str(self.file), *options]
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(command, stdout=quiet, stderr=quiet, env={**os.environ, **environment})
        self._running.append(process)
        return process
