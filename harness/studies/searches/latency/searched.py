"""The searches of the study: the sweep of λ and of targets on the table supernet, and searches on images."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from harness.evaluation.columns import SPACE
from harness.evaluation.searches.latency import latency_predictor, predicted_for
from harness.evaluation.searches.table_losses import table_losses
from harness.search import run_search
from harness.search.gradient.latency import LOSS, MEAN, WEIGHT
from harness.spaces import open_space
from harness.studies.searches.pool import data_of, setting_of
from harness.studies.searches.runs import Outcome, Run

if TYPE_CHECKING:
    from harness.evaluation import Table
    from harness.search import SearchSetting
    from harness.studies.options import StudyOptions

METHOD = "darts"
DEVICES = ("help_1080ti_batch1_latency_ms", "hwnas_cifar10_edgegpu_latency_ms")
"""Devices of the sweep; the second is the one whose latencies are least additive."""
COLUMN = "cifar10_test_200ep_pct"
"""The accuracy whose expectation the table supernet is."""
WEIGHTS = (0.0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.4)
"""λ times the median latency of the device, in nats, so that devices can be compared."""
TARGETS = (0.6, 0.8, 1.0, 1.2)
"""Targets as shares of the median latency of the device."""
SEEDS, QUICK_SEEDS = 5, 2
IMAGE_WEIGHTS = (0.0, 0.1, 1.0)
"""λ times the median latency, of the searches on images, whose loss is larger."""
IMAGE_SEEDS = 3
_QUICK: Mapping[str, Any] = {"epochs": 3, "steps_per_epoch": 6}
_QUICK_IMAGES: Mapping[str, Any] = {"epochs": 2, "steps_per_epoch": 2, "batch_size": 16, "images": 64}


def median_latency(hardware: Table, column: str) -> float:
    """The median latency of all cells."""
    return float(np.nanmedian(hardware.values(_keys(), column)))


def sweep_frame(table: Table, hardware: Table, *, seed: int, quick: bool = False) -> pd.DataFrame:
    """Cells that DARTS finds on the table supernet for each device, λ or target, and seed.

    Returns:
        `device`, `kind` (`weight` or `target`), `relative` (λ times the median latency in nats, or the target over it),
        `value` (λ in nats per ms, or the target in ms), `seed`, `architecture`, `predicted_ms` and `true_ms` of it,
        `mean_ms` (the prediction at the last operation weights), `share` (of the term λ LAT over the loss in the last
        step; of targets too) and the accuracy.
    """
    losses, space = table_losses(COLUMN, table), open_space(SPACE)
    rows = []
    for device in DEVICES:
        predictor, median = latency_predictor(device, hardware), median_latency(hardware, device)
        for kind, relative in _arms(quick):
            value = relative / median if kind == "weight" else relative * median
            setting = _setting(device, kind, value, _QUICK if quick else {})
            for one in range(seed, seed + (QUICK_SEEDS if quick else SEEDS)):
                found = run_search(space, METHOD, setting, data=losses, seed=one, predictor=predictor)
                text, memory = str(found.architecture), found.memory
                mean, weight, loss = (float(memory[name][-1, -1]) for name in (MEAN, WEIGHT, LOSS))
                term = weight * mean if kind == "weight" else weight * mean / value
                rows.append(
                    (device, kind, relative, value, one, text, predicted_for(predictor, space, [text])[0], mean,
                     term / loss)
                )  # fmt: skip
    names = ["device", "kind", "relative", "value", "seed", "architecture", "predicted_ms", "mean_ms", "share"]
    return with_truth(pd.DataFrame(rows, columns=names), table, hardware)


def with_truth(frame: pd.DataFrame, table: Table, hardware: Table) -> pd.DataFrame:
    """The frame with the tabulated `true_ms` of each row's `device` and `architecture`, and its accuracy."""
    space = open_space(SPACE)
    keys = [space.key(space.parse(text)) for text in frame["architecture"]]
    true = [float(hardware.values([key], name)[0]) for key, name in zip(keys, frame["device"], strict=True)]
    return frame.assign(true_ms=true, **{COLUMN: table.values(keys, COLUMN) if keys else []})


def runs_of_study(options: StudyOptions, hardware: Table) -> list[Run]:
    """The searches on images: DARTS with a few λ of the first device, seed by seed."""
    small: Mapping[str, Any] = _QUICK_IMAGES if options.quick else {}
    seeds = options.runs or (1 if options.quick else IMAGE_SEEDS)
    median, found = median_latency(hardware, DEVICES[0]), []
    for seed in range(options.seed, options.seed + seeds):
        for relative in IMAGE_WEIGHTS:
            setting = _setting(DEVICES[0], "weight", relative / median, small)
            folder = f"images/weight_{relative:g}/seed_{seed}"
            found.append(
                Run(METHOD, setting, data_of(METHOD, options.data), seed, SPACE, folder, f"weight {relative:g}")
            )
    return found


def chosen_frame(runs: Sequence[Run], ended: Mapping[Run, Outcome], table: Table, hardware: Table) -> pd.DataFrame:
    """A row for each search on images: `weight` (relative), `seed`, `finished`, and of finished ones what they found.

    `predicted_ms` and `true_ms` are NaN, and `architecture` is empty, where the search is not finished.
    """
    space, predictor = open_space(SPACE), latency_predictor(DEVICES[0], hardware)
    rows = []
    for run in runs:
        row: dict[str, Any] = {
            "device": run.setting.latency_column, "weight": float(run.preset.split()[-1]), "seed": run.seed,
            "finished": run in ended, "architecture": "", "predicted_ms": math.nan, "true_ms": math.nan,
            COLUMN: math.nan, "cpu_seconds": math.nan,
        }  # fmt: skip
        if run in ended:
            log = ended[run].log
            text = str(log.iloc[-1]["architecture"])
            key = space.key(space.parse(text))
            row |= {
                "architecture": text, "predicted_ms": predicted_for(predictor, space, [text])[0],
                "true_ms": float(hardware.values([key], DEVICES[0])[0]),
                COLUMN: float(table.values([key], COLUMN)[0]), "cpu_seconds": float(log["cpu_seconds"].sum()),
            }  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows)


def _arms(quick: bool) -> list[tuple[str, float]]:
    weights, targets = ((0.0, 0.1), (0.8,)) if quick else (WEIGHTS, TARGETS)
    return [*(("weight", one) for one in weights), *(("target", one) for one in targets)]


def _setting(device: str, kind: str, value: float, changes: Mapping[str, Any]) -> SearchSetting:
    name = "latency_weight" if kind == "weight" else "target_latency"
    return setting_of(METHOD, SPACE, **{"objective": "latency", "latency_column": device, name: value, **changes})


def _keys() -> list[str]:
    space = open_space(SPACE)
    return [space.key(cell) for cell in space]  # type: ignore[attr-defined]
