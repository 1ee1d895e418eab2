"""The machine that computes scores: equal code gives other last digits on another kind of processor."""

from __future__ import annotations

import functools
import platform
from pathlib import Path


@functools.cache
def machine_name(device: str = "cpu", *, deterministic: bool = True) -> str:
    """Name of what computes on this machine: the kind of processor with torch's kernels for it, and that of a GPU.

    Args:
        device: as torch names it.
        deterministic: whether a GPU computes by kernels that give the same bits each time, as those of scores do.
    """
    import torch

    processor = f"{cpu_name() or platform.machine()} ({torch.backends.cpu.get_cpu_capability()})"
    if not device.startswith("cuda"):
        return processor
    kernels = ", deterministic kernels" if deterministic else ""
    return f"{processor}, {torch.cuda.get_device_name(device)} (CUDA {torch.version.cuda}{kernels})"


def cpu_name(described: Path = Path("/proc/cpuinfo")) -> str | None:
    """The processor's name from Linux, else from Python; None if neither knows it."""
    try:
        lines = described.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or None
