"""`nasinit demo`: score, rank and draw a sample of NAS-Bench-201, in minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli import options
from harness.errors import SettingError


def demo(
    out: Annotated[Path, typer.Option(help="folder for scores, tables and figures")] = Path("demo"),
    sample: Annotated[int, typer.Option(help="NAS-Bench-201 cells to score")] = 100,
    workers: options.WorkersOption = 2,
    seed: options.ScoringSeedOption = 0,
    table: options.TableOption = options.DEFAULT_TABLE,
) -> None:
    """Score a sample of NAS-Bench-201 at initialisation, join it to tabulated accuracies, rank and draw."""
    if sample < 3:
        raise SettingError(f"--sample must be at least 3, got {sample}: fewer cells have no rank correlation")
    from harness.studies.demo import run_demo

    run_demo(out, sample=sample, workers=workers, seed=seed, table=table, say=print)
