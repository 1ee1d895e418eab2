"""What a second `run` does not compute again, and what it does."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import harness
from harness.scoring.runner import run
from tests.scoring.runs import Given, bits, scores_of


def test_a_second_identical_run_computes_nothing(
    given: Given, thread: Executor, tmp_path: Path, counting: Any, lines: Callable[[Path], int]
) -> None:
    log, store = tmp_path / "log", tmp_path / "s.sqlite"
    names = ["grad_norm", counting(log, "counted_once"), "params"]
    first = run(given.space, given.cells, names, setting=given.setting, store=store, executor=thread)
    classes = {str(given.space.minimal(cell)) for cell in given.cells}
    assert lines(log) == len(classes) == 7
    content = first.to_csv()
    again = run(given.space, given.cells, names, setting=given.setting, store=store, workers=2)
    assert again.to_csv() == content, "times included: the rows are those of the first run"
    assert lines(log) == 7
    with harness.Store(store) as opened:
        assert len(opened.runs()) == 2


def test_only_what_is_missing_is_computed(
    given: Given, thread: Executor, tmp_path: Path, counting: Any, lines: Callable[[Path], int]
) -> None:
    log, other, store = tmp_path / "log", tmp_path / "other", tmp_path / "s.sqlite"
    one, two = counting(log, "counted_more"), counting(other, "counted_later")
    run(given.space, given.cells[:2], one, setting=given.setting, store=store, executor=thread)
    frame = run(given.space, given.cells[:4], [one, two], setting=given.setting, store=store, executor=thread)
    assert (lines(log), lines(other)) == (4, 4)
    assert len(frame) == 8
    assert set(frame["status"]) == {"ok"}
    assert scores_of(frame, one) == scores_of(frame, two)


def _doubled(factor: float, log: Path) -> None:
    source = f"""
def edited(loss_gradient):
    with open({str(log)!r}, "a") as file:
        file.write("computed\\n")
    return {factor} * float(sum(gradient.abs().sum() for gradient in loss_gradient.values()))
"""
    namespace: dict[str, Any] = {"__name__": "a_notebook"}
    exec(source, namespace)
    harness.proxy(source="test")(namespace["edited"])


def test_an_edited_proxy_is_computed_anew_and_does_not_mix(
    given: Given, thread: Executor, tmp_path: Path, lines: Callable[[Path], int]
) -> None:
    log, store = tmp_path / "log", tmp_path / "s.sqlite"
    arguments: dict[str, Any] = {"setting": given.setting, "store": store, "executor": thread}
    _doubled(1.0, log)
    once = run(given.space, given.cells[:3], "edited", **arguments)
    _doubled(2.0, log)
    twice = run(given.space, given.cells[:2], "edited", **arguments)
    assert lines(log) == 5
    assert scores_of(twice, "edited") == [2 * value for value in scores_of(once, "edited")[:2]]
    with harness.Store(store) as opened:
        assert opened.frame(1).equals(once)
    _doubled(1.0, log)
    assert run(given.space, given.cells[:3], "edited", **arguments).equals(once)
    assert lines(log) == 5, "the first definition is back, and so are its scores"


@pytest.mark.parametrize("change", [{"bn": "eval"}, {"seed": 1}, {"init": "xavier"}, {"batch_size": 5}, {"probes": 2}])
def test_a_changed_setting_is_kept_apart(
    given: Given, thread: Executor, tmp_path: Path, pooled: pd.DataFrame, change: dict[str, Any]
) -> None:
    store, cells = tmp_path / "s.sqlite", given.cells[:2]
    arguments: dict[str, Any] = {"setting": given.setting, "store": store, "executor": thread}
    plain = run(given.space, cells, "ntk_trace", **arguments)
    changed = run(given.space, cells, "ntk_trace", **arguments, **change)
    assert set(scores_of(plain, "ntk_trace")).isdisjoint(scores_of(changed, "ntk_trace"))
    assert bits(plain).items() <= bits(pooled).items()
    with harness.Store(store) as opened:
        assert opened.runs()[1].setting == replace(given.setting, **change)
        assert opened.frame(1).equals(plain)
        assert opened.frame(2).equals(changed)
