"""Agreement of proxies, and of settings, against scipy pair by pair."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from harness.errors import SpaceError
from harness.evaluation.agreement import agreement, agreement_over_settings
from harness.evaluation.ranking import Ranking
from harness.spaces import open_space

SPACE = open_space("nasbench201")
KEYS = [SPACE.key(cell) for cell in SPACE.sample(40)]
VALUES = pd.Series(np.random.default_rng(0).normal(90, 2, size=len(KEYS)), index=KEYS)


def scores(seed: int = 1) -> pd.DataFrame:
    """By architecture and proxy, with ties, failures, and one proxy that is constant."""
    generator = np.random.default_rng(seed)
    wide = pd.DataFrame(generator.normal(size=(len(KEYS), 3)), index=KEYS, columns=["good", "tied", "failing"])
    wide["tied"] = wide["tied"].round()
    wide.iloc[::4, 2] = np.nan
    return wide.assign(constant=1.0, none=np.nan, params=generator.integers(1, 9, len(KEYS)).astype(float))


def ranking(wide: pd.DataFrame) -> Ranking:
    long = wide.rename_axis("architecture").reset_index().melt("architecture", var_name="proxy", value_name="score")
    points = long.dropna().assign(accuracy=lambda rows: rows["architecture"].map(VALUES), parameters=1)
    return Ranking(pd.DataFrame({"proxy": wide.columns}), points, "accuracy", "", (), "")


def run_of(wide: pd.DataFrame) -> pd.DataFrame:
    """The scores as a run returns them."""
    return wide.rename_axis("architecture").reset_index().melt("architecture", var_name="proxy", value_name="score")


def spearman(first: pd.Series, second: pd.Series) -> float:
    both = pd.concat([first, second], axis=1, join="inner").dropna().to_numpy()
    if len(both) < 3 or (np.ptp(both, axis=0) == 0).any():
        return float("nan")
    return stats.spearmanr(both[:, 0], both[:, 1]).statistic


def test_agreement_is_spearmans_on_what_both_have() -> None:
    wide = scores()
    found = agreement(ranking(wide))
    together = pd.concat([VALUES.rename("accuracy"), wide], axis=1)
    assert list(found.columns) == list(found.index) == list(together.columns)
    for first, second in itertools.combinations(found.index, 2):
        expected = spearman(together[first], together[second])
        assert found.loc[first, second] == pytest.approx(expected, abs=1e-12, nan_ok=True)
        assert found.loc[second, first] == pytest.approx(expected, abs=1e-12, nan_ok=True)
    assert found["none"].isna().all()
    assert found["constant"].isna().all()


def test_each_setting_is_compared_on_what_it_shares_with_the_ranking() -> None:
    wide, other = scores(), scores(2)
    few, two = other.iloc[:10, :2], other.iloc[:2, :1]
    settings = {"bn eval": run_of(other.iloc[::-1]), "seed 1": run_of(few), "seed 2": run_of(two)}
    found = agreement_over_settings(ranking(wide), settings)
    assert list(found.columns) == list(settings)
    assert list(found.index) == ["good", "tied", "failing", "constant"], "neither a baseline nor what has no score"
    for proxy, (label, theirs) in itertools.product(
        found.index, {"bn eval": other, "seed 1": few, "seed 2": two}.items()
    ):
        expected = spearman(wide[proxy], theirs[proxy]) if proxy in theirs else float("nan")
        assert found.loc[proxy, label] == pytest.approx(expected, abs=1e-12, nan_ok=True)
    assert agreement_over_settings(ranking(wide), {}).empty


def test_scores_of_another_space_are_refused() -> None:
    genotype = str(open_space("darts").sample(1)[0])
    other = pd.DataFrame({"architecture": [genotype], "proxy": "good", "score": [1.0]})
    with pytest.raises(SpaceError):
        agreement_over_settings(ranking(scores()), {"darts": other})
