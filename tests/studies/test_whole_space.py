"""The study whole-space on a few proxies, and its committed outcome: every number follows from the packaged scores."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import benchmarks
import harness
from harness.evaluation.by_pool import coefficients_by_pool, counts_by_pool
from harness.evaluation.pools import POOLS, pool_keys
from harness.evaluation.size_classes import size_classes
from harness.stats import coefficients, ndcg_of_powers_at
from harness.studies.kinds import DATASETS
from harness.studies.proxy_identities import rank_matrix
from harness.studies.rank.rank_study import rank, with_combinations
from harness.studies.whole_space.beside import beside_published_pools
from harness.studies.whole_space.page import write_page
from harness.studies.whole_space.published import PUBLISHED
from harness.studies.whole_space.results import CLASSES, LEAST, whole_space
from harness.studies.whole_space.writing import write_results

RESULTS = Path(__file__).parent.parent.parent / "results" / "whole-space"
SPACE = harness.open_space("nasbench201")


@pytest.fixture(autouse=True)
def _data(published_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NASINIT_DATA", str(published_data))


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(RESULTS / name, float_precision="round_trip")


def scores_of_all(name: str) -> pd.DataFrame:
    """A proxy that is a count, on every cell of the space."""
    keys = [str(cell) for cell in SPACE]
    counts = [float(SPACE.sizes(SPACE.parse(key)).parameters) for key in keys]
    return pd.DataFrame({"architecture": keys, "proxy": name, "score": counts, "status": "ok"})


def test_coefficients_on_a_pool_are_those_of_its_cells(official: benchmarks.Table) -> None:
    """On all cells of a pool, parameters under another name are ranked as the counts are, and NDCG is known."""
    column = DATASETS[0]
    found = coefficients_by_pool(scores_of_all("mine"), official, [column], ["first-1000"]).set_index("proxy")
    counts = counts_by_pool(official, [column], ["first-1000"]).set_index("proxy")
    for name in ("spearman", "kendall_tau_b", "ndcg_1000"):
        assert found.loc["mine", name] == pytest.approx(counts.loc["params", name])
    keys = sorted(pool_keys("first-1000"))
    values = official.values(keys, column)
    own = np.array([float(SPACE.sizes(SPACE.parse(key)).parameters) for key in keys])
    assert found.loc["mine", "kendall_tau_b"] == pytest.approx(coefficients(own, values).kendall_tau_b)
    assert counts.loc["params", "ndcg_1000"] == pytest.approx(ndcg_of_powers_at(own, values, 1000))
    assert found.loc["mine", "kendall_tau_b_low"] < found.loc["mine", "kendall_tau_b"]


def test_a_part_of_a_pool_has_no_ndcg_and_too_few_cells_no_row(official: benchmarks.Table) -> None:
    frame = scores_of_all("mine")
    part = frame[frame["architecture"].isin(sorted(pool_keys("first-1000"))[:60])]
    found = coefficients_by_pool(part, official, DATASETS[:1], ["first-1000", "all"])
    assert found["ndcg_1000"].isna().all()
    assert set(found["scored"]) == {60}
    assert coefficients_by_pool(part, official, DATASETS[:1], ["first-1000"], least=61).empty


def test_published_values_stand_next_to_ours_on_their_pool() -> None:
    pools = pd.DataFrame(
        [{"pool": "valid", "column": DATASETS[0], "proxy": "zico", "kendall_tau_b": 0.6, "kendall_tau_b_low": 0.5,
          "kendall_tau_b_high": 0.61, "spearman": 0.7, "spearman_low": 0.6, "spearman_high": 0.75, "ndcg_1000": np.nan}]
    )  # fmt: skip
    counts = pd.DataFrame(
        [{"pool": "valid", "column": DATASETS[0], "proxy": "layers", "kendall_tau_b": 0.625, "spearman": 0.7,
          "ndcg_1000": 0.67}]
    )  # fmt: skip
    found = beside_published_pools(pools, counts)
    ours = found.set_index(["proxy", "coefficient", "source"])
    source = "Tybl & Neumann 2025, table 1"
    assert ours.loc[("zico", "kendall_tau_b", source), "valid_inside"] is True
    assert ours.loc[("zico", "spearman", source), "valid_inside"] is False
    assert ours.loc[("zico", "ndcg_1000", source), "valid_inside"] is None
    assert ours.loc[("layers", "kendall_tau_b", source), "valid_inside"] is True
    assert ours.loc[("layers", "spearman", source), "valid_inside"] is False
    assert {item.pool for item in PUBLISHED} <= {"", *POOLS}


@pytest.mark.slow
def test_the_study_writes_its_page_and_tables(official: benchmarks.Table, tmp_path: Path) -> None:
    known = harness.known_scores(["nwot", "synflow", "params", "flops"])
    found = whole_space(known, official, resamples=5)
    write_results(found, tmp_path)
    write_page(found, tmp_path)
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    table = known.attrs["provenance"]["table"]
    assert f"{table['cells']:,} of {table['of_cells']:,} cells" in page
    assert "nasinit store table all.sqlite" in page
    for linked in ("tables.md", "pools.png", "agreement.png", "by_size_cifar10.png", "against_params_cifar10.png"):
        assert (tmp_path / linked).is_file()
        assert f"({linked})" in page
    same = page.split("order the cells alike")[1].split("\n\n")[1]
    assert {"params", "flops"} <= set(same.replace("`", "").removeprefix("- ").split(", "))


def test_the_committed_rankings_follow_from_the_packaged_scores(official: benchmarks.Table) -> None:
    rankings = rank(harness.known_scores(), official, DATASETS, resamples=1)
    for column, ranking in rankings.items():
        committed = read(f"ranking_{column.partition('_test')[0]}.csv")
        kept = [name for name in committed.columns if not name.endswith(("_low", "_high"))]
        pd.testing.assert_frame_equal(ranking.frame[kept], committed[kept], check_dtype=False, rtol=1e-9)
    made = size_classes(rankings[DATASETS[0]], CLASSES).frame
    pd.testing.assert_frame_equal(made, read("by_size_cifar10.csv"), check_dtype=False, rtol=1e-9)


@pytest.mark.slow
def test_the_committed_pools_and_agreement_follow_from_the_packaged_scores(official: benchmarks.Table) -> None:
    known = harness.known_scores()
    names = list(dict.fromkeys(read("pools.csv")["pool"]))
    pools = coefficients_by_pool(known, official, DATASETS, names, with_combinations, least=LEAST)
    pd.testing.assert_frame_equal(pools, read("pools.csv"), check_dtype=False, rtol=1e-9)
    counts = counts_by_pool(official, DATASETS, POOLS)
    pd.testing.assert_frame_equal(counts, read("counts.csv"), check_dtype=False, rtol=1e-9)
    published, committed = beside_published_pools(pools, counts), read("published.csv")
    assert published["published"].tolist() == committed["published"].tolist()
    for name in names:
        assert published[name].to_numpy() == pytest.approx(committed[name].to_numpy(), rel=1e-9, nan_ok=True)
    matrix = rank_matrix(known).reset_index(names="proxy")
    pd.testing.assert_frame_equal(matrix, read("agreement.csv"), check_dtype=False, rtol=1e-9)


def test_the_page_says_how_many_cells_there_are_and_what_made_it() -> None:
    table = harness.known_scores().attrs["provenance"]["table"]
    record = json.loads((RESULTS / "study.json").read_text(encoding="utf-8"))
    assert record["command"].startswith("nasinit study whole-space")
    assert record["scores"] == table
    page = (RESULTS / "README.md").read_text(encoding="utf-8")
    assert f"{table['cells']:,}" in page.splitlines()[2]
