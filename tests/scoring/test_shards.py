"""Shards: their union is the whole request to the last bit, their costs are alike, and they share a store."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import harness
from harness.errors import SettingError
from harness.scoring.row_keys import row_keys
from harness.scoring.runner import run
from harness.scoring.shards import Shard, checked_shard, shard_of
from tests.scoring.runs import PROXIES, Given, bits

COUNT = 3


@pytest.fixture(scope="module")
def whole(given: Given, tmp_path_factory: pytest.TempPathFactory, pooled: pd.DataFrame) -> dict[Any, Any]:
    return bits(pooled)


@pytest.mark.parametrize("merge_equal", [True, False])
@pytest.mark.parametrize("count", [1, 2, 7, 20_000])
def test_every_network_is_in_one_shard_with_all_that_share_its_scores(
    space: Any, count: int, merge_equal: bool
) -> None:
    members = {str(cell): cell for cell in space.sample(150)}
    keys = row_keys(space, members, merge_equal)
    shape = {"width": 16, "depth": 5, "classes": 10, "channels": 3, "image_size": 32}
    seen: Counter[str] = Counter()
    networks: Counter[str] = Counter()
    costs = []
    for index in range(1, min(count, 150) + 1):
        mine, taken = shard_of(space, members, keys, shape, Shard(index, count))
        assert list(mine) == [key for key in members if key in mine], "in the order asked for"
        assert taken.own == list(mine)
        assert taken.scored_as == {key: keys.scored_as[key] for key in mine}
        seen.update(list(mine))
        networks.update(set(taken.shared))
        costs.append(sum(space.sizes(space.parse(row), shape).macs for row in taken.shared))
    assert seen == Counter(list(members))
    assert networks == Counter(keys.shared)
    if count <= 7:
        dearest = max(space.sizes(space.parse(row), shape).macs for row in keys.shared)
        assert max(costs) - min(costs) <= dearest
        assert max(costs) < 1.1 * sum(costs) / count


def test_a_shard_does_not_depend_on_the_order_of_the_request(space: Any) -> None:
    cells = space.sample(60)
    parts = []
    for order in (cells, cells[::-1]):
        members = {str(cell): cell for cell in order}
        mine, _ = shard_of(space, members, row_keys(space, members, True), {"width": 4, "depth": 1}, Shard(2, 5))
        parts.append(set(mine))
    assert parts[0] == parts[1]


def test_shards_of_one_store_are_the_whole_request_to_the_last_bit(
    given: Given, whole: dict[Any, Any], thread: Executor, path: Path
) -> None:
    seen: dict[Any, Any] = {}
    for index in range(1, COUNT + 1):
        frame = run(
            given.space, given.cells, PROXIES, setting=given.setting, executor=thread, store=path, shard=(index, COUNT)
        )
        part = bits(frame)
        assert part
        assert not part.keys() & seen.keys()
        assert frame.attrs["provenance"]["settings"] == [given.setting.values()], "a shard is no part of the setting"
        seen.update(part)
    assert seen == whole
    with harness.Store(path, readonly=True) as store:
        assert bits(store.frame()) == whole, "the last run is the whole request"


def test_a_whole_request_after_its_shards_computes_nothing(
    space: Any, tiny: dict[str, Any], thread: Executor, path: Path, tmp_path: Path,
    counting: Callable[[Path, str], str], lines: Callable[[Path], int],
) -> None:  # fmt: skip
    log, cells = tmp_path / "log", space.sample(7)
    name = counting(log, "counted_by_shards")
    for index in (1, 2):
        run(space, cells, name, executor=thread, store=path, shard=(index, 2), seeds=(0, 4), **tiny)
    expected = 2 * len({str(space.minimal(cell)) for cell in cells})
    assert lines(log) == expected
    frame = run(space, cells, name, executor=thread, store=path, seeds=(0, 4), **tiny)
    assert lines(log) == expected
    assert len(frame) == 14


def test_an_empty_shard_is_no_error(space: Any, tiny: dict[str, Any], path: Path) -> None:
    frame = run(space, space.sample(2), ["grad_norm", "params"], store=path, shard=(9, 10), **tiny)
    assert frame.empty
    assert "score" in frame


def test_models_of_ones_own_are_shared_out_in_the_order_asked_for(thread: Executor, path: Path) -> None:
    from torch import nn

    names = [f"model {number}" for number in range(5)]
    models = harness.model_list(
        {name: lambda: nn.Sequential(nn.Flatten(), nn.Linear(48, 10)) for name in names}, inputs=(3, 4, 4)
    )
    parts = [
        run(models, names, ["params"], executor=thread, store=path, shard=(index, 2))["architecture"].tolist()
        for index in (1, 2)
    ]
    assert parts == [[names[0], names[3], names[4]], [names[1], names[2]]]


@pytest.mark.parametrize(
    "shard",
    [
        "0/3",
        "4/3",
        "1/0",
        "-1/2",
        "1",
        "1/2/3",
        "a/b",
        "",
        "1.0/2",
        (0, 1),
        (1, 2, 3),
        [1, 2],
        (True, 2),
        3,
        "1/9999999",
    ],
)
def test_what_is_no_shard_is_refused_by_name(shard: Any, space: Any, path: Path) -> None:
    with pytest.raises(SettingError, match=r"number, from 1, and the number of all shards, such as 3/16, got"):
        run(space, space.sample(1), "params", store=path, shard=shard)
    assert not path.exists()


def test_a_shard_is_a_text_or_numbers() -> None:
    assert checked_shard(" 3 / 16 ") == checked_shard((3, 16)) == Shard(3, 16)
    assert str(Shard(3, 16)) == "3/16"


SCRIPT = textwrap.dedent("""
    import sys, time
    import harness
    from concurrent.futures import ThreadPoolExecutor
    index = int(sys.argv[1])
    space = harness.open_space("nasbench201")
    sys.stdin.readline()
    with ThreadPoolExecutor(1) as executor:
        frame = harness.run(space, space.sample(30, 1), ["grad_norm", "params"], store=sys.argv[2], shard=(index, 3),
                            executor=executor, seeds=(0, 1), width=4, depth=1, batch_size=4, image_size=8, classes=3)
    print(len(frame))
""")


@pytest.mark.slow
def test_processes_write_their_shards_into_one_store_at_once(
    space: Any, tiny: dict[str, Any], thread: Executor, path: Path, tmp_path: Path
) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(index), str(path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for index in (1, 2, 3)
    ]  # fmt: skip
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], ended
    assert sum(int(out) for out, _ in ended) == 30 * 2 * 2
    alone = run(
        space, space.sample(30, 1), ["grad_norm", "params"], seed=1, store=tmp_path / "a", executor=thread, **tiny
    )
    with harness.Store(path, readonly=True) as store:
        runs = store.runs()
        assert [run.number for run in runs] == [1, 2, 3, 4, 5, 6]
        (second,) = [run for run in runs if run.setting.seed == 1][-1:]
        assert bits(store.frame(second.number)) == bits(alone)
