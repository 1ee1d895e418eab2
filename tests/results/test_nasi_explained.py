"""The committed outcome of nasi-explained follows from its committed steps, scores and traces."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import benchmarks
from harness.report.tables.nasi import (
    averages_sheet,
    bounds_sheet,
    marginals_sheet,
    summary_sheet,
    traces_sheet,
    variants_sheet,
)
from harness.report.tables.sheet import sheet_markdown
from harness.studies.searches.nasi.cells import Accuracies
from harness.studies.searches.nasi.grid import readings_table
from harness.studies.searches.nasi.marginals import marginals_table, traces_of
from harness.studies.searches.nasi.readings import Reading
from harness.studies.searches.nasi.steps import STEPS_FILE, Steps, read_steps, steps_of_frame
from harness.studies.searches.nasi.summary import summary_table
from harness.studies.searches.nasi.trace_pairs import coefficients, pairs_of
from harness.studies.searches.nasi.variant_table import by_reading, variants_table

RESULTS = Path(__file__).parents[2] / "results"
FOLDER = RESULTS / "nasi-explained"
PRESET = Reading(1000, 1, adaptive=True)
EQUATION_13 = Reading(2**0.5 * 100, 1)
DARTS_FIXED = Reading(100, 2)
OWN = Reading(average="own norm")
COLUMNS = ("cifar10_test_200ep_pct", "cifar100_test_200ep_pct", "imagenet16_120_test_200ep_pct")

BY_HAND = {
    (PRESET, 100): "92.12 0.71 67.44 1.66 36.94 5.50",
    (PRESET, 400): "92.38 0.37 65.73 0.75 35.44 4.18",
    (PRESET._replace(none=False), 100): "93.30 0.30 70.39 0.78 42.97 1.99",
    (PRESET._replace(none=False), 400): "93.46 0.29 70.92 0.79 43.17 2.11",
    (PRESET, 40): "92.21 0.91",
    (PRESET._replace(none=False), 40): "93.38 0.34",
    (PRESET._replace(none=False), 25): "93.27 0.31",
    (EQUATION_13._replace(none=False), 100): "93.48 0.22",
    (EQUATION_13._replace(none=False), 400): "93.50 0.15",
    (Reading(none=False), 100): "93.32 0.31 70.46 0.79 44.12 1.64",
    (Reading(none=False), 400): "93.60 0.22 70.58 1.31 44.20 2.53",
    (Reading(30, 1), 100): "93.03 0.62",
    (Reading(3000, 2, adaptive=True), 100): "92.37 1.39",
    (DARTS_FIXED._replace(none=False), 100): "86.42 10.91",
    (DARTS_FIXED._replace(average="own norm"), 100): "93.46 0.29 70.41 0.72 42.41 1.54",
    (Reading(500, 2, adaptive=True, average="own norm"), 400): "93.52 0.18 70.80 0.26 41.80 1.70",
    (OWN, 100): "92.23 0.61",
    (OWN._replace(none=False), 400): "93.56 0.20",
    (Reading(objective="root", average="mean", none=False), 100): "93.01 0.82",
    (Reading(objective="log"), 100): "92.46 0.52",
    (Reading(objective="log", average="median", none=False), 400): "93.52 0.18",
    (PRESET._replace(samples=4, none=False), 400): "93.39 0.23",
    (DARTS_FIXED._replace(samples=4, none=False), 400): "85.33 8.73",
}
"""Mean and deviation by column, computed apart from the package from the steps of seeds 1 to 4."""


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / name, float_precision="round_trip")


@pytest.fixture(scope="module")
def accuracies(official: benchmarks.Table) -> Accuracies:
    return Accuracies.of(official)


@pytest.fixture(scope="module")
def steps() -> list[Steps]:
    return read_steps(FOLDER / STEPS_FILE)[0]


@pytest.fixture(scope="module")
def variants() -> dict[str, list[Steps]]:
    frame = read("variant_steps.csv.gz")
    return {str(name): steps_of_frame(part, FOLDER) for name, part in frame.groupby("variant", sort=False)}


def test_readings_are_those_computed_apart(accuracies: Accuracies, steps: list[Steps]) -> None:
    four = [one for one in steps if one.seed in (1, 2, 3, 4)]
    for (reading, count), expected in BY_HAND.items():
        row = readings_table(four, accuracies, [reading], [count]).iloc[0]
        numbers = expected.split()
        found = [f"{row[f'{name}_{end}']:.2f}" for name in COLUMNS for end in ("mean", "std")]
        assert found[: len(numbers)] == numbers, (reading, count)


@pytest.mark.slow
def test_the_grid_follows_from_the_steps(accuracies: Accuracies, steps: list[Steps]) -> None:
    made, committed = readings_table(steps, accuracies), read("nasi_bounds.csv")
    made["most_frequent"] = made["most_frequent"].replace("", np.nan)
    made["name"] = made["name"].replace("", np.nan)
    pd.testing.assert_frame_equal(made, committed, check_dtype=False, rtol=1e-9)


def test_the_null_models_are_in_the_summary(accuracies: Accuracies) -> None:
    summary = read("summary.csv").set_index("label")
    for label, count, expected in (
        ("convolutions alone", 64, "93.21 0.61 70.32 0.97 44.23 1.85"),
        ("convolutions, none at 0>3", 32, "92.00 0.70"),
    ):
        assert summary.loc[label, "runs"] == count
        numbers = expected.split()
        found = [f"{summary.loc[label, f'{name}_{end}']:.2f}" for name in COLUMNS for end in ("mean", "std")]
        assert found[: len(numbers)] == numbers


def test_variants_follow_from_their_steps(accuracies: Accuracies, variants: dict[str, list[Steps]]) -> None:
    made, committed = variants_table(variants, accuracies), read("variants.csv")
    for name in ("most_frequent", "words"):
        made[name] = made[name].replace("", np.nan)
    pd.testing.assert_frame_equal(made, committed, check_dtype=False, rtol=1e-9)


def test_marginals_follow_from_the_scores_of_another_study(accuracies: Accuracies) -> None:
    scores = pd.read_csv(RESULTS / "zero-cost-nas" / "scores_gaussian.csv.gz", float_precision="round_trip")
    made = marginals_table(*traces_of(scores[scores["proxy"] == "nasi_trace"]), accuracies)
    pd.testing.assert_frame_equal(made, read("marginals.csv"), check_dtype=False, rtol=1e-9)
    chosen = made.set_index(["objective", "none"])
    assert chosen.loc[("t", "in"), "choice"] == "c1,c3,c3,none,c3,c3"
    assert f"{chosen.loc[('t', 'out'), COLUMNS[0]]:.2f}" == "93.69"
    assert f"{chosen.loc[('R, ν 100, μ 2', 'in'), COLUMNS[0]]:.2f}" == "51.59"


@pytest.mark.slow
def test_the_tables_are_those_of_the_frames(
    accuracies: Accuracies, steps: list[Steps], variants: dict[str, list[Steps]]
) -> None:
    text = (FOLDER / "tables.md").read_text(encoding="utf-8")
    readings = readings_table(steps, accuracies)
    table = variants_table(variants, accuracies)
    sheets = [
        summary_sheet(summary_table(readings, accuracies)),
        bounds_sheet(readings, 100, "equation 18"),
        bounds_sheet(readings, 100, "own norm"),
        averages_sheet(readings, [100, 400]),
        marginals_sheet(read("marginals.csv")),
        traces_sheet(coefficients(pairs_of(read("traces.csv"), read("relaxed_traces.csv")))),
    ]
    for sheet in sheets:
        assert sheet_markdown(sheet) in text
    for column in COLUMNS:
        title = next(line for line in text.split("\n") if line.startswith("**Other passes") and f"; {column}" in line)
        assert sheet_markdown(variants_sheet(by_reading(table, column), title.strip("*"))) in text


def test_the_record_says_how_and_the_page_how_many(steps: list[Steps]) -> None:
    facts = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))
    assert facts["quick"] is False
    assert facts["steps_of_seeds"] == [one.seed for one in steps]
    assert facts["searches"]["without"] == []
    assert facts["searches"]["width"] == 16
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"seeds {', '.join(str(one.seed) for one in steps)}" in page
