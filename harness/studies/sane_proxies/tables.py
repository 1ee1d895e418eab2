"""The trained genotypes of a graph as a table, which opens as every other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.evaluation import Column, Facts, write_compact
from harness.studies.record import made_by
from harness.studies.sane_proxies.protocol import SPACE, Protocol, opened

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from harness.spaces.node_split import NodeSplit

SPLITS = {"valid": "validation_pct", "test": "test_pct"}
"""Columns of the trainings by the split's name in the table."""
_WORDS = {"valid": "validation nodes, the highest of all epochs", "test": "test nodes at the first epoch of the best "
          "validation accuracy"}  # fmt: skip


def name_of(graph: str) -> str:
    """Name of the table of a graph."""
    return f"{SPACE}-{graph}"


def column_of(graph: str, split: str, protocol: Protocol) -> str:
    """Name of the column of the mean accuracy over the trainings."""
    return f"{graph}_{split}_{protocol.training.epochs}ep_pct"


def write_table(graph: NodeSplit, trainings: pd.DataFrame, protocol: Protocol, out: Path) -> Path:
    """Write the table of a graph; the same trainings give the same bytes.

    Args:
        graph: the graph.
        trainings: its trainings, with `architecture`, `seed` and both accuracies.
        protocol: the size of the study.
        out: folder of the study.
    """
    keys = list(dict.fromkeys(trainings["architecture"]))
    by_key = trainings.set_index(["architecture", "seed"])
    columns: list[Column] = []
    numbers: list[ArrayLike] = []
    for split, measure in SPLITS.items():
        wide = by_key[measure].unstack("seed").reindex(keys)
        name = column_of(graph.name, split, protocol)
        columns.append(
            _column(graph.name, split, name, "mean of the trainings, of which there are one or two", protocol)
        )
        numbers.append(wide.mean(axis=1).to_numpy())
        for seed in wide.columns:
            columns.append(_column(graph.name, split, f"{name}_seed{seed}", f"seed {seed}", protocol))
            numbers.append(wide[seed].to_numpy())
    words = "parameters of the network"
    columns.append(Column("params", None, None, None, "params", "none: a size", words, higher_is_better=False))
    sizes = {"features": graph.features.shape[1], "classes": graph.count, "hidden": protocol.training.hidden}
    numbers.append([opened().sizes(opened().parse(key), sizes).parameters for key in keys])
    path = out / f"{name_of(graph.name)}.parquet"
    write_compact(path, keys, columns, numbers, _facts(graph, trainings, protocol, out))
    return path


def _column(graph: str, split: str, name: str, seeds: str, protocol: Protocol) -> Column:
    return Column(
        name, graph, split, protocol.training.epochs, "pct", seeds, f"accuracy on the {_WORDS[split]}",
        may_be_missing=True,
    )  # fmt: skip


def _facts(graph: NodeSplit, trainings: pd.DataFrame, protocol: Protocol, out: Path) -> Facts:
    setting, made = protocol.training, made_by(out)
    seeds = trainings.groupby("architecture")["seed"].nunique()
    return Facts(
        name=name_of(graph.name),
        space=SPACE,
        title=f"{len(seeds)} random genotypes of SANE on {graph.name}, trained for {setting.epochs} epochs",
        source="trained by nasinit: nasinit study sane-proxies",
        licence="MIT (nasinit); the graph is not in the table",
        path=None,
        sha256=None,
        rows=None,
        note=(
            "Limits: short trainings, made to compare proxies and supernets, not networks. SANE's split, "
            f"{len(graph.training)} nodes to train, {len(graph.validation)} to validate, {len(graph.test)} to test. "
            f"{setting.optimizer}, {setting.epochs} epochs on the whole graph, rate {setting.learning_rate:g}, "
            f"weight decay {setting.weight_decay:g}, dropout {setting.input_dropout:g}, width {setting.hidden}, "
            f"{setting.activation}. The seed is that of weights and dropout. nasinit {made['nasinit']}, torch "
            f"{made['torch']}, begun {made['begun']} on {made['cpu']}, one thread."
        ),
        splits="valid, test",
        epochs=f"{setting.epochs}",
        seeds=f"seed {trainings['seed'].min()}, of {int((seeds > 1).sum())} genotypes a second one",
    )
