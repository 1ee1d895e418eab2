"""A space of whole numbers, proxies that no one computes, and a store of their scores, for the benches of growth."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
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

NAMES = tuple(f"made_up_{number:02d}" for number in range(48))
SHAPE = {"image_size": 4, "channels": 1, "classes": 2}


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


def _setting() -> Setting:
    return completed(WholeNumbers(1), Setting(input="gaussian", shape=SHAPE))


def make_store(path: Path, architectures: int, missing: int, start: int = 0) -> int:
    """A store of a run by all made-up proxies, of which the last architectures are missing; the number of its rows."""
    from harness.scoring.store.format import ORIGIN_SCHEMA, made_checksum, score_checksum
    from harness.versions import installed

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
