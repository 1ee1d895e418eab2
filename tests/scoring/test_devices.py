"""GPUs, faked as devices whose place is the CPU: which are named, how tasks are spread, and what the rows say."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

import harness
from harness.errors import SettingError
from harness.scoring import devices, runner
from harness.scoring.devices import CUBLAS, Device, DevicePools, deterministic_kernels, device_names, least_busy, placed
from harness.scoring.runner import run
from harness.setting import Setting, device_kind
from tests.scoring.runs import Given, bits

FAKE = (Device("cuda:0", "cpu"), Device("cuda:1", "cpu"), Device("cuda:2", "cpu"))


@pytest.fixture(autouse=True)
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "visible_devices", lambda: FAKE)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cpu", ("cpu",)),
        ("cuda", ("cuda",)),
        ("cuda:3", ("cuda:3",)),
        ("cuda:0,cuda:2", ("cuda:0", "cuda:2")),
        (" cuda:1 , cuda:0 ", ("cuda:1", "cuda:0")),
    ],
)
def test_devices_are_named_with_commas(text: str, names: tuple[str, ...]) -> None:
    assert device_names(text) == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "device must be 'cpu', 'cuda' or 'cuda:1', got ''; several GPUs are named as in cuda:0,cuda:2"),
        ("tpu", "device must be 'cpu', 'cuda' or 'cuda:1', got 'tpu'"),
        ("cuda:0,", "device must be 'cpu', 'cuda' or 'cuda:1', got 'cuda:0,'"),
        ("cuda:0,2", "device must be 'cpu', 'cuda' or 'cuda:1', got 'cuda:0,2'"),
        ("cuda:00", "device must be"),
        ("cuda:٣", "device must be"),
        ("cuda:0,cuda:0", "names a GPU twice"),
        ("cpu,cuda:0", "cpu stands alone, and so does cuda, which is all GPUs"),
        ("cuda,cuda:1", "cpu stands alone, and so does cuda, which is all GPUs"),
    ],
)
def test_a_bad_list_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(SettingError) as error:
        device_names(text)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("device", "workers", "each", "names", "count"),
    [
        ("cpu", 4, None, "", 4),
        ("cuda", 1, None, "012", None),
        ("cuda:1", 1, None, "1", None),
        ("cuda:2,cuda:0", 1, 3, "20", 6),
        ("cuda", 5, None, "012", 5),
        ("cuda", 2, None, "01", 2),
    ],
)
def test_where_a_run_computes(device: str, workers: int, each: int | None, names: str, count: int | None) -> None:
    setting, placement = placed(Setting(), device.split(","), workers, each)
    assert setting.device == device_kind(device)
    assert [found.name for found in placement.devices] == [f"cuda:{name}" for name in names]
    assert placement.workers == count
    if "," not in device:
        assert placed(Setting(device=device), None, workers, each) == (setting, placement)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"devices": ["cuda:7", "cuda:1"]}, "device cuda:7 was asked for, but torch sees cuda:0, cuda:1, cuda:2 here"),
        ({"devices": []}, r"devices must be names, such as \['cuda:0', 'cuda:2'\], got \[\]"),
        ({"devices": "cuda"}, "devices must be names"),
        ({"devices": [0]}, "devices must be names"),
        ({"workers_per_device": 2}, "workers_per_device is for GPUs of this machine: give device cuda, or workers"),
        ({"device": "cuda", "workers_per_device": 0}, "workers_per_device must be a whole number from 1, got 0"),
        ({"device": "cuda", "workers_per_device": 99}, "workers_per_device must be at most 64, got 99"),
        ({"device": "cuda", "workers_per_device": 2, "workers": 2}, "give workers .* or workers_per_device, not both"),
    ],
)
def test_what_does_not_fit_is_refused_before_a_store_is_made(
    given: Given, path: Path, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        run(given.space, given.cells, "grad_norm", setting=given.setting, store=path, **arguments)
    assert not path.exists()


def test_an_executors_workers_take_their_first_gpu(given: Given, path: Path, thread: Executor) -> None:
    arguments: dict[str, Any] = {"setting": given.setting, "store": path, "executor": thread}
    with pytest.raises(SettingError, match="cuda:0, cuda:1 are GPUs of this machine: on a cluster or an executor"):
        run(given.space, given.cells, "grad_norm", devices=["cuda:0", "cuda:1"], **arguments)
    with pytest.raises(SettingError, match="workers_per_device is for GPUs of this machine"):
        run(given.space, given.cells, "grad_norm", device="cuda", workers_per_device=2, **arguments)
    assert placed(Setting(device="cuda"), None, 2, None, elsewhere=True) == (Setting(device="cuda"), ((), 2))


def test_the_least_busy_device_is_next() -> None:
    zero, one, two = FAKE
    assert least_busy(FAKE, []) == zero
    assert least_busy(FAKE, [zero, one]) == two
    assert least_busy(FAKE, [zero, one, two, two, one]) == zero
    assert least_busy((one, two), [zero, zero, one, None]) == two


def test_each_device_has_processes_of_its_own() -> None:
    sizes: list[int] = []
    closed: list[Any] = []

    def open_pool(count: int) -> Executor:
        sizes.append(count)
        return ThreadPoolExecutor(count, thread_name_prefix=f"pool {len(sizes)}")

    def name(task: Any) -> str:
        import threading

        return threading.current_thread().name.partition("_")[0]

    def close(pool: Executor, *, kill: bool) -> None:
        closed.append(kill)
        pool.shutdown()

    pools = DevicePools(FAKE, 5, open_pool, close)
    assert sizes == [2, 2, 1]

    class Task:
        def __init__(self, device: Device) -> None:
            self.device = device

    for place, device in enumerate(FAKE, start=1):
        assert {pools.submit(name, Task(device)).result() for _ in range(4)} == {f"pool {place}"}
    pools.shutdown(wait=False, kill_workers=True)
    assert closed == [True] * 3


@pytest.fixture(scope="module")
def worker_of() -> Callable[[Path], str]:
    """Registers a proxy that writes down its process and the environment of cuBLAS."""

    def make(log: Path) -> str:
        def where_it_ran(loss_gradient: Any) -> float:
            with open(log, "a") as file:
                file.write(f"{os.getpid()} {os.environ.get('CUBLAS_WORKSPACE_CONFIG')}\n")
            return float(sum(gradient.abs().sum() for gradient in loss_gradient.values()))

        harness.proxy(source="test")(where_it_ran)
        return "where_it_ran"

    return make


@pytest.mark.slow
def test_a_run_on_gpus_has_the_rows_of_one_kind_and_goes_on_with_other_gpus(
    given: Given, pooled: pd.DataFrame, path: Path, tmp_path: Path, worker_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    names = ["grad_norm", "params", worker_of(log)]
    arguments: dict[str, Any] = {"setting": given.setting, "store": path}
    first = run(given.space, given.cells[:4], names, devices=["cuda:0", "cuda:2"], workers_per_device=1, **arguments)
    lines = log.read_text().splitlines()
    assert len(lines) == 4
    assert len(set(lines)) == 2
    assert {line.split()[1] for line in lines} == set(CUBLAS.values())
    expected = bits(pooled)
    assert {key: row for key, row in bits(first).items() if key[1] != "where_it_ran"} == {
        key: row for key, row in expected.items() if key in bits(first)
    }
    with harness.Store(path) as store:
        (record,) = store.runs()
    assert record.setting.device == "cuda"
    monkeypatch.setattr(devices, "visible_devices", lambda: (Device("cuda:5", "nowhere"),))
    again = run(given.space, given.cells[:4], names, device="cuda:5", **arguments)
    assert again.equals(first)
    assert len(log.read_text().splitlines()) == 4


def test_a_row_of_an_older_release_that_names_one_gpu_is_found(given: Given, path: Path) -> None:
    text = Setting(device="cuda").json().replace('"cuda"', '"cuda:1"')
    with harness.Store(path) as store:
        with store.writing() as contents:
            contents.rows.add_setting(1, "nasbench201", text, "2.13.0")
        assert store.setting_id("nasbench201", Setting(device="cuda:3"), "2.13.0") == 1
        assert store.setting_id("nasbench201", Setting(), "2.13.0") == 2
        assert store.setting_id("nasbench201", Setting(device="cuda", seed=1), "2.13.0") == 3


@pytest.mark.slow
def test_each_score_is_said_to_be_of_the_gpu_that_made_it(
    given: Given, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "visible_devices", lambda: (Device("cuda:0", "cpu"), Device("cuda:1", "cpu:0")))
    monkeypatch.setattr(runner, "machine_name", lambda place: f"a machine with {place}")
    cells = list(dict.fromkeys(given.space.minimal(cell) for cell in given.cells))[:4]
    run(given.space, cells, "grad_norm", setting=given.setting, store=path, device="cuda", workers=2)
    with harness.Store(path) as store, store.reading() as contents:
        assert contents.origins.counted() == {"a machine with cpu": 2, "a machine with cpu:0": 2}


@pytest.mark.slow
def test_a_worker_that_dies_costs_no_other_gpu_its_scores(given: Given, path: Path, tmp_path: Path) -> None:
    marker = tmp_path / "marker"

    @harness.proxy(source="test")
    def dies_once(loss_gradient: Any) -> float:
        if not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return 1.0

    frame = run(
        given.space, given.cells, ["dies_once", "grad_norm"], setting=given.setting, store=path, device="cuda",
        workers_per_device=1,
    )  # fmt: skip
    assert marker.exists()
    assert Counter(frame["status"]) == {"ok": len(frame)}


def test_deterministic_kernels_are_for_gpus_and_are_put_back() -> None:
    before = torch.are_deterministic_algorithms_enabled()
    with deterministic_kernels("cpu"):
        assert torch.are_deterministic_algorithms_enabled() == before
    with deterministic_kernels("cuda:1"):
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.is_deterministic_algorithms_warn_only_enabled()
    assert torch.are_deterministic_algorithms_enabled() == before


@pytest.mark.slow
def test_a_long_run_begins_with_a_trial_and_says_what_it_found(
    given: Given, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cells = list(dict.fromkeys(given.space.minimal(cell) for cell in given.space.sample(60, seed=4)))[:45]
    arguments: dict[str, Any] = {"setting": given.setting, "progress": True}
    with caplog.at_level("INFO", logger="harness"):
        tried = run(given.space, cells, "synflow", store=path, device="cuda:1", **arguments)
    said = "\n".join(caplog.messages)
    assert "GPUs: cuda:1, deterministic kernels; a trial finds how many workers share a GPU" in said
    assert "1 worker a GPU: " in said
    with ThreadPoolExecutor(1) as thread:
        plain = run(given.space, cells, "synflow", store=path.with_name("plain"), executor=thread, **arguments)
    assert bits(tried) == bits(plain)
