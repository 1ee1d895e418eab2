"""Rankings over several seeds: means, deviations and intervals by hand, and what else is made of such scores."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from benchmarks import Table
from harness.errors import ScoresError
from harness.evaluation.comparison import compare
from harness.evaluation.missing import missing_scores
from harness.evaluation.seeds import frames_by_seed
from harness.evaluation.stability import stability
from harness.evaluation.top import top
from harness.report.tables.ranking import ranking_sheet
from harness.report.tables.sheet import sheet_latex, sheet_markdown
from harness.report.tables.text import sheet_text
from harness.stats import coefficients, seed_intervals
from tests.evaluation.ranked import COEFFICIENTS, KEYS, by_scipy, rank, row, scored

SEEDS = (4, 0, 7)


@pytest.fixture
def by_seed(accuracies: np.ndarray) -> dict[int, np.ndarray]:
    generator = np.random.default_rng(2)
    return {seed: accuracies + generator.normal(0, 20, size=30) for seed in SEEDS}


@pytest.fixture
def frame(by_seed: dict[int, np.ndarray]) -> pd.DataFrame:
    return pd.concat([scored(scores, seed=seed) for seed, scores in by_seed.items()], ignore_index=True)


def test_coefficients_are_means_over_seeds_with_their_deviation(
    frame: pd.DataFrame, by_seed: dict[int, np.ndarray], accuracies: np.ndarray, table: Table
) -> None:
    ranking = rank(frame, table, resamples=50)
    found = row(ranking)
    each = pd.DataFrame([by_scipy(scores, accuracies) for scores in by_seed.values()])
    for name in COEFFICIENTS:
        assert math.isclose(found[name], each[name].mean(), rel_tol=1e-12)
        assert math.isclose(found[f"{name}_std"], each[name].std(), rel_tol=1e-9)
    by_hand = seed_intervals(
        [by_seed[seed] for seed in sorted(SEEDS)],
        accuracies,
        generator=np.random.default_rng(0),
        resamples=50,
        over="both",
    )
    for name in COEFFICIENTS:
        assert (found[f"{name}_low"], found[f"{name}_high"]) == getattr(by_hand, name)
    best = [accuracies[scores.argmax()] for scores in by_seed.values()]
    assert math.isclose(found["best_accuracy"], np.mean(best))
    assert (found["n"], found["seeds"], found["failed"], ranking.seeds) == (30, 3, 0, ("4", "0", "7"))
    assert row(ranking, "params")["seeds"] == 1
    assert math.isnan(row(ranking, "params")["spearman_std"])


def test_bca_intervals_are_over_both_units_too(
    frame: pd.DataFrame, by_seed: dict[int, np.ndarray], accuracies: np.ndarray, table: Table
) -> None:
    found = row(rank(frame, table, resamples=50, interval="bca"))
    by_hand = seed_intervals(
        [by_seed[seed] for seed in sorted(SEEDS)],
        accuracies,
        generator=np.random.default_rng(0),
        resamples=50,
        method="bca",
    )
    assert (found["pearson_low"], found["pearson_high"]) == by_hand.pearson


def test_points_are_the_mean_scores(frame: pd.DataFrame, by_seed: dict[int, np.ndarray], table: Table) -> None:
    points = rank(frame, table).points
    own = points[points["proxy"] == "mine"].set_index("architecture")["score"]
    assert np.allclose(own.loc[KEYS], np.mean(list(by_seed.values()), axis=0))


def test_the_order_of_rows_does_not_matter(frame: pd.DataFrame, table: Table) -> None:
    mixed = frame.sample(frac=1, random_state=0, ignore_index=True)
    statistics = ["spearman", "spearman_std", "best_accuracy", "n"]
    assert np.allclose(
        row(rank(mixed, table))[statistics].astype(float), row(rank(frame, table))[statistics].astype(float)
    )


def test_one_seed_is_ranked_as_without_the_column(frame: pd.DataFrame, table: Table) -> None:
    one = frame[frame["seed"] == 4]
    alone, without = rank(one, table), rank(one.drop(columns="seed"), table)
    pd.testing.assert_frame_equal(alone.frame, without.frame)
    assert alone.seeds == ()
    assert sheet_text(ranking_sheet(alone)) == sheet_text(ranking_sheet(without))
    assert "±" not in sheet_text(ranking_sheet(alone))


def test_an_architecture_counts_where_every_seed_has_scored_it(
    frame: pd.DataFrame, by_seed: dict[int, np.ndarray], accuracies: np.ndarray, table: Table
) -> None:
    frame = frame.assign(status="ok", message="")
    frame.loc[5, ["status", "message"]] = "error", "broke under seed 4"
    frame = frame.drop(index=30 + 8)  # seed 0 has no row of the ninth
    ranking = rank(frame, table)
    kept = [place for place in range(30) if place not in (5, 8)]
    expected = np.mean([coefficients(scores[kept], accuracies[kept]).spearman for scores in by_seed.values()])
    found = row(ranking)
    assert found["n"] == 28
    assert math.isclose(found["failed"], 2 / 30)
    assert math.isclose(found["spearman"], expected)
    missing = missing_scores(frame, ranking).frame.set_index("architecture")
    assert missing.loc[KEYS[5], ["status", "message"]].tolist() == ["error", "broke under seed 4"]
    assert missing.loc[KEYS[8], "status"] == "no score"


def test_a_proxy_of_one_seed_stands_next_to_one_of_several(
    frame: pd.DataFrame, noisy: np.ndarray, table: Table
) -> None:
    both = pd.concat([frame, scored(noisy, "other", seed=0)], ignore_index=True)
    ranking = rank(both, table)
    plain = row(rank(scored(noisy, "other"), table), "other")
    for name in ("spearman", "spearman_low", "kendall_tau_b_high", "n"):
        assert row(ranking, "other")[name] == plain[name]
    assert row(ranking, "mine")["spearman"] == row(rank(frame, table))["spearman"]


def test_evidence_is_made_of_the_mean_scores(frame: pd.DataFrame, table: Table) -> None:
    ranking = rank(frame, table)
    means = frame.groupby("architecture", sort=False)["score"].mean().loc[KEYS].to_numpy()
    of_means = rank(scored(means), table)
    assert top(ranking).frame.equals(top(of_means).frame)
    assert compare(ranking, "params", resamples=20).frame.equals(compare(of_means, "params", resamples=20).frame)


def test_tables_say_the_deviation_and_what_it_is_over(frame: pd.DataFrame, table: Table) -> None:
    ranking = rank(frame, table)
    found = row(ranking)
    said = f"{found['spearman']:.2f} ± {found['spearman_std']:.2f} [{found['spearman_low']:.2f}"
    sheet = ranking_sheet(ranking)
    assert said in sheet_text(sheet, 200)
    assert "Over 3 seeds (4, 0, 7): mean ± standard deviation" in " ".join(sheet_text(sheet, 200).split())
    assert said.replace(" ± ", "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}") in sheet_markdown(sheet)
    assert "Over 3 seeds" in sheet_markdown(sheet)
    latex = sheet_latex(sheet)
    assert rf"{found['spearman']:.2f} $\pm$ {found['spearman_std']:.2f}" in latex
    assert r"mean $\pm$ standard deviation over 3 seeds" in latex
    assert "intervals over architectures and seeds" in latex


def test_a_seeds_constant_scores_have_no_coefficient(frame: pd.DataFrame, table: Table) -> None:
    frame.loc[frame["seed"] == 0, "score"] = 1.0
    found = row(rank(frame, table))
    assert math.isnan(found["spearman"])
    assert found["n"] == 30


def test_what_contradicts_itself_under_one_seed_is_refused(frame: pd.DataFrame, table: Table) -> None:
    again = pd.concat([frame, frame.iloc[:1].assign(score=0.5)], ignore_index=True)
    with pytest.raises(ScoresError, match="1 scores stand twice and differ"):
        rank(again, table)
    frame["seed"] = frame["seed"].astype(float)
    frame.loc[3, "seed"] = math.nan
    with pytest.raises(ScoresError, match=r"row 3 \(from 0\) of the scores names no seed"):
        rank(frame, table)


def test_frames_by_seed_are_for_the_stability_over_seeds(frame: pd.DataFrame) -> None:
    parts = frames_by_seed(frame.assign(seed=frame["seed"].astype(float)))
    assert list(parts) == ["4", "0", "7"]
    assert [len(part) for part in parts.values()] == [30, 30, 30]
    assert frames_by_seed(frame[frame["seed"] == 4]) == {}
    assert frames_by_seed(frame.drop(columns="seed")) == {}


def test_a_seed_is_one_whether_a_number_or_a_text(by_seed: dict[int, np.ndarray], table: Table) -> None:
    whole = scored(by_seed[4])
    frame = pd.concat([whole.iloc[:15].assign(seed=0), whole.iloc[15:].assign(seed="0")])
    joined, plain = rank(frame, table), rank(whole, table)
    pd.testing.assert_frame_equal(joined.frame, plain.frame)
    assert row(joined)["n"] == 30
    assert joined.seeds == ()
    other = scored(by_seed[7])
    two = pd.concat([frame, other.iloc[:9].assign(seed=1.0), other.iloc[9:].assign(seed=" 1")])
    assert {label: len(part) for label, part in frames_by_seed(two).items()} == {"0": 30, "1": 30}
    assert row(rank(two, table))["n"] == 30
    with pytest.raises(ScoresError, match="30 scores stand twice and differ"):
        rank(pd.concat([whole.assign(seed=0), other.assign(seed="0")]), table)


def test_categories_without_rows_are_no_seeds_and_no_proxies(
    frame: pd.DataFrame, by_seed: dict[int, np.ndarray], table: Table
) -> None:
    categories = frame.assign(
        seed=pd.Categorical(frame["seed"], [*SEEDS, 99]), proxy=pd.Categorical(frame["proxy"], ["mine", "other"])
    )
    pd.testing.assert_frame_equal(rank(categories, table, resamples=9).frame, rank(frame, table, resamples=9).frame)
    settings = dict(list(frame.assign(setting=categories["seed"]).groupby("setting", observed=True)))
    assert stability(settings, resamples=3).frame["settings"].tolist() == [len(SEEDS)]


def test_a_name_of_a_proxy_has_no_blanks_around_it(by_seed: dict[int, np.ndarray], table: Table) -> None:
    frame = scored(by_seed[4])
    frame.loc[20:, "proxy"] = "mine "
    with pytest.raises(ScoresError, match=r"row 20 .* names the proxy 'mine ', with blanks around it"):
        rank(frame, table)
