"""Seconds and saved bytes of the steps of searches, plain and simplified: the arms in turns, in one process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from harness.evaluation.columns import SPACE
from harness.search import find_method
from harness.search.gradient.data import CHANNELS, CLASSES, read_images
from harness.search.gradient.method import Step
from harness.search.gradient.saved_bytes import SavedTensors
from harness.search.gradient.state import SearchTask, State, initial_state, sgd
from harness.search.gradient.steps import one_step
from harness.search.gradient.task import search_task
from harness.spaces import open_space
from harness.spaces.nasbench201 import NasBench201
from harness.studies.searches.nasi.variants import WithoutNorm
from harness.studies.searches.toponas.arms import ARMS, METHODS, PLAIN
from harness.studies.searches.toponas.path_by_path import PathSupernet

if TYPE_CHECKING:
    import pandas as pd

PATH_BY_PATH = "path by path"
BASES = (PATH_BY_PATH, PLAIN)
"""The arms that costs are compared with: nothing shared, and our supernet, which shares what is exact."""


class Size(NamedTuple):
    """The supernet and the batch whose steps are measured.

    Attributes:
        space: name of the space.
        width: channels of the first stage, C.
        depth: cells a stage, N, or in the DARTS space cells.
        image_size: side of the images in pixels.
        batch_size: images in a batch.
        rounds: steps of each arm.
    """

    space: str
    width: int
    depth: int
    image_size: int
    batch_size: int
    rounds: int


SIZES = (Size(SPACE, 16, 1, 32, 64, 5), Size(SPACE, 16, 5, 32, 64, 2), Size("darts", 8, 3, 16, 64, 3))
QUICK_SIZES = (Size(SPACE, 8, 1, 8, 8, 2), Size("darts", 8, 3, 8, 4, 2))


def cost_rounds(size: Size, method: str, seed: int) -> pd.DataFrame:
    """A row for each round and arm: CPU seconds of a step, and bytes that a pass of α keeps for its backward pass.

    All arms start from the same weights, and take the same batch of noise and the same random numbers in a round. A
    step is that of the search's loop: one pass for α and one for the weights. Weights, α and images are no saved bytes.
    """
    import pandas as pd

    states = dict(_arms(size, method, seed))
    rows: list[dict[str, Any]] = []
    for number in range(size.rounds):
        for arm, (task, state) in states.items():
            step = _step(task, state, number)
            saved = saved_bytes(step)
            start = time.process_time()
            one_step(step, moves=True)
            seconds = time.process_time() - start
            rows.append(
                {**size._asdict(), "method": method, "arm": arm, "round": number, "cpu_seconds": seconds,
                 "saved_bytes": saved}
            )  # fmt: skip
    return pd.DataFrame(rows)


def saved_bytes(step: Step) -> int:
    """Bytes that a pass of the architecture step keeps for its backward pass, besides weights, α and images."""
    with SavedTensors() as saved:
        loss = step.loss(step.validation, step.relaxed("parameters"))
    besides = [*step.supernet.parameters(), *step.parameters.tensors(), step.validation.inputs, step.validation.labels]
    found = saved.bytes(besides)
    del loss
    return found


def cost_frame(rounds: pd.DataFrame) -> pd.DataFrame:
    """A row for each size, method and arm: medians, and ratios to the bases as medians of the rounds' own ratios."""
    import pandas as pd

    keys = [*Size._fields, "method"]
    found = []
    for values, part in rounds.groupby(keys, sort=False):
        by_arm = {str(arm): rows.sort_values("round") for arm, rows in part.groupby("arm", sort=False)}
        for arm, rows in by_arm.items():
            row: dict[str, Any] = dict(zip(keys, values, strict=True)) | {"arm": arm}
            for quantity in ("cpu_seconds", "saved_bytes"):
                row[quantity] = statistics.median(rows[quantity])
                for base in BASES:
                    ratios = _ratios(rows, by_arm.get(base), quantity)
                    name = f"{quantity}_to_{base.replace(' ', '_')}"
                    row[name] = statistics.median(ratios) if ratios else float("nan")
                    row[f"{name}_low"], row[f"{name}_high"] = (
                        (min(ratios), max(ratios)) if ratios else (float("nan"),) * 2
                    )
            found.append(row)
    return pd.DataFrame(found)


def sharing_differences(seed: int) -> Mapping[str, float]:
    """Largest difference of the logits of a small supernet, shared and path by path, over the largest logit (float64).

    Returns:
        By words: without batch norm, where one convolution for two is exact, and with one batch norm for two.
    """
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(8, 3, 16, 16, generator=generator, dtype=torch.float64)
    space = NasBench201()
    plain, shared, unit = (space.supernet(width=8, depth=1, seed=seed, **fields).double() for fields in _SHARED)
    table = torch.randn(plain.groups["cell"].shape, generator=generator, dtype=torch.float64).softmax(dim=1)

    def difference(other: torch.nn.Module) -> float:
        expected = plain(inputs, {"cell": table})
        return float(((other(inputs, {"cell": table}) - expected).abs().max() / expected.abs().max()).detach())

    with WithoutNorm():
        exact = difference(shared)
    return {
        "without batch norm": exact,
        "one batch norm for two, own kernels": difference(shared),
        "one batch norm for two, unit kernels": difference(unit),
    }


_SHARED: tuple[dict[str, Any], ...] = ({}, {"simplify": True, "kernel_normalisation": False}, {"simplify": True})


def methods_measured(size: Size) -> tuple[str, ...]:
    """The methods whose steps are measured at a size: all on NAS-Bench-201, DARTS alone in the DARTS space."""
    return METHODS if size.space == SPACE else METHODS[:1]


def _arms(size: Size, method: str, seed: int) -> Iterator[tuple[str, tuple[SearchTask, State]]]:
    changes: dict[str, Any] = {
        "width": size.width, "depth": size.depth, "image_size": size.image_size, "batch_size": size.batch_size,
        "images": 2 * size.batch_size, "alpha_warm_up": 0, "evaluation_batches": 1,
    }  # fmt: skip
    space = open_space(size.space)
    base = find_method(method).setting(space, "laptop").changed(changes)
    images = read_images("noise", base, seed)
    for arm, fields in {PATH_BY_PATH: {}, **ARMS}.items():
        if arm == PATH_BY_PATH and size.space != SPACE:
            continue
        task = search_task(
            space, method, base.changed(fields), preset="laptop", data=images, seed=seed, device="cpu", autocast=False
        )
        state = initial_state(task)
        yield arm, (task, _path_by_path(task, state) if arm == PATH_BY_PATH else state)


def _path_by_path(task: SearchTask, state: State) -> State:
    setting = task.setting
    supernet = PathSupernet(
        classes=CLASSES, width=setting.width, depth=setting.depth, channels=CHANNELS, partial=setting.partial[0],
    )  # fmt: skip
    supernet.load_state_dict(state.supernet.state_dict())
    supernet.to(memory_format=supernet.fast_layout)  # type: ignore[call-overload]
    state.supernet, state.weight_optimizer = supernet, sgd(supernet, setting)
    return state


def _step(task: SearchTask, state: State, number: int) -> Step:
    training, validation = (
        next(task.split.batches(part, task.setting, task.seed, number, 1)) for part in ("training", "validation")
    )
    return state.step(task, number, training, validation)


def _ratios(rows: pd.DataFrame, base: pd.DataFrame | None, quantity: str) -> list[float]:
    """The ratio of each round, over the base of the same round."""
    if base is None:
        return []
    return [float(own) / float(other) for own, other in zip(rows[quantity], base[quantity], strict=True)]
