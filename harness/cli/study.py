"""`nasinit study`: make a published table or figure again, with our numbers next to the paper's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import offered, options

_SEED, _WORKERS = 0, 2


def study(
    name: Annotated[
        str | None,
        typer.Argument(
            help="name of the study; without a name, the studies and their options are listed",
            autocompletion=offered.STUDIES,
        ),
    ] = None,
    sample: Annotated[int | None, typer.Option(help="number of cells to score; by default the study's own")] = None,
    runs: Annotated[
        int | None,
        typer.Option(help="number of searches by gradients of each method, 1 to 100; by default the study's own"),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="a small sample: minutes instead of hours")] = False,
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="score every cell, or make the study of daas at full size: hours; if stopped, it goes on"
        ),
    ] = False,
    seed: Annotated[int, typer.Option(help="seed of the sample, the weights and the batches")] = _SEED,
    workers: Annotated[int, typer.Option(help="number of processes, each with one thread")] = _WORKERS,
    scheduler: options.SchedulerOption = None,
    table: Annotated[
        str | None, typer.Option(help="name of a table, or path of a file; nasbench201 by default")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="folder of CIFAR-10's binary files; for trilevel-sr, mod-nas-denoising and restoration-proxies, of "
            "image sets; for agnn, graph-proxies, sane-proxies and sane-table, of graphs"
        ),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(
            help="3/16: score the third of sixteen parts of the cells, or run that part of the searches by gradients, "
            "without making the study; the same command without --shard makes it of all parts"
        ),
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="SQLite file for the scores; by default in the folder of --out")
    ] = None,
    scores: Annotated[
        Path | None,
        typer.Option(help="a store, or a CSV, of scores that exist already, for the parts of a study that use scores"),
    ] = None,
    steps: Annotated[
        Path | None,
        typer.Option(
            help="a folder of nasinit search nasi-ada --seeds, or a file of recorded steps: NASI's searches that exist "
            "already"
        ),
    ] = None,
    finished: Annotated[
        bool, typer.Option("--finished", help="take the searches or scores that are finished, and make no other")
    ] = False,
    known: Annotated[
        bool | None,
        typer.Option(
            "--known/--no-known",
            help="take the scores that come with nasinit, all their cells or --sample of them; by default they are "
            "taken where they cover the study's own cells",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="folder for the results", show_default="studies/NAME, with --quick studies/NAME-quick"),
    ] = None,
) -> None:
    """Make a published table or figure again in a folder, with our numbers next to the paper's."""
    from harness.errors import SettingError
    from harness.studies.options import StudyOptions
    from harness.studies.study import STUDIES, check_scores, check_taken, default_folder, find_study, make, options_of

    if name is None:
        for each, listed in STUDIES.items():
            print(f"{each}: {listed.shows}\n    {' '.join(options_of(listed))}")
        return
    chosen = find_study(name)
    if scheduler is not None and workers != _WORKERS:
        raise SettingError("a cluster has workers of its own: give --workers or --scheduler, not both")
    given = {
        "sample": sample,
        "runs": runs,
        "quick": quick or None,
        "full": full or None,
        "data": data,
        "store": store,
        "scores": scores,
        "steps": steps,
        "finished": finished or None,
        "table": table,
        "known": known,
        "shard": shard,
        "scheduler": scheduler,
    }
    check_taken(name, chosen, [option for option, value in given.items() if value is not None])
    made = StudyOptions(
        out=out or default_folder(name, quick=quick), say=print, table=table or options.DEFAULT_TABLE, seed=seed,
        workers=workers, scheduler=scheduler, quick=quick, full=full, sample=sample, runs=runs, data=data,
        store=store, scores=scores, steps=steps, finished=finished,
        known=known, shard=options.shard(shard), progress=True,
    )  # fmt: skip
    check_scores(chosen, made)
    if "data" in chosen.takes:
        made = replace(made, data=options.data_folder(data, getattr(chosen, "source", "cifar10")))
    make(chosen, made)
