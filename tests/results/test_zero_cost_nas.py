"""The tables in the text of the study zero-cost-nas follow from committed scores."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

import benchmarks
from harness.proxies.registry import list_proxies
from harness.studies.kinds import DATASETS

FOLDER = Path(__file__).parents[2] / "results" / "zero-cost-nas"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
DEPTHS = (1, 2, 3, 5)
BATCHES = (8, 16, 32, 128)
LATER = {
    "dextr", "eznas_a", "eznas_a_weights", "intrain", "l_swag", "meco_opt", "nasgraph_degree", "nasgraph_density",
    "nasgraph_resilience", "nasgraph_wedge", "near", "rcor", "swap_universal", "t_cet", "wrcor", "zico_bc",
}  # fmt: skip
"""Proxies of `all` that came after the study was made, as its text says."""


def scores(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"scores_{name}.csv.gz", float_precision="round_trip")


def test_the_scores_are_those_that_the_record_states() -> None:
    facts = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))
    assert facts["command"] == "nasinit study zero-cost-nas --data cifar-10-batches-bin"
    for inputs, setting in facts["settings"].items():
        frame = scores(inputs)
        assert frame["architecture"].nunique() == facts["sample"] == 500
        assert set(frame["proxy"]) == {entry.name for entry in list_proxies() if not entry.exhaustive} - LATER
        assert (setting["input"], setting["width"], setting["depth"], setting["batch_size"]) == (inputs, 16, 5, 64)


def test_the_text_names_the_proxies_that_came_later() -> None:
    (sentence,) = re.findall(r"Proxies that came later are not in it: ([^.]*)\.", README)
    assert set(re.findall(r"`(\w+)`", sentence)) == LATER


def spearman(name: str, accuracies: pd.Series) -> dict[str, float]:
    """By proxy, over the cells that have a score."""
    wide = scores(name).pivot(index="architecture", columns="proxy", values="score")
    return {
        str(proxy): float(stats.spearmanr(values.dropna(), accuracies[values.dropna().index]).statistic)
        for proxy, values in wide.items()
    }


def readme_rows(heading: str) -> list[list[str]]:
    section = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if re.match(r"\| `", line)]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("The depth of the network", [f"depth_{depth}" for depth in DEPTHS]),
        ("The size of the batch", [f"batch_{size}" for size in BATCHES]),
    ],
)
def test_the_texts_tables_follow_from_their_scores(heading: str, names: list[str], official: benchmarks.Table) -> None:
    accuracies = pd.Series(dict(zip(official.keys, official.values(official.keys, DATASETS[0]), strict=True)))
    made = [spearman(name, accuracies) for name in names]
    rows = readme_rows(heading)
    assert rows
    for proxy, *cells in rows:
        assert cells[: len(names)] == [f"{values[proxy]:.2f}".replace("-", "−") for values in made], proxy


def test_te_nas_in_the_text_follows_from_its_scores(official: benchmarks.Table) -> None:
    accuracies = pd.Series(official.values(official.keys, DATASETS[1]), index=list(official.keys))
    wide = scores("te_nas").pivot(index="architecture", columns="proxy", values="score")
    rows = readme_rows("TE-NAS's two measures")
    assert {row[0] for row in rows} == set(wide.columns)
    for proxy, ours, _ in rows:
        values = wide[proxy].dropna()
        assert ours == f"{stats.kendalltau(values, accuracies[values.index]).statistic:.2f}", proxy


def test_all_cells_in_the_text_follow_from_their_scores(official: benchmarks.Table) -> None:
    frame = scores("all")
    assert frame["architecture"].nunique() == len(official.keys) == 15_625
    wide = frame.pivot(index="architecture", columns="proxy", values="score")
    rows = readme_rows("All cells")
    assert {row[0] for row in rows} == set(wide.columns)
    for place, column in enumerate(DATASETS):
        accuracies = pd.Series(official.values(official.keys, column), index=list(official.keys))
        for row in rows:
            values = wide[row[0]].dropna()
            assert row[1 + 2 * place] == f"{stats.spearmanr(values, accuracies[values.index]).statistic:.3f}", row[0]
