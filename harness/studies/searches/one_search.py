"""One search by gradients in this process, as a worker runs it."""

from __future__ import annotations

from pathlib import Path

from harness.scoring.engine import threads_of_torch
from harness.spaces import open_space
from harness.studies.searches.runs import Outcome, Run, Running


def run_one(run: Run, folder: Path, running: Running) -> Outcome:
    """Run one search in a folder of its own, in this process."""
    from harness.search import run_search

    with threads_of_torch(running.threads):
        result = run_search(
            open_space(run.space), run.method, run.setting, data=run.data, seed=run.seed, out=folder,
            device=running.device, autocast=running.autocast, checkpoint_minutes=running.checkpoint_minutes,
        )  # fmt: skip
    return Outcome(result.log, result.memory)
