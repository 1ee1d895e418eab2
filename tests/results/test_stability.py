"""The committed tables of the study stability follow from the committed scores and the official accuracies."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

import benchmarks
from harness.evaluation.ablation import ablate
from harness.studies import stability

FOLDER = Path(__file__).parents[2] / "results" / "stability"
README = (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    return {
        name: pd.read_csv(FOLDER / f"scores_{name}.csv.gz", float_precision="round_trip")
        for name in stability.CONDITIONS
    }


@pytest.fixture(scope="module")
def committed() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "stability.csv", float_precision="round_trip")


@pytest.mark.slow
def test_everything_follows_from_the_scores(
    frames: dict[str, pd.DataFrame], official: benchmarks.Table, committed: pd.DataFrame
) -> None:
    made = ablate(frames, official, stability.COLUMN, base=stability.BASE, words=stability.WORDS)
    pd.testing.assert_frame_equal(made.frame, committed, check_dtype=False, rtol=1e-9)
    seeds = stability.between_seeds(made)
    read_back = pd.read_csv(FOLDER / "seeds.csv", float_precision="round_trip")
    pd.testing.assert_frame_equal(seeds, read_back, check_dtype=False, rtol=1e-9)
    assert stability.tables(made, seeds) == (FOLDER / "tables.md").read_text(encoding="utf-8")


def test_a_coefficient_is_scipys(frames: dict[str, pd.DataFrame], committed: pd.DataFrame) -> None:
    rows = committed.set_index(["proxy", "setting"])
    wide = {name: frame.pivot(index="architecture", columns="proxy", values="score") for name, frame in frames.items()}
    for name in stability.WORDS:
        for proxy in ("nasi_trace", "jacob_cov", "zen"):
            pair = pd.concat([wide["base"][proxy], wide[name][proxy]], axis=1).dropna().to_numpy().T
            assert rows.loc[(proxy, name), "spearman"] == pytest.approx(stats.spearmanr(*pair).statistic, abs=1e-12)
            assert rows.loc[(proxy, name), "n"] == pair.shape[1]


def test_the_base_is_the_setting_of_the_study_of_all_proxies(frames: dict[str, pd.DataFrame]) -> None:
    """The same cells, scored in another run with more proxies beside them."""
    others = pd.read_csv(FOLDER.parent / "zero-cost-nas" / "scores_gaussian.csv.gz", float_precision="round_trip")
    both = frames["base"].merge(others, on=["architecture", "proxy"], suffixes=("", "_other"))
    assert len(both) == len(frames["base"])
    difference = (both["score"] - both["score_other"]).abs() / both["score_other"].abs()
    assert difference.max() < 1e-5


def test_the_scores_are_those_that_the_record_states(frames: dict[str, pd.DataFrame]) -> None:
    facts = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))
    assert facts["command"] == "nasinit study stability --data cifar-10-batches-bin"
    assert set(facts["settings"]) == set(frames)
    for frame in frames.values():
        assert frame["architecture"].nunique() == facts["sample"]
        assert set(frame["proxy"]) == set(stability.PROXIES)


def signed(value: float) -> str:
    text = f"{value:+.2f}".replace("-", "−")
    return text[1:] if text.endswith("0.00") else text


def test_the_texts_table_follows_from_the_scores(committed: pd.DataFrame) -> None:
    """Differences of the ranking and shares of the seconds, by width and depth."""
    rows = committed.set_index(["proxy", "setting"])
    lines = [line for line in README.splitlines() if re.match(r"\| `", line)]
    assert len(lines) > 5
    labels = [label for steps in stability.SMALLER.values() for label, _ in steps]
    for line in lines:
        proxy, base, *cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        assert base == f"{rows.loc[(proxy, labels[0]), 'ranking_base']:.2f}", proxy
        expected = [
            signed(rows.loc[(proxy, label), "difference"])
            + ("*" if rows.loc[(proxy, label), "p_holm"] < 0.05 else "")
            + f", × {rows.loc[(proxy, label), 'seconds_ratio']:.2f}"
            for label in labels
        ]
        assert cells == expected, proxy
