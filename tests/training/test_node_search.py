"""Searches of AGNN's space whose oracle trains.

Oracles: `train_nodes` with the same weights, searches that are not interrupted, and conditions counted by hand.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from harness.errors import DivergedError, SearchError, SettingError
from harness.setting import derived_seed
from harness.spaces.agnn.encoding import parse
from harness.spaces.initialisation import drawn
from harness.spaces.sane.splits import random_split
from harness.training import node_trainer
from harness.training.inherited import Ancestor, inherit
from harness.training.node_search import best_of, node_searches, search_nodes
from harness.training.node_trainer import FILE, NodeSearchSetting, Trained
from harness.training.nodes import NodeSteps, train_nodes

pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")

GRAPH = random_split(40, 6, 3, seed=0)
SETTING = NodeSearchSetting(epochs=4, queries=7, warm_up=2)
SHARED = replace(SETTING, share=True, queries=12)
TEXT = "8:gat:2:sum:identity:relu||16:gcn:1:mean:identity:elu"


class KilledError(Exception):
    """A search that ends before its time."""


def without_seconds(answers: list[Trained]) -> list[Trained]:
    return [answer._replace(seconds=0.0) for answer in answers]


def test_an_answer_is_the_validation_accuracy_of_a_plain_training(monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.spaces.agnn.network import AgnnNetwork

    monkeypatch.setattr(node_trainer, "EVERY", 1)
    answer = search_nodes("random_search", GRAPH, replace(SETTING, queries=1), seed=3)[0]
    chosen = parse(answer.architecture)
    canonical = str(replace(chosen, layers=tuple(
        replace(layer, heads="1") if layer.attention in ("const", "gcn") else layer for layer in chosen.layers
    )))  # fmt: skip
    network = drawn(
        lambda: AgnnNetwork(parse(canonical), features=6, classes=3, dropped=0.5, dropped_last=0.5),
        "pytorch",
        derived_seed(3, "weights", canonical),
    )
    seed = derived_seed(3, "query", canonical)
    expected = train_nodes(lambda setting: network, GRAPH, NodeSteps(epochs=4, learning_rate=0.01), seed=seed)
    assert answer.validation_pct == expected.validation_pct


def test_no_test_node_is_looked_at() -> None:
    wrong = GRAPH.classes.clone()
    wrong[GRAPH.test] = (wrong[GRAPH.test] + 1) % 3
    setting = replace(SETTING, queries=2)
    plain, other = (search_nodes("agnn", graph, setting) for graph in (GRAPH, replace(GRAPH, classes=wrong)))
    assert without_seconds(plain) == without_seconds(other)


@pytest.mark.parametrize("setting", [SETTING, SHARED])
def test_a_killed_search_goes_on_as_if_it_had_not_been(
    setting: NodeSearchSetting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = search_nodes("agnn", GRAPH, setting, seed=1)
    killed_at = 5

    def kill(answer: Trained) -> None:
        if answer.query == killed_at:
            raise KilledError

    with pytest.raises(KilledError):
        search_nodes("agnn", GRAPH, setting, seed=1, folder=tmp_path, advance=kill)
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes()[:-9])  # the last row is cut
    trained = []
    plain = node_trainer.validate_nodes
    monkeypatch.setattr(
        node_trainer, "validate_nodes", lambda *args, **named: trained.append(1) or plain(*args, **named)
    )
    again = search_nodes("agnn", GRAPH, setting, seed=1, folder=tmp_path)
    assert without_seconds(again) == without_seconds(whole)
    assert len(trained) == sum(answer.epochs > 0 for answer in whole[killed_at:])
    assert len(list(tmp_path.glob("*.pt"))) == (1 if setting.share else 0)
    trained.clear()
    assert search_nodes("agnn", GRAPH, setting, seed=1, folder=tmp_path) == again
    assert not trained, "what is over is read"


def test_a_search_goes_on_to_more_queries_and_beside_others(tmp_path: Path) -> None:
    few, more = (
        search_nodes("random_search", GRAPH, replace(SETTING, queries=count), folder=tmp_path) for count in (2, 3)
    )
    search_nodes("random_search", GRAPH, replace(SETTING, queries=2), seed=5, folder=tmp_path)
    assert more[:2] == few
    assert len(pd.read_csv(tmp_path / FILE)) == 3 + 2


def test_networks_that_inherit_warm_up_only() -> None:
    answers = search_nodes("agnn", GRAPH, SHARED, seed=1)
    assert answers[0].inherited == 0
    assert {answer.epochs for answer in answers if answer.inherited} == {2}
    assert {answer.epochs for answer in answers if not answer.inherited} == {4}
    assert best_of(answers).validation_pct == max(answer.validation_pct for answer in answers)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (TEXT, 2),
        (TEXT.replace("sum", "max"), 2),
        (TEXT.replace(":2:", ":4:"), 2),
        (TEXT.replace("gat", "sym-gat"), 1),
        (TEXT.replace("relu||", "tanh||"), 1),
        (TEXT.replace("8:gat", "32:gat"), 0),
        (TEXT.replace("16:gcn", "32:gcn"), 1),
        (TEXT.replace("identity:elu", "mlp:elu"), 1),
        (TEXT.replace("gat", "const").replace("mean:identity", "mean:mlp"), 0),
    ],
)
def test_layers_inherit_where_shapes_attention_and_activation_are_equal(text: str, count: int) -> None:
    from harness.spaces.agnn.network import AgnnNetwork

    torch.manual_seed(0)
    old, new = (AgnnNetwork(parse(each), features=6, classes=3) for each in (TEXT, text))
    before = {name: tensor.clone() for name, tensor in new.state_dict().items()}
    assert inherit(new, parse(text), Ancestor(parse(TEXT), old.state_dict())) == count
    taken = {
        name for name, tensor in new.state_dict().items()
        if name in old.state_dict() and tensor.shape == old.state_dict()[name].shape
        and torch.equal(tensor, old.state_dict()[name])
    }  # fmt: skip
    layers = {name.split(".")[1] for name in taken if name.endswith("linear.weight")}
    assert len(layers) == count
    assert ("classifier.weight" in taken) == ("1" in layers)
    kept = [name for name in before if name not in taken and not name.endswith("bias")]
    assert all(torch.equal(new.state_dict()[name], before[name]) for name in kept)


def test_an_equal_network_is_not_trained_again() -> None:
    trainer = node_trainer.NodeTrainer("random_search", GRAPH, replace(SETTING, epochs=2), 0, None)
    first, other = (trainer.answer(parse(TEXT.replace("gcn:1", f"gcn:{heads}"))) for heads in (1, 4))
    assert (other.query, other.epochs, other.validation_pct) == (1, 0, first.validation_pct)
    assert first.epochs == 2


def test_a_training_that_diverges_is_answered_with_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def diverge(*args: object, **named: object) -> float:
        raise DivergedError("the loss of a training is nan")

    monkeypatch.setattr(node_trainer, "validate_nodes", diverge)
    assert [answer.validation_pct for answer in search_nodes("graphnas", GRAPH, SETTING)] == [0.0] * 7


def test_a_network_that_diverged_is_nobodys_ancestor(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, count = node_trainer.validate_nodes, itertools.count()

    def diverge(*args: Any, **named: Any) -> float:
        if next(count) == 0:
            raise DivergedError("the loss of a training is nan")
        return plain(*args, **named)

    monkeypatch.setattr(node_trainer, "validate_nodes", diverge)
    first, second, *others = search_nodes("agnn", GRAPH, SHARED, seed=1)
    assert (first.validation_pct, second.inherited, second.epochs) == (0.0, 0, 4)
    assert second.validation_pct > 0
    assert any(answer.inherited for answer in others)


def test_a_graph_whose_name_is_a_number_goes_on(tmp_path: Path) -> None:
    graph, setting = replace(GRAPH, name="2020"), replace(SETTING, queries=2)
    first = search_nodes("random_search", graph, setting, folder=tmp_path)
    assert search_nodes("random_search", graph, setting, folder=tmp_path) == first
    assert len(pd.read_csv(tmp_path / FILE)) == 2


def test_what_cannot_be_searched_is_refused() -> None:
    assert {"agnn", "random_search", "graphnas", "regularised_evolution", "local_search"} <= set(node_searches())
    with pytest.raises(SearchError, match="unknown search that trains its networks 'hnas'"):
        search_nodes("hnas", GRAPH, SETTING)
    with pytest.raises(SearchError, match="graphnas shares no weights: only the architectures of agnn"):
        search_nodes("graphnas", GRAPH, SHARED)
    for field in ("queries", "warm_up", "epochs"):
        with pytest.raises(SettingError, match=f"{field} must be a whole number from 1, got 0"):
            replace(SETTING, **{field: 0})
    with pytest.raises(SettingError, match="learning_rate must be a number from 0"):
        replace(SETTING, learning_rate=0)


def test_a_folder_with_other_queries_is_refused(tmp_path: Path) -> None:
    setting = replace(SETTING, queries=2, epochs=1)
    search_nodes("random_search", GRAPH, setting, folder=tmp_path)
    frame = pd.read_csv(tmp_path / FILE)
    frame.assign(architecture=TEXT).to_csv(tmp_path / FILE, index=False)
    with pytest.raises(SearchError, match="holds another search of this name: its query 0 is 8:gat:2"):
        search_nodes("random_search", GRAPH, setting, folder=tmp_path)
    (tmp_path / FILE).write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(SettingError, match="holds no queries of searches that train"):
        search_nodes("random_search", GRAPH, setting, folder=tmp_path)


def test_lost_weights_are_named(tmp_path: Path) -> None:
    setting = replace(SHARED, queries=2)
    search_nodes("agnn", GRAPH, setting, folder=tmp_path)
    for path in tmp_path.glob("*.pt"):
        path.unlink()
    with pytest.raises(SearchError, match="is missing, the weights that the next network inherits"):
        search_nodes("agnn", GRAPH, replace(setting, queries=3), folder=tmp_path)
