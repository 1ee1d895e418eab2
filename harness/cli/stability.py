"""`nasinit stability` and `nasinit transfer`: the same proxies under several settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import offered, options
from harness.cli.joined import directed, said_direction
from harness.cli.outputs import check_csv, say_table
from harness.errors import SettingError

if TYPE_CHECKING:
    import pandas as pd

    from harness.evaluation import Table

FilesArgument = Annotated[
    list[Path],
    typer.Argument(
        help="stores or CSVs of scores, one for each setting; each seed of a file of several is a setting; FILE@RUN "
        "names a run of a store"
    ),
]


def stability(
    scores: FilesArgument,
    proxies: Annotated[
        list[str] | None,
        options.proxies_option("proxies to print with their whole matrices; by default all, without matrices"),
    ] = None,
    coefficient: Annotated[
        str,
        typer.Option(
            help="spearman, kendall_tau_b, weighted_tau or pearson",
            autocompletion=offered.those("spearman", "kendall_tau_b", "weighted_tau", "pearson"),
        ),
    ] = "spearman",
    resamples: options.ResamplesOption = 1000,
    seed: options.SeedOption = 0,
    csv: options.CsvOption = None,
) -> None:
    """Stability: rank correlation of each proxy with itself under another seed, batch, init or size."""
    check_csv(csv)
    options.positive("resamples", resamples)
    from harness.evaluation.stability import stability as compared
    from harness.report.tables.stability import settings_sheets, stability_sheet
    from harness.report.tables.text import sheet_text

    found = compared(
        _read(scores), proxies or None, coefficient=coefficient, resamples=resamples, seed=seed, progress=True
    )
    print(sheet_text(stability_sheet(found)))
    for sheet in settings_sheets(found) if proxies else []:
        print(f"\n{sheet_text(sheet)}")
    _write(found.frame, csv)


def transfer(
    scores: FilesArgument,
    table: options.TableOption = options.DEFAULT_TABLE,
    column: options.ColumnsOption = None,
    lower: options.LowerOption = None,
    higher: options.HigherOption = None,
    resamples: options.ResamplesOption = 1000,
    seed: options.SeedOption = 0,
    csv: options.CsvOption = None,
) -> None:
    """Transfer: rank correlation of scores on one data set's inputs with a table's accuracies on others."""
    check_csv(csv)
    options.positive("resamples", resamples)
    from harness.evaluation import open_table
    from harness.evaluation.transfer import transfer as transferred
    from harness.report.tables.stability import transfer_sheet
    from harness.report.tables.text import sheet_text

    columns = list(dict.fromkeys(column or [options.DEFAULT_COLUMN]))
    directions = options.directions(lower, higher)
    options.check_directions(directions, columns)
    opened = directed(open_table(table), directions, columns)
    read = _read(scores, opened)
    print("\n".join(f"{name}: {said_direction(opened, name)}" for name in columns))
    found = transferred(read, opened, columns, resamples=resamples, seed=seed, progress=True)
    print(sheet_text(transfer_sheet(found)))
    _write(found.frame, csv)


def _read(files: list[Path], table: Table | None = None) -> dict[str, pd.DataFrame]:
    """The scores of each file by a label: its name, or its path where names repeat; prints where they are from.

    Raises:
        ScoresError: a file of another space than the table or, without a table, than the first file.
    """
    from harness.evaluation.matching import check_space, recognised_space, space_of
    from harness.evaluation.seeds import each_seed_alone
    from harness.scoring.files import read_scores

    names = [file.name.partition(".")[0] + (f"@{run}" if (run := _run_of(file)[1]) else "") for file in files]
    labels = names if len(set(names)) == len(names) else [str(file) for file in files]
    if len(set(labels)) < len(labels):
        raise SettingError("the same scores are given twice: each file, or run of a store, is one setting")
    frames = {}
    space, other = (space_of(table).name, f"table {table.facts.name}") if table else ("", str(files[0]))
    for label, file in zip(labels, files, strict=True):
        found = read_scores(*_run_of(file))
        print(f"{label}: {found.origin}")
        space = space or recognised_space(found.frame)
        check_space(found.frame, str(file), space, other)
        frames[label] = found.frame
    print()
    return each_seed_alone(frames)


def _write(frame: pd.DataFrame, csv: Path | None) -> None:
    from harness.report.files import write_described_csv

    if csv is not None:
        print()
        say_table(write_described_csv(frame, csv))


def _run_of(file: Path) -> tuple[Path, int | None]:
    """A file, and the run after the @ at the end of its name, unless a file has that whole name."""
    stem, at, run = str(file).rpartition("@")
    if not at or file.exists() or not run.isdigit():
        return file, None
    return Path(stem), int(run)
