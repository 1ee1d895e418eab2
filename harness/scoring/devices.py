"""Which devices compute: those that are named, of those that torch sees; and a pool of processes for each GPU."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

from harness.errors import SettingError, check_most, check_whole
from harness.setting import Setting, device_kind
from harness.text.shown import listed, shown

CPU, CUDA = "cpu", "cuda"
MOST_PER_DEVICE = 64
"""Largest number of processes that share a GPU."""
_GPU = re.compile(r"cuda:(0|[1-9][0-9]{0,3})")


class Device(NamedTuple):
    """A GPU of this machine.

    Attributes:
        name: how it is named, such as `cuda:0`.
        place: where torch puts what lies on it: its name, but for tests.
    """

    name: str
    place: str


class Placement(NamedTuple):
    """Where a run computes.

    Attributes:
        devices: GPUs of this machine; none where its processors compute, or a cluster or an executor.
        workers: number of tasks at once, on all devices together; None where a trial finds how many share a GPU.
    """

    devices: tuple[Device, ...] = ()
    workers: int | None = 1


def visible_devices() -> tuple[Device, ...]:
    """The GPUs that torch sees on this machine."""
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return tuple(Device(f"{CUDA}:{number}", f"{CUDA}:{number}") for number in range(count))


def device_names(text: str) -> tuple[str, ...]:
    """The devices in a text: `cpu`, `cuda` for all GPUs, or some of them.

    Raises:
        SettingError: for another text, what is named twice, or `cpu` or `cuda` beside others.

    >>> device_names("cuda:0, cuda:2"), device_names("cuda")
    (('cuda:0', 'cuda:2'), ('cuda',))
    """
    names = tuple(name.strip() for name in text.split(","))
    if any(name not in (CPU, CUDA) and not _GPU.fullmatch(name) for name in names):
        raise SettingError(
            f"device must be 'cpu', 'cuda' or 'cuda:1', got {shown(text)}; several GPUs are named as in cuda:0,cuda:2"
        )
    if len(names) > 1 and not {CPU, CUDA}.isdisjoint(names):
        raise SettingError(f"device {shown(text)}: cpu stands alone, and so does cuda, which is all GPUs")
    if len(set(names)) < len(names):
        raise SettingError(f"device {shown(text)} names a GPU twice")
    return names


def single_device(text: str) -> Device:
    """The one device in a text: `cpu`, `cuda:1`, or `cuda` for the first GPU that torch sees.

    Raises:
        SettingError: for another text, several devices, or one that is not here.
    """
    names = device_names(text)
    if len(names) > 1:
        raise SettingError(f"device {shown(text)} names {len(names)} devices: give one")
    return Device(CPU, CPU) if names == (CPU,) else _of_the_visible(names)[0]


def placed(
    setting: Setting,
    devices: Sequence[str] | None,
    workers: int,
    workers_per_device: int | None,
    *,
    elsewhere: bool = False,
) -> tuple[Setting, Placement]:
    """The setting on the right kind of device, and where its scores are computed.

    Args:
        setting: names the device where `devices` is None; `cuda` is all GPUs that torch sees.
        devices: names of devices.
        workers: number of processes; more than one are spread over the GPUs.
        workers_per_device: number of processes that share a GPU; None for `workers`, or a trial where that is 1.
        elsewhere: whether a cluster or an executor computes, whose machines this one does not know.

    Raises:
        SettingError: for devices that are not here or cannot be named together, or numbers that do not fit them.
    """
    names = device_names(setting.device if devices is None else _one_text(devices))
    kind = device_kind(names[0])
    if workers_per_device is not None:
        check_whole("workers_per_device", workers_per_device, 1, SettingError)
        check_most("workers_per_device", workers_per_device, MOST_PER_DEVICE, SettingError)
        if kind == CPU or elsewhere:
            raise SettingError("workers_per_device is for GPUs of this machine: give device cuda, or workers")
        if workers != 1:
            raise SettingError("give workers (of all GPUs together) or workers_per_device, not both")
    if elsewhere and len(names) > 1:
        raise SettingError(
            f"{', '.join(names)} are GPUs of this machine: on a cluster or an executor, give cuda, and its workers "
            "compute on the first GPU that they see"
        )
    if kind == CPU or elsewhere:
        return replace(setting, device=names[0]), Placement((), workers)
    found = _of_the_visible(names)
    if workers_per_device is not None:
        count: int | None = workers_per_device * len(found)
    else:
        count = None if workers == 1 else workers
    return replace(setting, device=kind), Placement(found[:count], count)


def _one_text(devices: Sequence[str]) -> str:
    given: object = devices
    if isinstance(given, str) or not all(isinstance(name, str) for name in devices) or not devices:
        raise SettingError(f"devices must be names, such as ['cuda:0', 'cuda:2'], got {shown(devices)}")
    return ",".join(devices)


def _of_the_visible(names: Sequence[str]) -> tuple[Device, ...]:
    visible = {device.name: device for device in visible_devices()}
    if not visible:
        raise SettingError(f"device {','.join(names)!r} was asked for, but torch sees no CUDA device here: use 'cpu'")
    if list(names) == [CUDA]:
        return tuple(visible.values())
    if absent := [name for name in names if name not in visible]:
        raise SettingError(f"device {', '.join(absent)} was asked for, but torch sees {listed(list(visible))} here")
    return tuple(visible[name] for name in names)


class DevicePools(Executor):
    """A pool of processes for each GPU: a process touches no GPU but its own, on which its network and batch lie.

    Args:
        devices: the GPUs.
        workers: number of processes, which are spread over them as evenly as can be.
        open_pool: makes a pool of so many processes.
        close_pool: ends one, with `kill` at once.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        workers: int,
        open_pool: Callable[[int], Executor],
        close_pool: Callable[..., None],
    ) -> None:
        self._close_pool = close_pool
        share, more = divmod(workers, len(devices))
        self._pools = {device: open_pool(share + (place < more)) for place, device in enumerate(devices)}

    def submit(  # type: ignore[override]
        self, function: Any, task: Any, /, *arguments: Any, **options: Any
    ) -> Future[Any]:
        """Submit a task to the processes of its `device`."""
        return self._pools[task.device].submit(function, task, *arguments, **options)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False, kill_workers: bool = False) -> None:
        """End all processes."""
        for pool in self._pools.values():
            self._close_pool(pool, kill=kill_workers or not wait)


def least_busy(devices: Sequence[Device], used: Iterable[Device | None]) -> Device:
    """The device that is used least often, of several the first."""
    counts = Counter(used)
    return min(devices, key=lambda device: counts[device])


def introduction(devices: Sequence[Device]) -> str:
    """Which GPUs compute and how, for people; empty for none."""
    return f"GPUs: {listed([device.name for device in devices])}, deterministic kernels" if devices else ""


@contextmanager
def deterministic_kernels(place: str) -> Iterator[None]:
    """Inside, torch takes a GPU's kernels that give the same bits each time, where it has them; a CPU's always do.

    cuBLAS needs `CUBLAS` in the environment before the process uses a GPU.
    """
    import torch

    if not place.startswith(CUDA):
        yield
        return
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*does not have a deterministic implementation")
            yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])


CUBLAS = {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
"""Environment under which cuBLAS gives the same bits each time."""
