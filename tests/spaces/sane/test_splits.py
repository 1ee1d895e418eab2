"""SANE's split of Cora and CiteSeer, and graphs that are refused.

Oracles: scikit-learn's folds as the authors draw them, and small graphs with one fault each.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from harness.errors import SettingError
from harness.setting import Setting
from harness.spaces.node_split import NodeSplit
from harness.spaces.sane import Sane
from harness.spaces.sane.splits import PUBLIC, random_split, read_split, read_training
from harness.spaces.space import completed


def small() -> NodeSplit:
    return random_split(20, 4, 3, seed=0)


@pytest.mark.parametrize(("name", "sizes"), [("cora", (1626, 542, 540)), ("citeseer", (1986, 665, 661))])
def test_the_parts_are_the_authors_folds_without_nodes_that_have_no_class(
    name: str, sizes: tuple[int, ...], published_data: Path
) -> None:
    model_selection = pytest.importorskip("sklearn.model_selection")
    split = read_split(name, published_data)
    classes = np.load(published_data / "graphs" / f"{name}.npz")["y"]
    folds = model_selection.StratifiedKFold(10, shuffle=True, random_state=12345).split(classes, classes)
    tests = [fold for _, fold in folds]
    parts = (split.training, split.validation, split.test)
    for part, chosen in zip(parts, (tests[:6], tests[6:8], tests[8:]), strict=True):
        drawn = torch.from_numpy(np.sort(np.concatenate(chosen)))
        assert torch.equal(part, drawn[split.classes[drawn] >= 0])
    assert tuple(len(part) for part in parts) == sizes


def test_features_are_as_they_are_and_isolated_nodes_stay(published_data: Path) -> None:
    split = read_split(published_data / "graphs" / "citeseer.npz")
    assert split.features.shape == (3327, 3703)
    assert set(split.features.unique().tolist()) == {0.0, 1.0}
    assert len(torch.cat([split.edges[0], split.edges[1]]).unique()) == 3327 - 48
    assert split.count == 6
    assert int((split.classes < 0).sum()) == 15


@pytest.mark.parametrize(("name", "classes"), [("cora", 7), ("citeseer", 6)])
def test_the_public_split_has_twenty_nodes_of_each_class(name: str, classes: int, published_data: Path) -> None:
    split = read_split(name, published_data, PUBLIC)
    assert torch.bincount(split.classes[split.training]).tolist() == [20] * classes
    assert (len(split.validation), len(split.test)) == (500, 1000)
    sums = split.features.sum(dim=1)
    assert torch.allclose(sums[sums > 0], torch.ones(()))


def test_the_batch_of_a_data_set_has_training_nodes_of_the_split(space: Sane, published_data: Path) -> None:
    setting = completed(space, Setting(input="cora", labels="true", batch_size=32))
    batch = space.batch(setting, published_data)
    assert bool(torch.isin(batch.arguments[2], read_training("cora", published_data).training).all())
    assert space.shape_of(batch) == {"nodes": 2708, "features": 1433}
    wrong = completed(space, Setting(input="cora", batch_size=32, features=7))
    with pytest.raises(SettingError, match="cora has 1,433 features; the setting asks for 7"):
        space.batch(wrong, published_data)


def test_a_batch_is_the_whole_graph_and_the_nodes_of_a_part() -> None:
    split = small()
    batch = split.batch("validation")
    assert torch.equal(batch.arguments[2], split.validation)
    assert torch.equal(batch.targets, split.classes[split.validation])
    assert not batch.independent


def test_the_majority_is_the_share_of_the_most_frequent_class() -> None:
    split = replace(small(), classes=torch.tensor([0] * 12 + [1] * 5 + [2] * 3))
    split = replace(split, training=torch.tensor([2]), validation=torch.tensor([3]), test=torch.tensor([0, 1, 13, 19]))
    assert split.majority("test") == 0.5


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"validation": torch.tensor([], dtype=torch.long)}, "the validation part of noise is empty: no node is in it"),
        (
            {"test": torch.tensor([99])},
            "name nodes that are not there: 20 nodes are from 0 to 19",
        ),
        ({"classes": torch.full((20,), -1)}, "12 nodes of the training part of noise have no class, such as node"),
        ({"classes": torch.zeros(3, dtype=torch.long)}, "noise has features of 20 nodes and classes of 3"),
        ({"features": torch.zeros(20)}, r"features of noise are floating point \[n, f\]"),
        ({"features": torch.full((20, 4), torch.nan)}, "the features of noise have values that are not finite"),
        ({"edges": torch.tensor([[0], [20]])}, "the edges of noise name nodes that are not there"),
        ({"edges": torch.zeros(3, 2, dtype=torch.long)}, r"edges of noise are source and target \[2, E\]"),
        ({"training": torch.tensor([1.5])}, "the training part of noise are whole numbers"),
        ({"training": torch.tensor([1, 1])}, "the training part of noise names a node twice"),
        ({"training": torch.arange(20)}, "is in the training part and in the validation part"),
    ],
)
def test_a_faulty_graph_is_refused_in_a_line(changes: dict[str, torch.Tensor], why: str) -> None:
    with pytest.raises(SettingError, match=why) as error:
        replace(small(), **changes)
    assert "\n" not in str(error.value)


def test_files_that_are_no_splits_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"SANE's graphs are cora and citeseer, or a file .*; got 'pubmed'"):
        read_split("pubmed", tmp_path)
    with pytest.raises(SettingError, match="the data set cora is not here"):
        read_split("cora", tmp_path)
    with pytest.raises(SettingError, match=r"the graph .*mine\.npz is not here"):
        read_split(tmp_path / "mine.npz")
    (tmp_path / "mine.npz").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(SettingError, match=r"mine\.npz is no graph, or is damaged"):
        read_split(tmp_path / "mine.npz")
    graph = {
        "y": np.array([0, 1, 0]), "edge_index": np.array([[0, 1], [1, 0]]), "x_shape": np.array([3, 2]),
        "x_indptr": np.array([0, 1, 2, 2]), "x_indices": np.array([0, 1]),
    }  # fmt: skip
    np.savez(tmp_path / "mine.npz", **graph)
    with pytest.raises(SettingError, match="has no split of SANE: sane_train, sane_val, sane_test are missing"):
        read_split(tmp_path / "mine.npz")
    with pytest.raises(SettingError, match="has no public split: public_train, public_val, public_test are missing"):
        read_split(tmp_path / "mine.npz", split=PUBLIC)
    np.savez(tmp_path / "mine.npz", **graph, sane_train=[0], sane_val=[1], sane_test=np.array([], dtype=np.int64))
    with pytest.raises(SettingError, match="the test part of mine is empty"):
        read_split(tmp_path / "mine.npz")


def test_a_random_graph_is_reproducible_and_large_enough() -> None:
    assert small().digest() == small().digest() != random_split(20, 4, 3, seed=1).digest()
    with pytest.raises(SettingError, match="a random graph of 7 classes has at least 35 nodes"):
        random_split(20, 9, 7, seed=0)
