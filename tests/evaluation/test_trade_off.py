"""Trade-offs of two columns.

Oracles: every pair compared and every budget looked through (tests/reference), hand counts, and directions turned.
"""

import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import Column, Facts, Table, TableError
from harness.errors import ScoresError
from harness.evaluation.trade_off import Quantity, proxies_with_params, scored_proxies, trade_off
from harness.spaces import open_space
from tests.reference import stats_pareto as reference

SPACE = open_space("nasbench201")
CELLS = [str(cell) for cell in SPACE.sample(20, seed=5)]
GENOTYPES = [str(genotype) for genotype in open_space("darts").sample(4, seed=1)]


def quantity(name, values, keys=CELLS, *, unit="ratio", higher_is_better=True, space="nasbench201"):
    column = Column(name, None, None, None, unit, "none", f"{name} made here", True, higher_is_better)
    facts = Facts(f"table of {name}", space, "A table of this test", "nowhere", "none", None, None, None, "No limits.")
    return Quantity(Table(list(keys)[: len(values)], [column], [values], facts), name)


def cost(values, **options):
    return quantity("cost", values, **{"higher_is_better": False, **options})


def gain(values, **options):
    return quantity("gain", values, **options)


def scored(scores, proxy="mine", keys=CELLS):
    return pd.DataFrame({"architecture": list(keys)[: len(scores)], "proxy": proxy, "score": list(scores)})


few = st.integers(0, 5).map(float)
architectures = st.lists(st.tuples(few, few, few), min_size=1, max_size=20)


@settings(max_examples=30)
@given(architectures)
def test_front_picks_and_budgets_are_those_of_the_definitions(rows):
    costs, gains, scores = (list(numbers) for numbers in zip(*rows, strict=True))
    found = trade_off(scored(scores), cost(costs), gain(gains), ["mine"])
    points = found.points
    assert points[["architecture", "x", "y"]].to_numpy().tolist() == [
        [key, x, y] for key, x, y in zip(CELLS, costs, gains, strict=False)
    ]
    assert set(np.flatnonzero(points["on_front"])) == reference.pareto_front(costs, gains)
    picked = reference.pareto_front(costs, scores)
    assert sorted(found.picks["architecture"]) == sorted(CELLS[index] for index in picked)
    assert found.picks["x"].is_monotonic_increasing
    assert found.picks["score"].iloc[-1] == max(scores)
    for place, budget in enumerate(found.budgets["budget"]):
        line = found.budgets.iloc[place]
        assert line["allowed"] == sum(value <= budget for value in costs)
        assert line["best"] == line["best_scored"] == reference.picked_within(costs, gains, gains, budget)
        assert line["random"] == pytest.approx(reference.mean_within(costs, gains, budget))
        expected = reference.picked_within(costs, scores, gains, budget)
        assert found.picked["mine"].iloc[place] == pytest.approx(expected)
    regrets = [
        reference.picked_within(costs, gains, gains, budget) - reference.picked_within(costs, scores, gains, budget)
        for budget in costs
    ]
    assert found.regret["mine"] == pytest.approx(np.mean(regrets))
    random = [
        reference.picked_within(costs, gains, gains, budget) - reference.mean_within(costs, gains, budget)
        for budget in costs
    ]
    assert found.random_regret == pytest.approx(np.mean(random))
    assert found.regret["mine"] >= 0


@settings(max_examples=30)
@given(architectures)
@pytest.mark.slow
def test_turned_columns_give_the_same_choices(rows):
    """A cost turned round is a quantity of which more is better, and so is a gain one of which less is better."""
    costs, gains, scores = (np.array(numbers) for numbers in zip(*rows, strict=True))
    plain = trade_off(scored(scores), cost(costs), gain(gains), ["mine"])
    turned = trade_off(
        scored(scores),
        quantity("cost", -costs, higher_is_better=True),
        quantity("gain", -gains, higher_is_better=False),
        ["mine"],
    )
    assert turned.picks["architecture"].tolist() == plain.picks["architecture"].tolist()
    assert turned.points["on_front"].tolist() == plain.points["on_front"].tolist()
    assert turned.budgets["budget"].tolist() == (-plain.budgets["budget"]).tolist()
    for name in ("best", "best_scored", "random"):
        assert turned.budgets[name].tolist() == (-plain.budgets[name]).tolist()
    assert turned.picked["mine"].tolist() == (-plain.picked["mine"]).tolist()
    assert turned.regret == plain.regret
    assert turned.random_regret == plain.random_regret


def test_the_gains_themselves_leave_no_regret():
    generator = np.random.default_rng(0)
    costs, gains = generator.normal(size=20), generator.normal(size=20)
    found = trade_off(scored(gains), cost(costs), gain(gains), ["mine"])
    assert found.regret == {"mine": 0.0}
    assert found.random_regret > 0
    front = found.points[found.points["on_front"]].sort_values("x")
    assert found.picks["architecture"].tolist() == front["architecture"].tolist()


def test_what_is_not_scored_belongs_to_the_front_but_to_no_pick():
    costs, gains = np.arange(20.0), np.arange(20.0)[::-1]
    found = trade_off(scored(range(5), keys=CELLS[10:15]), cost(costs), gain(gains), ["mine"])
    assert len(found.points) == 20
    assert found.points["scored"].to_numpy().nonzero()[0].tolist() == [10, 11, 12, 13, 14]
    assert found.points["on_front"].to_numpy().nonzero()[0].tolist() == [0]
    assert found.picks["architecture"].tolist() == CELLS[10:15]
    assert (found.budgets["best"] == 19).all()
    assert (found.budgets["best_scored"] == 9).all()
    assert found.budgets["budget"].tolist() == [10, 11, 12, 13, 14]


def test_budgets_start_where_every_proxy_has_a_score():
    frame = pd.concat([scored([5, 4, 3, 2], "all"), scored([math.nan, math.nan, 3, 4], "late")])
    found = trade_off(frame, cost([1, 2, 3, 4]), gain([10, 20, 30, 40]), ["all", "late"])
    # Within 3 and within 4: the best are 30 and 40, "all" picks 10 and 10, "late" 30 and 40; the means are 20 and 25.
    assert found.regret == {"all": 25.0, "late": 0.0}
    assert found.random_regret == 12.5
    assert found.picked["late"].isna().tolist() == [True, True, False, False]


def test_failed_scores_are_no_picks():
    frame = scored([9, 8, 7]).assign(status=["out_of_memory", "ok", "ok"])
    found = trade_off(frame, cost([1, 2, 3]), gain([1, 2, 3]), ["mine"])
    assert found.picks["architecture"].tolist() == [CELLS[1]]
    assert found.budgets["allowed"].tolist() == [1, 2, 3]


def test_sizes_can_be_picked_by_without_having_been_scored():
    found = trade_off(scored(range(20)), cost(range(20)), gain(range(20)), ["params", "flops"])
    sizes = [SPACE.sizes(SPACE.parse(key)).parameters for key in CELLS]
    best = found.picks[found.picks["proxy"] == "params"].iloc[-1]
    assert best["score"] == max(sizes)
    assert found.picks["proxy"].unique().tolist() == ["params", "flops"]


def test_architectures_without_both_values_are_left_out_and_named():
    x, y = cost([1, math.nan, 3, 4]), gain([1, 2, 3], keys=CELLS[:3])
    found = trade_off(scored(range(6)), x, y, ["mine"])
    assert found.points["architecture"].tolist() == [CELLS[0], CELLS[2]]
    assert found.unmatched == (CELLS[1], CELLS[3], CELLS[4], CELLS[5])


def test_tables_and_scores_that_repeat_themselves_say_so():
    text = GENOTYPES[0]
    pairs = re.findall(r"\('\w+', \d\)", text)
    again = text.replace(f"{pairs[0]}, {pairs[1]}", f"{pairs[1]}, {pairs[0]}", 1)
    keys = [*GENOTYPES, again]
    frame = scored([1, 2, 3, 4, 1], keys=keys)
    x, y = cost([1, 2, 3, 4, 1], keys=keys, space="darts"), gain([1, 2, 3, 4], keys=GENOTYPES, space="darts")
    found = trade_off(frame, x, y, ["mine"])
    assert (found.repeated, found.duplicates, found.unmatched) == ((text,), (again,), ())
    assert len(found.points) == 4


def test_proxies_that_have_a_score_are_listed_in_order():
    frame = pd.concat([scored([1, 2], "b"), scored([math.nan, math.inf], "none"), scored([1, 2], "a")])
    assert scored_proxies(frame) == ["b", "a"]
    with pytest.raises(ScoresError, match="none of the 2 rows of the scores has a score"):
        scored_proxies(scored([math.nan, math.nan]))


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (["a"], ["a", "params"]),
        (["a", "b", "c"], ["a", "b", "c", "params"]),
        (["a", "b", "c", "d", "e"], ["a", "b", "c", "params"]),
        (["params", "flops"], ["params", "flops"]),
        (["flops", "a"], ["a", "params", "flops"]),
        (["flops", "params", "a", "b", "c", "d"], ["a", "b", "c", "params"]),
        (["a", "b", "flops", "params"], ["a", "b", "params", "flops"]),
    ],
)
def test_params_stands_beside_the_first_proxies(there, expected):
    frame = pd.concat([scored([1, 2], name) for name in there])
    assert proxies_with_params(frame, 4) == expected
    assert set(trade_off(frame, cost([1, 2]), gain([1, 2]), expected).regret) == set(expected)


def test_params_without_a_score_is_not_computed_anew():
    frame = pd.concat([scored([1, 2], "a"), scored([math.nan, math.nan], "params")])
    assert proxies_with_params(frame, 4) == ["a"]
    with pytest.raises(ScoresError, match="none of the 1 rows of the scores has a score"):
        proxies_with_params(scored([math.nan]), 4)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (cost([1, 2]), cost([1, 2]), "x and y are both cost"),
        (quantity("seeds", [1, 2], unit="seeds"), gain([1, 2]), "column 'seeds' of table of seeds counts"),
        (cost([1, 2]), gain([1, 2], keys=GENOTYPES, space="darts"), "a trade-off needs two columns of one space"),
        (cost([1, 2]), gain([1, 2], keys=CELLS[5:]), "no architecture has both cost (table table of cost) and gain"),
        (Quantity(cost([1, 2]).table, "costs"), gain([1, 2]), "unknown column 'costs'. Did you mean 'cost'?"),
        (cost([1], keys=["a graph"], space="nasbench101"), gain([1], keys=["a graph"], space="nasbench101"),
         "has no networks here"),
    ],
)  # fmt: skip
def test_columns_that_make_no_trade_off_are_refused(x, y, message):
    with pytest.raises(TableError, match=re.escape(message)):
        trade_off(scored([1, 2]), x, y, ["mine"])


def test_scores_that_cannot_be_picked_by_are_refused():
    x, y = cost([1, 2]), gain([1, 2])
    with pytest.raises(ScoresError, match=re.escape("unknown proxy of the scores 'mien'. Did you mean 'mine'?")):
        trade_off(scored([1, 2]), x, y, ["mien"])
    with pytest.raises(ScoresError, match=re.escape("Did you mean 'params'? Known: flops, mine, params")):
        trade_off(scored([1, 2]), x, y, ["parms"])
    elsewhere = pd.concat([scored([1, 2]), scored([3], "other", keys=CELLS[5:])])
    with pytest.raises(ScoresError, match="other has no score for any of the 2 architectures that have both values"):
        trade_off(elsewhere, x, y, ["other"])
    with pytest.raises(ScoresError, match="mine has no score for any of the 2 architectures that have both values"):
        trade_off(scored([math.nan, math.nan, 3]), x, y, ["mine"])
    with pytest.raises(ScoresError, match="none of the 3 scored architectures has both cost and gain"):
        trade_off(scored([1, 2, 3], keys=CELLS[10:]), x, y, ["mine"])


def test_a_quantity_knows_its_label_and_direction():
    x = quantity("latency", [1, 2], unit="ms", higher_is_better=False)
    assert (x.label, x.higher_is_better, x.sign) == ("latency made here (ms)", False, -1.0)
    assert [quantity("share", [1, 2], unit=unit).is_percentage for unit in ("pct", "ms")] == [True, False]
