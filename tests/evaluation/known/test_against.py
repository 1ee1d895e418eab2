"""A user's proxies against the known ones: the same cells, scipy's coefficients, the same number in other words."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import harness
from benchmarks import Column, Facts, Table, open_table
from harness.errors import ScoresError
from harness.evaluation.evidence import EvidenceOptions, gather_evidence
from harness.evaluation.known import against
from harness.stats import holm
from tests.evaluation.known import made

ACCURACY = "cifar10_test_200ep_pct"
EXTRA = 5
KEYS = list(made.CELLS[: made.FINISHED + EXTRA])
"""All cells of the table, and some that it lacks."""
FACTS = Facts("made", "nasbench201", "A table of this test", "nowhere", "none", None, None, None, "No limits.")


@pytest.fixture(scope="module")
def table() -> Table:
    return Table(KEYS, [Column(ACCURACY, "cifar10", "test", 200, "pct", "one", "made")], [made.accuracies(KEYS)], FACTS)


def ranking_of(table: Table, **options: object) -> harness.Ranking:
    generator = np.random.default_rng(5)
    parts = []
    for name, score in (
        ("mine", lambda key: generator.normal()),
        ("other_words", lambda key: -3 * made.score_of("nwot", key)),
    ):
        parts.append(pd.DataFrame({"architecture": KEYS, "proxy": name, "score": [score(key) for key in KEYS]}))
    frame = pd.concat(parts, ignore_index=True)
    return harness.correlate(frame, table, ACCURACY, resamples=5, **options)


def test_coefficients_and_differences_are_of_the_common_cells(table: Table, known: pd.DataFrame) -> None:
    ranking = ranking_of(table)
    found = harness.against_known(ranking, known)
    common = [key for place, key in enumerate(made.CELLS[: made.FINISHED]) if place != made.FAILED]
    values = table.values(common, ACCURACY)
    own = ranking.points[ranking.points["proxy"] == "mine"].set_index("architecture")["score"].loc[common]
    rows = found.frame.set_index(["proxy", "known"])
    assert len(rows) == 2 * len(made.NAMES)
    for name in made.NAMES:
        scores = known[known["proxy"] == name].set_index("architecture")["score"].loc[common]
        row = rows.loc[("mine", name)]
        assert row["n"] == len(common)
        for coefficient, oracle in (("spearman", stats.spearmanr), ("kendall_tau_b", stats.kendalltau)):
            expected = [oracle(one, values).statistic for one in (own, scores)]
            assert [row[coefficient], row[f"{coefficient}_known"]] == pytest.approx(expected)
            assert row[f"{coefficient}_difference"] == pytest.approx(expected[0] - expected[1])
            assert row[f"{coefficient}_difference_low"] <= row[f"{coefficient}_difference"]
        assert row["agreement"] == pytest.approx(stats.spearmanr(own, scores).statistic)


def test_p_values_are_corrected_for_all_pairs(table: Table, known: pd.DataFrame) -> None:
    frame = harness.against_known(ranking_of(table), known).frame
    for name in ("spearman", "kendall_tau_b"):
        assert frame[f"{name}_p_holm"].to_numpy() == pytest.approx(holm(frame[f"{name}_p"]))
    told = frame["spearman_p_holm"] < 0.05
    assert (frame["verdict"][~told] == "not distinguishable").all()
    assert set(frame["verdict"][told]) == {"worse"}


def test_one_number_in_other_words_is_named(table: Table, known: pd.DataFrame) -> None:
    found = harness.against_known(ranking_of(table), known)
    same = found.frame[found.frame["same"]]
    assert same[["proxy", "known"]].to_numpy().tolist() == [["other_words", "nwot"]]
    assert same["agreement"].iloc[0] == pytest.approx(-1)
    assert any("other_words ranks as nwot" in sentence for sentence in found.words)
    assert found.places.set_index("proxy").loc["other_words", "nearest"] == "nwot"


def test_the_place_is_among_the_known_and_itself(table: Table, known: pd.DataFrame) -> None:
    places = harness.against_known(ranking_of(table), known).places.set_index("proxy")
    assert places.loc["other_words", "place"] == len(made.NAMES) + 1 == places.loc["other_words", "of"]
    for row in places.to_dict("records"):
        assert row["better"] + row["worse"] + row["not_distinguishable"] == len(made.NAMES)


def test_what_is_missing_and_what_differs_is_said(table: Table, known: pd.DataFrame) -> None:
    ranking = ranking_of(table)
    said = " ".join(harness.against_known(ranking, known).notes)
    assert "40 of 15,625 cells, a random sample without replacement" in said
    assert "Of the 45 scored cells, 5 are not among them. Of the other 40, 1 lack a score" in said
    assert "Compared on 39 cells" in said
    assert "the setting of yours is not known" in said
    assert "corrected for all 8 pairs" in said
    setting = harness.Setting.from_json(known.attrs["setting"])
    for changes, expected in (({}, "and so are yours"), ({"seed": 4}, "yours with seed 4")):
        other = {**setting.values(), **changes}
        ranking.frame.attrs["provenance"]["scores"] = {"settings": [other]}
        assert expected in " ".join(harness.against_known(ranking, known).notes)


def test_lower_is_better_turns_the_coefficients_round(table: Table, known: pd.DataFrame) -> None:
    plain, turned = (
        harness.against_known(ranking_of(table, higher_is_better=higher), known).frame for higher in (True, False)
    )
    assert turned["spearman"].to_numpy() == pytest.approx(-plain["spearman"].to_numpy())
    assert turned["spearman_difference"].to_numpy() == pytest.approx(-plain["spearman_difference"].to_numpy())


def test_constant_proxies_are_left_out_and_said(table: Table, known: pd.DataFrame) -> None:
    constant = known.copy()
    constant.attrs = known.attrs
    constant.loc[constant["proxy"] == "synflow", "score"] = 1.0
    found = harness.against_known(ranking_of(table), constant)
    assert "synflow" not in set(found.frame["known"])
    assert "synflow (known)" in found.notes[-1]


def test_a_known_proxy_that_varies_on_no_common_cell_is_left_out(table: Table, known: pd.DataFrame) -> None:
    """It varies on cells that another known proxy has no score of."""
    torn = known.copy()
    torn.attrs = known.attrs
    cells = list(dict.fromkeys(torn["architecture"]))
    first = torn["architecture"] == cells[0]
    torn.loc[torn["proxy"] == "synflow", "score"] = 1.0
    torn.loc[(torn["proxy"] == "synflow") & first, "score"] = 2.0
    torn.loc[(torn["proxy"] == "params") & first, ["score", "status"]] = [float("nan"), "not_finite"]
    found = harness.against_known(ranking_of(table), torn)
    assert "synflow" not in set(found.frame["known"])
    assert found.frame["agreement"].notna().all()


def test_other_spaces_and_other_cells_are_refused(table: Table, known: pd.DataFrame) -> None:
    elsewhere = known[known["architecture"].isin(made.CELLS[:29])]
    elsewhere.attrs = known.attrs
    with pytest.raises(ScoresError, match="and 30 are needed"):
        harness.against_known(ranking_of(table), elsewhere)
    with pytest.raises(ScoresError, match=r"a ranking is what harness\.correlate returns"):
        harness.against_known(known)  # type: ignore[arg-type]


def test_scores_that_rank_nothing_are_refused_by_name(known: pd.DataFrame, table: Table) -> None:
    ranking = ranking_of(table)
    points = ranking.points.assign(score=1.0)
    with pytest.raises(ScoresError, match=r"scores that are always the same.*rank nothing: "):
        harness.against_known(replace(ranking, points=points), known)


def test_it_is_evidence_where_it_is_asked_for_and_possible(
    table: Table, known: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(against, "known_scores", lambda: known)
    ranking = ranking_of(table)
    assert gather_evidence(ranking, table, EvidenceOptions()).known is None
    found = gather_evidence(ranking, table, EvidenceOptions(known=True)).known
    pd.testing.assert_frame_equal(found.frame, harness.against_known(ranking, known).frame)
    few = known[known["architecture"].isin(made.CELLS[:29])]
    few.attrs = known.attrs
    monkeypatch.setattr(against, "known_scores", lambda: few)
    left_out = gather_evidence(ranking, table, EvidenceOptions(known=True, if_possible=True)).left_out
    assert "30 are needed" in left_out["known"]


def test_nothing_is_ranked_by_known_scores(known: pd.DataFrame) -> None:
    proxies = open_table("nasbench201-proxies")
    frame = pd.DataFrame({"architecture": proxies.keys[:5], "proxy": "mine", "score": range(5)})
    with pytest.raises(harness.evaluation.TableError, match="holds scores of a proxy, and no accuracy"):
        harness.correlate(frame, proxies, "zen_score")


def test_the_tables_hold_every_known_proxy(table: Table, known: pd.DataFrame) -> None:
    found = harness.against_known(ranking_of(table), known)
    text = found.to_markdown()
    for name, proxy in itertools.product(made.NAMES, ("mine", "other_words")):
        part = text.split(f"**{proxy} against the known proxies")[1].split("\n\n**")[0]
        assert f"`{name}`" in part
    assert "mine (this one)" in text
    assert "(the same)" in text
    assert found.to_latex().count(r"\begin{table}") == 3
