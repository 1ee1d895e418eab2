"""The committed table of naswot-table-2 follows from its logs, and its exact rows from the official table alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import benchmarks
from harness.evaluation.columns import TESTS
from harness.report.tables.searches import search_rows_sheet
from harness.report.tables.sheet import sheet_markdown
from harness.spaces import open_space
from harness.studies.searches.files import footnote, table_latex
from harness.studies.searches.frame import search_rows_frame
from harness.studies.searches.rows import NASWOT_TABLE_2

RESULTS = Path(__file__).parents[2] / "results"
FOLDER = RESULTS / "naswot-table-2"
COLUMNS = tuple(TESTS.values())


@pytest.fixture(scope="module")
def accuracies(official: benchmarks.Table) -> dict[str, np.ndarray]:
    return {column: np.asarray(official.values(list(official.keys), column)) for column in COLUMNS}


@pytest.fixture(scope="module")
def queried() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "queried.csv", float_precision="round_trip")


def test_the_table_follows_from_the_logs(
    official: benchmarks.Table, accuracies: dict[str, np.ndarray], queried: pd.DataFrame
) -> None:
    log = pd.read_csv(FOLDER / "searches.csv.gz", float_precision="round_trip")
    keys = [open_space("nasbench201").key(open_space("nasbench201").parse(text)) for text in log["architecture"]]
    for column in COLUMNS:
        np.testing.assert_array_equal(official.values(keys, column), log[f"{column}_for_the_record"])
    searches = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))["searches"]
    made = search_rows_frame(NASWOT_TABLE_2, official, queried, log, accuracies, None, searches)
    sheet = search_rows_sheet(made)
    text = f"{sheet_markdown(sheet)}\n\n{footnote(official)}\n"
    assert text == (FOLDER / "table.md").read_text(encoding="utf-8")
    assert table_latex(sheet, official) == (FOLDER / "table.tex").read_text(encoding="utf-8")


@pytest.mark.parametrize(("search", "drawn"), [("random", 1), ("optimal_of_10", 10), ("optimal_of_100", 100)])
def test_exact_rows_are_means_over_all_samples(
    search: str, drawn: int, queried: pd.DataFrame, accuracies: dict[str, np.ndarray]
) -> None:
    """The largest of N drawn with replacement is at most the k-th smallest with probability (k / n)^N."""
    row = queried.set_index("search").loc[search]
    for column, values in accuracies.items():
        ordered = np.sort(values)
        chance = np.diff((np.arange(1, len(values) + 1) / len(values)) ** drawn, prepend=0.0)
        mean = float(chance @ ordered)
        assert row[f"{column}_mean"] == pytest.approx(mean, rel=1e-9)
        assert row[f"{column}_std"] == pytest.approx(float(np.sqrt(chance @ (ordered - mean) ** 2)), rel=1e-6)


@pytest.mark.slow
def test_the_best_of_n_by_nwot_is_a_mean_over_runs_of_what_the_scores_choose(
    queried: pd.DataFrame, accuracies: dict[str, np.ndarray], official: benchmarks.Table
) -> None:
    """500 runs lie about the exact mean over all samples, by four standard errors at most."""
    scores = pd.read_csv(RESULTS / "zero-cost-nas" / "scores_all.csv.gz", float_precision="round_trip")
    nwot = scores[scores["proxy"] == "nwot"].set_index("architecture")["score"].dropna()
    column = COLUMNS[0]
    chosen = pd.Series(accuracies[column], index=list(official.keys))
    ordered = chosen[nwot.sort_values().index].to_numpy()
    for drawn in (10, 100, 1000):
        # each cell leads with C(k - 1, N - 1) / C(n, N): the runs draw without replacement
        chance = np.diff(stats.hypergeom.pmf(drawn, len(nwot), np.arange(1, len(nwot) + 1), drawn), prepend=0.0)
        row = queried.set_index("search").loc[f"best_of_{drawn}"]
        error = row[f"{column}_std"] / np.sqrt(row["runs"])
        assert row[f"{column}_mean"] == pytest.approx(float(chance @ ordered), abs=4 * error)
