"""The columns of a release's compact table, and the numbers of one record in their order.

A name is `<dataset>_<split>_<epochs>ep_<unit>[_seed<N>]`: `pct` is an accuracy in percent, `nats` a cross-entropy;
without a seed it is the client's mean over the available seeds.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.releases.kinds import DATASETS, SEEDS, SPLITS, Kind, Split
from benchmarks.releases.records import MEAN, Record, Seed
from benchmarks.shown import in_epochs
from benchmarks.table import Column

_NETWORKS = {name: client for name, client in DATASETS.items() if name != "cifar10half"}
_TITLES = {
    "cifar10half": "half of CIFAR-10",
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
    "imagenet16_120": "ImageNet16-120",
}


def columns_of(kind: Kind) -> tuple[Column, ...]:
    """All columns that a release of that kind can have, in order; `numbers_of` gives their values."""
    return (*_cost_columns(kind), *_training_columns(kind), *_metric_columns(kind))


def numbers_of(record: Record) -> list[float]:
    """Numbers of one record in the order of `columns_of(record.kind)`; NaN for numbers that the release lacks.

    Raises:
        TableError: for an unreadable or impossible number; the message names file, record and field.

    """
    return [*_costs(record), *_trainings(record), *_metrics(record)]


def metric_column(split: Split, epochs: int, unit: str, seed: Seed) -> Column:
    """Column of the accuracies (`pct`) or losses (`nats`) at the end of a training."""
    name = f"{split.dataset}_{split.name}_{epochs}ep_{unit}" + ("" if seed == MEAN else f"_seed{seed}")
    seeds = "mean over the available seeds" if seed == MEAN else f"seed {seed}"
    what = "accuracy" if unit == "pct" else "cross-entropy"
    text = f"{what} {split.meaning}, for {in_epochs(epochs)}; {seeds}"
    origin = f"{split.client_dataset} {split.client_set}"
    return Column(name, split.dataset, split.name, epochs, unit, seeds, text, True, unit == "pct", origin)


def _cost_columns(kind: Kind) -> Iterator[Column]:
    for dataset in _NETWORKS:
        prefix = "" if dataset == "cifar10" else f"{dataset}_"  # the networks differ in their last layer and input
        network = f"the network for {_TITLES[dataset]}"
        yield Column(f"{prefix}params", None, None, None, "params", "none", f"parameters of {network}", True, False)
        yield Column(f"{prefix}macs", None, None, None, "macs", "none", f"multiply-adds of {network}", True, False)
        text = f"milliseconds that {network} takes for a batch of 256, as the authors measured it"
        seeds = f"mean over the trainings of {in_epochs(kind.epochs[-1])}"
        yield Column(f"{dataset}_latency_ms", dataset, None, None, "ms", seeds, text, True, False)


def _costs(record: Record) -> Iterator[float]:
    for client_dataset in _NETWORKS.values():
        costs = record.costs(client_dataset)
        yield from (costs.params, costs.macs, costs.latency_ms)


def _training_columns(kind: Kind) -> Iterator[Column]:
    seeds = "mean over the available seeds"
    for epochs in kind.epochs:
        for dataset, title in _TITLES.items():
            name, run = f"{dataset}_{epochs}ep", f"training on {title} for {in_epochs(epochs)}"
            yield Column(f"{name}_seeds", dataset, "train", epochs, "seeds", "counted", f"number of seeds: {run}", True)
            text = f"seconds in all: {run}, as the authors give it"
            yield Column(f"{name}_train_s", dataset, "train", epochs, "s", seeds, text, True, False)


def _trainings(record: Record) -> Iterator[float]:
    for epochs in record.kind.epochs:
        for client_dataset in DATASETS.values():
            yield float(len(record.seeds(client_dataset, epochs)))
            yield record.train_seconds(client_dataset, epochs)


def _metric_columns(kind: Kind) -> Iterator[Column]:
    for epochs in kind.epochs:
        for split in SPLITS:
            for seed in (MEAN, *SEEDS):
                yield metric_column(split, epochs, "pct", seed)
                yield metric_column(split, epochs, "nats", seed)


def _metrics(record: Record) -> Iterator[float]:
    for epochs in record.kind.epochs:
        for split in SPLITS:
            for seed in (MEAN, *SEEDS):
                yield from record.metrics(split, epochs, seed)
