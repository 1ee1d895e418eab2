"""The study of proxies on graph networks, in a small size.

Oracles: the parameters that the package prints, scipy's coefficients, paths listed one by one, and tables made by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scipy import stats

from harness.errors import SettingError
from harness.evaluation import TableError, open_table
from harness.proxies.registry import resolve
from harness.scoring.runner import run
from harness.scoring.store import Store
from harness.spaces import open_space
from harness.spaces.nasbench_graph import cost, parse
from harness.studies.graph_proxies import conditions, results, scored
from harness.studies.graph_proxies.conditions import CONDITIONS, GCN, PROXIES, GraphCondition
from harness.studies.graph_proxies.scored import GraphScores
from harness.studies.options import StudyOptions
from harness.studies.study import run_study


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")
    try:
        open_table("nasbench-graph-cora")
    except TableError as error:
        pytest.skip(str(error))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> GraphCondition:
    """A random graph, and networks of four channels instead of 256, scored in this process."""
    monkeypatch.setattr(scored, "run", partial(run, executor=ThreadPoolExecutor(1)))
    monkeypatch.setitem(cost.PROTOCOLS, "cora", cost.Protocol(5, 7, 4, 1, True))
    return GraphCondition("cora", 8, 6, features=False)


def options(out: Path, **given: Any) -> StudyOptions:
    return StudyOptions(out, lambda line: None, workers=1, **given)


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_networks_have_the_parameters_that_the_package_prints(name: str) -> None:
    condition, space = CONDITIONS[name], open_space(conditions.SPACE)
    table = open_table(condition.table)
    shape = {**condition.setting(0).shape, "features": cost.PROTOCOLS[condition.dataset].features}
    printed = 1e6 * table.values([GCN], f"{condition.dataset}_params_m")[0]
    assert space.sizes(space.parse(GCN), shape).parameters == pytest.approx(printed, abs=0.1)
    assert {condition.column, condition.validation} <= set(table.column_names)


def test_depth_and_hops_are_those_of_the_longest_path() -> None:
    for architecture in open_space(conditions.SPACE).sample(200, 3):
        nodes = range(1, 5)
        paths = [
            chosen
            for kept in product((False, True), repeat=4)
            if (chosen := [node for node in nodes if kept[node - 1]])
            and all(architecture.link[one - 1] == before for before, one in zip([0, *chosen], chosen, strict=False))
        ]
        names = [[architecture.operations[node - 1] for node in path] for path in paths]
        assert cost.depth(architecture) == max(sum(name != "skip" for name in path) for path in names)
        looking = max(sum(name not in ("skip", "fc") for name in path) for path in names)
        assert cost.hops(architecture) == looking


def test_every_other_proxy_refuses_and_says_why() -> None:
    refused = scored.refusals()
    assert set(refused["proxy"]) == {entry.name for entry in resolve("all")} - set(PROXIES)
    assert refused["why"].str.len().min() > 10


@pytest.mark.slow
def test_a_sample_is_scored_with_the_gcn_and_the_closed_forms(small: GraphCondition, tmp_path: Path) -> None:
    found = scored.scored(small, 3, None, options(tmp_path))
    assert found is not None
    sample = [str(one) for one in open_space(conditions.SPACE).sample(3, 0)]
    assert found.cells == 3
    assert set(found.frame["proxy"]) == {*PROXIES, "depth", "hops"}
    assert set(found.frame["architecture"]) == set(sample)
    assert set(found.gcn["architecture"]) == {GCN}
    assert (found.frame["status"] == "ok").all()
    depths = found.frame[found.frame["proxy"] == "depth"].set_index("architecture")["score"].to_dict()
    assert depths == {key: cost.depth(parse(key)) for key in sample}


@pytest.mark.slow
def test_of_a_sample_that_is_not_finished_the_first_architectures_are_taken(
    small: GraphCondition, tmp_path: Path
) -> None:
    asked = options(tmp_path, finished=True)
    with Store(tmp_path / "scores.sqlite"):
        pass
    assert scored.scored(small, 4, None, asked) is None
    assert scored.scored(small, 2, None, options(tmp_path)) is not None
    taken = scored.scored(small, 4, None, asked)
    assert taken is not None
    assert set(taken.frame["architecture"]) == {str(one) for one in open_space(conditions.SPACE).sample(2, 0)}
    other = small._replace(targets=9)
    assert scored.scored(other, 4, None, asked) is None


def made(scores: dict[str, list[float]], gcn: float = 0.0) -> GraphScores:
    """Scores of the first sampled architectures by grad_norm and other proxies."""
    keys = [str(one) for one in open_space(conditions.SPACE).sample(len(next(iter(scores.values()))), 0)]
    parts = [
        pd.DataFrame({"architecture": keys, "proxy": name, "score": values, "status": "ok"})
        for name, values in scores.items()
    ]
    own = pd.DataFrame({"architecture": GCN, "proxy": [*scores, "params", "flops"], "score": gcn, "status": "ok"})
    return GraphScores(pd.concat(parts, ignore_index=True), own)


def test_coefficients_are_scipys_and_the_gcn_stands_where_it_does() -> None:
    values = [3.0, 1.0, 4.0, 1.5, 9.0, 2.0]
    scores, table = made({"grad_norm": values}, gcn=2.5), open_table("nasbench-graph-cora")
    keys = scores.frame["architecture"].tolist()
    rankings = {"cora": results.ranking_of(scores, table, "cora_test_pct", resamples=10)}
    validation = {"cora": results.ranking_of(scores, table, "cora_valid_pct", resamples=1)}
    frame = results.coefficients(rankings, validation).set_index("proxy")
    for column, name in (("cora_test_pct", "spearman"), ("cora_valid_pct", "spearman_valid")):
        expected = stats.spearmanr(values, table.values(keys, column)).statistic
        assert frame.loc["grad_norm", name] == pytest.approx(expected, abs=1e-12)
    gcn = results.beside_gcn(rankings, {"cora": scores}).set_index("proxy").loc["grad_norm"]
    tests, best = table.values(table.keys, "cora_test_pct"), table.values([keys[4]], "cora_test_pct")[0]
    own = table.values([GCN], "cora_test_pct")[0]
    assert gcn["gcn_place"] == 50.0
    assert gcn["gain"] == pytest.approx(best - own, abs=1e-12)
    assert gcn["gcn_percentile"] == pytest.approx(stats.percentileofscore(tests, own, "mean"), abs=1e-9)


def test_scores_on_two_graphs_are_compared_on_common_architectures() -> None:
    alike = {name: 1.0 for name in PROXIES if name != "snip"}
    one = made({"snip": [3.0, 1.0, 4.0, 1.5], **{name: [value] * 4 for name, value in alike.items()}})
    other = made({"snip": [1.0, 2.0, 0.5], **{name: [value] * 3 for name, value in alike.items()}})
    found = results.between_graphs({"cora": one, "citeseer": other}).set_index("proxy")
    assert found.loc["snip", "n"] == 3
    assert pd.isna(found.loc["knas", "spearman"])
    assert found.loc["snip", "spearman"] == pytest.approx(stats.spearmanr([3, 1, 4], [1, 2, 0.5]).statistic)


def test_data_sets_are_compared_over_all_classes() -> None:
    frame = results.between_data_sets()
    tables = {name: open_table(f"nasbench-graph-{name}") for name in ("cora", "arxiv")}
    keys = tables["cora"].keys
    one, other = (table.values(keys, f"{name}_test_pct") for name, table in tables.items())
    assert frame.loc["cora", "arxiv"] == pytest.approx(stats.spearmanr(one, other).statistic, abs=1e-9)
    assert len(frame) == 8
    # measured when the tables were first read: Spearman's coefficient of validation and test accuracy
    assert results.of_validation(["cora", "gaussian_arxiv"]) == pytest.approx(
        {"cora": 0.732, "gaussian_arxiv": 0.974}, abs=5e-4
    )


@pytest.mark.slow
def test_the_closed_forms_rank_all_classes() -> None:
    frame, table = results.of_closed_forms(), open_table("nasbench-graph-photo")
    printed = table.values(table.keys, "photo_params_m")  # the package's own parameters
    expected = stats.spearmanr(printed, table.values(table.keys, "photo_test_pct")).statistic
    assert frame.loc["params", "photo"] == pytest.approx(expected, abs=1e-6)
    assert frame.shape == (4, 8)


@pytest.mark.slow
def test_the_study_writes_its_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small: GraphCondition) -> None:
    monkeypatch.setattr(conditions, "CONDITIONS", {"gaussian_cora": small})
    monkeypatch.setattr(results, "CONDITIONS", {"gaussian_cora": small})
    monkeypatch.setattr("harness.studies.graph_proxies.study.LEAST_BEYOND", 6)
    outcome = run_study("graph-proxies", tmp_path / "out", sample=6, workers=1, say=lambda line: None)
    for words in ("Cora, Gaussian graph, 6", "two-layer GCN", "Proxies that refuse", "Beyond size", "validation acc"):
        assert words in str(outcome)
    assert outcome.record["networks"] == {"gaussian_cora": 6}
    assert {"graph_proxies.png", "data_sets.svg"} <= {path.name for path in (tmp_path / "out").iterdir()}


def test_what_the_study_refuses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NASINIT_DATA", raising=False)
    said: list[str] = []
    study: Callable[..., object] = run_study
    with pytest.raises(SettingError, match="--sample must be at least 3, got 2"):
        study("graph-proxies", tmp_path, sample=2)
    (tmp_path / "empty").mkdir()
    with Store(tmp_path / "s.sqlite"):
        pass
    given = {"store": tmp_path / "s.sqlite", "data": tmp_path / "empty"}
    with pytest.raises(SettingError, match="nothing of this study is finished"):
        study("graph-proxies", tmp_path, finished=True, say=said.append, **given)
    assert said[0].startswith("the graphs of Cora, CiteSeer, Amazon Computers")
