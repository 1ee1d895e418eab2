"""What kills its worker is given up by itself: a proxy, a measurement with all that read it, or the whole network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torch import nn

import harness
from harness.scoring.runner import run
from tests.scoring.runs import bits

OTHERS = ("grad_norm", "nwot", "ntk_trace", "synflow", "l2_norm")
READ_FORWARD = ("grad_norm", "nwot", "ntk_trace")


def end() -> None:
    """End the process as a crash does, in a worker only."""
    if os.environ["WORKERS_OF"] != str(os.getpid()):
        os._exit(9)


@pytest.fixture(autouse=True)
def _this_process_is_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKERS_OF", str(os.getpid()))


def space_of(kills_at: str, deadly: str) -> Any:
    """NAS-Bench-201, in which one cell's network ends its process: when it is built, or when it gets a batch."""
    built_in = type(harness.open_space("nasbench201"))

    class Ending(nn.Module):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            if len(inputs) > 1:
                end()
            return inputs

    class Deadly(built_in):  # type: ignore[misc,valid-type]
        def build(self, architecture: Any, *arguments: Any, **options: Any) -> nn.Module:
            network: nn.Module = super().build(architecture, *arguments, **options)
            if str(architecture) != deadly:
                return network
            if kills_at == "build":
                end()
            return nn.Sequential(Ending(), network)

    return Deadly()


@pytest.fixture(scope="module")
def cells(space: Any, tiny: dict[str, Any]) -> list[str]:
    """Three of different sizes, so that a proxy can tell them apart."""
    shape = {name: tiny[name] for name in ("classes", "width", "depth")}
    drawn = [space.minimal(cell) for cell in space.sample(60, seed=1)]
    return [str(cell) for cell in {space.sizes(cell, **shape).parameters: cell for cell in drawn}.values()][:3]


@pytest.fixture(scope="module")
def alive(space: Any, cells: list[str], tiny: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return run(space, cells, OTHERS, store=tmp_path_factory.mktemp("alive") / "s", workers=1, **tiny)


@pytest.mark.slow
def test_several_deadly_proxies_of_one_cell_are_given_up_and_no_other_score_changes(
    space: Any, cells: list[str], tiny: dict[str, Any], alive: pd.DataFrame, tmp_path: Path
) -> None:
    shape = {name: tiny[name] for name in ("classes", "width", "depth")}
    deadly = space.sizes(space.parse(cells[1]), **shape).parameters

    @harness.proxy(source="test")
    def first(parameter_count: int, loss_gradient: Any) -> float:
        if parameter_count == deadly:
            end()
        return 1.0

    @harness.proxy(source="test")
    def second(weights: Any, parameter_count: int, relu_gram: Any) -> float:
        return first(parameter_count, relu_gram)

    names = ["grad_norm", "first", "nwot", "ntk_trace", "second", "synflow", "l2_norm"]
    frame = run(space, cells, names, store=tmp_path / "s", workers=2, **tiny)
    assert frame[["architecture", "proxy"]].to_numpy().tolist() == [[cell, name] for name in names for cell in cells]
    died = frame[frame["status"] == "died"]
    assert died[["architecture", "proxy"]].to_numpy().tolist() == [[cells[1], "first"], [cells[1], "second"]]
    assert bits(alive).items() <= bits(frame).items()
    assert set(frame["status"]) == {"ok", "died"}


@pytest.mark.slow
def test_a_deadly_measurement_is_given_up_with_all_that_read_it(
    cells: list[str], tiny: dict[str, Any], alive: pd.DataFrame, tmp_path: Path
) -> None:
    frame = run(space_of("forward", cells[0]), cells, OTHERS, store=tmp_path / "s", workers=1, **tiny)
    died = frame[frame["status"] == "died"]
    assert died[["architecture", "proxy"]].to_numpy().tolist() == [[cells[0], name] for name in READ_FORWARD]
    assert all("while it made the measurement forward" in message for message in died["message"])
    others = frame[frame["architecture"] != cells[0]]
    assert bits(others).items() <= bits(alive).items()
    assert set(others["status"]) == {"ok"}
    assert len(others) == 2 * len(OTHERS)


@pytest.mark.slow
def test_a_network_that_kills_when_it_is_built_has_no_score(
    cells: list[str], tiny: dict[str, Any], alive: pd.DataFrame, tmp_path: Path
) -> None:
    frame = run(space_of("build", cells[2]), cells, OTHERS, store=tmp_path / "s", workers=1, **tiny)
    died = frame[frame["status"] == "died"]
    assert died[["architecture", "proxy"]].to_numpy().tolist() == [[cells[2], name] for name in OTHERS]
    assert set(died["message"]) == {
        "the worker process died 2 times on this architecture alone: killed, or out of memory"
    }
    assert bits(frame[frame["architecture"] != cells[2]]).items() <= bits(alive).items()
