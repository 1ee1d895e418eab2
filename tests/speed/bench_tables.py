"""Speed of the tables: to open one, to ask for all its architectures in one call and one by one; and peak memory.

    python tests/speed/bench_tables.py nats.parquet nasbench201_official.csv.gz

Each table is opened in processes of their own, the median of a few repetitions: `open` after the import of numpy and
pyarrow, `first_open` with it, from the import of `benchmarks` on, as a program meets it that imported nothing yet. The
ratios are to the first table given.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

MEASURES = ("open_s", "open_mb", "first_open_s", "first_open_mb", "query_s", "query_one_by_one_s")


def peak() -> float:
    """Megabytes of the process's peak memory so far (Linux)."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def measure(path: Path) -> dict[str, float]:
    """All measures of one table but the first opening; in a fresh process, or the memory is that of something else."""
    import numpy as np

    import benchmarks

    importlib.import_module("pyarrow.parquet")  # a library's import is not part of opening a table
    open_table = benchmarks.open_table
    before, start = peak(), time.perf_counter()
    table = open_table(path)
    opened, after = time.perf_counter() - start, peak()
    column = next(column.name for column in table.columns if column.unit == "pct")
    start = time.perf_counter()
    together = table.values(table.keys, column)
    query = time.perf_counter() - start
    start = time.perf_counter()
    apart = [table.values([key], column)[0] for key in table.keys]
    one_by_one = time.perf_counter() - start
    np.testing.assert_array_equal(together, apart)
    return {"open_s": opened, "open_mb": after - before, "query_s": query, "query_one_by_one_s": one_by_one}


def measure_first(path: Path) -> dict[str, float]:
    """Time and memory of opening one table with all imports; in a fresh process, as `measure`."""
    before, start = peak(), time.perf_counter()
    importlib.import_module("benchmarks").open_table(path)
    return {"first_open_s": time.perf_counter() - start, "first_open_mb": peak() - before}


def fresh(which: str, path: Path) -> dict[str, float]:
    """The measures of one table, in a process of its own."""
    command = [sys.executable, __file__, "--measure", which, str(path)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def main() -> None:
    """Print a line a table, and the ratios to the first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="+", type=Path)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--measure", choices=("warm", "first"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure is not None:
        measured = measure if options.measure == "warm" else measure_first
        print(json.dumps(measured(options.tables[0])))
        return
    found: list[dict[str, float]] = []
    print(f"{'table':40s}" + "".join(f"{name:>26s}" for name in MEASURES))
    for path in options.tables:
        runs = [fresh("warm", path) | fresh("first", path) for _ in range(options.repetitions)]
        found.append({name: statistics.median(run[name] for run in runs) for name in MEASURES})
        values = (f"{found[-1][name]:12.4f} ({found[-1][name] / found[0][name]:8.2f} x)" for name in MEASURES)
        print(f"{path.name:40s}" + "".join(f"{value:>26s}" for value in values))


if __name__ == "__main__":
    main()
