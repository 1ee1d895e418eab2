"""Batches of NAS-Bench-Graph: one graph, and its nodes with targets, of noise or of a real data set.

Legend: n nodes of the graph, f features, E directed edges, N nodes with targets.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from harness.batches import Batch
from harness.errors import SettingError
from harness.problem import NODE_CLASSIFICATION
from harness.setting import NOISE, Setting, derived_seed
from harness.spaces.shape import Dimensions

FILES = {
    "cora": "cora",
    "citeseer": "citeseer",
    "cs": "coauthor_cs",
    "physics": "coauthor_phy",
    "photo": "amazon_photo",
    "computers": "amazon_cs",
}
"""Names of the files of the data sets, which end in .npz."""

EDGES_PER_NODE = 2
"""Undirected edges of a random graph, by node; Cora has 1.95."""

TRAINED_PER_CLASS = 20
"""Training nodes of each class, as in the public splits of Yang, Cohen & Salakhutdinov (2016)."""


class GraphData(NamedTuple):
    """A data set of one graph.

    Attributes:
        features: features [n, f] of the nodes, each row divided by its sum.
        edges: source and target [2, E] of the edges, each in both directions.
        classes: class [n] of each node.
        training: numbers of the training nodes.
    """

    features: Tensor
    edges: Tensor
    classes: Tensor
    training: Tensor


def draw_graph(
    setting: Setting,
    dimensions: Dimensions,
    data: Path | None = None,
    read: Callable[[str, Path | None], GraphData] | None = None,
) -> Batch:
    """The graph that a setting describes, and `batch_size` of its nodes; the same setting gives the same batch.

    Args:
        setting: describes the batch. For `gaussian` and `uniform` features the graph is random, with two undirected
            edges a node, and the nodes and their labels are drawn uniformly. For a data set the nodes are drawn from
            its training nodes, without replacement; labels are the true ones unless they are `random`.
        dimensions: the space's dimensions, whose default number of nodes and features a data set replaces.
        data: the folder with the files of the data sets, or the folder above their folder `graphs`.
        read: reads a data set by its name from that folder; by default `read_graph`.

    Raises:
        SettingError: for more nodes with targets than there are, sizes that do not fit, or a missing or damaged file.
    """
    generator = torch.Generator().manual_seed(derived_seed(setting.seed, "batch"))
    if setting.input in NOISE:
        if setting.labels == "true":
            raise SettingError(f"labels 'true' need a data set: input {setting.input!r} is noise and has none")
        return _noise(setting, generator)
    graph = (read or read_graph)(setting.input, data)
    _check_fits(setting, dimensions, graph)
    chosen = _drawn(graph.training, setting, generator)
    labels = graph.classes[chosen]
    if setting.labels == "random":
        labels = torch.randint(setting.shape["classes"], (len(chosen),), generator=generator, device="cpu")
    return node_batch(graph.features, graph.edges, chosen, labels)


def node_batch(features: Tensor, edges: Tensor, nodes: Tensor, labels: Tensor) -> Batch:
    """The batch of features [n, f], edges [2, E], and nodes [N] with their classes [N]."""
    return Batch([features, edges, nodes], labels, independent=False, problem=NODE_CLASSIFICATION)


def sizes_of(batch: Batch) -> dict[str, int]:
    """The nodes and features of a batch.

    Raises:
        SettingError: for a batch that is not a graph with some of its nodes.
    """
    shapes = [list(each.shape) for each in batch.arguments]
    whole = [not (each.is_floating_point() or each.is_complex()) for each in batch.arguments]
    fits = whole == [False, True, True] and [len(shape) for shape in shapes] == [2, 2, 1] and shapes[1][0] == 2
    if batch.independent or not fits or shapes[2] != [len(batch)]:
        raise SettingError(
            f"a graph is features [n, f], edges [2, E] and nodes with targets [N], the last two whole numbers, with "
            f"independent=False; the batch has {' and '.join(map(str, shapes))} and {len(batch)} targets"
        )
    count = shapes[0][0]
    for name, numbers in zip(("edges", "nodes"), batch.arguments[1:], strict=True):
        if numbers.numel() and not 0 <= int(numbers.min()) <= int(numbers.max()) < count:
            raise SettingError(f"the {name} of a graph of {count:,} nodes name nodes from 0 to {count - 1:,}")
    return {"nodes": count, "features": shapes[0][1]}


def read_graph(name: str, folder: Path | None) -> GraphData:
    """The graph of a data set, from its .npz of arrays.

    Isolated nodes are kept. Nodes without a class are in no split. Where the file has no public split, the first 20
    nodes of each class are the training nodes (our choice: the authors draw theirs at random, and do not print them).

    Raises:
        SettingError: naming the file, and what is wrong with it.
    """
    return graph_of(graph_file(name, folder))


def graph_file(name: str, folder: Path | None) -> Path:
    """The file of a data set in a folder, or in its folder `graphs`.

    Raises:
        SettingError: no folder, or none that holds the file.
    """
    if folder is None:
        raise SettingError(
            f"input {name!r} needs the folder of its file {FILES[name]}.npz: give --data FOLDER, or set NASINIT_DATA "
            "to the folder that holds graphs"
        )
    path = file_of(name, folder)
    if path is None:
        raise SettingError(
            f"the data set {name} is not here: no {FILES[name]}.npz in {folder}, or in its folder graphs"
        )
    return path


def graph_of(path: Path, *, normalised: bool = True) -> GraphData:
    """The graph of a file of arrays; its features are divided by their sum over a node unless told otherwise.

    Raises:
        SettingError: naming the file, and what is wrong with it.
    """
    with naming(path):
        return _graph(graph_arrays(path), normalised=normalised)


def graph_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file by name; errors are those of numpy, which `naming` puts into words."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return {key: arrays[key] for key in arrays.files}


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Inside, what goes wrong with a file's arrays is an error that names the file.

    Raises:
        SettingError: in the place of these errors.
    """
    try:
        yield
    except (OSError, KeyError, ValueError, IndexError, RuntimeError, zipfile.BadZipFile) as error:
        raise SettingError(f"{path} is no graph, or is damaged ({type(error).__name__}: {error})") from error


def file_of(name: str, folder: Path) -> Path | None:
    """The file of a data set in a folder, or in its folder `graphs`; None where there is none."""
    places = (folder / f"{FILES[name]}.npz", folder / "graphs" / f"{FILES[name]}.npz")
    return next((place for place in places if place.is_file()), None)


def _graph(arrays: Mapping[str, NDArray[Any]], *, normalised: bool) -> GraphData:
    count, wide = map(int, arrays["x_shape"])
    features = torch.zeros(count, wide, device="cpu")
    rows = np.repeat(np.arange(count), np.diff(arrays["x_indptr"]))
    values = arrays["x_data"] if "x_data" in arrays else np.ones(len(rows), dtype=np.float32)
    features[torch.from_numpy(rows), torch.from_numpy(arrays["x_indices"].astype(np.int64))] = torch.from_numpy(
        values.astype(np.float32)
    )
    if normalised:
        features /= features.sum(dim=1, keepdim=True).clamp(min=1e-12)
    if "edge_index" in arrays:
        edges = arrays["edge_index"].astype(np.int64)
    else:
        sources = np.repeat(np.arange(count), np.diff(arrays["adj_indptr"]))
        edges = np.stack([sources, arrays["adj_indices"].astype(np.int64)])
    classes = arrays["y"].astype(np.int64)
    if "public_train" in arrays:
        training = arrays["public_train"].astype(np.int64)
    else:
        found = [np.flatnonzero(classes == each)[:TRAINED_PER_CLASS] for each in range(int(classes.max()) + 1)]
        training = np.sort(np.concatenate(found))
    if edges.min() < 0 or edges.max() >= count or len(classes) != count:
        raise ValueError("edges or classes of nodes that the graph does not have")
    return GraphData(features, *map(torch.from_numpy, (edges, classes, training)))


def _noise(setting: Setting, generator: torch.Generator) -> Batch:
    sizes = setting.shape
    count = sizes["nodes"]
    draw = torch.randn if setting.input == "gaussian" else torch.rand
    features = draw(count, sizes["features"], generator=generator, dtype=torch.float32, device="cpu")
    edges = random_edges(count, EDGES_PER_NODE * count, generator)
    nodes = _drawn(torch.arange(count, device="cpu"), setting, generator)
    labels = torch.randint(sizes["classes"], (len(nodes),), generator=generator, device="cpu")
    return node_batch(features, edges, nodes, labels)


def random_edges(nodes: int, most: int, generator: torch.Generator) -> Tensor:
    """`most` pairs of different nodes, without those drawn twice, in both directions: source and target [2, E]."""
    ends = torch.randint(nodes, (2, most), generator=generator, device="cpu")
    ends = ends[:, ends[0] != ends[1]]
    both = torch.cat([ends, ends.flip(0)], dim=1)
    numbers = torch.from_numpy(np.unique((both[0] * nodes + both[1]).numpy()))
    return torch.stack([numbers // nodes, numbers % nodes])


def _drawn(nodes: Tensor, setting: Setting, generator: torch.Generator) -> Tensor:
    """`batch_size` of the nodes, sorted."""
    if setting.batch_size > len(nodes):
        raise SettingError(f"batch_size {setting.batch_size} is more than the {len(nodes)} nodes with targets")
    places = torch.randperm(len(nodes), generator=generator, device="cpu")[: setting.batch_size]
    return nodes[places].sort().values


def _check_fits(setting: Setting, dimensions: Dimensions, graph: GraphData) -> None:
    """Refuse sizes that are not the data set's; the default number of nodes or features gives way to it."""
    nodes, features = graph.features.shape
    for name, own in (("nodes", nodes), ("features", features)):
        asked = setting.shape[name]
        if asked not in (own, dimensions[name].default):
            raise SettingError(f"{setting.input} has {own:,} {name}; the setting asks for {asked:,}")
    classes = int(graph.classes.max()) + 1
    if setting.shape["classes"] != classes:
        raise SettingError(
            f"{setting.input} has {classes} classes; the setting's networks have {setting.shape['classes']}: "
            f"give classes={classes}"
        )
