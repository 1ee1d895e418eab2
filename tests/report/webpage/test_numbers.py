"""The numbers that the web page shows, against slow ones, and what it says of them."""

import itertools
import re

import numpy as np
import pandas as pd
import pytest

from harness.evaluation.missing import MissingScores
from harness.report.webpage.numbers import random_curve, top_curves
from harness.report.webpage.rendering import page
from tests.report.webpage.pages import data_of, keys_of, made, ordinary

# --- numbers ---


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
    scored = int(content.frame.set_index("proxy").loc["failing", "n"])
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


# --- what it says ---


def test_the_ranking_goes_from_the_best_down_with_the_baselines_last():
    content = ordinary()
    names = content.proxies
    assert names[-2:] == ["params", "flops"]
    strengths = content.frame["spearman"][:-2]
    assert strengths.is_monotonic_decreasing
    turned = ordinary(higher_is_better=False)
    assert turned.frame["spearman"][:-2].is_monotonic_increasing


def test_a_proxy_without_a_coefficient_stands_last_and_has_dashes():
    values = np.arange(12.0)
    content = made({"constant": [1.0] * 12, "mine": values, "params": values}, values, keys_of("nasbench201", 12))
    assert content.proxies == ["mine", "constant", "params"]
    row = re.search(r'<tr data-proxy="constant">.*?</tr>', page(content, title="A page"), flags=re.DOTALL)
    assert row is not None
    assert row[0].count(">–<") == 4
    assert 'class="dot"' not in row[0]


def test_failures_are_counted_by_status_and_named():
    keys = keys_of("nasbench201", 60)
    failures = pd.DataFrame(
        {"proxy": "failing", "architecture": keys[::7], "status": "not_applicable", "message": ["no <ReLU>"] * 9}
    )
    content = ordinary(missing=MissingScores(failures, {"failing": 60}), unmatched=tuple(keys[:7]))
    text = page(content, title="A page")
    assert "<td>not applicable</td><td>9</td><td>15.0 %</td>" in text
    assert "no &lt;ReLU&gt;" in text
    assert "and 4 more" in text
    assert "Architectures without cifar10_test_200ep_pct, left out: 7" in text
    assert "and 2 more" in text
    nothing = ordinary(missing=MissingScores(failures[:0], {"failing": 60}))
    assert "Nothing: every score" in page(nothing, title="A page")


def test_where_no_score_is_known_nothing_is_said_of_failures():
    assert "What failed" not in page(ordinary(), title="A page")
    text = page(ordinary(repeated=("a cell",)), title="A page")
    assert "more than one row of, with equal scores, one kept: 1" in text
    assert "Nothing: every score" not in text


def test_a_share_that_is_not_zero_does_not_read_as_zero():
    failures = pd.DataFrame({"proxy": ["failing"], "architecture": "a", "status": "error", "message": ""})
    text = page(ordinary(missing=MissingScores(failures, {"failing": 15_625})), title="A page")
    assert "<td>1</td><td>&lt; 0.1 %</td>" in text
