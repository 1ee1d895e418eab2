"""`nasinit query`: searches that query a table, with a budget in seconds of tabulated training."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import offered, options
from harness.cli.outputs import check_csv, say_table
from harness.errors import SettingError

LOG = logging.getLogger(__name__)


def query(
    method: Annotated[
        list[str],
        typer.Argument(
            help="names of searches, or 'all'; an unknown name is answered with the known ones",
            autocompletion=offered.QUERIES,
        ),
    ],
    budget_seconds: Annotated[
        float, typer.Option(help="simulated seconds of training that each run may spend")
    ] = 12_000.0,
    queries: Annotated[
        int | None,
        typer.Option(
            help="accuracies that a run may ask for: of hnas, robot and largest [default: 20], of seminas, nao and "
            "graf_forest [default: 100]; of every search in a table without the lengths of its trainings [default: 500]"
        ),
    ] = None,
    runs: Annotated[int, typer.Option(help="runs of each search")] = 500,
    seed: Annotated[int, typer.Option(help="seed of all runs")] = 0,
    table: options.TableOption = options.DEFAULT_TABLE,
    column: Annotated[
        str | None,
        typer.Option(
            help="accuracy that the searches query; by default CIFAR-10 validation after 12 epochs",
            autocompletion=offered.COLUMNS,
        ),
    ] = None,
    scores: Annotated[
        Path | None, typer.Option(help="a store, or a CSV of scores, for the searches that use scores")
    ] = None,
    run: options.RunOption = None,
    proxy: Annotated[
        str | None,
        options.proxy_option("proxy that these searches use; params and flops need no --scores  [default: nwot]"),
    ] = None,
    metric: Annotated[str | None, typer.Option(help="proxy that is HNAS's metric  [default: m_trace]")] = None,
    condition: Annotated[
        str | None, typer.Option(help="proxy whose negative is HNAS's condition number  [default: m_condition]")
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            help="proxies that RoBoT combines, with commas; params and flops need no --scores  [default: grad_norm, "
            "snip, grasp, fisher, synflow, jacob_cov]",
            autocompletion=offered.PROXIES,
        ),
    ] = None,
    seconds: Annotated[
        str | None,
        typer.Option(
            help="table of the seconds of trainings, or 'modelled'; by default those of --table, else "
            "nasbench201-seconds if it is here, else modelled"
        ),
    ] = None,
    scheduler: options.SchedulerOption = None,
    out: options.CsvOption = None,
) -> None:
    """Random search, evolution, REINFORCE and others on a table: the test accuracy that each finds within a budget.

    Every query costs the seconds of its training, as in the papers; their rows stand below ours.
    """
    options.positive("runs", runs)
    if queries is not None:
        options.positive("queries", queries)
    if not 0 < budget_seconds < math.inf:
        raise SettingError(f"a budget must be more than 0 seconds and finite, got {budget_seconds}")
    check_csv(out)
    if scores is None:
        options.refuse_without("--scores", {"--run": run, "--metric": metric, "--condition": condition})
    from harness.evaluation import open_table
    from harness.evaluation.matching import space_of
    from harness.evaluation.searches.proxy_scores import scores_by_cell
    from harness.evaluation.searches.table_searches import budget_in_words, table_searches
    from harness.report.files import write_described_csv
    from harness.report.tables.searches import searches_sheet
    from harness.report.tables.text import sheet_text
    from harness.scoring.cluster.connection import connected
    from harness.scoring.files import read_scores

    opened = open_table(table)
    print(f"table: {opened.facts.title} ({opened.facts.path or opened.facts.name})")
    looked_at = None
    if not (scores is None and proxy is None and metrics is None):
        found = None if scores is None else read_scores(scores, run)
        if found is not None:
            print(f"scores: {found.origin}")
        looked_at = scores_by_cell(
            None if found is None else found.frame,
            proxy=proxy,
            metric=metric,
            condition=condition,
            metrics=None if metrics is None else options.names(metrics),
            space=space_of(opened).name,
        )
    with connected(scheduler) as client:
        result = table_searches(
            opened,
            method,
            runs=runs,
            seed=seed,
            budget_seconds=budget_seconds,
            queries=queries,
            column=column,
            scores=looked_at,
            seconds=seconds,
            announce=LOG.info,
            progress=True,
            client=client,
        )
    budget = budget_in_words(opened, budget_seconds, queries)
    print(f"{runs:,} run{'' if runs == 1 else 's'} of each search, {budget}, seed {seed}")
    for note in result.notes:
        print(note)
    for name, reason in result.skipped.items():
        print(f"left out: {name}: {reason}")
    print(f"\n{sheet_text(searches_sheet(result))}\n")
    if out is not None:
        say_table(write_described_csv(result.frame, out))
