"""Changes of accuracies between arms, published numbers, verdicts. Oracles: scipy, the binomial distribution."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from harness.studies.searches.claims import NOT_FINISHED, NOT_SHOWN, NOT_TESTABLE, SHOWN, claims_frame
from harness.studies.searches.toponas.changes import IMAGENET16, arms_frame, changes_frame, random_share
from harness.studies.searches.toponas.claims import study_claims
from harness.studies.searches.toponas.published import BY_METHOD, EXPLAINED, PUBLISHED

CELLS = {IMAGENET16: np.linspace(0.8, 47.0, 101)}


def chosen(values: dict[tuple[str, str], list[float]]) -> pd.DataFrame:
    return pd.DataFrame(
        {"method": method, "arm": arm, "seed": seed, "skip_connections": seed, IMAGENET16: value}
        for (method, arm), row in values.items()
        for seed, value in enumerate(row)
    )


LAST = chosen(
    {
        ("darts", "plain"): [20.0, 24.0, 22.0],
        ("darts", "simplified"): [30.0, 35.0, 31.0],
        ("darts", "own kernels"): [20.0, 36.0],
        ("gdas", "plain"): [42.0],
        ("gdas", "simplified"): [40.0],
    }
)


def test_published_savings_are_those_of_the_scatter() -> None:
    saved = {entry.method: 100 * (1 - entry.cost_ratio) for entry in PUBLISHED}
    assert saved == pytest.approx(
        {"darts": 20.4, "beta-darts": 19.5, "beta-darts*": 19.0, "pc-darts": 10.1, "pc-darts†": 10.5, "gdas": 7.2},
        abs=0.06,
    )
    assert [round(entry.change, 1) for entry in EXPLAINED] == [9.2, 3.7, 1.0, -2.9]
    assert BY_METHOD["darts"].cost_ratio_read_to == pytest.approx(1.146 / 1.428 - 1.141 / 1.433, abs=1e-4)


def test_a_change_is_the_paired_t_interval_over_shared_seeds() -> None:
    frame = changes_frame(LAST, CELLS, 0).set_index(["method", "arm", "base"])
    row = frame.loc[("darts", "simplified", "plain")]
    expected = stats.ttest_rel([30.0, 35.0, 31.0], [20.0, 24.0, 22.0]).confidence_interval(0.95)
    assert row["change"] == 10.0
    assert (row["change_low"], row["change_high"]) == pytest.approx((expected.low, expected.high))
    assert row["by_seed"] == "[+10.0, +11.0, +9.0]"
    assert row["published"] == pytest.approx(9.2)
    own = frame.loc[("darts", "own kernels", "plain")]
    assert (own["runs"], own["change"]) == (2, 6.0)
    assert math.isnan(own["published"])
    single = frame.loc[("gdas", "simplified", "plain")]
    assert single["runs"] == 1
    assert math.isnan(single["change_low"])
    assert ("gdas", "own kernels", "plain") not in frame.index


def test_the_share_of_random_cells_is_the_binomial_one() -> None:
    values = np.array([0.0, 1.0])
    for differences, expected in (([1.0], 0.5), ([1.0, 1.0, 1.0], 2 / 64), ([0.0], 1.0)):
        assert random_share(values, np.array(differences), 0) == pytest.approx(expected, abs=0.015)
    before = np.random.get_state()[1].copy()  # type: ignore[index,union-attr]
    assert random_share(values, np.array([1.0]), 3) == random_share(values, np.array([1.0]), 3)
    assert (np.random.get_state()[1] == before).all()  # type: ignore[index]


def test_arms_have_means_and_deviations_and_random_cells_those_of_the_space() -> None:
    frame = arms_frame(LAST, CELLS).set_index(["method", "arm"])
    row = frame.loc[("darts", "plain")]
    assert (row["runs"], row["skip_connections"]) == (3, 1.0)
    assert row[f"{IMAGENET16}_std"] == pytest.approx(np.std([20.0, 24.0, 22.0], ddof=1))
    assert math.isnan(frame.loc[("gdas", "plain"), f"{IMAGENET16}_std"])
    assert frame.iloc[-1][f"{IMAGENET16}_mean"] == pytest.approx(CELLS[IMAGENET16].mean())
    assert frame.iloc[-1][f"{IMAGENET16}_std"] == pytest.approx(CELLS[IMAGENET16].std())


def cost(method: str, seconds: float, saved_bytes: float = 0.7, to_plain: float = 0.9) -> dict[str, object]:
    ratios = {"cpu_seconds_to_path_by_path": seconds, "saved_bytes_to_path_by_path": saved_bytes}
    others = {"cpu_seconds_to_plain": to_plain, "saved_bytes_to_plain": 0.8}
    others |= {"cpu_seconds_to_path_by_path_high": seconds, "cpu_seconds_to_plain_high": to_plain}
    return {"space": "nasbench201", "depth": 1, "method": method, "arm": "simplified", **ratios, **others}


def test_verdicts() -> None:
    costs = pd.DataFrame([cost("darts", 0.9), cost("beta-darts", 1.1), cost("pc-darts", 0.9, 1.1), cost("gdas", 0.9)])
    differences = {"exact": 1e-16, "own": 0.3, "unit": 0.2}
    changes = changes_frame(LAST, CELLS, 0)
    frame = claims_frame(study_claims(costs, changes, differences, 2)).set_index("claim")["verdict"]
    assert frame["darts costs less"] == SHOWN
    assert frame["beta-darts costs less"] == frame["pc-darts costs less"] == NOT_SHOWN
    assert frame["gdas costs less"] == NOT_TESTABLE
    beside_ours = claims_frame(study_claims(pd.DataFrame([cost("darts", 0.7, to_plain=1.01)]), changes, differences))
    assert beside_ours.set_index("claim")["verdict"]["darts costs less"] == NOT_SHOWN
    assert frame["darts: ImageNet16-120 rises"] == SHOWN
    assert frame["beta-darts: ImageNet16-120 rises"] == NOT_FINISHED
    assert frame["gdas: ImageNet16-120 falls"] == NOT_TESTABLE
    assert frame["darts: kernel normalisation keeps the accuracy"] == NOT_SHOWN
    assert sum(frame.index.str.contains("†|\\*")) == 2
    worse = LAST.assign(**{IMAGENET16: LAST[IMAGENET16].where(LAST["arm"] != "simplified", 21.0)})
    again = claims_frame(study_claims(costs, changes_frame(worse, CELLS, 0), {"exact": 0.1, "own": 0.3, "unit": 0.2}))
    assert again.set_index("claim")["verdict"]["darts: ImageNet16-120 rises"] == NOT_SHOWN
    assert again["verdict"].iloc[0] == NOT_SHOWN


def test_without_a_search_the_claims_on_accuracies_are_not_finished() -> None:
    nothing = pd.DataFrame(columns=LAST.columns)
    frame = claims_frame(
        study_claims(pd.DataFrame([cost("darts", 0.9)]), changes_frame(nothing, CELLS, 0), {"a": 0, "b": 1, "c": 1})
    )
    assert set(frame[frame["claim"].str.contains("ImageNet16-120 rises")]["verdict"]) == {NOT_FINISHED}


def test_a_table_without_that_accuracy_can_test_no_claim_on_it() -> None:
    costs, differences = pd.DataFrame([cost("darts", 0.9)]), {"a": 0, "b": 1, "c": 1}
    other = LAST.rename(columns={IMAGENET16: "cifar10_test_200ep_pct"})
    changes = changes_frame(other, {"cifar10_test_200ep_pct": CELLS[IMAGENET16]}, 0)
    frame = claims_frame(study_claims(costs, changes, differences, 3)).set_index("claim")
    for claim in ("darts: ImageNet16-120 rises", "darts: kernel normalisation keeps the accuracy"):
        assert frame.loc[claim, "verdict"] == NOT_TESTABLE
        assert frame.loc[claim, "ours"] == "the table has no accuracies on ImageNet16-120"


def test_a_claim_on_accuracies_waits_for_all_seeds() -> None:
    costs, differences = pd.DataFrame([cost("darts", 0.9)]), {"a": 0, "b": 1, "c": 1}
    changes = changes_frame(LAST, CELLS, 0)
    for seeds, verdict in ((3, SHOWN), (4, NOT_FINISHED)):
        frame = claims_frame(study_claims(costs, changes, differences, seeds)).set_index("claim")
        assert frame.loc["darts: ImageNet16-120 rises", "verdict"] == verdict
        assert str(frame.loc["darts: ImageNet16-120 rises", "ours"]).startswith("a change of +")
