"""How cost grows: cells an hour by workers, the driver by the number of architectures, and stores of many rows.

    python tests/speed/bench_growth.py
    python tests/speed/bench_growth.py --parts store --rows 1000000

- `driver`: `harness.run` on a synthetic space of whole numbers, with an executor that has the score of each task at
  once, so that all that is measured is the driver; and by a proxy that needs no task at all.
- `store`: a store of NAS-Bench-101's architectures (or fewer) by many proxies, which is made row by row with the right
  checksums, and removed at the end: to open it, to find what is not yet scored, to read a run, to join it, to merge.
- `workers`: cells an hour of NAS-Bench-201 with one worker, with two, and on a Dask cluster of two processes; and of
  the synthetic space, whose networks are one small layer, so that what remains is the way to a worker and back.

Every measure is of a process of its own. Seconds of the driver are processor seconds, which other work on the machine
does not change much; cells an hour are of wall time and compare only with those of the same run.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import harness
from harness.proxies.registry import resolve
from tests.speed.made_up import NAMES, SHAPE, Instant, WholeNumbers, made_up_proxies, make_store

NASBENCH101 = 423_624
COUNTS = (1_000, 5_000, 15_625, NASBENCH101)
PARTS = ("driver", "store", "workers")


def peak_mb() -> float:
    """Megabytes of the process's largest memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def measured(call: Callable[[], object]) -> dict[str, float]:
    """Seconds of processor and wall time, and how far memory rose above what it was (MB)."""
    before, processor, wall = peak_mb(), time.process_time(), time.perf_counter()
    call()
    return {
        "cpu_s": time.process_time() - processor, "wall_s": time.perf_counter() - wall,
        "more_mb": peak_mb() - before, "peak_mb": peak_mb(),
    }  # fmt: skip


def driver(count: int, way: str, folder: Path) -> dict[str, float]:
    """A run of that many architectures: `tasks` through an executor, or `closed form`."""
    import torch  # noqa: F401  # its import is not part of the run

    space = WholeNumbers(NASBENCH101)
    names = ["params"] if way == "closed form" else ["grad_norm"]

    def call() -> None:
        frame = harness.run(space, range(count), names, store=folder / "s", executor=Instant(), shape=SHAPE)
        assert len(frame) == count

    harness.run(space, range(2), names, store=folder / "warm", executor=Instant(), shape=SHAPE)
    return measured(call)


def open_store(path: Path) -> object:
    """Open, and read which settings there are."""
    with harness.Store(path, readonly=True) as store, store.reading() as contents:
        return contents.rows.settings()


def find_missing(path: Path, architectures: int) -> object:
    """What a run that goes on asks the store first."""
    keys = [str(one) for one in range(architectures)]
    with harness.Store(path) as store:
        found = store.missing(1, dict.fromkeys(resolve(NAMES), keys))
    assert [len(rows) for rows in found.values()] == [MISSING]
    return found


def read_and_join(path: Path) -> object:
    """What `correlate` does before it computes: read a run, and join it under the space's key."""
    from harness.evaluation.matching import matched_scores
    from harness.scoring.files import read_scores

    return matched_scores(read_scores(path).frame, WholeNumbers(NASBENCH101))


def store_step(step: str, folder: Path, architectures: int) -> dict[str, float]:
    """One measure of the store in a folder."""
    from harness.scoring.files import read_scores
    from harness.scoring.store.merging import merge_stores

    path, target = folder / "scores.sqlite", folder / "merged.sqlite"
    made_up_proxies()
    calls: dict[str, Callable[[], object]] = {
        "make": lambda: make_store(path, architectures, MISSING),
        "open": lambda: open_store(path),
        "resume: find what is missing": lambda: find_missing(path, architectures),
        "read a run": lambda: read_scores(path),
        "read and join": lambda: read_and_join(path),
        "merge into a new store": lambda: merge_stores([path], target),
        "merge again": lambda: merge_stores([path], target),
    }
    return measured(calls[step])


EIGHT = ("fisher", "grad_norm", "grasp", "jacob_cov", "l2_norm", "plain", "snip", "synflow")


def cells_an_hour(place: str, space_name: str, cells: int, folder: Path) -> dict[str, float]:
    """Cells an hour, and the driver's seconds, once workers have begun; by the eight of zero-cost-nas or a free proxy.

    Args:
        place: number of workers, or `cluster of 2`.
        space_name: `nasbench201`, or `whole numbers` for networks of one layer.
        cells: how many are scored.
        folder: for the store.
    """
    from harness.scoring import held

    ends: list[tuple[float, float]] = []
    add = held.Held.add

    def timed_add(self: held.Held, *arguments: Any) -> None:
        ends.append((time.perf_counter(), time.process_time()))
        add(self, *arguments)

    held.Held.add = timed_add  # type: ignore[method-assign]
    options: dict[str, Any] = {"store": folder / "scores.sqlite"}
    space: Any = harness.open_space("nasbench201")
    architectures = list(dict.fromkeys(map(space.minimal, space.sample(3 * cells))))[:cells]
    names: tuple[str, ...] = EIGHT
    if space_name != space.name:
        space, architectures, names = WholeNumbers(cells), list(range(cells)), ("grad_norm",)
        options["shape"] = SHAPE
    with contextlib.ExitStack() as closing:
        if place == "cluster of 2":
            from distributed import Client, LocalCluster

            cluster = closing.enter_context(LocalCluster(2, threads_per_worker=1, dashboard_address=None))
            options["client"] = closing.enter_context(Client(cluster))
        else:
            options["workers"] = int(place)
        harness.run(space, architectures, names, **options)
    begun = 2  # of two workers
    wall, processor = (last - first for first, last in zip(ends[begun - 1], ends[-1], strict=True))
    scored = len(ends) - begun
    return {"an_hour": 3600 * scored / wall, "driver_s_per_1000": 1000 * processor / scored}


STEPS = ("open", "resume: find what is missing", "read a run", "read and join", "merge into a new store", "merge again")
MISSING = 1_000


def fresh(*arguments: object) -> dict[str, float]:
    """A measure in a process of its own."""
    command = [sys.executable, __file__, "--measure", *map(str, arguments)]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:  # such as one that was killed for its memory
        return {"failed": done.returncode}
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def row(*cells: object) -> None:
    """Print a row of a Markdown table."""
    texts = (
        f"{cell:,.3g}"
        if isinstance(cell, float) and cell < 1000
        else f"{cell:,.0f}"
        if isinstance(cell, float)
        else str(cell)
        for cell in cells
    )
    print(f"| {' | '.join(texts)} |", flush=True)


def bench_driver(counts: list[int]) -> None:
    row("architectures", "way", "processor s", "s per 1,000", "wall s", "peak MB", "of that the run MB")
    row(*["---"] * 7)
    for way in ("closed form", "tasks"):
        for count in counts:
            with tempfile.TemporaryDirectory() as folder:
                found = fresh("driver", count, way, folder)
            each = found["cpu_s"] / count * 1000
            row(f"{count:,}", way, found["cpu_s"], each, found["wall_s"], found["peak_mb"], found["more_mb"])


def bench_store(rows: int) -> None:
    architectures = rows // len(NAMES) + MISSING
    row(f"store of {rows:,} rows", "processor s", "wall s", "peak MB")
    row(*["---"] * 4)
    with tempfile.TemporaryDirectory() as folder:
        for step in ("make", *STEPS):
            found = fresh("store", step, folder, architectures)
            row(step, *(found.get(name, "failed") for name in ("cpu_s", "wall_s", "peak_mb")))
        print(f"\n{Path(folder, 'scores.sqlite').stat().st_size / 1e9:.2f} GB on the disk\n")


def bench_workers(cells: int) -> None:
    row("space", "place", "cells an hour", "driver s per 1,000 cells")
    row(*["---"] * 4)
    places = ["1", "2", *(["cluster of 2"] if find_spec("distributed") else [])]
    for space, count in (("nasbench201", cells), ("whole numbers", 100 * cells)):
        for place in places:
            with tempfile.TemporaryDirectory() as folder:
                found = fresh("workers", place, space, count, folder)
            row(space, place, *(found.get(name, "failed") for name in ("an_hour", "driver_s_per_1000")))


def main() -> None:
    """Print the tables of the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 20_000_000])
    parser.add_argument("--counts", nargs="+", type=int, default=COUNTS)
    parser.add_argument("--cells", type=int, default=20)
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        kind, *rest = options.measure
        measures: dict[str, Callable[[], dict[str, float]]] = {
            "driver": lambda: driver(int(rest[0]), rest[1], Path(rest[2])),
            "store": lambda: store_step(rest[0], Path(rest[1]), int(rest[2])),
            "workers": lambda: cells_an_hour(rest[0], rest[1], int(rest[2]), Path(rest[3])),
        }
        print(json.dumps(measures[kind]()))
        return
    if "driver" in options.parts:
        bench_driver(options.counts)
    if "store" in options.parts:
        for rows in options.rows:
            bench_store(rows)
    if "workers" in options.parts:
        bench_workers(options.cells)


if __name__ == "__main__":
    main()
