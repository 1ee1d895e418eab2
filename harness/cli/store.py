"""`nasinit store`: stores put together, taken apart, looked at and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli import options
from harness.cli.outputs import say_table
from harness.cli.user_files import load_file
from harness.errors import DamagedStoreError, RunError, ScoresError, SettingError, unknown
from harness.report.suffixes import CSV, PARQUET, check_suffix
from harness.text.shown import plain, shown

StoreArgument = Annotated[Path, typer.Argument(help="a store", metavar="[STORE]")]
IntoOption = Annotated[Path, typer.Option("--into", help="the store to write to; made if it is not there")]

app = typer.Typer(no_args_is_help=True)


@app.callback()
def store() -> None:
    """Stores of scores: merge, import, export, table, info, check."""


@app.command()
def merge(
    stores: Annotated[list[Path], typer.Argument(help="stores, which are only read", metavar="STORES")],
    into: IntoOption,
    mixed: Annotated[
        bool,
        typer.Option(
            "--mixed", help="merge although stores have one request in different versions of torch or of a proxy"
        ),
    ] = False,
) -> None:
    """Put the scores and runs of stores into one; merging again changes nothing, and a kill leaves it as it was."""
    from harness.scoring.store.merging import merge_stores

    for merged in merge_stores(stores, into, mixed=mixed):
        print(_said(merged.path, merged.added, merged.there, merged.runs))
    print(f"in {into}")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet file of scores", metavar="FILE")],
    into: IntoOption,
    space: Annotated[str | None, typer.Option(help="space of the scores, where no file next to it says it")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=VALUE: value of the setting that is not the space's own, such as batch_size=128; repeatable"
        ),
    ] = None,
    torch: Annotated[str | None, typer.Option(help="version of torch that computed the scores")] = None,
    proxy_version: Annotated[
        list[str] | None, typer.Option(help="NAME=VERSION: version of a proxy, such as grad_norm=1; repeatable")
    ] = None,
    scored_as: Annotated[
        str | None,
        typer.Option(help="which of the architectures with one network was scored: minimal, or own (with --no-merge)"),
    ] = None,
    load: options.LoadOption = None,
) -> None:
    """Put the scores of a file into a store; what the file next to it does not say of them must be given."""
    from harness.scoring.importing import MINIMAL, OWN, Stated, import_scores

    for loaded in load or []:
        load_file(loaded, "--load")
    if scored_as not in (None, MINIMAL, OWN):
        raise SettingError(unknown("value of --scored-as", scored_as, (MINIMAL, OWN)))
    stated = Stated(space, _pairs("--setting", setting), torch, _pairs("--proxy-version", proxy_version), scored_as)
    merged = import_scores(file, into, stated)
    print(_said(merged.path, merged.added, merged.there, merged.runs))
    print(f"in {into}")


@app.command()
def export(
    to: Annotated[
        Path,
        typer.Option(
            "--to", help="CSV (.csv, .csv.gz) or Parquet (.parquet) file; FILE.json next to it says what made it"
        ),
    ],
    store: StoreArgument = options.DEFAULT_SCORES,
    run: options.RunOption = None,
) -> None:
    """Write the scores of a run, with the file that says where they come from; `nasinit store import` takes both."""
    check_suffix(to, "a table of scores", (*CSV, *PARQUET))
    from harness.report.files import write_described_parts
    from harness.scoring.exporting import exporting

    with exporting(_there(store), run) as export:
        written, count = write_described_parts(export.parts, export.provenance, to)
    say_table(written, f": {count:,} scores")


@app.command()
def table(
    to: Annotated[Path, typer.Option("--to", help="Parquet (.parquet) file")],
    scores: Annotated[
        Path, typer.Argument(help="a store, or a file of `nasinit store export`", metavar="[SCORES]")
    ] = options.DEFAULT_SCORES,
    run: options.RunOption = None,
) -> None:
    """Make the table of known proxies' scores on NAS-Bench-201 (`nasbench201-proxies`) of a store, whole or in part.

    Of a part, it has the cells in the random order of `--sample`, up to the first one that is not finished: a random
    sample. Each column takes as little room as keeps the ranks of its scores.
    """
    check_suffix(to, "a table of known scores", PARQUET)
    from harness.evaluation.known.building import build_known_table

    made = build_known_table(_there(scores), to, run)
    print(
        f"wrote {made.path} ({made.path.stat().st_size / 1e6:.2f} MB): {made.proxies} proxies on {made.cells:,} of "
        f"{made.of:,} cells, {made.networks:,} different networks"
    )


@app.command()
def info(store: StoreArgument = options.DEFAULT_SCORES) -> None:
    """Print what a store holds: settings, versions, runs, and the machines that made the scores."""
    from harness.scoring.files import in_words
    from harness.scoring.store import Store

    with Store(_there(store), readonly=True) as opened:
        runs = opened.runs()
        with opened.reading() as contents:
            settings = contents.rows.settings()
            counts = contents.rows.counts()
            machines = contents.origins.counted()
        print(f"{store}: version {opened.version}, {store.stat().st_size:,} bytes")
        of_setting = {run.setting_id: run.setting for run in runs}
        for number, row in settings.items():
            said = in_words(row.space, [of_setting[number]]) if number in of_setting else row.setting
            print(f"setting {number}: {plain(row.space)}, torch {plain(row.torch)}; {plain(said, 1000)}")
            for setting, proxy, version, scores in counts:
                if setting == number:
                    print(f"    {plain(proxy)}, version {plain(version)}: {scores:,} scores")
        for one in runs:
            asked = f"{len(one.scored_as):,} architectures by {', '.join(one.proxies)}"
            print(f"run {one.number} of {plain(one.started)}: setting {one.setting_id}, {asked}")
        total = sum(scores for *_, scores in counts)
        for machine, scores in machines.items():
            print(f"made by {plain(machine, 300)}: {scores:,} scores")
        if known := total - sum(machines.values()):
            print(f"made by a machine that is not known: {known:,} scores")


@app.command()
def check(store: StoreArgument = options.DEFAULT_SCORES) -> None:
    """Compare every row of a store with its checksum, and name those that are damaged; exit code 1 if there are any."""
    from harness.scoring.store import Store

    try:
        with Store(_there(store), readonly=True) as opened, opened.reading() as contents:
            found = contents.rows.looked_through()
            version = opened.version
    except DamagedStoreError as error:
        raise RunError(str(error)) from error
    for name in found.named:
        print(f"damaged: {name}")
    if found.damaged > len(found.named):
        print(f"damaged: {found.damaged - len(found.named):,} more rows")
    for name in found.uneven:
        print(f"not as many as there were: {name}")
    if found.damaged or found.uneven:
        lost = f", and {len(found.uneven):,} of its counts do not hold" if found.uneven else ""
        raise RunError(f"{store} is damaged in {found.damaged:,} of {found.rows:,} rows{lost}: use a whole copy of it")
    how = "as they were written" if version > 1 else "readable (version 1 has no checksums)"
    print(f"{store}: {found.rows:,} rows, all {how}")


def _there(store: Path) -> Path:
    """The store, if there is a file; anything else about it is said when it is opened."""
    if not store.exists():
        raise ScoresError(f"there is no store {plain(str(store), 300)}")
    return store


def _said(path: Path, added: int, there: int, runs: int) -> str:
    return f"{path}: {added:,} new scores, {there:,} that were there, {runs:,} new runs"


def _pairs(option: str, texts: list[str] | None) -> dict[str, str]:
    found = {}
    for text in texts or []:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            raise SettingError(f"{option} takes NAME=VALUE, got {shown(text)}")
        if name in found:
            raise SettingError(f"{option} {name} is given twice")
        found[name] = value
    return found
