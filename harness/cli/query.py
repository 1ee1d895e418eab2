"""`nasinit query`: searches that query a table, with a budget in seconds of tabulated training."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import offered, options
from harness.cli.outputs import check_csv, say_table
from harness.cli.trained_query import TrainedQuery, query_by_training
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
        float | None, typer.Option(help="simulated seconds of training that each run may spend  [default: 12000]")
    ] = None,
    queries: Annotated[
        int | None,
        typer.Option(
            help="accuracies that a run may ask for: of hnas, robot and largest [default: 20], of seminas, nao and "
            "graf_forest [default: 100]; of every search in a table without the lengths of its trainings [default: "
            "500], and of every search with --space [default: 50]"
        ),
    ] = None,
    runs: Annotated[int | None, typer.Option(help="runs of each search  [default: 500; with --space 1]")] = None,
    seed: Annotated[int, typer.Option(help="seed of all runs")] = 0,
    table: Annotated[
        str | None,
        typer.Option(
            help=f"name of a table, or path of a file  [default: {options.DEFAULT_TABLE}]",
            autocompletion=offered.TABLES,
        ),
    ] = None,
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
    space: Annotated[
        str | None, typer.Option(help="space whose networks are trained to answer, in the place of a table: agnn")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="graph that they are trained on: cora, citeseer, noise or FOLDER/cora.npz  [default: cora]"),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="epochs of each training with --space  [default: 60]")] = None,
    share: Annotated[
        bool | None,
        typer.Option("--share", help="with --space agnn, networks inherit weights of the one they are made of"),
    ] = None,
    trainings: Annotated[
        Path | None, typer.Option(help="with --space, folder of the trainings, from which a search goes on")
    ] = None,
    scheduler: options.SchedulerOption = None,
    out: options.CsvOption = None,
) -> None:
    """Random search, evolution, REINFORCE and others on a table: the test accuracy that each finds within a budget.

    Every query costs the seconds of its training, as in the papers; their rows stand below ours. With --space agnn no
    table is queried: each network is trained on a graph, and the answer is its validation accuracy.
    """
    of_training = {"--data": data, "--epochs": epochs, "--share": share, "--trainings": trainings}
    if space is not None:
        of_tables = {
            "--table": table, "--column": column, "--budget-seconds": budget_seconds, "--scores": scores, "--run": run,
            "--proxy": proxy, "--metric": metric, "--condition": condition, "--metrics": metrics, "--seconds": seconds,
            "--scheduler": scheduler,
        }  # fmt: skip
        wanted = TrainedQuery(method, space, data, queries, epochs, bool(share), runs, seed, trainings, out)
        return query_by_training(wanted, of_tables)
    options.refuse_without("--space", of_training)
    runs, table = 500 if runs is None else runs, options.DEFAULT_TABLE if table is None else table
    budget_seconds = 12_000.0 if budget_seconds is None else budget_seconds
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
