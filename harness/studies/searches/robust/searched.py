"""The searches on images: E2RNAS, DARTS, DARTS on attacked images, and β-DARTS."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness.evaluation.columns import SPACE
from harness.spaces import open_space
from harness.studies.searches.pool import data_of, setting_of
from harness.studies.searches.robust.cells import ATTACKS, CLEAN, NETWORKS, PARAMETERS
from harness.studies.searches.runs import Outcome, Run

if TYPE_CHECKING:
    from harness.evaluation import Table
    from harness.studies.options import StudyOptions

SEEDS = 3
E2RNAS, DARTS, ATTACKED, BETA = "e2rnas", "darts", "darts-adversarial", "beta-darts"
ARMS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    E2RNAS: ("e2rnas", {}),
    DARTS: ("darts", {}),
    ATTACKED: ("darts", {"adversarial": "rfgsm_clean"}),
    BETA: ("beta-darts", {}),
}
"""Method and changes of its laptop preset, by arm."""
JUDGED = (CLEAN, *ATTACKS)
_QUICK: Mapping[str, Any] = {"epochs": 2, "steps_per_epoch": 2, "batch_size": 16, "images": 64}


def runs_of_study(options: StudyOptions) -> list[Run]:
    """The searches on images, seed by seed."""
    small: Mapping[str, Any] = _QUICK if options.quick else {}
    seeds = options.runs or (1 if options.quick else SEEDS)
    found = []
    for seed in range(options.seed, options.seed + seeds):
        for arm, (method, changes) in ARMS.items():
            setting = setting_of(method, SPACE, **{**changes, **small})
            folder = f"images/{arm}/seed_{seed}"
            found.append(Run(method, setting, data_of(method, options.data), seed, SPACE, folder, arm))
    return found


def chosen_frame(runs: Sequence[Run], ended: Mapping[Run, Outcome], table: Table) -> pd.DataFrame:
    """A row for each search on images: `arm`, `seed`, `finished`, and of finished ones what they found.

    `architecture`, its `parameters`, the tabulated accuracies `JUDGED` and `cpu_seconds`; empty and NaN where it is not
    finished.
    """
    space, shape = open_space(SPACE), {"width": NETWORKS.width, "depth": NETWORKS.depth}
    rows = []
    for run in runs:
        row: dict[str, Any] = {
            "arm": run.preset, "seed": run.seed, "finished": run in ended, "architecture": "", PARAMETERS: math.nan,
            **dict.fromkeys(JUDGED, math.nan), "cpu_seconds": math.nan,
        }  # fmt: skip
        if run in ended:
            log = ended[run].log
            cell = space.parse(str(log.iloc[-1]["architecture"]))
            row |= {"architecture": str(cell), PARAMETERS: float(space.sizes(cell, shape).parameters)}
            row |= {name: float(table.values([space.key(cell)], name)[0]) for name in JUDGED}
            row["cpu_seconds"] = float(log["cpu_seconds"].sum())
        rows.append(row)
    return pd.DataFrame(rows)
