"""A worker that Dask's nanny has told to give memory back keeps it all the same: pages fetched again are counted."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

COUNT = """
import resource, sys
import numpy as np
from harness.scoring.cluster.allocation import keep_memory

if sys.argv[1] == "keep":
    assert keep_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    np.ones(2**17)  # 1 MiB, 256 pages
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than glibc")
def test_freed_memory_is_used_again() -> None:
    environment = {
        **os.environ,
        "MALLOC_TRIM_THRESHOLD_": "65536",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    fetched = {
        how: int(subprocess.check_output([sys.executable, "-c", COUNT, how], env=environment, text=True))
        for how in ("keep", "give back")
    }
    assert fetched["give back"] > 50 * 200
    assert fetched["keep"] < fetched["give back"] / 10
