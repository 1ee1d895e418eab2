"""Searches by gradients on a real cluster of processes: the results of one machine, whatever happens to the workers."""

from __future__ import annotations

import csv
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

import harness
from harness.errors import CheckpointError, SettingError
from harness.search import SearchSetting
from harness.search.gradient.checkpoint import CHECKPOINT, LOG
from harness.studies.searches.on_cluster import ClusterSearches
from harness.studies.searches.runs import Run, Running
from tests.scoring.cluster.daemons import Killer, pids, until

TINY = SearchSetting(epochs=4, batch_size=8, width=4, depth=1, image_size=8, images=64, augment=False,
                     evaluation_batches=1, candidates=3)  # fmt: skip
SPACE = harness.open_space("nasbench201")
METHOD, SEEDS = "rsps", [4, 0, 2]


@pytest.fixture(scope="module")
def expected() -> pd.DataFrame:
    """The logs of the searches, one after the other in this process."""
    logs = [harness.run_search(SPACE, METHOD, TINY, data="digits", seed=seed).log.assign(seed=seed) for seed in SEEDS]
    return pd.concat(logs, ignore_index=True)


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """To the last bit, but for the seconds that they took."""
    columns = expected.columns.drop(["seconds", "cpu_seconds"])
    pd.testing.assert_frame_equal(found[columns], expected[columns], check_exact=True)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_a_search_goes_on_from_its_checkpoint_when_its_worker_is_killed(
    cluster: Any, client: Any, expected: pd.DataFrame, tmp_path: Path
) -> None:
    """No epoch takes the same seconds twice: those in the checkpoint at the kill say that it was not run again."""
    before: dict[int, list[float]] = {}

    def kill() -> None:
        until(lambda: any((tmp_path / f"seed_{seed}" / CHECKPOINT).is_file() for seed in SEEDS))
        for pid in pids(cluster)[:1]:
            os.kill(pid, signal.SIGKILL)
        for seed in SEEDS:
            if (path := tmp_path / f"seed_{seed}" / CHECKPOINT).is_file():
                before[seed] = [row["seconds"] for row in torch.load(path, weights_only=True)["rows"]]

    thread = threading.Thread(target=kill)
    thread.start()
    found = harness.run_searches(SPACE, METHOD, TINY, seeds=SEEDS, data="digits", out=tmp_path, client=client)
    thread.join()
    assert found.failed == {}
    same(found.log, expected)
    assert before
    for seed, known in before.items():
        assert found.log.loc[found.log["seed"] == seed, "seconds"].tolist()[: len(known)] == known
    assert sorted(path.name for path in tmp_path.iterdir()) == ["seed_0", "seed_2", "seed_4"]


@pytest.mark.slow
def test_no_bit_changes_when_twenty_workers_are_killed_at_random_moments(
    cluster: Any, client: Any, tmp_path: Path
) -> None:
    long = TINY.changed({"epochs": 400})
    once = [harness.run_search(SPACE, METHOD, long, data="digits", seed=seed).log.assign(seed=seed) for seed in SEEDS]
    first = tmp_path / f"seed_{SEEDS[0]}" / CHECKPOINT
    with Killer(cluster, 20, seed=1, after=first, pause=(0.5, 4)) as killer:
        found = harness.run_searches(SPACE, METHOD, long, seeds=SEEDS, data="digits", out=tmp_path, client=client)
        during = killer.killed
    assert during >= 20, f"the searches were over after {during} kills"
    assert found.failed == {}
    same(found.log, pd.concat(once, ignore_index=True))


@pytest.mark.slow
def test_what_is_finished_is_read_and_what_is_of_another_search_is_refused(
    client: Any, expected: pd.DataFrame, tmp_path: Path
) -> None:
    some = {"data": "digits", "out": tmp_path}
    harness.run_searches(SPACE, METHOD, TINY, seeds=SEEDS, shard=(1, 2), **some)
    kept = rows(tmp_path / "seed_4" / LOG)
    found = harness.run_searches(SPACE, METHOD, TINY, seeds=SEEDS, client=client, **some)
    same(found.log, expected)
    assert rows(tmp_path / "seed_4" / LOG) == kept
    with pytest.raises(CheckpointError, match="its epochs is 4, asked for is 5"):
        harness.run_searches(SPACE, METHOD, TINY.changed({"epochs": 5}), seeds=SEEDS, client=client, **some)


@pytest.mark.slow
def test_workers_that_do_not_see_the_folder_send_the_files_and_go_on_from_those_that_are_here(
    client: Any, expected: pd.DataFrame, tmp_path: Path
) -> None:
    runs = [Run(METHOD, TINY, "digits", seed, own_folder=f"seed_{seed}") for seed in SEEDS]
    for _ in range(2):
        searches = ClusterSearches(client, runs, tmp_path, Running(), sign=tmp_path / "is-not-there")
        ends = {end.place: end for end in searches.ends() if end is not None}
        logs = [ends[place].result.log.assign(seed=seed) for place, seed in enumerate(SEEDS)]
        same(pd.concat(logs, ignore_index=True), expected)
    for place, seed in enumerate(SEEDS):
        assert sorted(path.name for path in (tmp_path / f"seed_{seed}").iterdir()) == [CHECKPOINT, LOG]
        seconds = [float(row["seconds"]) for row in rows(tmp_path / f"seed_{seed}" / LOG)]
        assert ends[place].result.log["seconds"].tolist() == seconds, "the second time it was read"


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_the_shards_are_all_searches_once(parts: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from harness.studies.searches import seeds as module
    from harness.studies.searches.runs import Outcomes

    asked: list[list[int]] = []

    def recorded(runs: list[Run], *_: Any, **__: Any) -> Outcomes:
        asked.append([run.seed for run in runs])
        raise RuntimeError

    monkeypatch.setattr(module, "run_all", recorded)
    for number in range(1, parts + 1):
        with pytest.raises(RuntimeError):
            harness.run_searches(SPACE, METHOD, TINY, seeds=range(5), data="digits", shard=(number, parts))
    assert sorted(seed for seeds in asked for seed in seeds) == [0, 1, 2, 3, 4]
    assert max(map(len, asked)) - min(map(len, asked)) <= 1


def test_a_shard_without_a_search_and_what_is_no_client_are_refused() -> None:
    with pytest.raises(SettingError, match="the shard 3/3 has no search: there are 2, so give at most 2 shards"):
        harness.run_searches(SPACE, METHOD, TINY, seeds=[0, 1], data="digits", shard=(3, 3))
    with pytest.raises(SettingError, match="a shard is its number"):
        harness.run_searches(SPACE, METHOD, TINY, seeds=[0, 1], data="digits", shard=(0, 3))
    with pytest.raises(SettingError, match=r"client must be a distributed\.Client"):
        harness.run_searches(SPACE, METHOD, TINY, seeds=[0, 1], data="digits", client="tcp://x:1")  # type: ignore[arg-type]
