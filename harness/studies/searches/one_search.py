"""One search by gradients in this process, as a worker runs it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.scoring.engine import threads_of_torch
from harness.spaces import open_space
from harness.studies.searches.runs import Outcome, Run, Running


def run_one(run: Run, folder: Path, running: Running) -> Outcome:
    """Run one search in a folder of its own, in this process; who collects the outcomes logs the remarks on them."""
    from harness.evaluation.searches.latency import opened_predictor
    from harness.evaluation.searches.table_losses import opened_data
    from harness.search import run_search

    data, predictor = opened_data(run.data, run.space), opened_predictor(run.setting, run.space)
    with threads_of_torch(running.threads), _without_log():
        result = run_search(
            open_space(run.space), run.method, run.setting, data=data, seed=run.seed, out=folder,
            device=running.device, autocast=running.autocast, checkpoint_minutes=running.checkpoint_minutes,
            record_costs=run.record_costs, predictor=predictor,
        )  # fmt: skip
    return Outcome(result.log, result.memory, result.remark, result.costs)


@contextmanager
def _without_log() -> Iterator[None]:
    logger = logging.getLogger("harness.search.gradient.loop")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before
