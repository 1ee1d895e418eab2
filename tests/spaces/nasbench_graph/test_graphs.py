"""Batches: random graphs, files of data sets, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

import harness
from harness.batches import Batch
from harness.errors import SettingError
from harness.setting import Setting
from harness.spaces.nasbench_graph import NasBenchGraph
from harness.spaces.nasbench_graph.graphs import node_batch, read_graph
from harness.spaces.space import completed

SMALL = {"nodes": 30, "features": 4, "classes": 3, "hidden": 4}


def write_graph(path: Path, **changes: np.ndarray) -> None:
    """Five nodes of two classes; node 4 has no edge, and node 3 no feature."""
    arrays = {
        "y": np.array([0, 1, 0, 1, 1]), "x_shape": np.array([5, 3]), "x_indptr": np.array([0, 2, 3, 4, 4, 5]),
        "x_indices": np.array([0, 2, 1, 1, 0]), "edge_index": np.array([[0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2]]),
        "public_train": np.array([0, 1, 3]),
    }  # fmt: skip
    path.parent.mkdir(exist_ok=True)
    np.savez(path, **(arrays | changes))


def setting(space: NasBenchGraph, **changes: object) -> Setting:
    return completed(space, Setting(**changes))  # type: ignore[arg-type]


def test_a_random_graph_has_each_edge_in_both_directions_once(space: NasBenchGraph) -> None:
    batch = space.batch(setting(space, batch_size=8, shape=SMALL))
    features, edges, nodes = batch.arguments
    pairs = list(map(tuple, edges.t().tolist()))
    assert len(pairs) == len(set(pairs)) <= 4 * 30
    assert len(pairs) > 3 * 30
    assert all((target, source) in pairs and source != target for source, target in pairs)
    assert features.shape == (30, 4)
    assert sorted(set(nodes.tolist())) == nodes.tolist()
    assert len(nodes) == len(batch.labels) == 8
    assert not batch.independent
    assert space.shape_of(batch) == {"nodes": 30, "features": 4}
    uniform = space.batch(setting(space, batch_size=8, shape=SMALL, input="uniform")).arguments[0]
    assert 0 <= uniform.min() <= uniform.max() < 1


def test_a_file_is_read_as_it_is(space: NasBenchGraph, tmp_path: Path) -> None:
    write_graph(tmp_path / "graphs" / "cora.npz")
    for folder in (tmp_path, tmp_path / "graphs"):
        graph = read_graph("cora", folder)
        expected = torch.tensor([[0.5, 0, 0.5], [0, 1, 0], [0, 1, 0], [0, 0, 0], [1, 0, 0]])
        assert torch.equal(graph.features, expected)
        assert graph.edges.tolist() == [[0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2]]
    batch = space.batch(setting(space, input="cora", labels="true", batch_size=3, shape={"classes": 2}), tmp_path)
    assert batch.arguments[2].tolist() == [0, 1, 3]
    assert batch.labels.tolist() == [0, 1, 1]


def test_a_file_without_a_split_gives_the_first_nodes_of_each_class(tmp_path: Path) -> None:
    rows = np.arange(61)
    np.savez(
        tmp_path / "amazon_photo.npz", y=np.where(rows % 3 == 0, 1, 0), x_shape=np.array([60, 2]),
        x_indptr=rows, x_indices=rows[:60] % 2, x_data=np.full(60, 3.0), adj_indptr=np.append(0, np.full(60, 1)),
        adj_indices=np.array([5]),
    )  # fmt: skip
    with pytest.raises(SettingError, match="of nodes that the graph does not have"):
        read_graph("photo", tmp_path)
    np.savez(
        tmp_path / "amazon_photo.npz", y=np.where(rows % 3 == 0, 1, 0)[:60], x_shape=np.array([60, 2]),
        x_indptr=rows, x_indices=rows[:60] % 2, x_data=np.full(60, 3.0), adj_indptr=np.append(0, np.full(60, 1)),
        adj_indices=np.array([5]),
    )  # fmt: skip
    graph = read_graph("photo", tmp_path)
    assert graph.edges.tolist() == [[0], [5]]
    zeros = [node for node in range(60) if node % 3][:20]
    assert graph.training.tolist() == sorted([*zeros, *range(0, 60, 3)])


def test_cora_has_its_public_split(space: NasBenchGraph, published_data: Path) -> None:
    """Planetoid: 2,708 nodes, 10,556 directed edges, 1,433 binary features, 20 training nodes of each of 7 classes."""
    if not (published_data / "graphs" / "cora.npz").exists():
        pytest.skip("graphs/cora.npz is not in the data folder")
    batch = space.batch(setting(space, input="cora", labels="true", batch_size=140), published_data)
    features, edges, nodes = batch.arguments
    assert (tuple(features.shape), tuple(edges.shape)) == ((2708, 1433), (2, 10_556))
    assert int((features > 0).sum()) == 49_216
    assert nodes.tolist() == list(range(140))
    assert batch.labels.bincount().tolist() == [20] * 7


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"input": "cora", "batch_size": 4, "shape": {"classes": 2}},
            "batch_size 4 is more than the 3 nodes with targets",
        ),
        (
            {"input": "cora", "shape": {"classes": 3}},
            "cora has 2 classes; the setting's networks have 3: give classes=2",
        ),
        ({"input": "cora", "shape": {"classes": 2, "nodes": 6}}, "cora has 5 nodes; the setting asks for 6"),
        ({"input": "cora", "shape": {"classes": 2, "features": 9}}, "cora has 3 features; the setting asks for 9"),
        ({"input": "photo"}, "the data set photo is not here: no amazon_photo.npz in "),
        ({"input": "gaussian", "labels": "true"}, "labels 'true' need a data set"),
        ({"batch_size": 31, "shape": SMALL}, "batch_size 31 is more than the 30 nodes with targets"),
    ],
)
def test_a_setting_from_which_no_batch_is_drawn(
    space: NasBenchGraph, tmp_path: Path, changes: dict[str, object], why: str
) -> None:
    write_graph(tmp_path / "cora.npz")
    asked = setting(space, **({"batch_size": 3} | changes))
    with pytest.raises(SettingError, match=re.escape(why)) as error:
        space.batch(asked, tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"edge_index": np.array([[0], [5]])}, {"x_indices": np.array([0, 2, 1, 1, 9])}, {"y": np.array([0, 1])},
        {"x_shape": np.array([5])}, {"y": np.array(["a"] * 5)}, {"y": np.array([None] * 5)},
    ],
)  # fmt: skip
def test_a_damaged_file_is_named(tmp_path: Path, changes: dict[str, np.ndarray]) -> None:
    write_graph(tmp_path / "cora.npz", **changes)
    with pytest.raises(SettingError, match=r"cora\.npz is no graph, or is damaged"):
        read_graph("cora", tmp_path)
    content = (tmp_path / "cora.npz").read_bytes()
    (tmp_path / "cora.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(SettingError, match=r"cora\.npz is no graph, or is damaged"):
        read_graph("cora", tmp_path)


def test_a_batch_that_is_no_graph_is_refused(space: NasBenchGraph) -> None:
    features, edges, nodes = torch.zeros(5, 3), torch.tensor([[0, 1], [1, 0]]), torch.tensor([0, 4])
    labels = torch.tensor([0, 1])
    assert space.shape_of(node_batch(features, edges, nodes, labels)) == {"nodes": 5, "features": 3}
    for batch in (
        Batch(features, torch.zeros(5, dtype=torch.long)),
        node_batch(features, torch.zeros(3, 2, dtype=torch.long), nodes, labels),
        node_batch(features, edges, torch.tensor([0, 1, 2]), labels),
        node_batch(features, edges + 4, nodes, labels),
        node_batch(features, edges, nodes - 1, labels),
    ):
        with pytest.raises(SettingError):
            space.shape_of(batch)
    with pytest.raises(SettingError, match="at least 2 samples, got 0"):
        node_batch(features, edges, nodes[:0], labels[:0])


@pytest.mark.slow
def test_a_run_takes_the_sizes_of_the_data_set(space: NasBenchGraph, tmp_path: Path) -> None:
    pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")
    write_graph(tmp_path / "cora.npz")
    common = {"input": "cora", "labels": "true", "batch_size": 3, "shape": {"classes": 2, "hidden": 4}}
    frame = harness.run(
        space, space.sample(2), ["params", "flops", "grad_norm", "gradsign"],
        setting=setting(space, **common), store=tmp_path / "s.sqlite", data=tmp_path,
    )  # fmt: skip
    scores = frame.set_index(["architecture", "proxy"])["score"]
    for architecture in space.sample(2):
        shape = {"nodes": 5, "features": 3, "classes": 2, "hidden": 4}
        assert scores[str(architecture), "params"] == space.sizes(architecture, shape).parameters
        assert scores[str(architecture), "flops"] == space.sizes(architecture, shape).macs
    refused = frame[frame["proxy"] == "gradsign"]
    assert set(refused["status"]) == {"not_applicable"}
    assert refused["message"].str.contains("needs samples that do not see each other").all()
