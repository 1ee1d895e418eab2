"""`nasinit study`: a published table or figure with our numbers next to it, in one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli import options

_SEED, _WORKERS = 0, 2


def study(
    name: Annotated[
        str | None, typer.Argument(help="of the study; without one the studies are listed, with the options they take")
    ] = None,
    sample: Annotated[int | None, typer.Option(help="cells to score; by default the study's own number")] = None,
    runs: Annotated[
        int | None,
        typer.Option(help="searches by gradients of each method, 1 to 100; by default the study's own number"),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="a small sample: minutes instead of hours")] = False,
    full: Annotated[bool, typer.Option("--full", help="every cell: hours; goes on where it stopped")] = False,
    seed: Annotated[int, typer.Option(help="of the sample, the weights and the batches")] = _SEED,
    workers: Annotated[int, typer.Option(help="processes, one thread each")] = _WORKERS,
    table: Annotated[
        str | None, typer.Option(help="name of a table, or path of a file; nasbench201 by default")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="folder of CIFAR-10's binary files")] = None,
    store: Annotated[
        Path | None, typer.Option(help="SQLite file of the scores; by default in the folder of --out")
    ] = None,
    scores: Annotated[
        Path | None,
        typer.Option(help="a store, or a CSV of scores made before: for what looks at them"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="folder for the outcome; by default studies/NAME, with --quick studies/NAME-quick"),
    ] = None,
) -> None:
    """Make a published table or figure anew, with our numbers next to the paper's, into a folder."""
    from harness.studies.options import StudyOptions
    from harness.studies.study import STUDIES, check_taken, default_folder, find_study, make, options_of

    if name is None:
        for known, listed in STUDIES.items():
            print(f"{known}: {listed.shows}\n    {' '.join(options_of(listed))}")
        return
    chosen = find_study(name)
    given = {
        "sample": sample,
        "runs": runs,
        "quick": quick or None,
        "full": full or None,
        "data": data,
        "store": store,
        "scores": scores,
        "table": table,
    }
    check_taken(name, chosen, [option for option, value in given.items() if value is not None])
    if "data" in chosen.takes:
        data = options.data_folder(data)
    made = StudyOptions(
        out=out or default_folder(name, quick=quick), say=print, table=table or options.DEFAULT_TABLE, seed=seed,
        workers=workers, quick=quick, full=full, sample=sample, runs=runs, data=data, store=store, scores=scores,
    )  # fmt: skip
    make(chosen, made)
