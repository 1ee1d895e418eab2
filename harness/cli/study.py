"""`nasinit study`: a published table or figure with our numbers beside it, in one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli import options
from harness.errors import SettingError, unknown

STUDIES = {"zero-cost-nas": "every proxy on NAS-Bench-201, beside the papers' rank correlations"}


def study(
    name: Annotated[str | None, typer.Argument(help="of the study; without one the studies are listed")] = None,
    sample: Annotated[int | None, typer.Option(help="cells to score; by default the study's own number")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="a small sample: minutes instead of hours")] = False,
    seed: Annotated[int, typer.Option(help="of the sample, the weights and the batches")] = 0,
    workers: Annotated[int, typer.Option(help="processes, one thread each")] = 2,
    table: options.TableOption = options.DEFAULT_TABLE,
    data: Annotated[Path | None, typer.Option(help="folder of CIFAR-10's binary files")] = None,
    store: Annotated[
        Path | None, typer.Option(help="SQLite file of the scores; by default in the folder of --out")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="folder for the outcome; by default studies/NAME")] = None,
) -> None:
    """Make a published table or figure anew, with our numbers beside the paper's, into a folder."""
    if name is None:
        print("\n".join(f"{known}: {text}" for known, text in STUDIES.items()))
        return
    if name not in STUDIES:
        raise SettingError(unknown("study", name, STUDIES))
    from harness.studies import zero_cost_nas

    if quick and sample is not None:
        raise SettingError("--quick is a sample of its own size: give it or --sample, not both")
    count = zero_cost_nas.QUICK if quick else zero_cost_nas.SAMPLE if sample is None else sample
    if count < 3:
        raise SettingError(f"--sample must be at least 3, got {count}: fewer cells have no rank correlation")
    folder = out or Path("studies") / name
    zero_cost_nas.run_zero_cost_nas(
        folder, sample=count, seed=seed, workers=workers, table=table, data=options.data_folder(data),
        store=store or folder / "scores.sqlite", say=print,
    )  # fmt: skip
