"""A worker keeps freed memory, also one that Dask's nanny has told to give it back: pages fetched again are counted."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest

from harness.scoring.engine import close_pool, worker_pool

COUNT = """
import resource, sys
import numpy as np
from harness.scoring.allocation import KEPT, keep_memory

if sys.argv[1] == "keep":
    assert keep_memory(KEPT)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(int(sys.argv[2])):
    kept = [np.ones(2**17) for _ in range(int(sys.argv[3]))]  # 1 MiB each, 256 pages
    del kept
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than glibc")
@pytest.mark.parametrize(
    ("told", "rounds", "tensors"),
    [
        pytest.param({"MALLOC_TRIM_THRESHOLD_": "65536"}, 50, 1, id="Dask's nanny"),
        pytest.param({}, 10, 100, id="alone"),
    ],
)
def test_freed_memory_is_used_again(told: dict[str, str], rounds: int, tensors: int) -> None:
    paths = os.pathsep.join(filter(None, sys.path))
    environment = {**os.environ, **told, "PYTHONPATH": paths}
    fetched = {
        how: int(
            subprocess.check_output(
                [sys.executable, "-c", COUNT, how, str(rounds), str(tensors)], env=environment, text=True
            )
        )
        for how in ("keep", "give back")
    }
    assert fetched["give back"] > 0.75 * rounds * tensors * 256
    assert fetched["keep"] < 1.5 * fetched["give back"] / rounds


def _hold_and_free(mebibytes: int) -> int:
    """Process number of the worker that has held that much memory and freed it; loky looks at it once a second."""
    held = [np.ones(2**17) for _ in range(mebibytes)]
    del held
    time.sleep(1.05)
    return os.getpid()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than glibc")
def test_a_worker_that_keeps_freed_memory_is_not_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psutil", reason="loky measures its workers with psutil")
    monkeypatch.delenv("LOKY_MAX_MEMORY_LEAK_SIZE", raising=False)
    pool = worker_pool(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            workers = {pool.submit(_hold_and_free, mebibytes).result() for mebibytes in (1, 1200, 1)}
        finally:
            close_pool(pool)
    assert len(workers) == 1
