"""The searches of the study: cell and policy together, one after the other, the cell alone; and a planted operation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness.evaluation.columns import SPACE
from harness.search.gradient.checkpoint import POLICY
from harness.search.gradient.daas.sub_policies import operation_shares, sub_policies
from harness.search.gradient.policy_choices import ORDERS
from harness.studies.searches.daas.sizes import PLANTED_OPERATIONS, Policy, Sizes
from harness.studies.searches.daas.training import Trained, Training
from harness.studies.searches.held_out import without_test
from harness.studies.searches.pool import data_of, setting_of
from harness.studies.searches.runs import Outcome, Run

if TYPE_CHECKING:
    from harness.studies.options import StudyOptions

PLANTED_ARM = "planted"
ARMS = (PLANTED_ARM, *ORDERS)


def searched_data(options: StudyOptions) -> str:
    """Data of the searches, without images that networks are tested on."""
    return without_test(data_of("daas", options.data))


def runs_of_study(options: StudyOptions, sizes: Sizes) -> list[Run]:
    """The searches: those with the planted operation, then the others seed by seed."""
    data, seeds = searched_data(options), range(options.seed, options.seed + sizes.runs)
    wanted = [(PLANTED_ARM, seed) for seed in seeds] + [(arm, seed) for seed in seeds for arm in ORDERS]
    found = []
    for arm, seed in wanted:
        more: Mapping[str, Any] = (
            {"policy_operations": PLANTED_OPERATIONS} if arm == PLANTED_ARM else {"policy_search": arm}
        )
        setting = setting_of("daas", SPACE, **sizes.search, **more)
        found.append(Run("daas", setting, data, seed, SPACE, f"{arm}/seed_{seed}", arm))
    return found


def found_policy(run: Run, outcome: Outcome) -> Policy:
    """The policy at the end of a search, after crop and flip."""
    shares = json.loads(outcome.log[POLICY].iloc[-1])
    return Policy(run.preset, True, tuple(sub_policies(run.setting)), tuple(map(float, shares.values())))


def judged(run: Run, outcome: Outcome) -> tuple[Training, Policy]:
    """The training of a search's cell under its policy."""
    policy = found_policy(run, outcome)
    return Training("found", str(outcome.log["architecture"].iloc[-1]), policy.name, policy.digest, run.seed), policy


def chosen_frame(
    ended: Mapping[Run, Outcome], done: Mapping[Training, Trained], accuracies: Mapping[str, float], column: str
) -> pd.DataFrame:
    """A row for each search that is over: arm, seed, cell, its accuracies, CPU seconds.

    Args:
        ended: the searches that are over.
        done: the trainings that are over.
        accuracies: tabulated accuracy of each cell by its text.
        column: name of the tabulated accuracy.

    Returns:
        `arm`, `seed`, `architecture`, the column, `trained_pct` (of the cell trained under the policy; NaN where that
        is not over), `cpu_seconds` of the search.
    """
    rows = []
    for run, outcome in ended.items():
        training, _ = judged(run, outcome)
        ended_training = done.get(training)
        rows.append(
            {
                "arm": run.preset, "seed": run.seed, "architecture": training.cell, column: accuracies[training.cell],
                "trained_pct": float("nan") if ended_training is None else ended_training.accuracy_pct,
                "cpu_seconds": float(outcome.log["cpu_seconds"].sum()),
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=["arm", "seed", "architecture", column, "trained_pct", "cpu_seconds"])


def shares_frame(ended: Mapping[Run, Outcome]) -> pd.DataFrame:
    """Share of each operation in the policy after each epoch of each search: `arm`, `seed`, `epoch`, `operation`."""
    columns = ["arm", "seed", "epoch", "operation", "share"]
    return pd.DataFrame(list(_shares(ended)), columns=columns)


def _shares(ended: Mapping[Run, Outcome]) -> Iterator[tuple[str, int, int, str, float]]:
    for run, outcome in ended.items():
        for epoch, text in zip(outcome.log["epoch"], outcome.log[POLICY], strict=True):
            for operation, share in operation_shares(json.loads(text)).items():
                yield run.preset, run.seed, int(epoch), operation, share
