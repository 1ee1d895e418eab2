"""Made releases in the official formats, small enough for a test: numbers from a seed, the structure as published."""

from __future__ import annotations

import bz2
import itertools
import pickle
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
CELLS = tuple(
    f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|" for a, b, c, d, e, f in itertools.product(OPERATIONS, repeat=6)
)
CHANNELS = tuple(":".join(map(str, sizes)) for sizes in itertools.product(range(8, 65, 8), repeat=5))
SETS = {
    "cifar10-valid": ("x-valid", "ori-test"),
    "cifar10": ("ori-test",),
    "cifar100": ("x-valid", "x-test", "ori-test"),
    "ImageNet16-120": ("x-valid", "x-test", "ori-test"),
}
EPOCHS = {"01": 1, "12": 12, "90": 90, "200": 200, "less": 12, "full": 200}
TOPOLOGY = {"12": {"cifar10-valid": [111, 777]}, "200": {}}
SIZE: dict[str, Any] = {"01": {}, "12": {}, "90": {}}
PTH = {"less": {"cifar10-valid": [111, 777]}, "full": {}}


def trial(
    dataset: str, seed: int, epochs: int, generator: np.random.Generator, every: int = 1, timed: bool = True
) -> dict[str, Any]:
    """One training as the releases hold it, with a value every few epochs and after the last, and perhaps the times."""
    measured = sorted({*range(0, epochs, every), epochs - 1})
    seconds = float(generator.uniform(1, 9))
    sets = SETS[dataset]
    return {
        "name": dataset,
        "net_state_dict": None,
        "train_acc1es": {epoch: float(generator.uniform(10, 99)) for epoch in measured},
        "train_acc5es": None,
        "train_losses": {epoch: float(generator.uniform(0, 3)) for epoch in measured},
        "train_times": OrderedDict((epoch, seconds) for epoch in range(epochs)) if timed else None,
        "arch_config": {"channel": 16, "num_cells": 5, "arch_str": "as above", "class_num": 10},
        "params": np.float64(0.129306),
        "flop": 15.64737,
        "seed": f"{seed:04d}",
        "epochs": epochs,
        "latency": [np.float64(generator.uniform(0.01, 0.02))],
        "eval_names": list(sets),
        "eval_acc1es": {f"{name}@{epoch}": float(generator.uniform(10, 99)) for name in sets for epoch in measured},
        "eval_times": {f"{name}@{epoch}": seconds / 3 for name in sets for epoch in range(epochs) if timed},
        "eval_losses": {f"{name}@{epoch}": float(generator.uniform(0, 3)) for name in sets for epoch in measured},
    }


def record(
    index: int,
    architecture: str,
    trainings: Mapping[str, Mapping[str, Sequence[int]]] = TOPOLOGY,
    *,
    seeds: Sequence[int] = (777, 888),
    every: int = 25,
    timed: bool = True,
) -> OrderedDict[str, Any]:
    """One record: for each training its data sets' seeds (all four with `seeds`, but for those given)."""
    generator = np.random.default_rng(index)
    made: OrderedDict[str, Any] = OrderedDict()
    for name, given in trainings.items():
        of = {dataset: list(given.get(dataset, seeds)) for dataset in SETS}
        made[name] = {
            "arch_index": index,
            "arch_str": architecture,
            "all_results": {
                (dataset, seed): trial(dataset, seed, EPOCHS[name], generator, every, timed)
                for dataset in of
                for seed in of[dataset]
            },
            "dataset_seed": of,
            "clear_net_done": True,
        }
    return made


def dump(path: Path, value: object, protocol: int = 4) -> Path:
    """A .pickle.pbz2 file of the value."""
    path.write_bytes(bz2.compress(pickle.dumps(value, protocol=protocol), 1))
    return path


def write_folder(
    folder: Path, architectures: Sequence[str], records: Iterable[Mapping[str, Any]], *, places: Sequence[int] = ()
) -> Path:
    """A NATS-Bench `-simple` folder: the meta file and the records, at their own or the given places."""
    folder.mkdir(parents=True)
    meta = {
        "meta_archs": list(architectures),
        "total_archs": len(architectures),
        "arch2infos": None,
        "evaluated_indexes": set(),
    }
    dump(folder / "meta.pickle.pbz2", meta)
    for place, made in enumerate(records):
        index = places[place] if places else next(iter(made.values()))["arch_index"]
        dump(folder / f"{index:06d}.pickle.pbz2", made)
    return folder


def whole(architectures: Sequence[str], records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What a single-file release holds."""
    infos = {next(iter(made.values()))["arch_index"]: made for made in records}
    return {
        "meta_archs": list(architectures),
        "total_archs": len(architectures),
        "arch2infos": infos,
        "evaluated_indexes": set(infos),
    }


def save_torch(path: Path, value: object, *, legacy: bool) -> Path:
    """A .pth file, in torch's format up to 1.5 (as the releases are) or in today's."""
    import torch

    torch.save(value, path, _use_new_zipfile_serialization=not legacy)
    return path
