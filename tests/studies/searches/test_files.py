"""Curves of a log of several searches."""

from __future__ import annotations

import pandas as pd

from harness.studies.searches.files import curves_of
from tests.studies.searches.made_logs import log_of


def test_a_search_that_trains_nothing_has_no_validation_loss() -> None:
    """As in logs of version 0.1, where it has one: of weights as they were drawn."""
    runs = [log_of("nasi", 0, [90.0, 91.0], 1.0), log_of("darts", 0, [90.0], 1.0), log_of("darts", 1, [92.0], 1.0)]
    log = pd.concat([run.assign(validation_loss=2.3) for run in runs], ignore_index=True)
    curves = curves_of(log)
    assert [name for name, _ in curves] == ["nasi", "darts", "darts"]
    assert curves[0][1]["validation_loss"].isna().tolist() == [True, True]
    assert [run["validation_loss"].tolist() for _, run in curves[1:]] == [[2.3], [2.3]]
    assert log["validation_loss"].notna().all(), "the log itself is left as it is"
