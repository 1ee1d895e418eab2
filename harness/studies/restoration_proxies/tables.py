"""The small benchmarks as tables, which open as every other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from harness.evaluation import Column, Facts, write_compact
from harness.studies.options import StudyOptions
from harness.studies.record import made_by
from harness.studies.restoration_proxies.protocols import Protocol, setting_of
from harness.training.restored import RestorationSetting

_MEASURES = {"psnr_db": ("db", "PSNR"), "ssim": ("ratio", "SSIM")}
_WORDS = {"valid": "held-out training images", "test": "test images"}


def table_path(protocol: Protocol, out: Path) -> Path:
    """The file of a table in the folder of the study."""
    return out / f"{protocol.table}.parquet"


def write_table(protocol: Protocol, trainings: pd.DataFrame, options: StudyOptions) -> Path:
    """Write the table of a benchmark; the same trainings give the same bytes.

    Args:
        protocol: the benchmark.
        trainings: its rows, of `harness.studies.restoration_proxies.trained.COLUMNS`.
        options: options of the study.
    """
    keys = list(dict.fromkeys(trainings["architecture"]))
    by_key = trainings.set_index(["architecture", "set", "seed"])
    columns, numbers = [], []
    for name in dict.fromkeys(trainings["set"]):
        for measure in _MEASURES:
            wide = by_key[measure].xs(name, level="set").unstack("seed").reindex(keys)
            columns.append(_column(name, measure, "mean of the trainings, of which there are one or two"))
            numbers.append(wide.mean(axis=1).to_numpy())
            for seed in wide.columns:
                columns.append(_column(name, measure, f"seed {seed}", f"_seed{seed}"))
                numbers.append(wide[seed].to_numpy())
    columns.append(
        Column(
            "params", None, None, None, "params", "none: a size", "parameters of the network", higher_is_better=False
        )
    )
    numbers.append(trainings.drop_duplicates("architecture")["parameters"].to_numpy())
    path = table_path(protocol, options.out)
    write_compact(path, keys, columns, numbers, _facts(protocol, trainings, options))
    return path


def _column(name: str, measure: str, seeds: str, ending: str = "") -> Column:
    dataset, _, split = name.rpartition("_")
    unit, printed = _MEASURES[measure]
    return Column(
        f"{name}_{measure}{ending}", dataset, split, None, unit, seeds,
        f"{printed} on {_WORDS[split]}, {dataset}, mean over the images", may_be_missing=True,
    )  # fmt: skip


def _facts(protocol: Protocol, trainings: pd.DataFrame, options: StudyOptions) -> Facts:
    setting, made = setting_of(protocol, options), made_by(options.out / protocol.table)
    count, again = (trainings.groupby("architecture")["seed"].nunique() >= number for number in (1, 2))
    sets = list(dict.fromkeys(trainings["set"]))
    return Facts(
        name=protocol.table,
        space=protocol.space,
        title=f"{int(count.sum())} random architectures of {protocol.space}, {protocol.task}, trained briefly",
        source="trained by nasinit: nasinit study restoration-proxies",
        licence="MIT (nasinit); the images are not in the table",
        path=None,
        sha256=None,
        rows=None,
        note=_note(protocol, setting, made, sets),
        splits=", ".join(sets),
        epochs=f"{setting.epochs * setting.steps} steps",
        seeds=f"seed {options.seed}, of {int(again.sum())} architectures a second one",
    )


def _note(protocol: Protocol, setting: RestorationSetting, made: dict[str, Any], sets: Sequence[str]) -> str:
    training = sets[0].rpartition("_")[0]
    crops = f"{setting.batch_size} crops of {setting.image_size} x {setting.image_size} pixels"
    return (
        f"Limits: short trainings, made to compare proxies, not networks. Adam, {setting.epochs * setting.steps} steps "
        f"of {crops}, learning rate {setting.learning_rate:g} with a rise and half a cosine, loss "
        f"{protocol.problem.check_loss(setting.loss)}, on {training}, of which each {protocol.held_out}th image is "
        f"held out for validation. The seed is that of weights and crops. {_tests(protocol, sets)}nasinit "
        f"{made['nasinit']}, torch {made['torch']}, begun {made['begun']} on {made['cpu']}, one thread."
    )


def _tests(protocol: Protocol, sets: Sequence[str]) -> str:
    """What is taken of test sets that are not taken whole, in words."""
    parts = {name: every for name, every in protocol.every.items() if f"{protocol.tests[name]}_test" in sets}
    return "".join(f"Of {name} every {every}th image is tested. " for name, every in parts.items())
