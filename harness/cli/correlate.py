"""`nasinit correlate`: how well do the scores rank the tabulated accuracies, latencies, and so on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options
from harness.cli.joined import ranked

if TYPE_CHECKING:
    from harness.join import Ranking


def correlate(
    scores: options.ScoresArgument = options.DEFAULT_SCORES,
    table: options.TablesOption = None,
    column: options.ColumnsOption = None,
    run: options.RunOption = None,
    resamples: options.ResamplesOption = 1000,
    seed: options.SeedOption = 0,
    csv: Annotated[
        Path | None, typer.Option(help="CSV file for the table; for several columns a file each, NAME_COLUMN.csv")
    ] = None,
    latex: Annotated[
        Path | None, typer.Option(help="LaTeX file (booktabs) for the table; likewise a file for each column")
    ] = None,
) -> None:
    """Rank correlation of every proxy with a table's column, with 95 % intervals, beside params and flops.

    Several columns, of one table or of several, are ranked one after the other and then shown side by side.
    """
    from harness.report.files import check_suffix, write_csv, write_text
    from harness.report.latex import ranking_latex
    from harness.report.matrix import matrix_text
    from harness.report.plain import prose, terminal_width
    from harness.report.text import ranking_text

    if csv is not None:
        check_suffix(csv, "a CSV file", (".csv",))
    rankings = ranked(scores, table or [], column or [], run, resamples, seed)
    suffixes = _suffixes([ranking.column for ranking in rankings])
    written: list[Path] = []
    for ranking, suffix in zip(rankings, suffixes, strict=True):
        if csv is not None:
            write_csv(ranking.frame, file := csv.with_stem(csv.stem + suffix))
            written.append(file)
        if latex is not None:
            text = ranking_latex(ranking.frame, caption=caption(ranking), higher_is_better=ranking.higher_is_better)
            write_text(text, file := latex.with_stem(latex.stem + suffix))
            written.append(file)
    for ranking in rankings:
        print(ranking_text(ranking.frame, title(ranking), measured=ranking.measured))
        for remark in filter(None, (ranking.direction, ranking.uneven)):
            print("\n".join(["", *prose(remark, terminal_width())]))
        print()
    if len(rankings) > 1:
        frames = {ranking.column: ranking.frame for ranking in rankings}
        print(f"{matrix_text(frames, 'Spearman of every proxy with every column')}\n")
    for file in written:
        print(f"wrote {file}")


def title(ranking: Ranking) -> str:
    """Title of a ranking's table."""
    return f"Rank correlation with {ranking.column}"


def caption(ranking: Ranking) -> str:
    """Caption of a ranking's LaTeX table."""
    from harness.report.latex import escaped

    direction = "" if ranking.higher_is_better else ", of which less is better"
    return (
        f"Rank correlation of training-free proxies with {escaped(ranking.column)}{direction}, "
        "with 95\\,\\% bootstrap intervals."
    )


def _suffixes(columns: list[str]) -> list[str]:
    """What is added to a file's name for each column: nothing for one, else its name in characters for any system."""
    if len(columns) == 1:
        return [""]
    suffixes: list[str] = []
    for place, column in enumerate(columns):
        safe = "_" + re.sub(r"[^\w.+-]", "_", column)
        suffixes.append(safe if safe not in suffixes else f"{safe}_{place + 1}")
    return suffixes
