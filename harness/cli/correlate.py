"""`nasinit correlate`: rank correlation of scores with a column of a table, such as accuracies or latencies."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from harness.cli import options
from harness.cli.joined import ranked
from harness.cli.outputs import check_csv, check_named, with_description
from harness.report.tables.headings import check_label, check_ranking_columns

if TYPE_CHECKING:
    import pandas as pd

    from harness.evaluation.evidence import Evidence
    from harness.report.tables.sheet import Sheet


def correlate(
    scores: options.ScoresArgument = options.DEFAULT_SCORES,
    table: options.TablesOption = None,
    column: options.ColumnsOption = None,
    lower: options.LowerOption = None,
    higher: options.HigherOption = None,
    run: options.RunOption = None,
    resamples: options.ResamplesOption = 1000,
    seed: options.SeedOption = 0,
    interval: options.IntervalOption = "percentile",
    pool: options.PoolOption = None,
    proxies: options.RankedProxiesOption = None,
    combine: options.CombineOption = None,
    against: options.AgainstOption = None,
    beyond_size: Annotated[
        bool,
        typer.Option(
            "--beyond-size",
            help="also the partial correlation, with params and flops held fixed, and that among equal params",
        ),
    ] = False,
    top: Annotated[
        bool,
        typer.Option(
            "--top", help="also the accuracy of the highest scores, and the correlation among the best architectures"
        ),
    ] = False,
    ceiling: Annotated[
        bool,
        typer.Option(
            "--ceiling", help="also each proxy as a share of the noise ceiling: how well one training ranks another"
        ),
    ] = False,
    against_known: Annotated[
        bool,
        typer.Option(
            "--against-known",
            help="also each proxy against all known ones on the same cells of NAS-Bench-201, whose scores come with "
            "nasinit",
        ),
    ] = False,
    csv: Annotated[
        Path | None,
        typer.Option(
            help="CSV file for the ranking; further tables go next to it, as NAME_top.csv, NAME_COLUMN.csv, and what "
            "made each of them, as NAME.csv.json"
        ),
    ] = None,
    latex: Annotated[
        Path | None, typer.Option(help="LaTeX file (booktabs) for the ranking; further tables go next to it")
    ] = None,
    latex_label: Annotated[
        str | None, typer.Option(help="label of the LaTeX table, such as tab:ranking; further tables have none")
    ] = None,
    latex_columns: Annotated[
        str | None,
        typer.Option(
            help="columns of the ranking's LaTeX table, with commas, in their order: by their headings, or their names "
            "in the CSV; by default all"
        ),
    ] = None,
    latex_narrow: Annotated[
        bool, typer.Option("--latex-narrow", help="LaTeX tables for one column of an article of two, in small print")
    ] = False,
    markdown: Annotated[
        Path | None, typer.Option(help="Markdown file with all tables; of several columns, each has a file of its own")
    ] = None,
) -> None:
    """Rank correlation of every proxy with a table's column, with 95 % intervals, next to params and flops.

    Several columns, of one table or of several, are ranked one after the other and then shown side by side.
    """
    if latex is None:
        options.refuse_without(
            "--latex",
            {"--latex-label": latex_label, "--latex-columns": latex_columns, "--latex-narrow": latex_narrow or None},
        )
    chosen = options.names(latex_columns) if latex_columns is not None else []
    check_csv(csv)
    check_named(latex, "--latex")
    check_named(markdown, "--markdown")
    options.positive("resamples", resamples)
    check_label(latex_label)
    check_ranking_columns(chosen)
    from harness.evaluation.evidence import EvidenceOptions, gather_evidence
    from harness.report.tables.matrix import matrix_sheet
    from harness.report.tables.text import sheet_text

    requested = EvidenceOptions(
        against or None, beyond_size, top, ceiling, against_known, resamples=resamples, seed=seed
    )
    joined = ranked(
        scores,
        table or [],
        column or [],
        run,
        resamples,
        seed,
        interval,
        options.directions(lower, higher),
        named=[against] if against else (),
        only=proxies or (),
        pool=pool,
        combine=combine or (),
    )
    evidence = [gather_evidence(ranking, ranked_by, requested, progress=True) for ranking, ranked_by in joined]
    rankings = [one.ranking for one in joined]
    suffixes = _suffixes([ranking.column for ranking in rankings])
    written: list[Path] = []
    form = _Latex(latex_label, chosen, latex_narrow)
    for found, suffix in zip(evidence, suffixes, strict=True):
        written += _write(found, suffix, form, csv=csv, latex=latex, markdown=markdown)
    for found in evidence:
        _show(found)
    if len(rankings) > 1:
        print(f"{sheet_text(matrix_sheet(rankings))}\n")
    for file in written:
        print(f"wrote {file}")


class _Latex(NamedTuple):
    """How LaTeX tables look: the ranking's label and columns, and whether they fit a column of an article."""

    label: str | None
    columns: Sequence[str]
    narrow: bool


class _Part(NamedTuple):
    """One kind of evidence: its name in file names, its data frame, its tables, and the sentences below them."""

    name: str
    frame: pd.DataFrame
    sheets: list[Sheet]
    words: Sequence[str] = ()


def _parts(found: Evidence) -> list[_Part]:
    """The kinds of evidence that were made, ready to be written and printed."""
    from harness.report.tables.evidence import beyond_size_sheet, ceiling_sheet, comparison_sheet, top_sheets
    from harness.report.tables.known import known_sheets

    parts = []
    if (comparison := found.comparison) is not None:
        parts.append(_Part("against", comparison.frame, [comparison_sheet(comparison)], comparison.words))
    if found.beyond_size is not None:
        parts.append(_Part("beyond_size", found.beyond_size.frame, [beyond_size_sheet(found.beyond_size)]))
    if found.top is not None:
        parts.append(_Part("top", found.top.frame, top_sheets(found.top)))
    if found.ceiling is not None:
        parts.append(_Part("ceiling", found.ceiling.frame, [ceiling_sheet(found.ceiling)]))
    if (known := found.known) is not None:
        parts.append(_Part("known", known.frame, known_sheets(known), known.words))
    return parts


def _write(
    evidence: Evidence, suffix: str, form: _Latex, *, csv: Path | None, latex: Path | None, markdown: Path | None
) -> list[Path]:
    """Write the requested files, and return their paths."""
    from harness.report.files import write_described_csv, write_text
    from harness.report.presenters import sheets_latex
    from harness.report.tables.ranking import ranking_sheet
    from harness.report.tables.sheet import sheet_markdown

    def named(file: Path, name: str = "") -> Path:
        return file.with_stem(file.stem + suffix + (f"_{name}" if name else ""))

    ranking, parts = evidence.ranking, _parts(evidence)
    written: list[Path] = []
    sheet = ranking_sheet(ranking)
    if csv is not None:
        for frame, name in [(ranking.frame, ""), *((part.frame, part.name) for part in parts)]:
            written += with_description(write_described_csv(frame, named(csv, name)))
    if latex is not None:
        label = None if form.label is None else form.label + re.sub(r"[^A-Za-z0-9:._/-]", "_", suffix)
        printed = ranking_sheet(ranking, whole=True) if form.columns else sheet
        text = sheets_latex([printed], label, form.columns, form.narrow)
        written.append(write_text(text, named(latex)))
        for part in parts:
            written.append(write_text(sheets_latex(part.sheets, narrow=form.narrow), named(latex, part.name)))
    if markdown is not None:
        texts = [sheet_markdown(sheet)]
        for part in parts:
            texts += [*map(sheet_markdown, part.sheets), *part.words]
        written.append(write_text("\n\n".join(texts) + "\n", named(markdown)))
    return written


def _show(evidence: Evidence) -> None:
    from harness.report.tables.ranking import ranking_sheet
    from harness.report.tables.text import prose, sheet_text, terminal_width

    ranking = evidence.ranking
    print(sheet_text(ranking_sheet(ranking)))
    for note in filter(None, (ranking.direction, ranking.uneven)):
        print("\n".join(["", *prose(note, terminal_width())]))
    print()
    for part in _parts(evidence):
        for sheet in part.sheets:
            print(f"{sheet_text(sheet)}\n")
        for sentence in part.words:
            print("\n".join(prose(sentence, terminal_width())))
        if part.words:
            print()


def _suffixes(columns: list[str]) -> list[str]:
    """Suffix of each column's file names: none for a single column, else its name in characters for any system."""
    if len(columns) == 1:
        return [""]
    suffixes: list[str] = []
    for place, column in enumerate(columns):
        safe = "_" + re.sub(r"[^\w.+-]", "_", column)
        suffixes.append(safe if safe not in suffixes else f"{safe}_{place + 1}")
    return suffixes
