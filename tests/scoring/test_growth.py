"""How work grows with architectures, proxies and runs of a store: statements and rows held at once, not times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

import harness
from harness.proxies import Proxy, resolve
from harness.scoring import held
from harness.scoring.runner import run
from harness.scoring.scorer import DIED, ERROR, NOT_FINITE, OK, OUT_OF_MEMORY, Score
from harness.scoring.store import rows
from harness.scoring.store.frames import run_frame
from harness.scoring.store.missing import Missing
from harness.scoring.store.records import RunRecord
from harness.setting import Setting
from tests.scoring.runs import Given
from tests.scoring.store.stores import fill

NAMES = ("grad_norm", "params", "ntk_trace", "synflow", "nwot", "flops")


class Instant(Executor):
    """Has the scores of a task at once."""

    def __init__(self) -> None:
        self.most = self.waiting = 0

    def submit(self, function: Any, task: Any, /, *arguments: Any, **options: Any) -> Future[Any]:  # type: ignore[override]
        future: Future[Any] = Future()
        future.set_result({name: Score(1.0, OK, "", 0.5) for name in task.names})
        return future


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All that SQLite is told by stores that are opened from now on."""
    found: list[str] = []
    opened = harness.Store._opened

    def watched(store: harness.Store) -> Any:
        connection = opened(store)
        connection.set_trace_callback(found.append)
        return connection

    monkeypatch.setattr(harness.Store, "_opened", watched)
    return found


def scores_read(statements: Sequence[str]) -> int:
    return sum("FROM score" in statement for statement in statements)


@pytest.mark.parametrize("count", [1, 3, 6])
def test_what_is_missing_is_found_in_one_reading_for_any_number_of_proxies(
    path: Path, statements: list[str], count: int
) -> None:
    proxies = resolve(NAMES)
    number = fill(path, proxies, tuple(map(str, range(50))))
    del statements[:]
    keys = [str(place) for place in range(60)]
    with harness.Store(path) as store:
        assert store.missing(number, dict.fromkeys(proxies[:count], keys)) == {
            tuple(proxies[:count]): [str(place) for place in range(50, 60)]
        }
    assert scores_read(statements) == 1
    assert len(statements) == 6  # begin, the settings and their count, the scores and theirs, the end


def test_a_run_that_goes_on_reads_the_scores_once_and_its_frame_once_more(
    given: Given, path: Path, statements: list[str]
) -> None:
    arguments: dict[str, Any] = {"setting": given.setting, "store": path, "executor": Instant()}
    run(given.space, given.cells, NAMES, **arguments)
    del statements[:]
    run(given.space, given.cells, NAMES, **arguments)
    assert scores_read(statements) == 2


def test_rows_are_not_held_beyond_a_part(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proxies = resolve(NAMES)
    number = fill(path, proxies, tuple(map(str, range(100))))
    monkeypatch.setattr(rows, "PART", 12)
    with harness.Store(path) as store, store.reading() as contents:
        setting = contents.rows.settings()[number]
        parts = list(contents.rows.scores(number, setting, {proxy.name: proxy.version for proxy in proxies[:3]}))
        whole = list(contents.rows.scores(number, setting))
    assert [len(part) for part in parts] == [12] * 25
    assert [row[0] for part in whole for row in part] == sorted(row[0] for part in whole for row in part)
    assert sum(map(len, whole)) == 600


def test_rows_come_in_the_order_of_the_table_and_are_not_sorted(path: Path, statements: list[str]) -> None:
    proxies = resolve(NAMES)
    number = fill(path, proxies)
    del statements[:]
    with harness.Store(path) as store:
        store.missing(number, dict.fromkeys(proxies, ("cell one",)))
        (query,) = (statement for statement in statements if "FROM score" in statement)
        plan = [row[-1] for row in store._connection.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert plan[0] == "SEARCH score USING PRIMARY KEY (setting_id=?)"
    assert not [line for line in plan if "TEMP B-TREE" in line or line.startswith("SCAN score")]


@pytest.mark.parametrize("longest", [0.0, 1e9])
def test_scores_that_are_at_hand_are_written_together(
    space: Any, tiny: dict[str, Any], path: Path, statements: list[str], longest: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "LONGEST_SECONDS", longest)
    cells = list(dict.fromkeys(space.minimal(cell) for cell in space.sample(900, seed=3)))[:500]
    frame = run(space, cells, "grad_norm", store=path, executor=Instant(), **tiny)
    assert len(frame) == 500
    written = sum(statement == "COMMIT" for statement in statements) - 2  # the setting and the run
    assert written == (500 if not longest else 34), "2, 4, 8 and then 16 tasks at once, whose scores come together"


class Slow(Instant):
    """Has each result only when it is asked for."""

    def submit(self, function: Any, task: Any, /, *arguments: Any, **options: Any) -> Future[Any]:  # type: ignore[override]
        import threading

        done = super().submit(function, task)
        future: Future[Any] = Future()
        threading.Timer(0.02, lambda: future.set_result(done.result())).start()
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        future.add_done_callback(lambda _: setattr(self, "waiting", self.waiting - 1))
        return future


def test_a_result_that_comes_alone_is_written_before_the_driver_waits(
    space: Any, tiny: dict[str, Any], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    write = harness.Store.write

    def counted(store: harness.Store, number: int, rows: Any, **options: Any) -> None:
        rows = list(rows)
        written.append(len(rows))
        write(store, number, rows, **options)

    monkeypatch.setattr(harness.Store, "write", counted)
    monkeypatch.setattr(held, "LONGEST_SECONDS", 1e9)
    slow = Slow()
    cells = list(dict.fromkeys(space.minimal(cell) for cell in space.sample(30, seed=3)))[:10]
    run(space, cells, "grad_norm", store=path, executor=slow, **tiny)
    assert sum(written) == 10
    assert max(written) <= slow.most <= 4


def test_what_is_held_is_written_when_the_run_ends_with_an_error(
    space: Any, tiny: dict[str, Any], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "LONGEST_SECONDS", 1e9)

    class Fails(Instant):
        def submit(self, function: Any, task: Any, /, *arguments: Any, **options: Any) -> Future[Any]:  # type: ignore[override]
            self.most += 1
            future = super().submit(function, task)
            if self.most == 9:
                future = Future()
                future.set_exception(ValueError("broken"))
            return future

    cells = list(dict.fromkeys(space.minimal(cell) for cell in space.sample(30, seed=3)))[:10]
    with pytest.raises(harness.HarnessError, match="broken"):
        run(space, cells, "grad_norm", store=path, executor=Fails(), **tiny)
    with harness.Store(path) as store:
        assert len(store.frame()) >= 6


def test_runs_of_the_same_architectures_share_them(path: Path) -> None:
    cells = tuple(map(str, range(20)))
    for seed in range(3):
        fill(path, resolve("grad_norm"), cells, Setting(seed=seed))
    with harness.Store(path) as store:
        runs = store.runs()
    assert [record.number for record in runs] == [1, 2, 3]
    assert len({id(record.scored_as) for record in runs}) == 1
    assert all(key is row for key, row in runs[0].scored_as.items())


STATUSES = st.sampled_from([OK, NOT_FINITE, DIED, OUT_OF_MEMORY, ERROR])
KEYS = st.sampled_from("abcdefgh")


@settings(deadline=None, max_examples=50)
@drawn(
    wanted=st.tuples(st.lists(KEYS, unique=True), st.lists(KEYS, unique=True)),
    found=st.dictionaries(st.tuples(KEYS, st.sampled_from(NAMES)), st.none()),
)
def test_what_is_missing_is_what_is_wanted_and_not_found(
    wanted: tuple[list[str], list[str]], found: dict[tuple[str, str], None]
) -> None:
    by_proxy: dict[Proxy, Sequence[str]] = {proxy: wanted[proxy.reads_size] for proxy in resolve(NAMES)}
    missing = Missing(by_proxy)
    missing.take_off(sorted(found))
    groups = missing.groups()
    plain = {(key, proxy.name) for proxy, keys in by_proxy.items() for key in keys} - set(found)
    assert {(key, proxy.name) for proxies, keys in groups.items() for key in keys for proxy in proxies} == plain
    assert all(list(proxies) == [proxy for proxy in by_proxy if proxy in proxies] for proxies in groups)
    listed = [key for keys in groups.values() for key in keys]
    assert len(listed) == len(set(listed))


def plain_frame(found: Sequence[tuple[Any, ...]], asked: RunRecord) -> pd.DataFrame:
    """The frame of a run by a dictionary of all rows."""
    scores = {(row[0], row[1]): row for row in found}
    lines = []
    for proxy in asked.proxies:
        for key, shared in asked.scored_as.items():
            row = scores.get((key if proxy in asked.size_proxies else shared, proxy))
            if row is not None:
                lines.append((key, proxy, row[3], row[5], row[7], row[4], row[6]))
    columns = ["architecture", "proxy", "score", "status", "seconds", "standard_error", "message"]
    numbers = dict.fromkeys(("score", "seconds", "standard_error"), float)
    return pd.DataFrame(lines, columns=columns).astype(numbers)


@settings(deadline=None, max_examples=50)
@drawn(
    scored_as=st.dictionaries(KEYS, KEYS),
    sizes=st.sets(st.sampled_from(NAMES)),
    found=st.dictionaries(
        st.tuples(KEYS, st.sampled_from(NAMES)),
        st.tuples(st.none() | st.floats(allow_nan=False), st.none() | st.floats(0, 1), STATUSES, st.text(max_size=3)),
    ),
    part=st.integers(1, 7),
)
def test_a_frame_is_that_of_a_dictionary_of_all_rows(
    scored_as: dict[str, str], sizes: set[str], found: Mapping[Any, Any], part: int
) -> None:
    asked = RunRecord(
        1, "", 1, "nasbench201", Setting(), "2", dict.fromkeys(NAMES, "1"), frozenset(sizes), scored_as
    )  # fmt: skip
    rows = [(*key, "1", *values, 0.25, 7) for key, values in found.items()]

    def parts() -> Iterator[list[tuple[Any, ...]]]:
        for start in range(0, len(rows), part):
            yield rows[start : start + part]

    frame = run_frame(parts(), asked)
    plain = plain_frame(rows, asked)
    pd.testing.assert_frame_equal(frame, plain)
    assert frame["score"].to_numpy().tobytes() == plain["score"].to_numpy(np.float64).tobytes()
    assert list(frame.dtypes) == list(plain.dtypes)
