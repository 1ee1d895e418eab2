"""Scores of the architectures of the small benchmarks by every proxy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.scoring.runner import run
from harness.scoring.scorer import OK
from harness.setting import Setting
from harness.spaces.space import completed
from harness.studies.options import StudyOptions
from harness.studies.restoration_proxies.protocols import Protocol
from harness.studies.samples import store_of

if TYPE_CHECKING:
    import pandas as pd

_LEAST_SHARE = 0.5
"""A proxy without a score on more than this share of the networks is not ranked."""


def scoring_setting(protocol: Protocol, options: StudyOptions) -> Setting:
    """The setting of the scores: crops of scikit-image's photographs, the problem's loss, weights as of a training.

    Only the tail has its drawn weights here, where a training begins it at 0: nothing before an empty one has a
    gradient.
    """
    small = {"batch_size": 2, "shape": {"image_size": 8}} if options.quick else {"batch_size": 16}
    setting = Setting(input="photographs", labels="true", init="kaiming_fan_in", seed=options.seed, **small)
    return completed(protocol.opened, setting)


def scored(protocol: Protocol, architectures: Sequence[str], options: StudyOptions) -> pd.DataFrame:
    """Scores by every proxy, as `harness.run` returns them; those that are in the store are not computed again.

    Args:
        protocol: the benchmark.
        architectures: its architectures.
        options: options of the study.
    """
    options.say(f"scoring {len(architectures):,} networks of {protocol.table} by every proxy")
    return run(
        protocol.opened, architectures, "all", setting=scoring_setting(protocol, options), store=store_of(options),
        workers=options.workers, progress=options.progress,
    )  # fmt: skip


def ranked_proxies(scores: pd.DataFrame) -> list[str]:
    """The proxies with a score on at least half of the networks, not all of them equal."""
    found = []
    for name, part in scores.groupby("proxy", sort=False):
        there = part.loc[part["status"] == OK, "score"]
        if len(there) >= _LEAST_SHARE * len(part) and there.nunique() > 1:
            found.append(str(name))
    return found


def refused(scores: pd.DataFrame, table: str) -> pd.DataFrame:
    """The proxies that are not ranked: `table`, `proxy`, `without` (share without a score, 0 to 1) and `why`.

    Args:
        scores: from `scored`.
        table: name of the table.
    """
    import pandas as pd

    rows = []
    ranked = ranked_proxies(scores)
    for name, part in scores.groupby("proxy", sort=False):
        if name in ranked:
            continue
        missing = part[part["status"] != OK]
        why = str(missing["message"].iloc[0]) if len(missing) else "the score is the same on all networks"
        rows.append((table, str(name), len(missing) / len(part), why))
    return pd.DataFrame(rows, columns=["table", "proxy", "without", "why"])
