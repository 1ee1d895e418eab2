"""Latencies of the networks of a space on this machine: medians of repeats in rounds, beside their noise floor."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import HarnessError, RunError, SettingError, check_most, check_whole
from harness.progress import progress_bar, unseen
from harness.scoring.devices import Device, single_device
from harness.scoring.engine import threads_of_torch
from harness.scoring.machine import machine_name
from harness.scoring.provenance import PROVENANCE
from harness.scoring.row_keys import parsed, row_keys
from harness.scoring.timing.clocks import THREAD, WALL, Clock, clock_of
from harness.scoring.timing.noise import noise_floor, spread
from harness.scoring.timing.rounds import AGAIN, FIRST, Visit, timed_again, visits_of_round
from harness.scoring.timing.store import TimingStore
from harness.setting import NOISE, Setting, SizeKeywords, device_kind
from harness.spaces.space import changed
from harness.spaces.user_code import UserCodeSpace
from harness.text.shown import LONGEST_ARCHITECTURE, plain, reason, shown
from harness.versions import installed, made_with

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor, nn
    from typing_extensions import Unpack

    from harness.spaces.space import Architecture, Space

LOG = logging.getLogger(__name__)
DEFAULT_STORE = "latency.sqlite"
REPEATS, WARM_UP, TIMED_AGAIN = 5, 1, 50
_MOST: Mapping[str, int] = {"repeats": 10_000, "warm_up": 10_000, "threads": 1024, "batch_size": 2**20}


@dataclass(frozen=True, eq=False)
class Latencies:
    """Latencies of networks.

    Attributes:
        frame: a row for each architecture: `architecture` (`name` for models of one's own) and `latency_cpu_ms`
            (`latency_cpu_thread_ms`, `latency_cuda_ms`), the median of its repeats. Written as CSV it is a table for
            `benchmarks.open_table`.
        again: a row for each architecture with a second series of repeats: `architecture`, `first_ms`, `again_ms`.
        noise_floor: median relative difference between these two medians; NaN where none was timed again.
        spread: median relative difference between two architectures; NaN for a single one.
    """

    frame: pd.DataFrame
    again: pd.DataFrame
    noise_floor: float
    spread: float

    @property
    def column(self) -> str:
        """Name of the column of latencies."""
        return str(self.frame.columns[1])

    @property
    def tells_apart(self) -> bool:
        """Whether architectures differ by more than the two medians of one architecture do; False if not known."""
        return self.spread > self.noise_floor


def measure_latency(
    space: Space,
    architectures: Iterable[Architecture | str],
    *,
    store: str | Path = DEFAULT_STORE,
    batch_size: int = 1,
    repeats: int = REPEATS,
    warm_up: int = WARM_UP,
    threads: int = 1,
    device: str = "cpu",
    again: int = TIMED_AGAIN,
    seed: int = 0,
    shape: Mapping[str, int] | None = None,
    clock: str | Clock = WALL,
    progress: bool = False,
    **sizes: Unpack[SizeKeywords],
) -> Latencies:
    """Latencies of untrained networks on this machine: a forward pass in eval mode, without gradients.

    A round times every architecture once, in a new random order, so that drift of the machine hits all alike; each
    time its network is built, warmed up and timed. In each round some architectures are timed a second time: the
    difference between their two medians is the noise floor. It holds inside one run; another day may differ by more.

    Args:
        space: a space from `open_space`, or `model_list`.
        architectures: architectures of the space, or their strings.
        store: SQLite file of the single timings. The same call goes on with those of a killed one, and a call with more
            repeats adds rounds; other timings are refused.
        batch_size: number of samples in a pass.
        repeats: number of rounds, of which each architecture's median is taken.
        warm_up: number of passes before each timed one.
        threads: threads of torch.
        device: `cpu`, `cuda` (the first GPU) or `cuda:1`. A GPU is timed by events on its stream.
        again: number of architectures that are timed a second time, drawn at random; at most all.
        seed: seed of the weights, the inputs and the orders.
        shape: sizes of the networks by name, as in `Space.build`; the space's own for the others.
        clock: `wall`, or `thread` for what a processor spends in this thread, whatever else runs on it (for one thread
            of a processor): on a quiet machine both are the same. Or a function that does a piece of work and gives its
            seconds.
        progress: whether to draw a progress bar on standard error.
        **sizes: single sizes, as in `measure_latency(..., width=16)`.

    Returns:
        The medians, the noise floor, and the spread between architectures. Where the floor is not below the spread, a
        warning is logged: such latencies do not tell architectures apart.

    Raises:
        HarnessError: a malformed architecture, a number or a size that is not allowed, a device that is not here, a
            store of other timings, or a network that a pass fails on.
    """
    for name, value, least in (
        ("batch_size", batch_size, 1), ("repeats", repeats, 1), ("warm_up", warm_up, 0), ("threads", threads, 1),
        ("again", again, 0), ("seed", seed, 0),
    ):  # fmt: skip
        check_whole(name, value, least, SettingError)
        check_most(name, value, _MOST.get(name, value), SettingError)
    if isinstance(space, str) or not hasattr(space, "minimal"):
        raise SettingError(f"a space is one of harness.open_space, got {shown(space)}")
    members, where = parsed(space, architectures), single_device(device)
    seconds = clock_of(clock, where, threads) if isinstance(clock, str) else clock
    texts = sorted(members)
    setting = _setting(space, batch_size, seed, dict(shape or {}) | dict(sizes))
    arguments = _arguments(space, setting, batch_size)
    identity = {
        "space": space.name, "sizes": dict(setting.shape), "batch_size": len(arguments[0]), "warm_up": warm_up,
        "clock": clock if isinstance(clock, str) else "given", "threads": threads, "device": where.name,
        "machine": machine_name(where.place, deterministic=False),
        "torch": installed("torch"), "seed": seed, "timed_again": min(again, len(texts)),
        "architectures": f"{len(texts)} of digest {_digest(space, members)}",
    }  # fmt: skip
    task = _Task(space, members, setting, arguments, where, warm_up, seconds)
    twice = timed_again(texts, again, seed)
    with TimingStore(Path(store), identity) as opened, threads_of_torch(threads):
        _time_missing(opened, task, texts, twice, repeats, progress)
        times = opened.times()
    return _latencies(space, list(members), twice, times, repeats, {**identity, "repeats": repeats})


@dataclass(frozen=True)
class _Task:
    """What is timed, where and how."""

    space: Space
    members: Mapping[str, Architecture]
    setting: Setting
    arguments: tuple[Tensor, ...]
    device: Device
    warm_up: int
    clock: Clock

    def seconds(self, text: str) -> float:
        """Seconds of a pass of one architecture's network, which is built and warmed up first."""
        import torch

        try:
            network = self._network(text)
            arguments = [each.to(self.device.place) for each in self.arguments]
            with torch.inference_mode():
                for _ in range(self.warm_up):
                    network(*arguments)
                return self.clock(lambda: network(*arguments))
        except HarnessError:
            raise
        except Exception as error:  # a network of the user's own may raise anything
            named = plain(text, LONGEST_ARCHITECTURE)
            raise RunError(f"{named} cannot be timed: {reason(error)}; the timings before are kept") from error

    def _network(self, text: str) -> nn.Module:
        built = self.space.build(self.members[text], self.setting.shape, seed=self.setting.seed)
        return built.to(self.device.place).eval()


def _time_missing(
    store: TimingStore, task: _Task, texts: Sequence[str], twice: Sequence[str], repeats: int, progress: bool
) -> None:
    there = store.times()
    missing = [
        (visit, number)
        for number in range(repeats)
        for visit in visits_of_round(texts, twice, task.setting.seed, number)
        if number not in there.get(visit, {})
    ]
    total = repeats * (len(texts) + len(twice))
    LOG.debug("%s of %s timings are in the store", f"{total - len(missing):,}", f"{total:,}")
    if not missing:
        return
    task.seconds(missing[0][0].architecture)  # the first pass of a process loads kernels: it does not count
    bar = progress_bar(total, "timings", ("timing", "timed"), already=total - len(missing))
    with bar if progress else nullcontext(unseen) as advance:
        for visit, number in missing:
            store.add(visit, number, task.seconds(visit.architecture))
            advance(steps=1)


def _setting(space: Space, batch_size: int, seed: int, sizes: Mapping[str, Any]) -> Setting:
    """The setting of the inputs, noise where the space has it, completed by the space."""
    noise = next((name for name in space.inputs if name in NOISE), space.inputs[0])
    drawn = max(2, batch_size)  # a batch of scores has at least two samples
    return changed(space, Setting(input=noise, batch_size=drawn, seed=seed), {"shape": sizes})


def _arguments(space: Space, setting: Setting, batch_size: int) -> tuple[Tensor, ...]:
    """The arguments of the timed passes: as many samples as were asked for, or one whole input such as a graph."""
    batch = space.batch(setting)
    return tuple(each[:batch_size] for each in batch.arguments) if batch.independent else batch.arguments


def _digest(space: Space, members: Mapping[str, Architecture]) -> str:
    """A digest of the architectures in any order, with the code of models of the user's own."""
    rows = sorted(row_keys(space, members, merge_equal=False).scored_as.values())
    return hashlib.sha256("\n".join(rows).encode(errors="surrogatepass")).hexdigest()[:16]


def _latencies(
    space: Space,
    texts: Sequence[str],
    twice: Sequence[str],
    times: Mapping[Visit, Mapping[int, float]],
    repeats: int,
    facts: Mapping[str, Any],
) -> Latencies:
    """The medians of the first `repeats` rounds."""
    import pandas as pd

    def medians(some: Sequence[str], series: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        seconds = [[times[Visit(text, series)][number] for number in range(repeats)] for text in some]
        return np.asarray(1000 * np.median(np.array(seconds).reshape(len(some), repeats), axis=1))

    key, column = "name" if isinstance(space, UserCodeSpace) else "architecture", _column(facts)
    frame = pd.DataFrame({key: texts, column: medians(texts, FIRST)})
    again = pd.DataFrame({"architecture": twice, "first_ms": medians(twice, FIRST), "again_ms": medians(twice, AGAIN)})
    floor = noise_floor(again["first_ms"].to_numpy(), again["again_ms"].to_numpy())
    apart = spread(frame[column].to_numpy())
    stated = {"noise_floor": _stated(floor), "spread": _stated(apart)}
    frame.attrs[PROVENANCE] = made_with(latency={**facts, "statistic": "median of the repeats", **stated})
    found = Latencies(frame, again, floor, apart)
    if not found.tells_apart and apart == apart and floor == floor:
        LOG.warning(
            "the noise floor of %s, %.1f %%, is not below the spread between architectures, %.1f %%: these latencies "
            "do not tell them apart; take more repeats, or a machine that does nothing else",
            column, 100 * floor, 100 * apart,
        )  # fmt: skip
    return found


def _column(facts: Mapping[str, Any]) -> str:
    """Name of the column: the kind of the device, and the clock where it is not that of the wall."""
    return f"latency_{device_kind(str(facts['device']))}{'_thread' * (facts['clock'] == THREAD)}_ms"


def _stated(value: float) -> float | None:
    """The number as JSON has it: none for NaN."""
    return None if value != value else value
