"""The log of a search from its recorded steps: what the preset's reading would have chosen after each epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd
import torch

from harness.evaluation import Table
from harness.evaluation.columns import SPACE
from harness.search.gradient.checkpoint import COLUMNS
from harness.search.gradient.relaxation import entropy
from harness.spaces import open_space
from harness.spaces.space import searchable
from harness.studies.searches.nasi.readings import NONE, Reading, parameters_after
from harness.studies.searches.nasi.sources import METHOD, searches_setting
from harness.studies.searches.nasi.steps import GROUP, Steps
from harness.studies.searches.pool import with_record

HOW = "preset paper, noise, from recorded steps; none left out of the derivation"


def log_of_steps(found: Sequence[Steps], table: Table, columns: Sequence[str]) -> pd.DataFrame:
    """The log of each search under the preset nasi-ada, with `none` left out of the derivation.

    Args:
        found: steps of searches in the whole space, with `none`.
        table: table of the tabulated values for the record.
        columns: names of its columns.

    Returns:
        As the log of a search, with `method`, `seed`, `how` and `…_for_the_record`; loss and seconds, which steps do
        not have, are NaN.
    """
    logs = [with_record(_log(one), table, columns).assign(method=METHOD, seed=one.seed, how=HOW) for one in found]
    return pd.concat(logs, ignore_index=True)


def _log(one: Steps) -> pd.DataFrame:
    setting = searches_setting(quick=False)
    reading = Reading(setting.nu, setting.mu, setting.adaptive)
    per_epoch = setting.steps_per_epoch or 1
    rows = []
    for epoch in range(1, len(one.traces) // per_epoch + 1):
        count = epoch * per_epoch
        alpha = torch.from_numpy(parameters_after(one.traces[:count], one.gradients[:count], reading))
        alpha[:, NONE] = -math.inf
        weights = {GROUP: alpha.softmax(dim=1)}
        kept = {GROUP: torch.isfinite(alpha)}
        text = str(searchable(open_space(SPACE)).derive(weights, None, kept))
        row: Mapping[str, object] = {
            "epoch": epoch, "training_loss": math.nan, "validation_loss": math.nan, "entropy_nats": entropy(weights),
            "skip_connections": text.count("skip_connect"), "architecture": text, "seconds": math.nan,
        }  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS))
