"""The engine: a worker that is killed costs its own architecture at most, and is known by dying alone."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, NamedTuple

import cloudpickle
import pandas as pd
import pytest

import harness
from harness.errors import RunError
from harness.proxies import resolve
from harness.scoring.engine import Engine, ScoringTask, worker_pool
from harness.scoring.runner import run
from harness.setting import Setting
from harness.spaces.image_batches import draw_images


class Killed(NamedTuple):
    first: pd.DataFrame
    second: pd.DataFrame
    deadly: str
    once: str
    computed: tuple[int, int]
    store: Path


@pytest.fixture(scope="module")
def cells(space: Any, tiny: dict[str, Any]) -> list[Any]:
    """Seven representatives of different sizes, so that a proxy can tell them apart."""
    shape = {name: tiny[name] for name in ("classes", "width", "depth")}
    drawn = (space.minimal(cell) for cell in space.sample(60, seed=1))
    return list({space.sizes(cell, **shape).parameters: cell for cell in drawn}.values())[:7]


@pytest.fixture(scope="module")
def killed(
    space: Any, cells: list[Any], tiny: dict[str, Any], tmp_path_factory: pytest.TempPathFactory, lines: Any
) -> Killed:
    """A proxy that kills its worker on one architecture always, on another once; then the same run, the proxy tamed."""
    folder = tmp_path_factory.mktemp("killed")
    marker, tamed, log, store = (folder / name for name in ("marker", "tamed", "log", "scores.sqlite"))
    shape = {name: tiny[name] for name in ("classes", "width", "depth")}
    deadly, once = (space.sizes(cells[place], **shape).parameters for place in (2, 5))

    @harness.proxy(source="test")
    def killer(parameter_count: int, loss_gradient: Any) -> float:
        if parameter_count == deadly and not tamed.exists():
            os.kill(os.getpid(), signal.SIGKILL)
        if parameter_count == once and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        with open(log, "a") as file:
            file.write("computed\n")
        return float(parameter_count)

    names = ["grad_norm", "killer", "params"]
    arguments: dict[str, Any] = {"store": store, "workers": 2, **tiny}
    first = run(space, cells, names, **arguments)
    after_first = lines(log)
    tamed.touch()
    with ThreadPoolExecutor(1) as executor:
        second = run(space, cells, names, executor=executor, **arguments | {"workers": 1})
    return Killed(first, second, str(cells[2]), str(cells[5]), (after_first, lines(log)), store)


def test_the_proxy_that_kills_its_worker_is_given_up_for_that_architecture_alone(killed: Killed) -> None:
    died = killed.first[killed.first["status"] == "died"]
    assert died[["architecture", "proxy"]].to_numpy().tolist() == [[killed.deadly, "killer"]]
    assert died["score"].isna().all()
    (message,) = died["message"]
    assert message == (
        "the worker process died 2 times on this architecture alone, while it computed this proxy: killed, or out of "
        "memory"
    )


def test_the_others_have_their_scores(killed: Killed, space: Any, cells: list[Any], tiny: dict[str, Any]) -> None:
    others = killed.first[killed.first["status"] != "died"]
    assert set(others["status"]) == {"ok"}
    assert len(others) == 3 * len(cells) - 1
    counted = others[others["proxy"] == "killer"].set_index("architecture")["score"]
    shape = {name: tiny[name] for name in ("classes", "width", "depth")}
    assert counted.to_dict() == {
        str(cell): float(space.sizes(cell, **shape).parameters) for cell in cells if str(cell) != killed.deadly
    }


def test_an_architecture_whose_worker_died_by_accident_is_scored(killed: Killed) -> None:
    rows = killed.first[killed.first["architecture"] == killed.once]
    assert rows["status"].tolist() == ["ok"] * 3


def test_a_later_run_tries_again_what_died_and_nothing_else(killed: Killed, cells: list[Any]) -> None:
    assert set(killed.second["status"]) == {"ok"}
    assert killed.computed[1] - killed.computed[0] == 1
    columns = ["architecture", "proxy", "score", "seconds"]
    good = killed.first["status"] == "ok"
    assert killed.second.loc[good, columns].equals(killed.first.loc[good, columns])
    assert killed.computed[0] >= len(cells) - 1, "a score may be computed twice when its worker dies, never lost"


def test_an_executor_that_is_not_ours_is_not_replaced(
    space: Any, cells: list[Any], tiny: dict[str, Any], tmp_path: Path
) -> None:
    tripped = tmp_path / "tripped"

    @harness.proxy(source="test")
    def breaks_the_pool(loss_gradient: Any) -> float:
        tripped.touch()
        os.kill(os.getpid(), signal.SIGKILL)
        return 0.0

    pool = worker_pool(1)
    try:
        with pytest.raises(RunError, match="the executor lost its workers; what was finished is in the store"):
            run(space, cells, ["breaks_the_pool", "params"], store=tmp_path / "s", executor=pool, **tiny)
    finally:
        pool.shutdown(wait=True)
    assert tripped.exists()
    with harness.Store(tmp_path / "s") as store:
        assert store.frame()["proxy"].unique().tolist() == ["params"]


def test_a_failure_outside_network_and_proxies_ends_the_run_with_a_message(
    cells: list[Any], tiny: dict[str, Any]
) -> None:
    from harness.scoring.engine import ScoringTask
    from harness.spaces.image_batches import draw_images

    setting = harness.Setting(**tiny)
    batch = draw_images(setting)
    where = cloudpickle.dumps(harness.open_space("nasbench201"))
    task = ScoringTask(where, str(cells[0]), setting, ("x",), b"no pickle", cloudpickle.dumps(batch))
    with ThreadPoolExecutor(1) as executor:
        engine = Engine(lambda: executor, 1, owned=False)
        with pytest.raises(RunError, match="failed outside its network and proxies: UnpicklingError"):
            list(engine.outcomes([task]))
        assert executor.submit(int).result() == 0


def test_workers_run_one_thread_each_and_leave_interrupts_to_the_driver(
    workers_facts: dict[str, Any],
) -> None:
    assert workers_facts["OMP_NUM_THREADS"] == "1"
    assert workers_facts["threads"] == 1
    assert workers_facts["interrupt"] == signal.SIG_IGN
    assert workers_facts["watchers"] >= 1


@pytest.fixture
def workers_facts() -> dict[str, Any]:
    def facts() -> dict[str, Any]:
        import os
        import signal
        import threading

        import torch

        return {
            "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS"),
            "threads": torch.get_num_threads(),
            "interrupt": int(signal.getsignal(signal.SIGINT)),  # type: ignore[arg-type]
            "watchers": sum(thread.daemon for thread in threading.enumerate()),
        }

    pool = worker_pool(1)
    try:
        return pool.submit(facts).result()
    finally:
        pool.shutdown(wait=True)


class BreaksBetweenTasks(ThreadPoolExecutor):
    """Runs its first task and is then found broken by the next submission, as a pool whose worker died meanwhile."""

    def __init__(self, tasks: int) -> None:
        super().__init__(1)
        self.left = tasks

    def submit(self, *arguments: Any, **options: Any) -> Any:
        if self.left == 0:
            raise BrokenProcessPool("a worker died")
        self.left -= 1
        return super().submit(*arguments, **options)

    def shutdown(self, *arguments: Any, kill_workers: bool = False, **options: Any) -> None:
        super().shutdown(*arguments, **options)


def tasks_of(space: Any, cells: list[Any], tiny: dict[str, Any]) -> list[ScoringTask]:
    setting = Setting(**tiny)
    batch = draw_images(setting)
    proxies = cloudpickle.dumps(resolve("grad_norm"))
    where, given = cloudpickle.dumps(space), cloudpickle.dumps(batch)
    return [ScoringTask(where, str(cell), setting, ("grad_norm",), proxies, given) for cell in cells]


def test_a_pool_that_breaks_between_two_tasks_is_replaced(space: Any, cells: list[Any], tiny: dict[str, Any]) -> None:
    tasks = tasks_of(space, cells, tiny)
    pools: list[BreaksBetweenTasks] = []

    def open_pool() -> BreaksBetweenTasks:
        pools.append(BreaksBetweenTasks(3))
        return pools[-1]

    outcomes = list(Engine(open_pool, 1).outcomes(tasks))
    assert sorted(task.key for task, _ in outcomes) == sorted(task.key for task in tasks)
    assert {outcome["grad_norm"].status for _, outcome in outcomes} == {"ok"}
    assert len(pools) == 3, "seven tasks, three a pool"


def test_pools_whose_workers_never_start_end_the_run(space: Any, cells: list[Any], tiny: dict[str, Any]) -> None:
    with pytest.raises(RunError, match="worker processes die before they get a task: a worker died"):
        list(Engine(lambda: BreaksBetweenTasks(0), 1).outcomes(tasks_of(space, cells, tiny)))
