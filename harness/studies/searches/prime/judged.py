"""What a finished search is judged by: its supernet before and after projection, its α, its architecture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from harness.evaluation.searches.table_losses import PREFIX, opened_data
from harness.search.gradient.checkpoint import CHECKPOINT, read_checkpoint
from harness.search.gradient.data import Images, Split, read_images
from harness.search.gradient.method import Relaxed
from harness.search.gradient.prime.projection import distance, projections
from harness.search.gradient.prime.schedule import alpha_steps
from harness.search.gradient.state import State, resumed_state
from harness.search.gradient.table_supernet import TableSupernet
from harness.search.gradient.task import search_task
from harness.spaces import open_space
from harness.spaces.space import Space
from harness.studies.searches.prime.arms import HELD_OUT, TABLE
from harness.studies.searches.runs import Outcome, Run

_BATCH = 100
IMAGES = "images"
_SKIP, _NONE = "skip_connect", "none~"
_MILLION = 1e6
EVALUATION: Mapping[str, Mapping[str, int]] = {"darts": {"width": 36, "depth": 20}, "nasbench201": {}}
"""Size of the network whose parameters are counted: that of the papers in the DARTS space, else the benchmark's."""


def judged(run: Run, outcome: Outcome, folder: Path) -> dict[str, Any]:
    """The row of a finished search.

    Args:
        run: the search.
        outcome: its log and memory.
        folder: folder of its checkpoint.

    Returns:
        `space`, `supernet` (`images` or `table`), `arm`, `seed`, `distance` (Σ ‖a − D(a)‖), `accuracy_before` and
        `accuracy_after` (per cent of images that the search has not seen, by its supernet with the weights a and with
        D(a), NaN where there are none; of a table supernet the expected tabulated accuracy), `entropy_nats`,
        `alpha_steps`, `steps`, `skips`, `nones`, `params_m`, `cpu_seconds` and `architecture`.
    """
    last, space = outcome.log.iloc[-1], open_space(run.space)
    per_epoch = int(run.setting.steps_per_epoch or 0)
    text = str(last["architecture"])
    return {
        "space": run.space, "supernet": TABLE if _on_table(run) else IMAGES, "arm": run.preset, "seed": run.seed,
        **_supernet(run, folder),
        "entropy_nats": float(last["entropy_nats"]),
        "alpha_steps": alpha_steps(outcome.memory, run.setting, per_epoch),
        "steps": per_epoch * run.setting.epochs, "skips": text.count(_SKIP), "nones": text.count(_NONE),
        "params_m": _params(space, text), "cpu_seconds": float(outcome.log["cpu_seconds"].sum()),
        "architecture": text,
    }  # fmt: skip


def _params(space: Space, text: str) -> float:
    return space.sizes(space.parse(text), EVALUATION[space.name]).parameters / _MILLION


@torch.no_grad()
def _supernet(run: Run, folder: Path) -> dict[str, float]:
    """Distance to discretisation, and accuracies of the supernet before and after the projection."""
    data, unseen = (opened_data(run.data), None) if _on_table(run) else _images(run)
    task = search_task(
        open_space(run.space), run.method, run.setting, preset="laptop", data=data, seed=run.seed, device="cpu",
        autocast=False,
    )  # fmt: skip
    state = resumed_state(task, read_checkpoint(folder / CHECKPOINT))
    relaxed, groups = task.method.mean(state.parameters, state.moment(task, 0)), state.supernet.groups
    discrete = Relaxed(projections(relaxed.weights, state.kept, groups, relaxed.edges), relaxed.edges)
    assert isinstance(task.split, Split)
    split = None if unseen is None else replace(task.split, images=unseen)  # normalised as the search's own
    return {
        "distance": distance(relaxed.weights, state.kept, groups, relaxed.edges),
        "accuracy_before": _accuracy(state, relaxed, split),
        "accuracy_after": _accuracy(state, discrete, split),
    }


def _on_table(run: Run) -> bool:
    return run.data.startswith(PREFIX)


def _images(run: Run) -> tuple[Images, Images | None]:
    """The images of the search, and those that are drawn after them; None where the data have too few."""
    seen = run.setting.images or 0
    more = read_images(run.data, run.setting.changed({"images": seen + HELD_OUT}), run.seed, at_most=True)
    if len(more) < seen + HELD_OUT:
        return read_images(run.data, run.setting, run.seed, at_most=True), None
    first, then = (
        replace(more, pixels=more.pixels[part], labels=more.labels[part]) for part in (slice(seen), slice(seen, None))
    )
    return first, then


def _accuracy(state: State, relaxed: Relaxed, unseen: Split | None) -> float:
    """Per cent of the images whose class the supernet finds; of a table supernet the expected accuracy."""
    if isinstance(state.supernet, TableSupernet):
        return 100 * (1 - float(state.supernet.expected_loss(relaxed.weights)))
    if unseen is None:
        return math.nan
    found = []
    for places in torch.split(torch.arange(len(unseen.images)), _BATCH):
        batch = unseen.batch(places)
        logits = state.supernet(batch.inputs, relaxed.weights, relaxed.edges, relaxed.active)
        found.append((logits.argmax(dim=1) == batch.labels).double())
    return 100 * float(torch.cat(found).mean())
