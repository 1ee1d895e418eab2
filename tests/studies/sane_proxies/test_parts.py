"""The parts of the study of SANE's genotypes. Oracles: sums over all texts, layers put together by hand, and scipy."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats
from torch.nn import functional

from harness.errors import DivergedError, SettingError
from harness.evaluation import Table, open_table
from harness.report.figures.sane_proxies import coefficients_figure
from harness.report.tables.sane_proxies import supernets_sheet
from harness.report.tables.sheet import sheet_markdown
from harness.scoring.scorer import OK
from harness.spaces.sane.splits import random_split
from harness.studies.options import StudyOptions
from harness.studies.record import MADE
from harness.studies.samples import distinct_sample
from harness.studies.sane_proxies import protocol, results, scored, supernets, tables, trained
from harness.studies.sane_proxies.protocol import QUICK, USUAL
from harness.studies.searches.claims import NOT_FINISHED, NOT_SHOWN, SHOWN
from harness.studies.searches.sane import kept
from harness.studies.searches.sane.graphs import graph_of
from harness.studies.study import run_study
from harness.training.nodes import NodeAccuracy

SPACE = protocol.opened()
GRAPH = random_split(60, 8, 3, 0)
TEST, VALID = "noise_test_3ep_pct", "noise_valid_3ep_pct"
VALUES = (61.0, 63.0, 62.0, 65.0, 64.0)


def test_genotypes_are_different_networks_and_fewer_are_the_first_of_more() -> None:
    found = protocol.genotypes_of(100, 0)
    assert len({SPACE.key(SPACE.parse(text)) for text in found}) == 100
    assert [str(SPACE.canonical(SPACE.parse(text))) for text in found] == found
    assert protocol.genotypes_of(7, 0) == found[:7]
    assert protocol.genotypes_of(7, 1) != found[:7]


def test_more_networks_than_the_space_has_are_refused() -> None:
    with pytest.raises(SettingError, match="the space sane has 16,731 networks, of which 16,732 are asked for"):
        distinct_sample(protocol.opened(), 16_732, 0)


def test_after_some_genotypes_one_of_the_first_is_trained_by_another_seed() -> None:
    assert list(protocol.trainings_of(list("abcde"), 2, 4)) == [
        ("a", 4), ("b", 4), ("a", 5), ("c", 4), ("d", 4), ("b", 5), ("e", 4),
    ]  # fmt: skip
    every = list(protocol.trainings_of(protocol.genotypes_of(100, 0), USUAL.share, 0))
    assert sum(seed == 1 for _, seed in every) == 100 // USUAL.share == 20


def test_proxies_see_networks_of_the_trainings_width_on_the_nodes_that_train_them() -> None:
    setting = protocol.scoring_setting(GRAPH, QUICK, 3)
    shape = {"nodes": 60, "features": 8, "classes": 3, "hidden": QUICK.training.hidden}
    assert (setting.input, setting.batch_size, setting.seed) == ("gaussian", len(GRAPH.training), 3)
    assert {name: setting.shape[name] for name in shape} == shape


def alphas() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = {"node": (3, 11), "skip": (3, 2), "layer": (1, 3)}
    return {name: torch.randn(shape, generator=generator, dtype=torch.float64) for name, shape in shapes.items()}


def test_the_probability_of_a_network_is_the_sum_over_all_its_texts() -> None:
    weights = {name: table.softmax(dim=1).tolist() for name, table in alphas().items()}
    groups = {name: group.operations for name, group in supernets.GROUPS.items()}
    places = {name: {each: place for place, each in enumerate(names)} for name, names in groups.items()}
    by_network: dict[str, list[float]] = defaultdict(list)
    for each in SPACE:
        factors = [weights["node"][row][places["node"][name]] for row, name in enumerate(each.nodes)]
        factors += [weights["skip"][row][places["skip"][name]] for row, name in enumerate(each.skips)]
        by_network[SPACE.key(each)].append(math.prod(factors) * weights["layer"][0][places["layer"][each.layers]])
    expected = {text: math.fsum(found) for text, found in by_network.items()}
    assert math.fsum(expected.values()) == pytest.approx(1)
    shallow = ["gcn||sage||sage||skip||none||none||l_max", "gcn||gat||gin||none||none||skip||l_max"]
    some = [*protocol.genotypes_of(60, 0), *shallow]
    assert {SPACE.parse(text).depth for text in some} == {1, 2, 3}
    for text in some:
        own, ratio = supernets.probabilities(SPACE.parse(text), alphas())
        assert own == pytest.approx(math.log(expected[text]))
        assert ratio == pytest.approx(math.log(expected[text] / (len(by_network[text]) / len(SPACE))))
    nothing = {name: torch.full_like(table, 0.3) for name, table in alphas().items()}
    assert supernets.probabilities(SPACE.parse(some[0]), nothing)[1] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    "text", ["gcn||gat||gin||skip||none||skip||l_max", "sage_max||gat_cos||sage||none||skip||none||l_lstm"]
)
def test_a_path_has_the_supernets_own_layers(text: str) -> None:
    pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")
    from harness.spaces.sane.network import with_loops
    from harness.spaces.sane.supernet import SaneSupernet

    supernet = SPACE.supernet(features=8, classes=3, hidden=8, seed=1)
    assert isinstance(supernet, SaneSupernet)
    chosen, loops = SPACE.parse(text), with_loops(GRAPH.edges, len(GRAPH.features))
    accuracy, likelihood = supernets.one_shot(supernet, chosen, GRAPH)
    state, read = supernet.stem(GRAPH.features), []
    for layer, name in enumerate(chosen.nodes):
        state = functional.elu(supernet.nodes[layer][name](state, loops))  # type: ignore[index]
        read.append(state if chosen.skips[layer] == "skip" else torch.zeros_like(state))
    joined = functional.relu(supernet.joins[0][chosen.layers](read))  # type: ignore[index]
    logits = supernet.classifier(joined)[GRAPH.validation].detach()
    classes = GRAPH.classes[GRAPH.validation]
    assert accuracy == pytest.approx(100 * float((logits.argmax(dim=1) == classes).double().mean()))
    assert likelihood == pytest.approx(float(logits.log_softmax(dim=1)[range(len(classes)), classes].mean()), rel=1e-5)


def test_closed_forms_are_layers_that_count_and_layers_that_are_read() -> None:
    texts = ["gcn||gat||gin||skip||none||skip||l_max", "gcn||gat||sage||skip||skip||none||l_max"]
    found = scored.closed_forms(texts).pivot(index="architecture", columns="proxy", values="score").loc[texts]
    assert found["depth"].tolist() == [3, 2]
    assert found["layers_read"].tolist() == [2, 2]


def trainings(keys: list[str], again: int) -> pd.DataFrame:
    rows = [(keys[place], 0, value + 2, value) for place, value in enumerate(VALUES)]
    rows += [(keys[place], 1, VALUES[place] + 3, VALUES[place] + place) for place in range(again)]
    return pd.DataFrame(rows, columns=["architecture", "seed", "validation_pct", "test_pct"])


def table_of(folder: Path, again: int = 4) -> Table:
    (folder / MADE).write_text(json.dumps({"nasinit": "1", "torch": "2", "begun": "2026-12-01", "cpu": "a processor"}))
    frame = trainings(protocol.genotypes_of(len(VALUES), 0), again)
    path = tables.write_table(GRAPH, frame, QUICK, folder)
    first = path.read_bytes()
    assert tables.write_table(GRAPH, frame, QUICK, folder).read_bytes() == first
    return open_table(path)


def test_the_table_has_means_over_the_trainings_and_each_training(tmp_path: Path) -> None:
    table = table_of(tmp_path)
    keys = list(table.keys)
    assert table.values(keys, f"{TEST}_seed0").tolist() == list(VALUES)
    assert table.values(keys, f"{TEST}_seed1").tolist()[:4] == [61.0, 64.0, 64.0, 68.0]
    assert np.isnan(table.values(keys, f"{TEST}_seed1")[4])
    assert table.values(keys, TEST).tolist() == [61.0, 63.5, 63.0, 66.5, 64.0]
    assert table.values(keys, VALID).tolist() == [63.5, 65.5, 64.5, 67.5, 66.0]
    sizes = {"features": 8, "classes": 3, "hidden": 8}
    assert table.values(keys, "params").tolist() == [SPACE.sizes(SPACE.parse(key), sizes).parameters for key in keys]
    assert results.columns_of(table) == [VALID, TEST]
    assert (table.facts.name, table.facts.space, table.facts.seeds) == (
        "sane-noise", "sane", "seed 0, of 4 genotypes a second one",
    )  # fmt: skip


def supernet_frame(keys: tuple[str, ...], second: list[float]) -> pd.DataFrame:
    rows = [("noise", 0, key, place, -place, place % 2, place) for place, key in enumerate(keys)]
    rows += [("noise", 1, key, value, -value, 1, value) for key, value in zip(keys, second, strict=True)]  # type: ignore[list-item]
    return pd.DataFrame(rows, columns=list(supernets.COLUMNS))


def scores_of(keys: tuple[str, ...], **rows: list[float]) -> pd.DataFrame:
    frames = [
        pd.DataFrame({"architecture": keys, "proxy": name, "score": row, "status": OK}) for name, row in rows.items()
    ]
    return pd.concat([*frames, scored.closed_forms(keys)], ignore_index=True)


def test_proxies_supernets_and_another_training_have_scipys_coefficients(tmp_path: Path) -> None:
    table = table_of(tmp_path)
    keys, second = table.keys, [2.0, 0.0, 1.0, 4.0, 3.0]
    own = supernet_frame(keys, second)
    frame = results.with_supernets(scores_of(keys, mine=[1.0, 2, 3, 5, 4], flat=[1.0] * 5), own)
    found = results.found_on(frame, own, table, resamples=20)
    rows = found.coefficients.set_index(["column", "proxy"])
    test = table.values(keys, TEST)
    expected = stats.kendalltau(second, test).statistic
    assert rows.loc[(TEST, "one_shot_accuracy_1"), "kendall_tau_b"] == pytest.approx(expected)
    assert rows.loc[(VALID, "mine"), "spearman"] == pytest.approx(
        stats.spearmanr([1, 2, 3, 5, 4], table.values(keys, VALID)).statistic
    )
    assert rows.loc[(TEST, results.VALIDATION), "spearman"] == pytest.approx(
        stats.spearmanr(table.values(keys, VALID), test).statistic
    )
    again = rows.loc[(TEST, results.AGAIN)]
    assert (again["n"], again["spearman"]) == (
        4,
        pytest.approx(stats.spearmanr([61, 64, 64, 68], VALUES[:4]).statistic),
    )
    assert "flat" not in found.coefficients["proxy"].tolist()
    assert "log_probability_1" not in found.coefficients["proxy"].tolist()
    assert {"mine", "depth", "params"} <= set(found.against["layers_read"].frame["proxy"])
    between = found.supernets.set_index("kind")
    assert between.loc["one_shot_accuracy", "spearman"] == pytest.approx(stats.spearmanr(range(5), second).statistic)
    assert math.isnan(between.loc["log_probability", "spearman"])
    assert between.loc["log_ratio", "spearman_low"] <= between.loc["log_ratio", "spearman"]
    assert "0, 1" in sheet_markdown(supernets_sheet(found.supernets))
    figure = coefficients_figure(found.coefficients, [*scored.BASELINES, results.VALIDATION], supernets.KINDS)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels[-5:] == [*scored.BASELINES, results.VALIDATION]
    assert set(labels) == set(found.coefficients["proxy"])


def test_claims_hold_only_where_their_intervals_do(tmp_path: Path) -> None:
    table = table_of(tmp_path)
    own = supernet_frame(table.keys, [0.0, 1, 2, 3, 4])
    frame = results.with_supernets(scores_of(table.keys, mine=[1.0, 2, 3, 5, 4]), own)
    found = results.found_on(frame, own, table, resamples=50)
    rows = found.coefficients
    for low, expected in ((0.1, SHOWN), (-0.1, NOT_SHOWN)):
        place = rows["proxy"].str.startswith("one_shot_accuracy")
        changed = rows.assign(spearman_low=rows["spearman_low"].where(~place, low))
        claims = list(results.study_claims({"sane-noise": found._replace(coefficients=changed)}, 2))
        assert claims[0].verdict == expected
        assert claims[0].ours.count("(") == 2
    assert all("(our own question)" in each.claim and not each.published for each in claims)
    assert all(each.ours[0] not in "+-" for each in claims)
    assert claims[-1].claim.startswith("two supernets rank")
    assert claims[-1].ours.startswith("Spearman 1.00 (1.00 to 1.00)")
    fewer = list(results.study_claims({"sane-noise": found}, 3))
    assert fewer[0].verdict == NOT_FINISHED
    none = found._replace(supernets=found.supernets.iloc[:0])
    assert list(results.study_claims({"sane-noise": none}, 2))[-1].verdict == NOT_SHOWN, (
        "both are over, and one is flat"
    )
    one = none._replace(finished=1)
    assert list(results.study_claims({"sane-noise": one}, 2))[-1].verdict == NOT_FINISHED


def test_trainings_that_are_over_are_taken_and_one_that_diverges_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")
    made = []

    def train(*given: Any, seed: int) -> NodeAccuracy:
        made.append(seed)
        if len(made) == 2:
            raise DivergedError("the loss of a training is nan")
        return NodeAccuracy(70, 60, 3, 59, 0.5)

    monkeypatch.setattr(kept, "train_nodes", train)
    lines: list[str] = []
    small = QUICK._replace(genotypes=3)
    options = StudyOptions(tmp_path, lines.append)
    first = trained.trained(GRAPH, small, options)
    assert made == [0, 0, 0, 1]
    assert first["architecture"].nunique() == 2
    assert lines[1].endswith("is left out: the loss of a training is nan")
    finished = trained.trained(GRAPH, small, StudyOptions(tmp_path, lines.append, finished=True))
    pd.testing.assert_frame_equal(first, finished)
    assert len(made) == 4


def test_too_few_genotypes_and_a_graph_that_is_not_here_are_one_line(tmp_path: Path) -> None:
    pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")
    with pytest.raises(SettingError, match="--sample must be at least 3, got 2"):
        run_study("sane-proxies", tmp_path / "out", sample=2)
    with pytest.raises(SettingError, match="the data set cora is not here"):
        run_study("sane-proxies", tmp_path / "out", data=str(tmp_path))
    assert not (tmp_path / "out").exists()


def test_random_graphs_of_two_seeds_have_trainings_of_their_own() -> None:
    first, second = (graph_of("noise", None, seed) for seed in (0, 1))
    assert (first.name, second.name) == ("noise-0", "noise-1")
