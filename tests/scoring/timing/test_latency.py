"""Timings in rounds: whose turn it is, what counts, what a kill leaves, and medians and noise by plain arithmetic."""

from __future__ import annotations

import gc
import itertools
import logging
import random
import shutil
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import harness
from harness.errors import RunError, SettingError, SpaceError, StoreError
from harness.scoring import devices
from harness.scoring.devices import Device
from harness.scoring.timing.clocks import CudaClock, clock_of, thread_seconds, wall_seconds
from harness.scoring.timing.latency import Latencies, measure_latency
from harness.scoring.timing.noise import noise_floor, spread
from harness.scoring.timing.rounds import AGAIN, FIRST, Visit, timed_again, visits_of_round
from harness.spaces.nasbench201 import NasBench201

TEXTS = [str(cell) for cell in NasBench201().sample(6, seed=1)]
SMALL = {"width": 2, "depth": 1, "image_size": 4}


class Logged(NasBench201):
    """Networks that write down their passes."""

    def __init__(self) -> None:
        self.log: list[tuple[str, str, int]] = []

    def build(self, architecture: Any, shape: Any = None, **more: Any) -> nn.Module:
        log = self.log
        log.append(("build", str(architecture), more["seed"]))

        class Network(nn.Module):
            def forward(self, images: torch.Tensor) -> torch.Tensor:
                assert not self.training
                assert not torch.is_grad_enabled()
                log.append(("pass", str(architecture), len(images)))
                return images

        return Network()


class Scripted:
    """A clock that gives made-up seconds, and may do something before one of its timings."""

    def __init__(
        self, space: Logged, seconds: Callable[[str], float], before: Callable[[int], object] = lambda _: None
    ):
        self.space, self.seconds, self.before, self.count = space, seconds, before, 0

    def __call__(self, work: Callable[[], object]) -> float:
        self.before(self.count)
        self.count += 1
        work()
        return self.seconds(self.space.log[-1][1])


def random_seconds(seed: int) -> Callable[[str], float]:
    generator = random.Random(seed)
    return lambda text: generator.uniform(0.01, 0.05)


def timed(path: Path, clock: Scripted, **options: Any) -> Latencies:
    given = {"repeats": 3, "again": 4, "store": path, **SMALL, **options}
    return measure_latency(clock.space, TEXTS, clock=clock, **given)


def rows(path: Path) -> list[tuple[str, int, int, float]]:
    with sqlite3.connect(path) as connection:
        return connection.execute("SELECT architecture, series, round, seconds FROM times ORDER BY 1, 2, 3").fetchall()


def test_medians_and_the_noise_floor_are_those_of_the_single_timings(tmp_path: Path) -> None:
    path = tmp_path / "made" / "t.sqlite"
    found = timed(path, Scripted(Logged(), random_seconds(0)))
    single: dict[tuple[str, int], list[float]] = {}
    for text, series, _, seconds in rows(path):
        single.setdefault((text, series), []).append(1000 * seconds)
    assert {key: len(values) for key, values in single.items()} == {
        (text, series): 3 for series, some in ((FIRST, TEXTS), (AGAIN, found.again["architecture"])) for text in some
    }
    assert found.frame["architecture"].tolist() == TEXTS
    assert found.column == "latency_cpu_ms"
    first = {text: statistics.median(single[text, FIRST]) for text in TEXTS}
    assert found.frame["latency_cpu_ms"].tolist() == pytest.approx(list(first.values()), abs=0)
    pairs = [(first[text], statistics.median(single[text, AGAIN])) for text in found.again["architecture"]]
    assert len(pairs) == 4
    floor = statistics.median(abs(one - other) / ((one + other) / 2) for one, other in pairs)
    assert found.noise_floor == pytest.approx(floor, rel=1e-12)
    apart = [abs(one - other) / ((one + other) / 2) for one, other in itertools.combinations(first.values(), 2)]
    assert found.spread == pytest.approx(statistics.median(apart), rel=1e-12)
    facts = found.frame.attrs["provenance"]["latency"]
    assert (facts["threads"], facts["batch_size"], facts["torch"]) == (1, 1, torch.__version__)
    assert (facts["sizes"]["width"], facts["repeats"], facts["noise_floor"]) == (2, 3, found.noise_floor)


def test_a_timing_is_one_network_warmed_up_and_one_pass(tmp_path: Path) -> None:
    space = Logged()
    timed(tmp_path / "t.sqlite", Scripted(space, lambda _: 1.0), warm_up=2, repeats=2, batch_size=3, seed=5)
    timings = 1 + 2 * (6 + 4)  # the first of the process does not count
    assert [kind for kind, *_ in space.log] == ["build", "pass", "pass", "pass"] * timings
    assert {number for kind, _, number in space.log if kind == "pass"} == {3}
    assert {number for kind, _, number in space.log if kind == "build"} == {5}
    visited = [text for kind, text, _ in space.log if kind == "build"][1:]
    halves = Counter(visited[:10]), Counter(visited[10:])
    assert halves[0] == halves[1]  # every round has every architecture, and the same ones twice
    assert set(halves[0]) == set(TEXTS)
    assert sum(count == 2 for count in halves[0].values()) == 4
    assert visited[:10] != visited[10:]


def test_rounds_follow_from_the_seed_and_their_number() -> None:
    again = timed_again(TEXTS, 2, seed=3)
    rounds = [visits_of_round(TEXTS, again, 3, number) for number in range(4)]
    wanted = {*(Visit(text, FIRST) for text in TEXTS), *(Visit(text, AGAIN) for text in again)}
    assert all(set(one) == wanted and len(one) == 8 for one in rounds)
    assert len({tuple(one) for one in rounds}) == 4
    assert rounds[2] == visits_of_round(TEXTS, again, 3, 2) != visits_of_round(TEXTS, again, 4, 2)
    assert sorted(timed_again(TEXTS, 99, seed=3)) == sorted(TEXTS)


def test_a_kill_at_any_moment_loses_no_timing(tmp_path: Path) -> None:
    """A copy of the file in the middle of each timing is what a kill would leave; each copy goes on to the same end."""
    path = tmp_path / "t.sqlite"

    def keep(count: int) -> None:
        shutil.copy(path, tmp_path / f"{count}.sqlite")

    whole = timed(path, Scripted(Logged(), random_seconds(0), keep), repeats=2)
    for count in range(0, 21, 4):
        copy, clock = tmp_path / f"{count}.sqlite", Scripted(Logged(), random_seconds(count))
        there = set(rows(copy))
        assert len(there) == max(0, count - 1)
        timed(copy, clock, repeats=2)
        assert clock.count == 20 - len(there) + 1
        assert there <= set(rows(copy))
        assert len(rows(copy)) == 20
    clock = Scripted(Logged(), random_seconds(1))
    again = timed(path, clock, repeats=2)
    assert clock.count == 0
    assert again.frame.equals(whole.frame)


def test_an_interrupted_run_goes_on_and_more_repeats_add_rounds(tmp_path: Path) -> None:
    def stop(count: int) -> None:
        if count == 7:
            raise KeyboardInterrupt

    path = tmp_path / "t.sqlite"
    with pytest.raises(KeyboardInterrupt):
        timed(path, Scripted(Logged(), random_seconds(0), stop))
    assert len(rows(path)) == 6
    three = timed(path, Scripted(Logged(), random_seconds(1)))
    before = set(rows(path))
    timed(path, Scripted(Logged(), random_seconds(2)), repeats=5)
    assert before < set(rows(path))
    assert len(rows(path)) == 5 * 10
    assert timed(path, Scripted(Logged(), random_seconds(3))).frame.equals(three.frame)


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"warm_up": 2}, "warm_up is 1, asked for is 2"), ({"width": 4}, "sizes is"), ({"seed": 1}, "seed is 0"),
     ({"batch_size": 2}, "batch_size is 1"), ({"again": 5}, "timed_again is 4, asked for is 5")],
)  # fmt: skip
def test_other_timings_are_refused_in_a_line(tmp_path: Path, changes: dict[str, int], named: str) -> None:
    timed(tmp_path / "t.sqlite", Scripted(Logged(), lambda _: 1.0))
    with pytest.raises(StoreError, match=f"holds other timings: its {named}") as raised:
        timed(tmp_path / "t.sqlite", Scripted(Logged(), lambda _: 1.0), **changes)
    assert "\n" not in str(raised.value)
    with pytest.raises(StoreError, match="architectures is '6 of digest"):
        measure_latency(Logged(), TEXTS[:5], store=tmp_path / "t.sqlite", again=4, **SMALL)


def test_what_is_no_file_of_timings_is_refused_in_a_line(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.sqlite") as connection:
        connection.execute("CREATE TABLE scores (a)")
    (tmp_path / "text.sqlite").write_text("no database at all, but long enough to be looked at" * 20)
    for name in ("other.sqlite", "text.sqlite", "", "a" * 5000):
        with pytest.raises(StoreError) as raised:
            timed(tmp_path / name, Scripted(Logged(), lambda _: 1.0))
        assert "\n" not in str(raised.value)


def test_a_warning_where_noise_hides_the_architectures(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    alike = timed(tmp_path / "a.sqlite", Scripted(Logged(), random_seconds(0)), repeats=1)
    assert (alike.noise_floor >= alike.spread) == (not alike.tells_apart) == bool(caplog.records)
    caplog.clear()
    clear = timed(tmp_path / "b.sqlite", Scripted(Logged(), lambda text: 1.0 + TEXTS.index(text)))
    assert clear.noise_floor == 0 < clear.spread
    assert not caplog.records
    flat = timed(tmp_path / "c.sqlite", Scripted(Logged(), lambda _: 1.0))
    assert not flat.tells_apart
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "noise floor of latency_cpu_ms, 0.0 %, is not below the spread between architectures" in record.getMessage()


def test_nothing_is_said_of_noise_that_is_not_known(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = timed(tmp_path / "t.sqlite", Scripted(Logged(), lambda _: 1.0), again=0)
    assert found.noise_floor != found.noise_floor
    assert found.frame.attrs["provenance"]["latency"]["noise_floor"] is None
    assert len(found.again) == 0
    assert not caplog.records


def test_the_spread_of_many_is_nearly_that_of_all_pairs() -> None:
    generator = torch.Generator().manual_seed(0)
    latencies = (1 + torch.rand(3000, generator=generator)).double().numpy()
    exact = np.median([2 * np.abs(one - latencies) / (one + latencies) for one in latencies])
    assert spread(latencies) == pytest.approx(exact, rel=0.05)
    assert spread(latencies[:1]) != spread(latencies[:1])
    assert noise_floor(latencies[:0], latencies[:0]) != 0


class FakeCuda:
    """What a GPU's events are asked for, in order; 7.5 ms lie between any two."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def Event(self, enable_timing: bool) -> Any:
        assert enable_timing
        calls, number = self.calls, sum(call.startswith("made") for call in self.calls)
        calls.append(f"made {number}")

        class Event:
            def record(self) -> None:
                calls.append(f"record {number}")

            def synchronize(self) -> None:
                calls.append(f"wait {number}")

            def elapsed_time(self, end: Any) -> float:
                calls.append(f"elapsed {number}")
                return 7.5

        return Event()

    def device(self, place: str) -> Any:
        self.calls.append(f"device {place}")
        return torch.no_grad()  # a context that does nothing of interest

    def synchronize(self) -> None:
        self.calls.append("synchronize")


def test_a_gpu_is_timed_between_two_events() -> None:
    cuda = FakeCuda()
    assert CudaClock("cuda:1", cuda)(lambda: cuda.calls.append("work")) == 0.0075
    assert cuda.calls == [
        "device cuda:1", "made 0", "made 1", "synchronize", "record 0", "work", "record 1", "wait 1", "elapsed 0",
    ]  # fmt: skip
    gpu, processor = Device("cuda:0", "cuda:0"), Device("cpu", "cpu")
    assert isinstance(clock_of("wall", gpu, 1), CudaClock)
    assert clock_of("wall", processor, 4) is wall_seconds
    assert clock_of("thread", processor, 1) is thread_seconds
    for device, threads, named in ((gpu, 1, "not cuda:0"), (processor, 2, "not 2 threads")):
        with pytest.raises(SettingError, match=named):
            clock_of("thread", device, threads)


def test_latencies_of_a_gpu_have_a_column_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "visible_devices", lambda: (Device("cuda:0", "cpu"), Device("cuda:1", "cpu")))
    space = harness.open_space("nasbench201")
    given: Any = {"store": tmp_path / "t.sqlite", "repeats": 1, "clock": CudaClock("cpu", FakeCuda()), **SMALL}
    found = measure_latency(space, TEXTS[:2], device="cuda", **given)
    assert found.column == "latency_cuda_ms"
    assert found.frame["latency_cuda_ms"].tolist() == [7.5, 7.5]
    assert found.frame.attrs["provenance"]["latency"]["device"] == "cuda:0"
    with pytest.raises(StoreError, match="its device is 'cuda:0', asked for is 'cuda:1'"):
        measure_latency(space, TEXTS[:2], device="cuda:1", **given)


@pytest.mark.parametrize("clock", [wall_seconds, thread_seconds])
def test_time_is_measured_without_the_collector(clock: Any) -> None:
    seen: list[bool] = []
    assert clock(lambda: seen.append(gc.isenabled())) >= 0
    assert seen == [False]
    assert gc.isenabled()


def test_the_thread_s_clock_does_not_count_what_it_waits_for() -> None:
    """Sleep is no work of this thread, whatever else the machine does."""
    assert thread_seconds(lambda: time.sleep(0.05)) < 0.05 <= wall_seconds(lambda: time.sleep(0.05))


def test_the_thread_s_clock_has_a_column_of_its_own(tmp_path: Path) -> None:
    space = harness.open_space("nasbench201")
    found = measure_latency(space, TEXTS[:2], store=tmp_path / "t.sqlite", repeats=1, clock="thread", **SMALL)
    assert found.column == "latency_cpu_thread_ms"
    assert (found.frame[found.column] > 0).all()
    assert found.frame.attrs["provenance"]["latency"]["clock"] == "thread"


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., str]:
    def run(kind: type[Exception], **options: Any) -> str:
        space = options.pop("space", Logged())
        with pytest.raises(kind) as raised:
            measure_latency(space, options.pop("architectures", TEXTS), **{"store": tmp_path / "t.sqlite", **options})
        assert "\n" not in str(raised.value)
        assert not (tmp_path / "t.sqlite").exists()
        return str(raised.value)

    return run


def test_bad_input_is_refused_in_a_line_before_anything_is_written(refused: Callable[..., str]) -> None:
    assert "repeats must be a whole number from 1, got 0" in refused(SettingError, repeats=0)
    assert "batch_size must be a whole number from 1, got 0" in refused(SettingError, batch_size=0)
    assert "threads must be a whole number from 1" in refused(SettingError, threads=0)
    assert "threads must be at most 1,024" in refused(SettingError, threads=10**9)
    assert "warm_up must be a whole number from 0, got -1" in refused(SettingError, warm_up=-1)
    assert "again must be a whole number from 0, got -1" in refused(SettingError, again=-1)
    assert "Did you mean 'width'" in refused(SettingError, shape={"widht": 3})
    assert "torch sees no CUDA device here" in refused(SettingError, device="cuda:7")
    assert "Did you mean 'wall'" in refused(SettingError, clock="wal")
    assert "the clock 'thread' sees one thread" in refused(SettingError, clock="thread", threads=2)
    assert "names 2 devices: give one" in refused(SettingError, device="cuda:0,cuda:1")
    assert "a space is one of harness.open_space" in refused(SettingError, space="nasbench201")
    assert refused(SpaceError, architectures=["no cell"])
    assert "no architectures given" in refused(SpaceError, architectures=[])


def test_a_pass_that_fails_names_its_architecture(tmp_path: Path) -> None:
    def fail(_: int) -> None:
        raise RuntimeError("no such kernel")

    with pytest.raises(RunError, match=r"cannot be timed: RuntimeError: no such kernel; the timings before are kept"):
        timed(tmp_path / "t.sqlite", Scripted(Logged(), lambda _: 1.0, fail))


def test_models_of_ones_own_are_rows_of_names_and_an_edited_one_is_another(tmp_path: Path) -> None:
    def models(width: int) -> Any:
        return harness.model_list(
            {"a": lambda: nn.Sequential(nn.Flatten(), nn.Linear(48, width)),
             "b": lambda: nn.Sequential(nn.Flatten(), nn.Linear(48, 10))},
            inputs=(3, 4, 4),
        )  # fmt: skip

    found = measure_latency(models(10), ["a", "b"], store=tmp_path / "t.sqlite", repeats=1)
    assert found.frame["name"].tolist() == ["a", "b"]
    assert (found.frame["latency_cpu_ms"] > 0).all()
    with pytest.raises(StoreError, match="its architectures is"):
        measure_latency(models(11), ["a", "b"], store=tmp_path / "t.sqlite", repeats=1)
