"""Cora and CiteSeer in SANE's split of 60, 20 and 20 per cent of the nodes, and in the public split.

SANE's split is that of the authors' code: scikit-learn's `StratifiedKFold` of ten folds, shuffled with the seed 12345,
of which six train, two validate and two test. Features are used as they are. Nodes without a class, of which CiteSeer
has 15, are in no part; in the authors' code they count as the first class. The public split (Yang, Cohen &
Salakhutdinov 2016) has 20 nodes of each class to train on, 500 to validate and 1,000 to test; each row of its features
is divided by its sum.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from harness.errors import SettingError
from harness.spaces.nasbench_graph.graphs import GraphData, graph_arrays, graph_file, graph_of, naming, random_edges
from harness.spaces.node_split import NodeSplit

DATA_SETS = ("cora", "citeseer")
SANE, PUBLIC = "sane", "public"
_WORDS = {SANE: "SANE's graphs", PUBLIC: "graphs with a public split"}
_PARTS = ("train", "val", "test")


def read_split(source: str | Path, folder: Path | None = None, split: str = SANE) -> NodeSplit:
    """A data set with SANE's split, or the public one.

    Args:
        source: `cora` or `citeseer`, or the path of a file of arrays such as theirs, which ends in .npz.
        folder: the folder with the files of the data sets, or the folder above their folder `graphs`.
        split: `sane`, with the features as they are, or `public`, with each row of features divided by its sum.

    Raises:
        SettingError: no such data set, a file that is not here, that is damaged or that has no such split, and what
            `NodeSplit` refuses.
    """
    path = Path(source)
    if path.suffix == ".npz" and not path.is_file():
        raise SettingError(f"the graph {path} is not here")
    if path.suffix != ".npz":
        if source not in DATA_SETS:
            raise SettingError(
                f"{_WORDS[split]} are {' and '.join(DATA_SETS)}, or a file FOLDER/cora.npz; got {source!r}"
            )
        path = graph_file(str(source), folder)
    graph = graph_of(path, normalised=split == PUBLIC)
    with naming(path):
        arrays = graph_arrays(path)
    names = [f"{split}_{part}" for part in _PARTS]
    if lacking := [name for name in names if name not in arrays]:
        of = "split of SANE" if split == SANE else "public split"
        raise SettingError(f"{path} has no {of}: {', '.join(lacking)} are missing")
    classes = graph.classes.clone()
    without = torch.from_numpy(arrays["unlabelled"].astype(np.int64)) if "unlabelled" in arrays else None
    if without is not None:
        classes[without] = -1
    parts = [torch.from_numpy(np.sort(arrays[name].astype(np.int64))) for name in names]
    if without is not None:
        parts = [part[~torch.isin(part, without)] for part in parts]
    return NodeSplit(path.stem, graph.features, graph.edges, classes, *parts)


def read_training(name: str, folder: Path | None) -> GraphData:
    """A data set whose training nodes are those of SANE's split; errors are those of `read_split`."""
    split = read_split(name, folder)
    return GraphData(split.features, split.edges, split.classes, split.training)


def random_split(nodes: int, features: int, classes: int, seed: int) -> NodeSplit:
    """A random graph with classes that its features and edges tell of, for tests and for trying things out.

    Args:
        nodes: number of nodes; a class has at least one of each part, so that there are at least five for each class.
        features: number of features, at least as many as classes.
        classes: number of classes.
        seed: seed of all random numbers.

    Raises:
        SettingError: for too few nodes or features.
    """
    if nodes < 5 * classes or features < classes:
        raise SettingError(f"a random graph of {classes} classes has at least {5 * classes} nodes, {classes} features")
    generator = torch.Generator().manual_seed(seed)
    own = torch.arange(nodes, device="cpu") % classes
    values = torch.randn(nodes, features, generator=generator, dtype=torch.float32, device="cpu")
    values[torch.arange(nodes, device="cpu"), own] += 2
    edges = random_edges(nodes, 8 * nodes, generator)
    same = own[edges[0]] == own[edges[1]]
    order = torch.randperm(nodes, generator=generator, device="cpu")
    first, second = 3 * nodes // 5, 4 * nodes // 5
    parts = (part.sort().values for part in (order[:first], order[first:second], order[second:]))
    return NodeSplit("noise", values, edges[:, same], own, *parts)
