"""The machine that made a score is known where it is this one, and is not guessed where it is not."""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest
import torch

import harness
from harness.scoring.machine import machine_name
from harness.scoring.runner import run


def _machines(path: Path) -> dict[str, set[str | None]]:
    """By proxy; None where it is not known."""
    found: dict[str, set[str | None]] = {}
    with harness.Store(path, readonly=True) as store, store.reading() as contents:
        (number,) = settings = contents.rows.settings()
        for part in contents.rows.scores(number, settings[number]):
            for architecture, proxy, version, *_ in part:
                machines = contents.origins.of(number, [architecture])[architecture]
                found.setdefault(proxy, set()).add(machines.get((proxy, version)))
    return found


def test_what_an_executor_of_the_users_computes_may_be_of_any_machine(
    space: Any, tiny: dict[str, Any], thread: Executor, path: Path
) -> None:
    run(space, space.sample(3), ["grad_norm", "params"], store=path, executor=thread, **tiny)
    assert _machines(path) == {"grad_norm": {None}, "params": {machine_name()}}


def test_the_kernels_and_a_cuda_device_are_part_of_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    machine_name.cache_clear()
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "KERNELS")
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"device at {device}")
    try:
        assert machine_name("cpu").endswith(" (KERNELS)")
        expected = f"{machine_name('cpu')}, device at cuda:1 (CUDA {torch.version.cuda}, deterministic kernels)"
        assert machine_name("cuda:1") == expected
    finally:
        machine_name.cache_clear()
