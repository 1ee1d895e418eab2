"""Speed and memory of the proxies on NAS-Bench-201 cells: seconds, passes, ratios, peak memory, cells an hour.

Run by `make bench`, not by continuous integration. Seconds are of one thread, the median of a few repetitions; only
ratios within one run mean something on another machine. `README.md` beside this file keeps the last numbers.

The sum of the distinct passes is that of every measurement that the proxies read, each made alone in a fresh session,
without the seconds of what it is made from: what a set of proxies should cost, and no more.
"""

from __future__ import annotations

import argparse
import functools
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import torch

from harness.batches import Batch
from harness.measurements.kept import Kept
from harness.measurements.preserve import preserved
from harness.measurements.session import Session, closure
from harness.measurements.watch import Watch
from harness.proxies.registry import Proxy, resolve
from harness.scoring.engine import worker_pool
from harness.scoring.runner import run
from harness.scoring.scorer import score_network
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.image_batches import draw_images

CELLS = {
    "light": "|nor_conv_1x1~0|+|none~0|none~1|+|nor_conv_1x1~0|nor_conv_1x1~1|skip_connect~2|",
    "median": "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
    "heaviest": "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|",
}
ZERO_COST = ("grad_norm", "snip", "grasp", "fisher", "plain", "jacob_cov", "synflow", "synflow_bn")
AUTHORS_PASSES = 20.7
"""Passes of the authors' own code for these eight, with one thread (24.5 with two), measured in one run with ours."""
SAMPLE = 20
SETTING = Setting()


class Scored:
    """A cell's network, a batch, and what scoring it takes."""

    def __init__(self, cell: str) -> None:
        space = open_space("nasbench201")
        self._rebuild = functools.partial(space.build, space.parse(CELLS[cell]))
        self._network = self._rebuild()
        self._batch: Batch = draw_images(SETTING)

    def score(self, entries: Sequence[Proxy]) -> None:
        score_network(self._network, self._batch, entries, SETTING, self._rebuild)

    def pass_seconds(self, repetitions: int) -> float:
        """One forward and backward pass, as a user would write it."""
        parameters = list(self._network.parameters())

        def one_pass() -> object:
            loss = torch.nn.functional.cross_entropy(self._network(self._batch.inputs), self._batch.labels)
            return torch.autograd.grad(loss, parameters)

        return seconds(one_pass, repetitions)

    def own_seconds(self, measurement: str) -> float:
        """Seconds of a measurement alone, without those of what it is made from."""
        parts = tuple(closure((measurement,), {}) - {measurement})
        with preserved(self._network, bn=SETTING.bn, seed=0):
            session = Session(self._network, self._batch, SETTING, self._rebuild)
            session.value(measurement)
            return session.seconds((measurement,)) - session.seconds(parts)

    def passes(self, entries: Sequence[Proxy]) -> tuple[int, int]:
        """Forward passes of the network and calls of `torch.autograd.grad`."""
        forwards: list[int] = []
        backwards: list[int] = []
        real = torch.autograd.grad

        def counting(*arguments: Any, **options: Any) -> Any:
            backwards.append(1)
            return real(*arguments, **options)

        handle = self._network.register_forward_pre_hook(lambda module, inputs: forwards.append(1))
        torch.autograd.grad = counting
        try:
            self.score(entries)
        finally:
            torch.autograd.grad = real
            handle.remove()
        return len(forwards), len(backwards)


def seconds(action: Callable[[], object], repetitions: int) -> float:
    """Median seconds of an action, after one warm-up."""
    action()
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def bench(cell: str, entries: Sequence[Proxy], repetitions: int) -> None:
    """Print the table of one cell, and what sets of proxies cost against their distinct passes."""
    scored = Scored(cell)
    unit = scored.pass_seconds(repetitions)
    print(f"\n{cell} cell {CELLS[cell]}\none forward and backward pass: {unit:.3f} s\n")
    print(f"{'proxy':<20} {'seconds':>8} {'passes':>7} {'forward':>8} {'backward':>9}")
    for entry in entries:
        taken = seconds(functools.partial(scored.score, [entry]), repetitions)
        forwards, backwards = scored.passes([entry])
        print(f"{entry.name:<20} {taken:>8.3f} {taken / unit:>7.2f} {forwards:>8} {backwards:>9}")
    print()
    for title, chosen in {"all together": list(entries), "the eight of zero-cost-nas": resolve(ZERO_COST)}.items():
        together = seconds(functools.partial(scored.score, chosen), repetitions)
        needs = closure([need for entry in chosen for need in entry.needs], {})
        distinct = sum(
            statistics.median(scored.own_seconds(need) for _ in range(repetitions)) for need in sorted(needs)
        )
        print(
            f"{title}: {together:.2f} s, {together / unit:.2f} passes; the sum of their {len(needs)} distinct "
            f"measurements {distinct:.2f} s, ratio {together / distinct:.2f}"
        )
        if chosen == resolve(ZERO_COST):
            longer = AUTHORS_PASSES * unit / together
            print(f"their authors' code takes {AUTHORS_PASSES} passes: {longer:.1f} times as long")


def bench_checks(cell: str, repetitions: int) -> None:
    """Print what it costs to look for overflow, for other reads of replaced weights, and for changed parameters.

    Processor seconds, in turn with these checks and without them; both halves of a pair are neighbours in time.
    """
    scored = Scored(cell)
    print(f"\n{cell} cell: processor seconds with the checks, without them, and the median ratio of pairs")
    for title, names in {
        "nasi_trace": ["nasi_trace"],
        "swap": ["swap"],
        "the eight": ZERO_COST,
        "all": ["all"],
    }.items():
        action = functools.partial(scored.score, resolve(names))
        pairs = [(processor_seconds(action), _without_checks(action)) for _ in range(repetitions + 1)][1:]
        ratio = statistics.median(checked / unchecked for checked, unchecked in pairs)
        checked, unchecked = (statistics.median(each) for each in zip(*pairs, strict=True))
        print(f"{title:<12} {checked:>7.3f} {unchecked:>7.3f} {ratio:>6.3f}")


def processor_seconds(action: Callable[[], object]) -> float:
    """Processor seconds of an action."""
    start = time.process_time()
    action()
    return time.process_time() - start


def _entered(watch: Watch) -> Watch:
    return watch


def _without_checks(action: Callable[[], object]) -> float:
    with (
        mock.patch.object(Watch, "__enter__", _entered),
        mock.patch.object(Watch, "__exit__", return_value=None),
        mock.patch.object(Kept, "check_parameters", return_value=None),
    ):
        return processor_seconds(action)


def peak_memory(cell: str) -> float:
    """Peak GB of a process with a worker's environment that scores one cell by all proxies."""
    command = [sys.executable, __file__, "--peak-of", cell]
    outcome = subprocess.run(command, check=True, capture_output=True, text=True, env=_environment())
    return float(outcome.stdout)


def _environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def cells_an_hour(proxies: Sequence[str], workers: int) -> float:
    """Cells scored in an hour, from a random sample that is scored after a first one has started the workers."""
    space = open_space("nasbench201")
    cells = space.sample(SAMPLE + workers, seed=5)
    with tempfile.TemporaryDirectory() as folder, worker_pool(workers) as pool:
        options = {"store": Path(folder) / "s.sqlite", "workers": workers, "executor": pool, "merge_equal": False}
        run(space, cells[:workers], proxies, **options)
        start = time.perf_counter()
        run(space, cells[workers:], proxies, **options)
        return 3600 * SAMPLE / (time.perf_counter() - start)


def main() -> None:
    """Read the options and print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--peak-of", choices=CELLS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.peak_of:
        Scored(arguments.peak_of).score(resolve("all"))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
        return
    entries = resolve("all")
    print(f"{_processor()}, torch {torch.__version__}, one thread, batch 64, 32 x 32, C = 16, N = 5")
    for cell in arguments.cells:
        bench(cell, entries, arguments.repetitions)
    bench_checks("median", 3 * arguments.repetitions)
    print(f"\npeak memory of a worker that scores the heaviest cell by all: {peak_memory('heaviest'):.2f} GB")
    for title, proxies in {"all": ["all"], "the eight of zero-cost-nas": list(ZERO_COST)}.items():
        rate = cells_an_hour(proxies, arguments.workers)
        print(f"{title}: {rate:,.0f} cells an hour with {arguments.workers} workers")


def _processor() -> str:
    names = [line for line in _lines(Path("/proc/cpuinfo")) if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.processor() or platform.machine()


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.is_file() else []


if __name__ == "__main__":
    main()
