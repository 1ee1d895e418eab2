"""What the official clients say of a release, and records that tests make and change."""

from __future__ import annotations

import bz2
import math
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nats_bench

from benchmarks.releases import Release
from benchmarks.releases.kinds import DATASETS, SPLITS
from benchmarks.releases.quantities import columns_of, numbers_of
from tests.benchmarks import release_files as made
from tests.benchmarks.release_files import CELLS, record

TSS, SSS = "NATS-tss-v1_0-3ffb9-simple", "NATS-sss-v1_0-50262-simple"


def pth_record(index: int, version: str = "1.1") -> dict[str, Any]:
    """A record of NAS-Bench-201; before 1.1 its 12-epoch training was on `cifar10-valid` alone."""
    kept = record(index, CELLS[index], made.PTH)
    if version == "1.0":
        less = kept["less"]
        less["dataset_seed"] = {"cifar10-valid": less["dataset_seed"]["cifar10-valid"]}
        less["all_results"] = {key: value for key, value in less["all_results"].items() if key[0] == "cifar10-valid"}
    return kept


def client(path: Path) -> Any:
    """The release's own client, reading the same files by its own means."""
    if path.suffix == ".pth":
        import torch
        from nas_201_api import NASBench201API

        return NASBench201API(torch.load(path, weights_only=False), verbose=False)
    space = "tss" if "tss" in path.name else "sss"
    return nats_bench.create(str(path), space, fast_mode=path.is_dir(), verbose=False)


def told_by_the_client(api: Any, index: int, trainings: dict[str, int]) -> dict[str, float]:
    """Every number of a record by the name of its column, each asked of the client's public methods."""
    told: dict[str, float] = {"index": index}
    keys = {"train": "train", "x-valid": "valid", "x-test": "test"}
    for hp, epochs in trainings.items():
        for split in SPLITS:
            info = api.query_meta_info_by_index(index, hp)
            dataset = split.client_dataset
            if dataset not in info.get_dataset_names():
                told[f"{DATASETS_OURS[dataset]}_{epochs}ep_seeds"] = 0
                continue
            key = keys.get(
                split.client_set, "test" if dataset.startswith("cifar10-") or dataset == "cifar10" else "valtest"
            )
            told[f"{DATASETS_OURS[dataset]}_{epochs}ep_seeds"] = len(info.get_dataset_seeds(dataset))
            for seed in (False, *info.get_dataset_seeds(dataset)):
                found = api.get_more_info(index, dataset, hp=hp, is_random=seed)
                suffix = "" if seed is False else f"_seed{seed}"
                name = f"{split.dataset}_{split.name}_{epochs}ep"
                told[f"{name}_pct{suffix}"] = found[f"{key}-accuracy"]
                told[f"{name}_nats{suffix}"] = found[f"{key}-loss"]
                if seed is False:
                    told[f"{DATASETS_OURS[dataset]}_{epochs}ep_train_s"] = found["train-all-time"]
    for ours, dataset in DATASETS.items():
        if ours != "cifar10half":
            costs = api.get_cost_info(index, dataset, hp=list(trainings)[-1])
            prefix = "" if ours == "cifar10" else f"{ours}_"
            told[f"{prefix}params"] = round(costs["params"] * 1e6)
            told[f"{prefix}macs"] = round(costs["flops"] * 1e6)
            told[f"{ours}_latency_ms"] = costs["latency"] * 1000
    return told


DATASETS_OURS = {client_name: ours for ours, client_name in DATASETS.items()}
HPS = {"tss": {"12": 12, "200": 200}, "sss": {"01": 1, "12": 12, "90": 90}, "pth": {"12": 12, "200": 200}}


def numbers(release: Release, index: int) -> dict[str, float]:
    found = dict(zip((c.name for c in columns_of(release.kind)), numbers_of(release.record(index)), strict=True))
    return {"index": index} | {name: value for name, value in found.items() if not math.isnan(value)}


def change(path: Path, index: int, edit: Callable[[Any], object]) -> Path:
    """Edit what a record's file holds."""
    file = path / f"{index:06d}.pickle.pbz2"
    held = pickle.loads(bz2.decompress(file.read_bytes()))
    edit(held)
    made.dump(file, held)
    return file


class Malicious:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.system, (f"touch {self.mark}",)
