"""`nasinit list`: list the spaces, proxies, measurements, searches and tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli import listed, offered, options
from harness.cli.user_files import load_file
from harness.errors import SettingError, unknown
from harness.text.shown import in_epochs

if TYPE_CHECKING:
    from harness.evaluation import Listing
    from harness.search import SearchSetting

SHOWN = 5


def list_names(
    kind: Annotated[
        str,
        typer.Argument(
            help="spaces, proxies, measurements, searches or tables",
            metavar="spaces|proxies|measurements|searches|tables",
            autocompletion=offered.those("spaces", "proxies", "measurements", "searches", "tables"),
        ),
    ],
    name: Annotated[
        str | None,
        typer.Argument(
            help="name or file of one table, to list all its columns and limits", autocompletion=offered.TABLES
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, with everything that is known")] = False,
    load: options.LoadOption = None,
) -> None:
    """List the spaces, proxies, measurements, searches or tables, or one table, by its name or its file's path."""
    kinds: dict[str, tuple[Callable[[], object], Callable[[], list[dict[str, Any]]]]] = {
        "spaces": (_spaces, listed.spaces),
        "proxies": (_proxies, listed.proxies),
        "measurements": (_measurements, listed.measurements),
        "searches": (_searches, listed.searches),
        "tables": (_tables, listed.tables),
    }
    if kind not in kinds:
        raise SettingError(unknown("kind of list", kind, kinds))
    if name is not None and kind != "tables":
        raise SettingError(f"list {kind} takes no name, got {name!r}: only list tables does")
    for file in load or []:
        load_file(file, "--load")
    printed, records = kinds[kind]
    if as_json:
        found = records() if name is None else listed.tables(name)
        print(json.dumps(found, indent=2, ensure_ascii=False, default=str))
    elif name is None:
        printed()
    else:
        _table(name)


def _spaces() -> None:
    for space in listed.spaces():
        print(f"{space['name']}: {space['summary']}\n    {space['problem']}, judged by {space['judged_by']}")
    print("Models of your own: nasinit score --space FILE.py, a file with a dictionary MODELS of functions by name.")


def _proxies() -> None:
    for proxy in listed.proxies():
        mark = "" if proxy["in_all"] else "  (not in 'all': name it)"
        reads = ", ".join(f"{need} ({cost})" for need, cost in proxy["reads"].items())
        print(f"{proxy['name']}  version {proxy['version']}{mark}\n    {proxy['summary']}")
        print(f"    reads {reads}\n    {proxy['source']}")


def _measurements() -> None:
    for each in listed.measurements():
        own = "  (your own, or a plug-in's)" if each["own"] else ""
        print(f"{each['name']}: {each['type'] or 'of a type that is not stated'}{own}\n    {each['yields']}")
        print(f"    cost: {each['cost']}\n    read by {', '.join(each['read_by']) or 'no proxy'}")
    print("A proxy or a measurement of your own may also read network, batch and setting.")


def _searches() -> None:
    from harness.search import METHODS

    for method in METHODS.values():
        print(f"{method.name}: {method.summary}\n    {method.source}")
        for space, presets in method.presets.items():
            sizes = ", ".join(f"{name} {_size(setting)}" for name, setting in presets.settings.items())
            print(f"    {space}: {sizes}")
            if presets.note:
                print(f"        not as published: {presets.note}")
            if presets.reduced_note:
                print(f"        reduced: {presets.reduced_note}")


def _size(setting: SearchSetting) -> str:
    pixels = "" if setting.image_size is None else f", {setting.image_size} pixels a side"
    sizes = f"width {setting.width}, depth {setting.depth}{pixels}"
    return f"({sizes}, batch {setting.batch_size}, {in_epochs(setting.epochs)})"


def _tables() -> None:
    from harness.evaluation import list_tables

    for listing in list_tables():
        if listing.opens:  # one of the others, which are printed in full
            print(f"{listing.name}  {_state(listing)}")
        else:
            _print_table(listing)
    print("A file of your own, .csv, .csv.gz or .parquet with a column 'architecture', is a table too: --table FILE.")
    print("A table of models of your own has a column 'name' in its place.")
    print("All columns of a table, and its limits: nasinit list tables NAME, or nasinit list tables FILE.")


def _table(name: str) -> None:
    from harness.evaluation import Listing, list_tables, open_table
    from harness.evaluation.columns import UNMEASURED

    listing = {listing.name: listing for listing in list_tables()}.get(name) or Listing.of(open_table(name))
    _print_table(listing)
    if listing.damaged:
        return
    print(f"    {listing.facts.note}")
    for column in listing.columns:
        better = "" if column.unit in UNMEASURED else f", {'higher' if column.higher_is_better else 'lower'} is better"
        print(f"{column.name}  ({column.unit}{better})\n    {column.description}")


def _print_table(listing: Listing) -> None:
    facts = listing.facts
    if listing.damaged:
        print(f"{listing.name}  {_state(listing)}\n    file: {facts.path}")
        return
    names = [column.name for column in listing.columns]
    more = f", … ({len(names)} in all)" if len(names) > SHOWN else ""
    print(f"{listing.name}  {_state(listing)}\n    {facts.title}")
    print(f"    source: {facts.source}\n    licence: {facts.licence}")
    print(f"    split: {facts.splits}\n    epochs: {facts.epochs}\n    seeds: {facts.seeds}")
    print(f"    rows: {_rows(listing)}, of {facts.space_in_words}")
    print(f"    columns: {', '.join(names[:SHOWN])}{more}")
    if facts.path is not None:
        print(f"    file: {facts.path}")


def _rows(listing: Listing) -> str:
    rows, counted = listing.facts.rows, listing.rows_with_numbers
    if rows is None:
        return "unknown"
    return f"{rows:,}" if counted in (None, rows) else f"{rows:,}, {counted:,} with numbers"


def _state(listing: Listing) -> str:
    if listing.damaged:
        return f"({listing.reason})"
    return f"({'here' if listing.available else 'not here'}: {listing.reason})"
