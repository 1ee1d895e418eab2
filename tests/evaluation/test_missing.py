"""Scores that a ranking lacks: counted once, with the reason that is known."""

import numpy as np
import pandas as pd

from benchmarks import Table
from harness.evaluation.missing import missing_scores
from harness.evaluation.ranking import correlate
from harness.spaces import open_space

SPACE = open_space("nasbench201")
COLUMN = "cifar10_test_200ep_pct"


def test_what_is_missing_is_what_the_ranking_left_out(table: Table) -> None:
    """Infinity, NaN under the status ok, a failure twice, and failures of architectures that the table lacks."""
    cells = list(table.keys)[:12]
    outside = next(cell for cell in map(SPACE.key, SPACE) if cell not in set(table.keys))
    rows = [(cell, float(place), "ok", "") for place, cell in enumerate(cells)]
    rows[1] = (cells[1], np.inf, "ok", "")
    rows[2] = (cells[2], np.nan, "ok", "")
    rows[3] = (cells[3], np.nan, "not_applicable", "no ReLU")
    rows += [rows[3], (outside, np.nan, "error", "")]
    frame = pd.DataFrame(rows, columns=["architecture", "score", "status", "message"]).assign(proxy="mine")
    ranking = correlate(frame, table, COLUMN, resamples=2)
    found = missing_scores(frame, ranking)
    assert found.asked == {"mine": 12}
    assert found.frame.to_dict("list") == {
        "proxy": ["mine"] * 3,
        "architecture": cells[1:4],
        "status": ["infinite", "no score", "not_applicable"],
        "message": ["", "", "no ReLU"],
    }
    failed = ranking.frame.set_index("proxy").loc["mine", "failed"]
    assert failed == len(found.frame) / found.asked["mine"]


def test_scores_without_status_are_enough(table: Table) -> None:
    cells = list(table.keys)[:5]
    frame = pd.DataFrame({"architecture": cells, "proxy": "mine", "score": [1.0, 2.0, np.nan, 3.0, 4.0]})
    found = missing_scores(frame, correlate(frame, table, COLUMN, resamples=2))
    assert found.frame[["architecture", "status", "message"]].to_numpy().tolist() == [[cells[2], "no score", ""]]
