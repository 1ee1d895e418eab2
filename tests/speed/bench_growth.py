"""How cost grows: cells an hour by workers, the driver by the number of architectures, and stores of many rows.

    python tests/speed/bench_growth.py --parts driver store --rows 1000000

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
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import harness
from harness.errors import SpaceError
from harness.proxies.registry import resolve
from harness.scoring.scorer import OK, Score
from harness.setting import Setting
from harness.spaces.image_sizes import image_dimensions
from harness.spaces.images import ImageClassification
from harness.spaces.space import Sizes, completed

if TYPE_CHECKING:
    from torch import nn

    from harness.proxies.registry import Proxy

NASBENCH101 = 423_624
COUNTS = (1_000, 5_000, 15_625, NASBENCH101)
NAMES = tuple(f"made_up_{number:02d}" for number in range(48))
SHAPE = {"image_size": 4, "channels": 1, "classes": 2}
PARTS = ("driver", "store", "workers")


class WholeNumbers(ImageClassification):
    """A space of the whole numbers below `count`; a network is one layer."""

    name = "whole-numbers"
    shape = image_dimensions()

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.count))

    def __hash__(self) -> int:
        return hash(self.count)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WholeNumbers) and other.count == self.count

    def parse(self, text: str) -> int:
        if not text.isdecimal() or int(text) >= self.count:
            raise SpaceError(f"{text!r} is no number below {self.count:,}")
        return int(text)

    def key(self, architecture: int) -> str:
        return str(architecture)

    def minimal(self, architecture: int) -> int:
        return architecture

    def sizes(self, architecture: int, shape: Any = None, **sizes: Any) -> Sizes:
        return Sizes(architecture, architecture)

    def build(self, architecture: int, shape: Any = None, *, init: str = "pytorch", seed: int = 0) -> nn.Module:
        from torch import nn

        return nn.Sequential(nn.Flatten(), nn.Linear(SHAPE["channels"] * SHAPE["image_size"] ** 2, SHAPE["classes"]))


class Instant(Executor):
    """Has the score of each task at once, without a network."""

    def submit(self, function: Any, task: Any, /, *arguments: Any, **options: Any) -> Future[Any]:  # type: ignore[override]
        future: Future[Any] = Future()
        future.set_result({name: Score(float(task.key), OK, "", 0.001) for name in task.names})
        return future


def made_up_proxies() -> list[Proxy]:
    """Registered proxies that no one computes."""

    def register(name: str) -> None:
        def function(loss_gradient: Any) -> float:
            return 0.0

        function.__name__ = name
        harness.proxy(source="made up")(function)

    for name in NAMES:
        register(name)
    return resolve(NAMES)


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


def _setting() -> Setting:
    return completed(WholeNumbers(1), Setting(input="gaussian", shape=SHAPE))


def make_store(path: Path, architectures: int, missing: int, start: int = 0) -> int:
    """A store of a run by all made-up proxies, of which the last architectures are missing; the number of its rows."""
    from harness.scoring.store.format import ORIGIN_SCHEMA, made_checksum, score_checksum
    from harness.scoring.versions import installed

    proxies = made_up_proxies()
    entries = [(entry.name, entry.version) for entry in proxies]
    keys = sorted(map(str, range(start, start + architectures - missing)))
    with harness.Store(path) as store:
        number = store.setting_id(WholeNumbers.name, _setting(), installed("torch"))
        store.begin_run(number, proxies, {str(one): str(one) for one in range(start, start + architectures)})
        with store.reading() as contents:
            begin = contents.rows.settings()[number].checksum
    sums = dict.fromkeys(entries, 0)

    def rows() -> Iterator[tuple[Any, ...]]:
        for key in keys:
            for place, entry in enumerate(entries):
                row = (key, *entry, float(int(key) * (2 * place + 1) % 100_003), None, OK, "", 0.5)
                checksum = score_checksum(begin, *row)
                sums[entry] += checksum
                yield (number, *row, checksum)

    origin = json.dumps([list(entry) for entry in entries])
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("BEGIN")
        for statement in ORIGIN_SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute("INSERT INTO origin VALUES (1, 'made up', ?)", (origin,))
        connection.executemany("INSERT INTO score VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows())
        made = ((number, key, 1, made_checksum(begin, key, "made up", origin)) for key in keys)
        connection.executemany("INSERT INTO made VALUES (?, ?, ?, ?)", made)
        totals = (("score", number, *entry, len(keys), checksums) for entry, checksums in sums.items())
        connection.executemany("INSERT INTO total VALUES (?, ?, ?, ?, ?, ?)", totals)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = DELETE")
    return len(keys) * len(entries)


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


STEPS = ("open", "resume: find what is missing", "read a run", "read and join", "merge into a new store", "merge again")
MISSING = 1_000


def fresh(*arguments: object) -> dict[str, float]:
    """A measure in a process of its own."""
    command = [sys.executable, __file__, "--measure", *map(str, arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        return {"failed": done.returncode}
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--counts", nargs="+", type=int, default=COUNTS)
    parser.add_argument("--measure", nargs="+")
    options = parser.parse_args()
    if options.measure:
        kind, *rest = options.measure
        if kind == "driver":
            print(json.dumps(driver(int(rest[0]), rest[1], Path(rest[2]))))
        else:
            print(json.dumps(store_step(rest[0], Path(rest[1]), int(rest[2]))))
        return
    if "driver" in options.parts:
        for way in ("closed form", "tasks"):
            for count in options.counts:
                with tempfile.TemporaryDirectory() as folder:
                    print(way, count, fresh("driver", count, way, folder), flush=True)
    if "store" in options.parts:
        with tempfile.TemporaryDirectory() as folder:
            architectures = options.rows // len(NAMES) + MISSING
            print("make", architectures, fresh("store", "make", folder, architectures), flush=True)
            print(os.path.getsize(Path(folder, "scores.sqlite")) / 1e6, "MB")
            for step in STEPS:
                print(step, fresh("store", step, folder, architectures), flush=True)


if __name__ == "__main__":
    main()
