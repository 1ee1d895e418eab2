"""Merging stores: against plain dictionaries, twice, refused by name, and killed at random moments."""

from __future__ import annotations

import contextlib
import math
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.errors import StoreError, StoreNotice
from harness.proxies import Proxy, resolve
from harness.scoring.files import read_scores
from harness.scoring.runner import run
from harness.scoring.scorer import DIED, ERROR, NOT_FINITE, OK, OUT_OF_MEMORY, Score
from harness.scoring.store.damage import look_through
from harness.scoring.store.merging import merge_stores
from harness.setting import Setting
from tests.scoring.runs import bits
from tests.scoring.store.kills import RandomKills
from tests.scoring.store.stores import VERSION_1, content, copy_of_version_1, fill

CELLS = tuple(f"|cell {number}~0|" for number in range(9))
SETTINGS = (Setting(), Setting(bn="eval", seed=3), Setting(width=7))
MACHINES = (None, "a fast one", "a slow one – ✓")
FAILED_BY_MACHINE = (DIED, OUT_OF_MEMORY)


def everything(path: Path) -> dict[str, Any]:
    """All that a store holds, read by plain means, without its local numbers and the order of its rows."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        settings = {number: row for number, *row in connection.execute("SELECT id, space, setting, torch FROM setting")}
        scores = {
            (*settings[number], *key): tuple(rest)
            for number, *key_rest in connection.execute(
                "SELECT setting_id, architecture, proxy, version, value, standard_error, status, message, seconds, "
                "checksum FROM score"
            )
            for key, rest in [(key_rest[:3], key_rest[3:])]
        }
        runs = [
            (*settings[number], *row)
            for number, *row in connection.execute(
                "SELECT setting_id, started, proxies, architectures FROM run ORDER BY id"
            )
        ]
    return {"settings": sorted(map(tuple, settings.values())), "scores": scores, "runs": runs}


def machines(path: Path) -> dict[tuple[Any, ...], str]:
    """Machine by space, setting, torch, architecture, proxy and version."""
    found = {}
    with harness.Store(path, readonly=True) as store, store.reading() as contents:
        for number, setting in contents.rows.settings().items():
            for part in contents.rows.scores(number, setting):
                for row in part:
                    if (machine := contents.origins.of(number, [row[0]])[row[0]].get(row[1:3])) is not None:
                        found[(*setting[:3], *row[:3])] = machine
    return found


def check(path: Path) -> None:
    """Every row is whole, and none is missing."""
    with harness.Store(path, readonly=True) as store, store.reading() as contents:
        settings = contents.rows.settings()
        contents.rows.runs(settings)
        for number, setting in settings.items():
            list(contents.rows.scores(number, setting))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        found = look_through(connection)
    assert (found.damaged, found.uneven) == (0, [])


def _random_stores(folder: Path, proxies: list[Proxy], draw: random.Random) -> list[Path]:
    """Three stores of scores that follow from their key, but for times and what a machine failed at."""
    paths = []
    for number in range(3):
        path = folder / f"{number}.sqlite"
        with harness.Store(path) as store:
            for setting in draw.sample(SETTINGS, 2):
                setting_id = store.setting_id("nasbench201", setting, "2.6.0")
                asked = draw.sample(proxies, 2)
                started = draw.choice([None, f"2026-01-0{draw.randrange(1, 9)}T00:00:00.{number:06d}+00:00"])
                store.begin_run(setting_id, asked, {cell: cell for cell in CELLS}, started=started)
                for cell in draw.sample(CELLS, 6):
                    rows = [(cell, proxy, _score(draw, cell, proxy, setting)) for proxy in asked]
                    store.write(setting_id, rows, machine=draw.choice(MACHINES))
        paths.append(path)
    return paths


def _score(draw: random.Random, cell: str, proxy: Proxy, setting: Setting) -> Score:
    fixed = random.Random(f"{cell} {proxy.name} {setting.json()}")
    if draw.random() < 0.2:
        return Score(math.nan, draw.choice(FAILED_BY_MACHINE), f"killed {draw.random()}", draw.random())
    status = fixed.choice([OK, OK, OK, NOT_FINITE, ERROR])
    value = fixed.gauss(0, 100) if status == OK else math.nan
    error = fixed.choice([math.nan, 0.25]) if status == OK else math.nan
    return Score(value, status, "" if status == OK else f"why {draw.random()}", draw.random(), error)


def _union(stores: list[dict[str, Any]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """The oracle: the first row of each key, but for one that a machine failed at."""
    rows: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for store in stores:
        for key, row in store["scores"].items():
            if key not in rows or (rows[key][2] in FAILED_BY_MACHINE and row[2] not in FAILED_BY_MACHINE):
                rows[key] = row
    return rows


@pytest.mark.parametrize("seed", range(12))
def test_a_merged_store_is_the_union_of_dictionaries(seed: int, tmp_path: Path, proxies: list[Proxy]) -> None:
    draw = random.Random(seed)
    paths = _random_stores(tmp_path, proxies, draw)
    into = tmp_path / "into.sqlite"
    parts = [everything(path) for path in paths]
    made = [machines(path) for path in paths]
    before = [path.read_bytes() for path in paths]
    if seed % 2:  # the first one is there already
        shutil.copyfile(paths[0], into)
    found = merge_stores(paths, into)
    assert [path.read_bytes() for path in paths] == before, "sources are only read"
    merged = everything(into)
    assert merged["scores"] == _union(parts)
    assert merged["settings"] == sorted({setting for part in parts for setting in part["settings"]})
    asked = {run[:3] + run[4:] for part in parts for run in part["runs"]}
    assert {run[:3] + run[4:] for run in merged["runs"]} == asked
    assert len(merged["runs"]) == len({(run[3] if "." in run[3] else "", *run[:3], *run[4:]) for run in merged["runs"]})
    check(into)
    known = machines(into)
    for key, row in merged["scores"].items():
        (source,) = [at for at, part in enumerate(parts) if part["scores"].get(key) == row][:1]
        assert known.get(key) == made[source].get(key)
    assert [one.added + one.there for one in found] == [len(part["scores"]) for part in parts]
    first = into.read_bytes()
    again = merge_stores([*paths, paths[1]], into)
    assert into.read_bytes() == first, "to the last byte"
    assert [(one.added, one.runs) for one in again] == [(0, 0)] * 3
    assert sorted(os.listdir(tmp_path)) == ["0.sqlite", "1.sqlite", "2.sqlite", "into.sqlite"]


def test_shards_in_stores_of_their_own_are_one_run_that_goes_on(
    space: Any, tiny: dict[str, Any], thread: Executor, tmp_path: Path
) -> None:
    cells, names = space.sample(8), ["grad_norm", "ntk_trace", "params"]
    options: dict[str, Any] = {**tiny, "executor": thread, "seeds": (0, 2)}
    whole = run(space, cells, names, store=tmp_path / "whole.sqlite", **options)
    paths = [tmp_path / f"{number}.sqlite" for number in (1, 2, 3)]
    for number in (1, 2):
        run(space, cells, names, store=paths[number - 1], shard=(number, 3), **options)
    into = tmp_path / "into.sqlite"
    merge_stores(paths[:2], into)
    with harness.Store(into, readonly=True) as store:
        assert [one.setting.seed for one in store.runs()] == [0, 2]
    read = read_scores(into)
    assert 0 < len(read.frame) < len(whole)
    assert f"{len(read.frame):,} of {len(whole):,} scores are finished" in read.origin
    run(space, cells, names, store=paths[2], shard=(3, 3), **options)
    merge_stores(paths, into)
    read = read_scores(into)
    for seed in (0, 2):
        assert bits(read.frame[read.frame["seed"] == seed]) == bits(whole[whole["seed"] == seed])
    before = everything(into)["scores"]
    frame = run(space, cells, names, store=into, **options)
    assert everything(into)["scores"] == before, "nothing was computed: the times are the same"
    assert frame["score"].tolist() == whole["score"].tolist()


@pytest.fixture
def two(tmp_path: Path, proxies: list[Proxy]) -> tuple[Path, Path]:
    paths = tmp_path / "a.sqlite", tmp_path / "b.sqlite"
    for path in paths:
        fill(path, proxies)
    return paths


def _change(path: Path, proxies: list[Proxy], cell: str, score: Score, machine: str | None = None) -> None:
    with harness.Store(path) as store:
        store.write(1, [(cell, proxies[0], score)], machine=machine)


@pytest.mark.parametrize(
    "other",
    [
        Score(math.nextafter(1.0, 2.0), OK, "", 0.5),
        Score(1.0, OK, "", 0.5, 0.1),
        Score(math.nan, ERROR, "why", 0.5),
    ],
    ids=["the last bit", "its error", "its status"],
)
@pytest.mark.parametrize("existing", [False, True])
def test_scores_that_contradict_each_other_are_named_and_nothing_is_merged(
    two: tuple[Path, Path], proxies: list[Proxy], tmp_path: Path, other: Score, existing: bool
) -> None:
    first, second = two
    _change(second, proxies, "cell two", other, "the second machine")
    _change(second, proxies, "cell four", Score(1.0, OK, "", 0.5))
    into = tmp_path / "into.sqlite"
    if existing:
        shutil.copyfile(first, into)
    before = into.read_bytes() if existing else None
    with pytest.raises(StoreError) as raised:
        merge_stores([second] if existing else [first, second], into)
    message = str(raised.value)
    assert message.startswith("1 score contradicts another: ")
    assert f"{proxies[0].name}, version 1, of cell two: " in message
    assert f"(made by the second machine) in {second}" in message
    assert (into.read_bytes() if into.exists() else None) == before
    assert sorted(os.listdir(tmp_path)) == sorted(["a.sqlite", "b.sqlite", *(["into.sqlite"] if existing else [])])


def test_only_the_first_contradictions_are_named_and_all_are_counted(tmp_path: Path, proxies: list[Proxy]) -> None:
    paths = [tmp_path / "a.sqlite", tmp_path / "b.sqlite"]
    for path in paths:
        setting_id = fill(path, proxies[:1])
        scores = [Score(float(number + (path == paths[1])), OK, "", 0.5) for number in range(1200)]
        with harness.Store(path) as store:
            store.write(setting_id, [(f"cell {at}", proxies[0], score) for at, score in enumerate(scores)])
    with pytest.raises(StoreError, match=r"^1,200 scores contradict each other") as raised:
        merge_stores(paths, tmp_path / "into.sqlite")
    assert str(raised.value).count("version 1, of cell") == 3


def test_one_request_in_different_versions_is_refused_unless_asked_for(tmp_path: Path, proxies: list[Proxy]) -> None:
    paths = [tmp_path / "a.sqlite", tmp_path / "b.sqlite", tmp_path / "c.sqlite"]
    for path, torch in zip(paths, ("2.6.0", "2.7.1", "2.6.0"), strict=True):
        with harness.Store(path) as store:
            setting_id = store.setting_id("nasbench201", Setting(), torch)
            store.begin_run(setting_id, proxies, {"cell": "cell"})
            store.write(setting_id, [("cell", proxies[0], Score(float(len(torch)), OK, "", 0.5))])
    into = tmp_path / "into.sqlite"
    with pytest.raises(StoreError, match=r"torch 2\.6\.0 and 2\.7\.1.*--mixed") as raised:
        merge_stores(paths, into)
    assert f"{paths[0]} and {paths[1]}" in str(raised.value)
    assert not into.exists()
    merge_stores(paths, into, mixed=True)
    with harness.Store(into, readonly=True) as store:
        assert sorted(one.torch for one in store.runs()) == ["2.6.0", "2.7.1"]
    assert merge_stores(paths[:2], into, mixed=False)[0].added == 0, "who has both is merged with either"


def test_damage_in_a_source_or_the_target_is_named_and_nothing_is_merged(
    two: tuple[Path, Path], tmp_path: Path
) -> None:
    first, second = two
    into = tmp_path / "into.sqlite"
    with contextlib.closing(sqlite3.connect(second)) as connection:
        connection.execute("UPDATE score SET value = value + 1 WHERE architecture = 'cell three'")
        connection.commit()
    with pytest.raises(StoreError, match=rf"{second} is damaged in 3 of 11 rows, first in the score of "):
        merge_stores([first, second], into)
    assert not into.exists()
    shutil.copyfile(second, into)
    before = into.read_bytes()
    with pytest.raises(StoreError, match=rf"{into} is damaged"):
        merge_stores([first], into)
    assert into.read_bytes() == before
    shutil.copyfile(first, second)
    with contextlib.closing(sqlite3.connect(second)) as connection:
        connection.execute("DELETE FROM score WHERE architecture = 'cell three'")
        connection.commit()
    with pytest.raises(StoreError, match=rf"{second} has lost rows"):
        merge_stores([second], tmp_path / "other.sqlite")


def test_what_cannot_be_merged_is_refused_by_name(two: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = two
    with pytest.raises(StoreError, match="no stores given"):
        merge_stores([], second)
    (tmp_path / "link.sqlite").symlink_to(second)
    with pytest.raises(StoreError, match="is one of the stores to merge"):
        merge_stores([first, second], tmp_path / "link.sqlite")
    with pytest.raises(StoreError, match="there is no store"):
        merge_stores([tmp_path / "none.sqlite"], tmp_path / "into.sqlite")
    with contextlib.closing(sqlite3.connect(second)) as connection:
        connection.execute("PRAGMA user_version = 7")
    with pytest.raises(StoreError, match=rf"{second} is a store of version 7"):
        merge_stores([first, second], tmp_path / "into.sqlite")
    with pytest.raises(StoreError, match="there is no folder"):
        merge_stores([first], tmp_path / "none" / "into.sqlite")
    (tmp_path / "into.sqlite-journal").write_bytes(b"what was last written")
    with pytest.raises(StoreError, match="put the store back"):
        merge_stores([first], tmp_path / "into.sqlite")
    assert not (tmp_path / "into.sqlite").exists()


def test_stores_of_version_1_are_merged_as_they_are_or_migrated(tmp_path: Path, proxies: list[Proxy]) -> None:
    old = copy_of_version_1(tmp_path)
    expected = content(old)
    merge_stores([old], tmp_path / "into.sqlite")
    assert old.read_bytes() == VERSION_1.read_bytes()
    assert content(tmp_path / "into.sqlite") == expected
    fill(tmp_path / "new.sqlite", proxies)
    with pytest.warns(StoreNotice, match="brought from version 1"):
        merge_stores([tmp_path / "new.sqlite"], old)
    check(old)
    assert len(content(old)[0]) == len(expected[0]) + 1


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two stores whose merging takes long enough to be killed inside SQLite's calls."""
    folder = tmp_path_factory.mktemp("large")
    (proxy,) = resolve("grad_norm")
    paths = []
    for part in range(2):
        path = folder / f"{part}.sqlite"
        setting_id = fill(path, [proxy])
        with harness.Store(path) as store:
            store.write(setting_id, [(f"cell {part} {n}", proxy, Score(n / 7, OK, "", 0.1)) for n in range(10_000)])
        paths.append(path)
    return paths


MERGE = textwrap.dedent("""
    import sys
    from pathlib import Path
    from harness.scoring.store.merging import merge_stores
    sys.stdin.readline()
    print("begins", flush=True)
    merge_stores([Path(name) for name in sys.argv[2:]], Path(sys.argv[1]))
""")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills")
@pytest.mark.parametrize("existing", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_kill_at_any_time_leaves_the_old_store_or_the_new_one(
    large: list[Path], tmp_path: Path, proxies: list[Proxy], existing: bool
) -> None:
    into, original = tmp_path / "into.sqlite", tmp_path / "original.sqlite"
    fill(original, proxies, ("cell one", "cell two"))
    merge_stores(large, shutil.copyfile(original, tmp_path / "expected.sqlite"))
    old, new = everything(original), everything(tmp_path / "expected.sqlite")
    kills = RandomKills(longest=1.5)
    for _ in range(7):
        process = subprocess.Popen(
            [sys.executable, "-c", MERGE, str(into), *map(str, large)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        into.unlink(missing_ok=True)
        if existing:
            shutil.copyfile(original, into)
        kills.end(process)
        if not into.exists():
            assert not existing
        elif existing:
            with harness.Store(into, readonly=True):
                pass  # what was half written is undone
            assert everything(into) in (old, new)
        else:
            assert len(everything(into)["scores"]) == 20_003
    assert kills.killed >= 3
    merge_stores([original, *large], into)
    check(into)
    assert everything(into)["scores"] == new["scores"]
    assert sorted(os.listdir(tmp_path)) == ["expected.sqlite", "into.sqlite", "original.sqlite"]
