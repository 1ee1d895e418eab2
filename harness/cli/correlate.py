"""`nasinit correlate`: how well do the scores rank the tabulated accuracies, latencies, and so on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options
from harness.cli.evidence import Asked, Evidence, gathered
from harness.cli.joined import ranked
from harness.cli.outputs import check_csv

if TYPE_CHECKING:
    from harness.evaluation.ranking import Ranking


def correlate(
    scores: options.ScoresArgument = options.DEFAULT_SCORES,
    table: options.TablesOption = None,
    column: options.ColumnsOption = None,
    run: options.RunOption = None,
    resamples: options.ResamplesOption = 1000,
    seed: options.SeedOption = 0,
    interval: options.IntervalOption = "percentile",
    against: options.AgainstOption = None,
    beyond_size: Annotated[
        bool, typer.Option("--beyond-size", help="also with params and flops held fixed, and among equal params")
    ] = False,
    top: Annotated[
        bool, typer.Option("--top", help="also what the highest scores are worth, and correlation among the best")
    ] = False,
    ceiling: Annotated[
        bool, typer.Option("--ceiling", help="also as a share of how well one training ranks another")
    ] = False,
    csv: Annotated[
        Path | None,
        typer.Option(help="CSV file for the table; what else is asked for beside it, as NAME_top.csv, NAME_COLUMN.csv"),
    ] = None,
    latex: Annotated[
        Path | None, typer.Option(help="LaTeX file (booktabs) for the table; likewise others beside it")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Markdown file with every table; for several columns a file each")
    ] = None,
) -> None:
    """Rank correlation of every proxy with a table's column, with 95 % intervals, beside params and flops.

    Several columns, of one table or of several, are ranked one after the other and then shown side by side.
    """
    from harness.report.tables.matrix import matrix_sheet
    from harness.report.tables.text import sheet_text

    check_csv(csv)
    asked = Asked(against, beyond_size, top, ceiling, resamples, seed)
    joined = ranked(scores, table or [], column or [], run, resamples, seed, interval)
    evidence = [gathered(one, asked) for one in joined]
    rankings = [one.ranking for one in joined]
    suffixes = _suffixes([ranking.column for ranking in rankings])
    written: list[Path] = []
    for ranking, found, suffix in zip(rankings, evidence, suffixes, strict=True):
        written += _write(ranking, found, suffix, csv=csv, latex=latex, markdown=markdown)
    for ranking, found in zip(rankings, evidence, strict=True):
        _show(ranking, found)
    if len(rankings) > 1:
        print(f"{sheet_text(matrix_sheet(rankings))}\n")
    for file in written:
        print(f"wrote {file}")


def _write(
    ranking: Ranking,
    evidence: Mapping[str, Evidence],
    suffix: str,
    *,
    csv: Path | None,
    latex: Path | None,
    markdown: Path | None,
) -> list[Path]:
    """Write the files that were asked for; their paths."""
    from harness.report.files import write_csv, write_text
    from harness.report.tables.ranking import ranking_sheet
    from harness.report.tables.sheet import sheet_latex, sheet_markdown

    def beside(file: Path, name: str = "") -> Path:
        return file.with_stem(file.stem + suffix + (f"_{name}" if name else ""))

    written: list[Path] = []
    sheet = ranking_sheet(ranking)
    if csv is not None:
        written.append(write_csv(ranking.frame, beside(csv)))
        written += [write_csv(found.frame, beside(csv, name)) for name, found in evidence.items()]
    if latex is not None:
        written.append(write_text(sheet_latex(sheet), beside(latex)))
        for name, found in evidence.items():
            written.append(write_text("\n".join(map(sheet_latex, found.sheets)), beside(latex, name)))
    if markdown is not None:
        parts = [sheet_markdown(sheet)]
        for found in evidence.values():
            parts += [*map(sheet_markdown, found.sheets), *found.words]
        written.append(write_text("\n\n".join(parts) + "\n", beside(markdown)))
    return written


def _show(ranking: Ranking, evidence: Mapping[str, Evidence]) -> None:
    from harness.report.tables.ranking import ranking_sheet
    from harness.report.tables.text import prose, sheet_text, terminal_width

    print(sheet_text(ranking_sheet(ranking)))
    for remark in filter(None, (ranking.direction, ranking.uneven)):
        print("\n".join(["", *prose(remark, terminal_width())]))
    print()
    for found in evidence.values():
        for sheet in found.sheets:
            print(f"{sheet_text(sheet)}\n")
        for sentence in found.words:
            print("\n".join(prose(sentence, terminal_width())))
        if found.words:
            print()


def _suffixes(columns: list[str]) -> list[str]:
    """What is added to a file's name for each column: nothing for one, else its name in characters for any system."""
    if len(columns) == 1:
        return [""]
    suffixes: list[str] = []
    for place, column in enumerate(columns):
        safe = "_" + re.sub(r"[^\w.+-]", "_", column)
        suffixes.append(safe if safe not in suffixes else f"{safe}_{place + 1}")
    return suffixes
