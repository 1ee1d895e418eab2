"""The numbers that the web page shows, against slow ones, and what it says of them."""

import itertools
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from harness.report.webpage.numbers import agreement, random_curve, stability, top_curves
from harness.report.webpage.rendering import page
from tests.report.webpage.pages import data_of, keys_of, made, ordinary

# --- numbers ---


def test_agreement_is_spearmans_on_what_both_have():
    content = ordinary()
    found = agreement(content)
    together = content.scores.assign(**{content.column: content.architectures["accuracy"]})
    assert list(found.columns) == [content.column, *content.ranking["proxy"]]
    for first, second in itertools.combinations(found.index, 2):
        both = together[[first, second]].dropna().to_numpy()
        expected = stats.spearmanr(both[:, 0], both[:, 1]).statistic
        assert found.loc[first, second] == pytest.approx(expected, abs=1e-12)
        assert found.loc[second, first] == found.loc[first, second]
    assert np.diag(found) == pytest.approx(1.0)


def test_agreement_of_a_constant_is_undefined():
    keys = keys_of("nasbench201", 5)
    content = made({"constant": [1.0] * 5, "params": [1, 2, 3, 4, 5]}, [1, 3, 2, 5, 4], keys)
    assert agreement(content)["constant"].isna().sum() >= 2


@pytest.mark.parametrize("higher", [True, False])
def test_top_curves_are_expectations_over_all_ways_to_break_ties(higher):
    scores, accuracies = [3.0, 1.0, 1.0, 2.0, 1.0], [60.0, 80.0, 70.0, 65.0, 90.0]
    content = made({"mine": scores}, accuracies, keys_of("nasbench201", 5), higher_is_better=higher)
    curves = top_curves(content)
    best = max if higher else min
    for curve, ranked in ((curves["mine"], scores), (random_curve(content), [0.0] * 5)):
        orders = [
            order for order in itertools.permutations(range(5))
            if all(ranked[a] >= ranked[b] for a, b in itertools.pairwise(order))
        ]  # fmt: skip
        for count in curves.index:
            expected = np.mean([best(accuracies[place] for place in order[:count]) for order in orders])
            assert curve[count] == pytest.approx(expected, abs=1e-9)


def test_top_curves_end_where_a_proxys_scores_end():
    content = ordinary(60)
    curves = top_curves(content)
    scored = int(content.ranking.set_index("proxy").loc["failing", "n"])
    assert curves["failing"].notna().tolist() == (curves.index <= scored).tolist()
    assert random_curve(content).iloc[-1] == content.architectures["accuracy"].max()


def test_a_proxy_named_as_the_random_choice_keeps_its_own_curve():
    values = np.arange(12.0)
    content = made({"random choice": values, "params": -values}, values, keys_of("nasbench201", 12))
    top = data_of(page(content, title="A page"))["top"]
    assert sorted(top["names"]) == ["params", "random choice", "random choice"]
    curves = [top["values"][place] for place, name in enumerate(top["names"]) if name == "random choice"]
    assert curves[0] == [11.0] * len(top["counts"])
    assert curves[-1] == pytest.approx(list(random_curve(content)), abs=1e-6)
    assert curves[-1][0] == 5.5


def test_a_proxy_that_failed_everywhere_has_an_empty_curve():
    values = np.arange(12.0)
    content = made({"none": [np.nan] * 12, "params": values}, values, keys_of("nasbench201", 12))
    assert top_curves(content)["none"].isna().all()
    top = data_of(page(content, title="A page"))["top"]
    assert set(top["values"][top["names"].index("none")]) == {None}


def test_stability_is_spearmans_of_a_proxy_with_itself():
    content = ordinary()
    generator = np.random.default_rng(5)
    other = content.points.assign(score=lambda rows: rows["score"] + generator.normal(size=len(rows))).iloc[::-1]
    some = other[(other["proxy"] == "good") & (other["architecture"] < content.architectures.index[20])]
    found = stability(content.scores, {"bn eval": other, "seed 1": some})
    assert list(found.columns) == ["bn eval", "seed 1"]
    for proxy, name in itertools.product(found.index, found.columns):
        frame = {"bn eval": other, "seed 1": some}[name]
        theirs = frame[frame["proxy"] == proxy].set_index("architecture")["score"]
        both = pd.concat([content.scores[proxy], theirs], axis=1, join="inner").dropna().to_numpy()
        if len(both) < 3:
            assert np.isnan(found.loc[proxy, name])
        else:
            expected = stats.spearmanr(both[:, 0], both[:, 1]).statistic
            assert found.loc[proxy, name] == pytest.approx(expected, abs=1e-12)


# --- what it says ---


def test_the_ranking_goes_from_the_best_down_with_the_baselines_last():
    content = ordinary()
    names = list(content.ranking["proxy"])
    assert names[-2:] == ["params", "flops"]
    strengths = content.ranking["spearman"][:-2]
    assert strengths.is_monotonic_decreasing
    turned = ordinary(higher_is_better=False)
    assert turned.ranking["spearman"][:-2].is_monotonic_increasing


def test_a_proxy_without_a_coefficient_stands_last_and_has_dashes():
    values = np.arange(12.0)
    content = made({"constant": [1.0] * 12, "mine": values, "params": values}, values, keys_of("nasbench201", 12))
    assert list(content.ranking["proxy"]) == ["mine", "constant", "params"]
    row = re.search(r'<tr data-proxy="constant">.*?</tr>', page(content, title="A page"), flags=re.DOTALL)
    assert row is not None
    assert row[0].count(">–<") == 4
    assert 'class="dot"' not in row[0]


def test_failures_are_counted_by_status_and_named():
    keys = keys_of("nasbench201", 60)
    failures = pd.DataFrame(
        {"proxy": "failing", "architecture": keys[::7], "status": "not_applicable", "message": ["no <ReLU>"] * 9}
    )
    content = ordinary(failures=failures, asked={"failing": 60}, left_out={"Left out": keys[:7]})
    text = page(content, title="A page")
    assert "<td>not applicable</td><td>9</td><td>15.0 %</td>" in text
    assert "no &lt;ReLU&gt;" in text
    assert "and 4 more" in text
    assert "Left out: 7" in text
    assert "and 2 more" in text
    assert "Nothing: every score" in page(ordinary(), title="A page")


def test_a_share_that_is_not_zero_does_not_read_as_zero():
    failures = pd.DataFrame({"proxy": ["failing"], "architecture": "a", "status": "error", "message": ""})
    text = page(ordinary(failures=failures, asked={"failing": 15_625}), title="A page")
    assert "<td>1</td><td>&lt; 0.1 %</td>" in text
