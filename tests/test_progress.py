"""Progress bars: the resamples of every long statistic add up, a notebook gets lines, and short work none."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rich.console
import torch

import benchmarks
import harness
from harness import progress
from harness.evaluation.evidence import EvidenceOptions, gather_evidence
from harness.stats import interval_rows, kendall_within, resampled_coefficients
from harness.studies.options import StudyOptions

COLUMN = "cifar10_test_200ep_pct"
COUNT, RESAMPLES = 30, 40
CELLS = [str(cell) for cell in harness.open_space("nasbench201").sample(COUNT, seed=3)]
PROXIES = ("nwot", "snip", "params", "flops")


def frame(seed: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    rows = [(cell, name, generator.normal(), seed) for name in PROXIES for cell in CELLS]
    return pd.DataFrame(rows, columns=["architecture", "proxy", "score", "seed"])


TABLE = benchmarks.Table(
    CELLS,
    [benchmarks.Column(COLUMN, "cifar10", "test", 200, "pct", "one", "made here")],
    [np.random.default_rng(5).uniform(80, 95, size=COUNT)],
    benchmarks.Facts("made", "nasbench201", "A table of this test", "nowhere", "none", None, None, None, "No."),
)
FRAMES = {"one": frame(0), "two": frame(1), "three": frame(2)}
RANKING = harness.correlate(FRAMES["one"], TABLE, COLUMN, resamples=RESAMPLES)
SIZES = {"resamples": RESAMPLES, "seed": 1}

SHORT = {
    "against_known", "ceiling", "known_scores", "latency_predictor", "list_measurements", "list_proxies", "list_spaces",
    "measurement", "model_list", "open_space", "proxy", "read_scores", "table_losses", "trade_off",
    "write_described_csv",
}  # fmt: skip
"""Public functions that take seconds at most, with all 15,625 cells by 38 proxies."""

# each long function, and how many rows of scores it resamples
LONG: dict[str, tuple[Callable[[bool], Any], list[int]]] = {
    "correlate": (lambda shown: harness.correlate(FRAMES["one"], TABLE, COLUMN, **SIZES, progress=shown), [4]),
    "correlate, bca": (
        lambda shown: harness.correlate(FRAMES["one"], TABLE, COLUMN, **SIZES, interval="bca", progress=shown),
        [4],
    ),
    "correlate, seeds": (
        lambda shown: harness.correlate(pd.concat(list(FRAMES.values())), TABLE, COLUMN, **SIZES, progress=shown),
        [12],
    ),
    "compare": (lambda shown: harness.compare(RANKING, **SIZES, progress=shown), [4]),
    "compare, pearson": (lambda shown: harness.compare(RANKING, coefficient="pearson", **SIZES, progress=shown), [4]),
    "beyond_size": (lambda shown: harness.beyond_size(RANKING, **SIZES, progress=shown), [3 * (4 + 3) + 4]),
    "stability": (lambda shown: harness.stability(FRAMES, **SIZES, progress=shown), [4 * 3]),
    "transfer": (
        lambda shown: harness.transfer({"one": FRAMES["one"]}, TABLE, [COLUMN], **SIZES, progress=shown),
        [4],
    ),
    "evidence": (
        lambda shown: gather_evidence(
            RANKING, TABLE, EvidenceOptions("params", beyond_size=True, **SIZES), progress=shown
        ),
        [4, 25],
    ),
}


def test_every_public_function_that_takes_long_has_a_progress_which_is_off() -> None:
    public = {name: getattr(harness, name) for name in harness.__all__}
    functions = {name: one for name, one in public.items() if not isinstance(one, type)}
    named = {name: inspect.signature(one).parameters.get("progress") for name, one in functions.items()}
    assert set(named) - SHORT == {name for name, one in named.items() if one is not None} | {"run_study"}
    assert all(one.default is False for one in named.values() if one is not None)
    assert StudyOptions.__dataclass_fields__["progress"].default is False  # run_study takes these as keywords


@pytest.mark.parametrize("name", LONG)
def test_the_bar_of_long_work_reaches_its_end_and_changes_no_number(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", 0.0)
    make, rows = LONG[name]
    with_bar, told = make(True), capsys.readouterr().err
    for number in rows:
        assert f"ranked {number * RESAMPLES:,} of {number * RESAMPLES:,} resamples" in told
    without, quiet = make(False), capsys.readouterr().err
    assert quiet == ""
    pd.testing.assert_frame_equal(with_bar.frame, without.frame)


def test_short_work_shows_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    LONG["correlate"][0](True)
    assert capsys.readouterr().err == ""


def test_the_page_shows_the_bar_of_its_comparison(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", 0.0)
    harness.report_page(RANKING, tmp_path / "page.html", progress=True)
    assert "ranked 4,000 of 4,000 resamples" in capsys.readouterr().err


def a_score(shown: bool) -> object:
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 3))
    batch = harness.Batch(torch.zeros(4, 3, 2, 2), torch.tensor([0, 1, 2, 0]))
    return harness.score(network, batch, ["params", "grad_norm", "snip"], progress=shown).keys()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (a_score, "computed 3 of 3 proxies"),
        (lambda shown: RANKING.plot(progress=shown), "drew 4 of 4 panels"),
        (lambda shown: harness.top(RANKING, progress=shown), "compared 4 of 4 proxies"),
        (
            lambda shown: harness.table_searches(
                benchmarks.open_table("nasbench201"),
                ["random", "random_search", "local_search"],
                runs=2,
                progress=shown,
            ),
            "ran 3 of 3 searches",
        ),
    ],
    ids=["score", "scatter", "top", "table_searches"],
)
def test_scores_panels_and_searches_have_bars(
    make: Callable[[bool], object],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", 0.0)
    make(True)
    assert said in capsys.readouterr().err
    make(False)
    assert capsys.readouterr().err == ""


def test_the_resamples_of_each_statistic_add_up() -> None:
    scores = np.random.default_rng(0).normal(size=(3, 700))
    steps: list[int] = []
    options: dict[str, Any] = {"resamples": 3001, "advance": steps.append}  # in several parts
    resampled_coefficients(scores, scores[0], generator=np.random.default_rng(0), wanted=["pearson"], **options)
    assert (sum(steps), min(steps) >= 0) == (3 * 3001, True)
    steps.clear()
    kendall_within(scores[0], scores[1], np.arange(700) % 5, generator=np.random.default_rng(0), **options)
    assert sum(steps) == 3001
    steps.clear()
    options["resamples"] = 50
    interval_rows(scores, scores[0], generator=np.random.default_rng(0), method="bca", **options)
    assert sum(steps) == 150


def test_a_bar_that_begins_late_takes_its_rate_from_what_it_has_seen(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.progress_bar(1000, "steps", every_seconds=0, already=900) as advance:
        advance(steps=1)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("scored 901 of 1,000 steps, ")
    rate = float(line.split(", ")[1].removesuffix(" a minute").replace(",", "").split()[0])
    left = float(line.split(", ")[-1].split()[0])
    assert left == pytest.approx(99 / rate * 60, abs=1)


def test_a_notebook_gets_lines_without_widgets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rich.console, "_is_jupyter", lambda: True)
    with progress.progress_bar(2, every_seconds=0) as advance:
        advance()
        advance("a note")
    first, last = capsys.readouterr().err.splitlines()
    assert first.startswith("scored 1 of 2 architectures")
    assert last.startswith("scored 2 of 2 architectures")
    assert last.endswith("a note")
