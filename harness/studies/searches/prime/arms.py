"""The searches of the study: arms, their settings and their sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.evaluation.columns import SPACE
from harness.evaluation.searches.table_losses import PREFIX
from harness.studies.options import StudyOptions
from harness.studies.searches.pool import data_of, setting_of
from harness.studies.searches.runs import Run

SEEDS = 3
STEPS = 50
"""Steps of an epoch in every arm: arms with other parts of the images train their weights equally long."""
HELD_OUT = 1000
"""Images that no search sees, on which supernets are judged."""


@dataclass(frozen=True)
class Arm:
    """Searches that differ in their seed alone.

    Attributes:
        words: name in tables and figures.
        changes: fields of the setting of DARTS that differ.
    """

    words: str
    changes: Mapping[str, Any] = field(default_factory=dict)


_DYNAMIC = {"schedule": "dynamic", "validation_share": 1 / 11}
_PERIODIC = {"schedule": "periodic", "schedule_steps": 11, "validation_share": 1 / 11}
_PROXIMITY, _CLIPPED, _ADMM = {"regularise": "proximity"}, {"activation": "clipped"}, {"regularise": "admm"}

ARMS: Mapping[str, Arm] = {
    "darts": Arm("DARTS"),
    "proximity": Arm("+ proximity", _PROXIMITY),
    "dynamic": Arm("+ dynamic schedule and split", _DYNAMIC),
    "periodic": Arm("+ every 11th step, same split", _PERIODIC),
    "prime": Arm("DARTS-PRIME (proximity, dynamic)", {**_PROXIMITY, **_DYNAMIC}),
    "admm": Arm("+ ADMM", _ADMM),
    "clipped": Arm("clipped", _CLIPPED),
    "clipped-proximity": Arm("clipped + proximity", {**_CLIPPED, **_PROXIMITY}),
    "clipped-dynamic": Arm("clipped + dynamic", {**_CLIPPED, **_DYNAMIC}),
    "clipped-prime": Arm("clipped DARTS-PRIME", {**_CLIPPED, **_PROXIMITY, **_DYNAMIC}),
    "clipped-admm": Arm("clipped + ADMM", {**_CLIPPED, **_ADMM}),
}
"""Arms on NAS-Bench-201 by a short name, DARTS first."""
FURTHER: Mapping[str, Arm] = {
    "adjusted-proximity": Arm("+ adjusted proximity", {"regularise": "adjusted_proximity"}),
    "periodic-proximity": Arm("+ every 11th step, proximity", {**_PROXIMITY, **_PERIODIC}),
}
"""Arms on the table supernet alone."""
WORDS: Mapping[str, str] = {name: arm.words for name, arm in {**ARMS, **FURTHER}.items()}
"""The name of each arm in tables and figures."""
TABLE = "table"
"""In the place of a search's data, the table supernet."""
COLUMN = "cifar10_test_200ep_pct"
"""The column whose expectation the table supernet is."""
DARTS_ARMS = ("darts", "prime", "clipped-prime")
"""Arms in the DARTS space, whose step costs several times as much."""
TABLE_ARMS = ("darts", "proximity", "adjusted-proximity", "periodic", "periodic-proximity", "admm")
"""Arms on the table supernet, which has no weights for a dynamic schedule, and takes distributions alone."""
QUICK_ARMS = ("darts", "proximity", "prime", "clipped-admm")

_SIZES: Mapping[str, Mapping[str, Any]] = {
    "nasbench201": {
        "epochs": 12, "width": 8, "depth": 1, "image_size": 16, "images": 4400, "batch_size": 32,
        "steps_per_epoch": STEPS,
    },
    "darts": {
        "epochs": 3, "width": 4, "depth": 3, "image_size": 16, "images": 4400, "batch_size": 32,
        "steps_per_epoch": STEPS,
    },
}  # fmt: skip
_QUICK = {"epochs": 2, "width": 4, "depth": 1, "image_size": 8, "images": 440, "steps_per_epoch": 12, "batch_size": 16}
_MATCHED = {"augment": False, "evaluation_batches": 5, "alpha_lr": 0.01}


def arms_of(space: str, *, quick: bool) -> tuple[str, ...]:
    """The names of the arms in a space."""
    if space == "darts":
        return DARTS_ARMS[:1] if quick else DARTS_ARMS
    return QUICK_ARMS if quick else tuple(ARMS)


def runs_for_study(options: StudyOptions) -> list[Run]:
    """The searches of the study, arm by arm: those on the table supernet, on NAS-Bench-201, and in the DARTS space."""
    count = options.runs or (1 if options.quick else SEEDS)
    sizes = {**_SIZES["nasbench201"], **(_QUICK if options.quick else {})}
    found = []
    for arm in TABLE_ARMS:
        setting = setting_of("darts", SPACE, "laptop", **{**_MATCHED, **sizes, **{**ARMS, **FURTHER}[arm].changes})
        for seed in range(options.seed, options.seed + count):
            found.append(Run("darts", setting, f"{PREFIX}{COLUMN}", seed, SPACE, f"{TABLE}/{arm}/seed_{seed}", arm))
    for space, own in _SIZES.items():
        sizes = {**own, **(_QUICK if options.quick else {})}
        for arm in arms_of(space, quick=options.quick):
            setting = setting_of("darts", space, "laptop", **{**_MATCHED, **sizes, **ARMS[arm].changes})
            for seed in range(options.seed, options.seed + count):
                place = f"{space}/{arm}/seed_{seed}"
                found.append(Run("darts", setting, data_of("darts", options.data), seed, space, place, arm))
    return found
