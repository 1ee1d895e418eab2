"""The searches of the study, each with the recorder of costs, at a size that one core does in about 40 minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from harness.evaluation.columns import SPACE
from harness.studies.options import StudyOptions
from harness.studies.searches.pool import data_of, setting_of
from harness.studies.searches.runs import QUICK, Run

MINIMAL = "wiring-minimal"
SEEDS = 3
_QUICK: Mapping[str, Any] = {
    "epochs": 2, "steps_per_epoch": 2, "batch_size": 8, "width": 4, "depth": 1, "image_size": 8, "images": 64,
    "evaluation_batches": 1,
}  # fmt: skip


class Arm(NamedTuple):
    """The searches of one method, which differ in their seed.

    Attributes:
        method: name of the search.
        words: what the arm is, in tables and figures.
        space: name of the space.
        changes: fields of the space's laptop setting that are changed.
        record_costs: costs are recorded at every so many steps.
    """

    method: str
    words: str
    space: str
    changes: Mapping[str, Any]
    record_costs: int


GROWTH, BILEVEL, UNIFORM = "growth", "bi-level", "uniform"
TABLED = ("darts", "beta-darts", "drnas")
ARMS: Mapping[str, Arm] = {
    GROWTH: Arm("dsnas", "DSNAS, single-level", MINIMAL, {"epochs": 30}, 1),
    UNIFORM: Arm("rsps", "uniform Z, weights alone trained", MINIMAL, {"epochs": 30, "candidates": 1}, 1),
    BILEVEL: Arm("darts", "DARTS, bi-level", MINIMAL, {"epochs": 15}, 4),
    **{
        method: Arm(method, words, SPACE, {}, 16)
        for method, words in zip(TABLED, ("DARTS", "β-DARTS", "DrNAS"), strict=True)
    },
}
"""The study's searches, in the order in which they are run for a seed.

One minimal cell of 8 channels on 2,048 images of 16 × 16 pixels for the weights and as many for α, 32 steps of 64
images an epoch. Where gradients are steady, a step of Adam moves α by its learning rate: in the authors' 150 epochs of
260 steps or more, at 0.0003, that is 12 or more; here it is 9.6 in 960 steps at 0.01, and 4.8 in 480 steps. Costs of
one path are recorded at each step; where a step computes all operations it is at fewer, since recording then costs as
much as searching.
"""
ONE_PATH = (GROWTH, UNIFORM)
"""Arms whose steps compute one operation of an edge."""


def runs_of(options: StudyOptions) -> dict[Run, str]:
    """The searches with the name of their arm; those of the first seed first, for a study that is stopped."""
    seeds = range(options.seed, options.seed + (options.runs or (1 if options.quick else SEEDS)))
    found = {}
    for seed in seeds:
        for name, arm in ARMS.items():
            changes = {**arm.changes, **_QUICK} if options.quick else arm.changes
            setting = setting_of(arm.method, arm.space, **changes)
            run = Run(
                arm.method, setting, data_of(arm.method, options.data), seed, arm.space, f"{name}/seed_{seed}",
                QUICK if options.quick else "laptop", 1 if options.quick else arm.record_costs,
            )  # fmt: skip
            found[run] = name
    return found


def arms_of(runs: Sequence[Run]) -> list[str]:
    """The names of the arms of these searches, in the order of `ARMS`."""
    there = {run.own_folder.partition("/")[0] for run in runs}
    return [name for name in ARMS if name in there]
