"""`nasinit predict`: how well predictors of a tabulated column rank cells that they were not fitted to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import offered, options
from harness.cli.outputs import check_csv, save_figures, say_table
from harness.errors import ScoresError, SettingError, unknown
from harness.text.shown import shown

if TYPE_CHECKING:
    import pandas as pd


def predict(
    predictors: Annotated[
        list[str] | None,
        typer.Argument(
            help="names of predictors; by default all that can read the space", autocompletion=offered.PREDICTORS
        ),
    ] = None,
    table: options.TableOption = options.DEFAULT_TABLE,
    column: Annotated[
        str, typer.Option(help="column that is predicted", autocompletion=offered.COLUMNS)
    ] = options.DEFAULT_COLUMN,
    samples: Annotated[
        str, typer.Option(help="numbers of cells that the predictors are fitted to, with commas")
    ] = "50,100,200",
    draws: Annotated[int, typer.Option(help="draws of the cells, for the intervals")] = 5,
    seed: Annotated[int, typer.Option(help="seed of the draws and of the predictors")] = 0,
    scores: Annotated[Path | None, typer.Option(help="a store, or a CSV of scores, that proxies_forest reads")] = None,
    run: options.RunOption = None,
    proxies: Annotated[
        str | None,
        typer.Option(
            "--proxies",
            "--proxy",
            help="proxies that proxies_forest reads, with commas: of --scores, else those that come with the package; "
            "by default all of --scores, else params and flops",
            autocompletion=offered.PROXIES,
        ),
    ] = None,
    csv: options.CsvOption = None,
    out: options.FiguresOption = [],  # noqa: B006 — typer copies it
) -> None:
    """Fit predictors to a table's values of some cells, and rank all other cells by them: learning curves.

    Predictors are of an architecture's choices, such as the operations on its edges (linear, pairwise, mlp, nao,
    seminas), of GRAF's features (graf_forest) and of proxies' scores (proxies_forest).
    """
    counts = _numbers(samples)
    options.positive("draws", draws)
    check_csv(csv)
    if scores is None:
        options.refuse_without("--scores", {"--run": run})
    from harness.evaluation import open_table
    from harness.evaluation.known.scores import known_scores
    from harness.evaluation.predictors import predict as predicted
    from harness.report.files import write_described_csv
    from harness.report.tables.predictions import predictions_sheet
    from harness.report.tables.text import sheet_text
    from harness.scoring.files import read_scores

    opened = open_table(table)
    print(f"table: {opened.facts.title} ({opened.facts.path or opened.facts.name})")
    named = [] if proxies is None else options.names(proxies)
    frame = None
    if scores is not None:
        found = read_scores(scores, run)
        print(f"scores: {found.origin}")
        frame = _of_proxies(found.frame, named)
    elif named:
        frame = known_scores(named)
    found_predictions = predicted(
        opened, column, predictors or (), samples=counts, draws=draws, seed=seed, scores=frame, progress=True
    )
    print(f"\n{sheet_text(predictions_sheet(found_predictions))}\n")
    if csv is not None:
        say_table(write_described_csv(found_predictions.frame, csv))
    if out:
        save_figures(found_predictions.plot(), out)


def _of_proxies(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The scores of the named proxies; of all where none is named."""
    for name in names:
        if name not in set(frame["proxy"]):
            raise ScoresError(unknown("proxy of the scores", name, list(frame["proxy"].unique())))
    return frame[frame["proxy"].isin(names)] if names else frame


def _numbers(text: str) -> list[int]:
    """The numbers in a text that separates them by commas."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() and part.isascii() and len(part) < 10 for part in parts):
        raise SettingError(f"--samples takes whole numbers with commas, such as 50,100,200; got {shown(text)}")
    return [int(part) for part in parts]
