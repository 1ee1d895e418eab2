"""The accuracy of searches' choices against their compute: numbers by hand, and the figure's lines."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.errors import HarnessError
from harness.report.figures.accuracy_by_compute import accuracy_by_compute
from harness.search import METHODS
from harness.studies.searches.compute import compute_frame
from harness.studies.searches.record import spent_by
from tests.studies.searches.made_logs import COLUMN, log_of


def entry(method: str, preset: str, images: int) -> dict[str, Any]:
    """A search's entry in `study.json`, as far as its compute is concerned."""
    setting = METHODS[method].setting("nasbench201", preset)
    return {"setting": vars(setting), "data": {"images": images}}


RECORD = {"darts": entry("darts", "laptop", 4096), "darts, reduced": entry("darts", "reduced", 10_000)}


def logs() -> pd.DataFrame:
    """Two searches of one preset, one of another, and one that trains nothing."""
    first, second = log_of("darts", 0, [80.0, 90.0], 2.0), log_of("darts", 1, [70.0, 94.0], 4.0)
    third = log_of("darts", 0, [93.0, 92.0, 91.0], 9.0, "reduced").assign(cpu_seconds=[5.0, 6.0, 7.0])
    third["operation_weights"] = [
        json.dumps({"cell": [[0.2, 0.1, 0.2, 0.1 * number, 0.1]] * 6}) for number in (1, 2, 4)
    ]
    found = pd.concat([first, second, third, log_of("nasi", 0, [90.0], 1.0)], ignore_index=True)
    return found.assign(training_loss=np.arange(8.0), validation_loss=1.0)


def test_steps_follow_from_the_part_that_trains_the_weights() -> None:
    assert spent_by(RECORD["darts"]) == (32, 4096)
    assert spent_by(RECORD["darts, reduced"]) == (125, 10_000)
    nasi = METHODS["nasi"].setting("nasbench201", "paper")
    assert spent_by({"setting": vars(nasi), "data": {"images": 1280}}) == (10, 1280)
    before = {name: value for name, value in RECORD["darts"]["setting"].items() if name != "validation_share"}
    assert spent_by({"setting": before, "data": "cifar-10-batches-bin"}) == (32, 4096), "a record of earlier versions"


def test_each_epoch_has_its_compute_and_the_range_of_the_runs() -> None:
    frame = compute_frame(logs(), RECORD)
    assert frame[["method", "preset", "epoch", "runs", "steps", "images"]].to_numpy().tolist() == [
        ["darts", "laptop", 1, 2, 32, 4096],
        ["darts", "laptop", 2, 2, 64, 4096],
        ["darts", "reduced", 1, 1, 125, 10_000],
        ["darts", "reduced", 2, 1, 250, 10_000],
        ["darts", "reduced", 3, 1, 375, 10_000],
    ]
    assert frame["seconds"].tolist() == [3.0, 6.0, 9.0, 18.0, 27.0]
    assert frame["cpu_seconds"].tolist()[2:] == [5.0, 11.0, 18.0]
    assert frame["cpu_seconds"][:2].isna().all()
    assert frame["training_loss"].tolist() == [1.0, 2.0, 4.0, 5.0, 6.0]
    assert frame["lead_of_convolutions"].tolist()[2:] == pytest.approx([0.0, math.log(2), math.log(4)])
    assert frame["lead_of_convolutions"][:2].isna().all()
    found = frame[[f"{COLUMN}_{end}" for end in ("mean", "low", "high")]].to_numpy().tolist()
    assert found == [[75.0, 70.0, 80.0], [92.0, 90.0, 94.0], [93.0] * 3, [92.0] * 3, [91.0] * 3]


def test_without_a_search_that_trains_there_is_none() -> None:
    assert compute_frame(pd.DataFrame(columns=["method", "seed"]), {}).empty
    assert compute_frame(logs()[7:], RECORD).empty
    assert compute_frame(logs(), {}).empty, "its record is not there"


def test_the_figure_draws_a_line_a_preset_and_the_published_means() -> None:
    frame = compute_frame(logs(), RECORD)
    figure = accuracy_by_compute(frame, COLUMN, label="accuracy", published={"darts": [54.3]})
    (axes,) = figure.axes
    assert axes.get_title(loc="left") == "darts"
    assert axes.get_xscale() == "log"
    laptop, reduced, published = axes.lines
    np.testing.assert_array_equal(laptop.get_xydata(), [[32, 75.0], [64, 92.0]])
    np.testing.assert_array_equal(reduced.get_xydata(), [[125, 93.0], [250, 92.0], [375, 91.0]])
    assert set(np.asarray(published.get_ydata())) == {54.3}
    band = axes.collections[0].get_paths()[0].vertices
    assert {(32.0, 70.0), (32.0, 80.0), (64.0, 90.0), (64.0, 94.0)} <= {(float(x), float(y)) for x, y in band}
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["preset laptop", "preset reduced", "published"]


def test_what_cannot_be_drawn_is_named() -> None:
    frame = compute_frame(logs(), RECORD)
    with pytest.raises(HarnessError, match="lacks: steps, cifar100_mean"):
        accuracy_by_compute(frame.drop(columns="steps").assign(cifar100_low=1, cifar100_high=1), "cifar100", label="")
    with pytest.raises(HarnessError, match="no search to draw"):
        accuracy_by_compute(frame[:0], COLUMN, label="")
