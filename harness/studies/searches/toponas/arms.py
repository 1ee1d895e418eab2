"""The searches of the study: each method with the plain supernet, the simplified one, and without unit kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.evaluation.columns import SPACE
from harness.studies.options import StudyOptions
from harness.studies.searches.pool import data_of, setting_of
from harness.studies.searches.runs import PRESET, Run

METHODS = ("darts", "beta-darts", "pc-darts", "gdas")
PLAIN, SIMPLIFIED, OWN_KERNELS = "plain", "simplified", "own kernels"
ARMS: Mapping[str, Mapping[str, bool]] = {
    PLAIN: {},
    SIMPLIFIED: {"simplify": True},
    OWN_KERNELS: {"simplify": True, "kernel_normalisation": False},
}
"""Fields of `SearchSetting` by the name of the arm."""
ONE_PATH = ("gdas",)
"""Methods that compute one path an edge: without unit kernels, the simplified supernet is the plain one to the bit."""
SEEDS = 3
QUICK: Mapping[str, Any] = {"epochs": 2, "steps_per_epoch": 2, "batch_size": 16, "alpha_warm_up": 0}


def arms_of(method: str) -> list[str]:
    """The arms in which a method is searched; those that cannot differ from the plain one are left out."""
    return [arm for arm in ARMS if not (arm == OWN_KERNELS and method in ONE_PATH)]


def runs_of_study(options: StudyOptions) -> list[Run]:
    """The searches, seed by seed, so that an interrupted study has whole seeds.

    The preset is `laptop`; in its place stands the arm, so that messages and the record name it.
    """
    small = QUICK if options.quick else {}
    seeds = options.runs or (1 if options.quick else SEEDS)
    return [
        Run(
            method, setting_of(method, SPACE, PRESET, **{**small, **ARMS[arm]}), data_of(method, options.data), seed,
            own_folder=f"{arm.replace(' ', '-')}/{method}/seed_{seed}", preset=PRESET if arm == PLAIN else arm,
        )
        for seed in range(options.seed, options.seed + seeds)
        for method in METHODS
        for arm in arms_of(method)
    ]  # fmt: skip


def arm_of(run: Run) -> str:
    """The arm of a search."""
    return PLAIN if run.preset == PRESET else run.preset
