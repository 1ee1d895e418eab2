"""The join of searches and tables: what is asked, what it costs, and what is reported of the chosen cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks import Table, TableError, open_table
from harness.errors import HarnessError, ScoresError, SearchError
from harness.evaluation.columns import TESTS
from harness.evaluation.searches.fidelities import table_fidelities
from harness.evaluation.searches.proxy_scores import ProxyScores, scores_by_cell
from harness.evaluation.searches.published import PUBLISHED_QUERIES
from harness.evaluation.searches.table_searches import EXACT, table_searches
from harness.search.query.methods import METHODS
from harness.search.query.seconds import training_seconds, validation_seconds
from harness.stats import best_of_random
from tests.studies.made_tables import KEYS, SPACE, made_table

MACS = np.array([SPACE.sizes(cell).macs for cell in SPACE], dtype=float)
VALID_12, VALID_200 = "cifar10_valid_12ep_pct", "cifar10_valid_200ep_pct"
TEST_10, TEST_100 = TESTS["cifar10"], TESTS["cifar100"]


@pytest.fixture(scope="module")
def columns() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    names = (VALID_12, VALID_200, TEST_10, TEST_100)
    return {name: generator.uniform(20, 90, len(KEYS)).round(2) for name in names}


@pytest.fixture(scope="module")
def table(columns: dict[str, np.ndarray]) -> Table:
    return made_table(columns)


@pytest.fixture(scope="module")
def scores(columns: dict[str, np.ndarray]) -> pd.DataFrame:
    """Scores of every third cell by three proxies."""
    generator = np.random.default_rng(1)
    parts = [
        pd.DataFrame(
            {"architecture": KEYS[::3], "proxy": proxy, "score": sign * generator.uniform(1, 50, len(KEYS[::3]))}
        )
        for proxy, sign in (("nwot", 1), ("m_trace", 1), ("m_condition", -1))
    ]
    return pd.concat(parts, ignore_index=True)


def test_each_row_is_the_mean_and_deviation_of_what_was_chosen(table: Table, columns: dict[str, np.ndarray]) -> None:
    found = table_searches(table, ["random_search", "regularised_evolution"], runs=9)
    for row in found.frame.to_dict("records"):
        cells = [KEYS.index(key) for key in found.chosen[row["search"]]]
        assert len(cells) == row["runs"] == 9
        for name in (TEST_10, TEST_100):
            assert row[f"{name}_mean"] == pytest.approx(columns[name][cells].mean())
            assert row[f"{name}_std"] == pytest.approx(columns[name][cells].std())
        published = PUBLISHED_QUERIES[row["search"]]
        assert (row[f"published_{TEST_100}_mean"], row[f"published_{TEST_100}_std"]) == published.cifar100
        assert row["published_seconds"] == 12_000
        assert 0 < row["seconds"] <= 12_000
    assert not any("imagenet" in name for name in found.frame.columns)


def test_all_runs_everything_that_can_run_and_says_why_the_rest_cannot(table: Table, scores: pd.DataFrame) -> None:
    without = table_searches(table, runs=2, budget_seconds=3_000)
    named = {name for name, method in METHODS.items() if method.only_named}
    guided = {name for name, method in METHODS.items() if {*method.scores_needed} - {"params"}} | named
    assert set(without.skipped) == guided
    assert list(without.frame["search"]) == [*EXACT, *(name for name in METHODS if name not in guided)]
    by_cell = scores_by_cell(scores, metrics=["nwot", "m_trace"])
    whole = table_searches(table, runs=2, budget_seconds=3_000, scores=by_cell)
    assert list(whole.frame["search"]) == [*EXACT, *(name for name in METHODS if name not in {"knas"} | named)]
    assert whole.skipped["knas"] == "it needs knas by cell: give --scores"
    assert set(whole.skipped) == {"knas"} | named
    assert whole.skipped["nao"] == "a run takes about 10 s of computing: name it to run it"
    shared = [name for name in without.frame["search"] if name not in EXACT]
    assert {name: whole.chosen[name] for name in shared} == dict(without.chosen)  # not by what else ran


def test_exact_rows_are_expectations(table: Table, columns: dict[str, np.ndarray]) -> None:
    frame = table_searches(table, list(EXACT)).frame.set_index("search")
    assert frame.loc["random", f"{TEST_10}_mean"] == pytest.approx(columns[TEST_10].mean())
    expected = best_of_random(columns[TEST_100], columns[TEST_100], 100)
    assert tuple(frame.loc["optimal_of_100", [f"{TEST_100}_mean", f"{TEST_100}_std"]]) == pytest.approx(expected)
    assert frame["seconds"].isna().all()


def test_seconds_are_modelled_where_the_table_has_none(table: Table, columns: dict[str, np.ndarray]) -> None:
    asked = table_fidelities(table, KEYS, MACS)
    assert asked.columns == (VALID_12, VALID_200)
    once = validation_seconds(MACS, images=25_000)
    for fidelity, epochs, name in zip(asked.fidelities, (12, 200), asked.columns, strict=True):
        np.testing.assert_allclose(fidelity.seconds, training_seconds(MACS, epochs=epochs, images=25_000) + once)
        assert np.array_equal(fidelity.values, columns[name][None])
    assert any(note.startswith("seconds modelled from multiply-adds") for note in asked.notes)


def test_seconds_are_never_mixed(columns: dict[str, np.ndarray]) -> None:
    tabulated = np.full(len(KEYS), 77.0)
    both = {**columns, "cifar10half_12ep_train_s": tabulated, "cifar10half_200ep_train_s": tabulated * 2}
    once = validation_seconds(MACS, images=25_000)
    asked = table_fidelities(made_table(both), KEYS, MACS)
    for fidelity, seconds in zip(asked.fidelities, (77.0, 154.0), strict=True):
        np.testing.assert_allclose(fidelity.seconds, seconds + once)
    assert any("as the table has them" in note for note in asked.notes)
    torn = {**both, "cifar10half_200ep_train_s": np.where(np.arange(len(KEYS)) == 5, np.nan, tabulated)}
    alone = table_fidelities(made_table(torn), KEYS, MACS, trainings=1)
    np.testing.assert_allclose(alone.fidelities[0].seconds, 77.0 + once)  # the torn column is not this search's
    modelled = table_fidelities(made_table(torn), KEYS, MACS)
    np.testing.assert_allclose(modelled.fidelities[0].seconds, training_seconds(MACS, epochs=12, images=25_000) + once)


def test_other_columns_cost_the_training_on_their_images(columns: dict[str, np.ndarray]) -> None:
    name = "imagenet16_120_valid_12ep_pct"
    asked = table_fidelities(made_table({**columns, name: columns[VALID_12]}), KEYS, MACS, name)
    assert asked.columns == (name,)
    expected = training_seconds(MACS, epochs=12, images=151_700) + validation_seconds(MACS, images=3_000)
    np.testing.assert_allclose(asked.fidelities[0].seconds, expected)


def test_without_validation_accuracies_the_test_accuracy_is_asked_for_with_a_note(
    columns: dict[str, np.ndarray],
) -> None:
    table = made_table({TEST_10: columns[TEST_10]})
    found = table_searches(table, runs=2)
    assert "successive_halving" in found.skipped
    assert "ask for the test accuracy itself" in found.notes[0]
    assert "Not comparable" in found.notes[0]


def test_seeds_are_asked_for_where_every_cell_has_one(columns: dict[str, np.ndarray]) -> None:
    first = np.where(np.arange(len(KEYS)) % 2 == 0, 70.0, np.nan)
    second = np.where(np.arange(len(KEYS)) % 3 == 0, np.nan, 75.0)
    seeds = {f"{VALID_12}_seed777": first, f"{VALID_12}_seed888": np.where(np.isnan(first), 71.0, second)}
    asked = table_fidelities(made_table({**columns, **seeds}), KEYS, MACS)
    np.testing.assert_array_equal(asked.fidelities[0].values, list(seeds.values()))
    found = table_searches(made_table({**columns, **seeds}), ["random_search"], runs=3)
    assert "one training seed, drawn anew" in found.notes[0]
    torn = {**columns, f"{VALID_12}_seed777": first}
    assert np.array_equal(table_fidelities(made_table(torn), KEYS, MACS).fidelities[0].values, columns[VALID_12][None])


def test_proxy_scores_are_by_cell_and_says_how_many_have_a_score(scores: pd.DataFrame) -> None:
    found = scores_by_cell(scores)
    by_cell, note = found.by_cell, found.notes["scores"]
    given = dict(zip(scores["architecture"][: len(KEYS[::3])], scores["score"], strict=False))
    for at in (0, 3, 15_624):
        assert by_cell["scores"][at] == given[KEYS[at]]
    assert np.isnan(by_cell["scores"]).sum() == len(KEYS) - len(KEYS[::3])
    assert np.nanmin(by_cell["condition"]) > 0  # κ is the negative of the score, which is higher the better
    assert found.notes["metric"] == "5,209 of 15,625 cells have M (m_trace) and κ (m_condition)"
    assert note.startswith("5,209 of 15,625 cells have a score of nwot; these are drawn from")


def test_scores_without_the_default_proxy_leave_only_its_searches_out(table: Table, scores: pd.DataFrame) -> None:
    by_cell = scores_by_cell(scores[scores["proxy"] != "nwot"])
    assert set(by_cell.by_cell) == {"metric", "condition", "params"}
    found = table_searches(table, ["hnas"], runs=2, scores=by_cell)
    assert found.notes[0] == by_cell.notes["metric"]
    with pytest.raises(SearchError, match="best_of_10 cannot run: it needs scores by cell"):
        table_searches(table, ["best_of_10"], runs=2, scores=by_cell)


def test_a_named_metric_or_condition_is_there_and_of_the_right_sign(scores: pd.DataFrame) -> None:
    with pytest.raises(ScoresError, match=r"unknown metric of the scores 'm_trce'. Did you mean 'm_trace'\?"):
        scores_by_cell(scores, metric="m_trce")
    with pytest.raises(ScoresError, match=r"unknown condition of the scores 'm_conditon'. Did you mean"):
        scores_by_cell(scores, condition="m_conditon")
    with pytest.raises(SearchError, match="0 have M < 0 and 5,209 have κ <= 0"):
        scores_by_cell(scores, condition="nwot")


@pytest.mark.slow
def test_metrics_are_combined_in_the_order_they_are_named(table: Table, scores: pd.DataFrame) -> None:
    named = scores_by_cell(scores, metrics=["m_trace", "params", "nwot", "m_trace"])
    metrics = named.by_cell["metrics"]
    assert metrics.shape == (len(KEYS), 3)
    assert np.isnan(metrics).sum(axis=0).tolist() == [len(KEYS) - len(KEYS[::3]), 0, len(KEYS) - len(KEYS[::3])]
    assert metrics[3, 1] == SPACE.sizes(SPACE.parse(KEYS[3])).parameters
    assert named.notes["metrics"] == "5,209 of 15,625 cells have a score of m_trace, params, nwot"
    found = table_searches(table, ["robot"], runs=2, scores=named)
    assert found.notes[0] == named.notes["metrics"]
    assert found.frame["queries"].tolist() == [20.0]
    assert found.frame["published"].tolist() == ["RoBoT"]
    fewer = table_searches(table, ["robot", "largest"], runs=2, scores=named, queries=3)
    assert fewer.frame["queries"].tolist() == [3.0, 3.0]
    short = table_searches(table, ["largest"], runs=2, budget_seconds=1.0)
    assert short.notes[-1] == "largest: its seconds ended the runs after 1.0 of 20 queries, on average"
    with pytest.raises(
        SearchError, match="queries limits hnas, robot, largest, seminas, nao, graf_forest; reinforce asks until"
    ):
        table_searches(table, ["reinforce"], runs=2, queries=3)
    assert "metrics" not in scores_by_cell(scores).by_cell, "the six of the paper are not all there"
    with pytest.raises(SearchError, match="robot cannot run: it needs metrics by cell: give --scores"):
        table_searches(table, ["robot"], runs=2, scores=scores_by_cell(scores))
    with pytest.raises(ScoresError, match=r"unknown metric of the scores 'm_trce'. Did you mean 'm_trace'\?"):
        scores_by_cell(scores, metrics=["params", "m_trce"])


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (TEST_10, "the test accuracy itself, cifar10_test_200ep_pct"),
        (VALID_200, "not for cifar10_valid_12ep_pct as the scripts"),
    ],
)
def test_a_chosen_column_is_noted_like_the_fallback(table: Table, column: str, said: str) -> None:
    found = table_searches(table, ["random_search"], runs=2, column=column)
    assert said in found.notes[0]
    assert "Not comparable with published rows" in found.notes[0]
    assert not any("scripts of NAS-Bench-201 draw" in note for note in found.notes)


@pytest.mark.slow
def test_notes_are_those_of_the_searches_asked_for(table: Table, scores: pd.DataFrame) -> None:
    by_cell = scores_by_cell(scores)
    assert table_searches(table, ["random"], scores=by_cell).notes == ()
    assert table_searches(table, ["best_of_10"], runs=2, scores=by_cell).notes == (by_cell.notes["scores"],)
    both = table_searches(table, ["random_search", "successive_halving"], runs=2).notes
    assert f"successive_halving: a query answers {VALID_200} as the table has it" in both


def test_searches_are_judged_by_columns_that_every_cell_has(columns: dict[str, np.ndarray]) -> None:
    torn = np.where(np.arange(len(KEYS)) < 10, np.nan, columns[TEST_100])
    found = table_searches(made_table({**columns, TEST_100: torn}), ["random_search"], runs=2)
    assert not any(TEST_100 in name for name in found.frame)
    assert found.notes[0] == "cifar100_test_200ep_pct of made lacks 10 of 15,625 cells: left out"
    with pytest.raises(SearchError, match=r"table made has no test accuracy of all cells.*lacks 10 of 15,625"):
        table_searches(made_table({VALID_12: columns[VALID_12], TEST_100: torn}), ["random_search"])


def test_names_are_all_checked_and_each_is_run_once(table: Table) -> None:
    with pytest.raises(SearchError, match=r"unknown search 'random_serch'. Did you mean 'random_search'"):
        table_searches(table, ["all", "random_serch"])
    found = table_searches(table, ["random_search", "random_search"], runs=1)
    assert found.frame["search"].tolist() == ["random_search"]
    assert found.frame[f"{TEST_10}_std"].isna().all()


def test_sizes_need_no_scores() -> None:
    found = scores_by_cell(None, proxy="params")
    by_cell, note = found.by_cell, found.notes["scores"]
    assert set(by_cell) == {"scores", "params"}
    assert by_cell["scores"][KEYS.index(str(SPACE.parse(KEYS[77])))] == SPACE.sizes(SPACE.parse(KEYS[77])).parameters
    assert "published NASWOT rows are by nwot" in note
    with pytest.raises(ScoresError, match="unknown proxy of the scores 'nwot'"):
        scores_by_cell(None, proxy="nwot")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"names": ["reinforced"]}, "unknown search 'reinforced'. Did you mean 'reinforce'?"),
        ({"names": ["optimal_of_1"]}, "unknown search 'optimal_of_1'. Did you mean 'optimal_of_10'?"),
        ({"names": ["best_of_10"]}, "best_of_10 cannot run: it needs scores by cell: give --scores"),
        (
            {"names": ["hnas"], "scores": ProxyScores({"scores": MACS})},
            "hnas cannot run: it needs metric and condition",
        ),
        (
            {"names": ["successive_halving"], "column": VALID_200},
            "it needs a longer training in addition to cifar10_valid_200",
        ),
        ({"column": "cifar10_valid_12ep"}, "unknown column 'cifar10_valid_12ep'. Did you mean"),
        ({"runs": 0}, "runs must be at least 1, got 0"),
        ({"budget_seconds": -1.0}, "a budget must be more than 0 seconds"),
    ],
)
def test_what_cannot_run_is_refused(table: Table, arguments: dict[str, object], message: str) -> None:
    with pytest.raises((HarnessError, TableError)) as caught:
        table_searches(table, **arguments)  # type: ignore[arg-type]
    assert message in str(caught.value)


def test_a_table_that_lacks_values_cells_or_the_space_is_refused(columns: dict[str, np.ndarray]) -> None:
    torn = np.where(np.arange(len(KEYS)) < 10, np.nan, columns[VALID_12])
    with pytest.raises(SearchError, match="has no value for 10 of 15,625 cells: a search needs all of them"):
        table_searches(made_table({**columns, VALID_12: torn}), ["random_search"])
    with pytest.raises(TableError, match="keys are not in it"):
        table_searches(made_table({TEST_10: columns[TEST_10][:5]}, keys=KEYS[:5]), ["random_search"])
    with pytest.raises(SearchError, match="is of the space darts"):
        table_searches(open_table("darts-published"), ["random_search"])


@pytest.mark.slow
def test_scores_as_they_come_from_a_run_are_taken(table: Table) -> None:
    frame = pd.DataFrame({"architecture": KEYS[:40], "proxy": "nwot", "score": np.arange(40.0), "status": "ok"})
    given = [table_searches(table, ["best_of_10"], runs=5, scores=one) for one in (frame, scores_by_cell(frame))]
    pd.testing.assert_frame_equal(given[0].frame, given[1].frame)
    assert set(given[0].chosen["best_of_10"]) <= set(KEYS[:40])
