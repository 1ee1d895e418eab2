"""`run` under several seeds: each seed's rows are those of a run of its own, and a stopped run goes on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import harness
from harness.errors import SettingError
from harness.scoring.files import read_scores
from harness.scoring.other_settings import other_settings
from harness.scoring.runner import run
from harness.scoring.seeds import checked_seeds
from tests.scoring.runs import bits

PROXIES = ("grad_norm", "ntk_trace", "params")
SEEDS = (3, 0)


@pytest.fixture
def options(tiny: dict[str, Any], thread: Executor, path: Path) -> dict[str, Any]:
    return {**tiny, "executor": thread, "store": path}


def test_each_seeds_rows_are_bit_for_bit_those_of_a_run_of_its_own(
    space: Any, options: dict[str, Any], tmp_path: Path
) -> None:
    cells = space.sample(3)
    together = run(space, cells, PROXIES, seeds=SEEDS, **options)
    assert list(dict.fromkeys(together["seed"])) == list(SEEDS)
    assert together["seed"].dtype == np.int64
    for seed in SEEDS:
        alone = run(space, cells, PROXIES, seed=seed, **{**options, "store": tmp_path / f"{seed}.sqlite"})
        own = together[together["seed"] == seed].drop(columns="seed").reset_index(drop=True)
        assert bits(own) == bits(alone)
        assert own["architecture"].tolist() == alone["architecture"].tolist()
    scores = together.pivot(index=["architecture", "proxy"], columns="seed", values="score")
    differ = (scores[3] != scores[0]).groupby("proxy").all()
    assert differ.to_dict() == {"grad_norm": True, "ntk_trace": True, "params": False}
    one = run(space, cells, PROXIES, seeds=[3], **options)
    assert one.equals(together[together["seed"] == 3].reset_index(drop=True))


def test_what_is_in_the_store_is_not_computed_again(
    space: Any, options: dict[str, Any], tmp_path: Path, counting: Callable[[Path, str], str],
    lines: Callable[[Path], int],
) -> None:  # fmt: skip
    log = tmp_path / "log"
    name, cells = counting(log, "counted_by_seed"), space.sample(4)
    run(space, cells[:3], name, seed=1, **options)
    assert lines(log) == 3
    first = run(space, cells, name, seeds=range(3), **options)
    assert lines(log) == 4 * 3
    assert run(space, cells, name, seeds=range(3), **options).equals(first)
    assert lines(log) == 4 * 3


def test_a_stopped_run_of_seeds_goes_on(
    space: Any, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cells = space.sample(3)
    whole = run(space, cells, "grad_norm", seeds=SEEDS, **{**options, "store": tmp_path / "whole.sqlite"})
    written: list[Any] = []
    write = harness.Store.write

    def stops(store: harness.Store, number: int, rows: Any, **more: Any) -> None:
        if len(written) == 4:
            raise KeyboardInterrupt
        written.append(rows)
        write(store, number, rows, **more)

    with monkeypatch.context() as patch:
        patch.setattr(harness.Store, "write", stops)
        with pytest.raises(KeyboardInterrupt):
            run(space, cells, "grad_norm", seeds=SEEDS, **options)
    partly = read_scores(options["store"])
    assert "4 of 6 scores are finished" in partly.origin
    assert partly.frame["seed"].tolist() == [3, 3, 3, 0]
    assert bits(run(space, cells, "grad_norm", seeds=SEEDS, **options)) == bits(whole)


def test_a_bar_counts_architectures_of_all_seeds(
    space: Any, options: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    run(space, space.sample(2), "grad_norm", seeds=range(3), progress=True, **options)
    assert "scored 6 of 6 architectures and seeds" in capsys.readouterr().err


def test_a_store_gives_all_seeds_of_its_last_run_and_a_named_run_alone(space: Any, options: dict[str, Any]) -> None:
    cells = space.sample(3)
    run(space, cells, "params", seed=9, **options)
    frame = run(space, cells, "params", seeds=SEEDS, **options)
    found = read_scores(options["store"])
    pd.testing.assert_frame_equal(found.frame, frame)
    assert found.setting is not None
    assert found.frame.attrs == frame.attrs
    assert (frame.attrs["setting"], frame.attrs["space"]) == (found.setting.json(), space.name)
    assert "runs 2, 3 of 3" in found.origin
    assert "seeds 3, 0)" in found.origin
    alone = read_scores(options["store"], 3)
    assert "seed" not in alone.frame.columns
    assert alone.setting is not None
    assert alone.setting.seed == 0
    shown, others = other_settings(options["store"])
    assert (shown.number, list(others)) == (2, ["seed 9"])
    run(space, cells, "params", seed=3, **options)
    assert "run 4 of 4" in read_scores(options["store"]).origin, "a run of one seed stands alone"


def test_seeds_that_are_none_are_refused(space: Any, options: dict[str, Any]) -> None:
    assert checked_seeds(np.arange(3)) == checked_seeds([0, 1, 1, 2]) == (0, 1, 2)
    for given, said in (
        ([], "no seeds given"), ("0-4", "seeds must be whole numbers"), ([1.5], "got 1.5"), ([-1], "got -1"),
        ([True], "got True"), (5, "got 5"),
    ):  # fmt: skip
        with pytest.raises(SettingError, match=said):
            run(space, space.sample(2), "params", seeds=given, **options)  # type: ignore[arg-type]  # on purpose
    with pytest.raises(SettingError, match="not both"):
        run(space, space.sample(2), "params", seeds=[1], seed=1, **options)


def test_a_death_under_one_seed_is_not_one_under_another(space: Any, tiny: dict[str, Any], path: Path) -> None:
    """An executor's task is known by its setting too: the outcome of each seed is its own."""
    from harness.scoring.engine import ScoringTask
    from harness.spaces.space import completed

    tasks = [
        ScoringTask(b"", "cell", completed(space, harness.Setting(**tiny, seed=seed)), ("a",), b"", b"")
        for seed in range(2)
    ]
    assert tasks[0].what != tasks[1].what
