"""The tables by name: listing them, finding their files, and opening them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping, MutableMapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.errors import TableError, unknown
from benchmarks.files import DATA_VARIABLE, data_folder
from benchmarks.keys import KEY
from benchmarks.readers import analognasbench, darts, darts_published, hardware, nasbench201, official, robustness
from benchmarks.readers.user_table import read_user_table
from benchmarks.table import Column, Facts, Table

SUFFIXES = (".csv", ".csv.gz", ".parquet")

OFFICIAL_OR_ANALOG = "nasbench201"
OFFICIAL = nasbench201.FACTS.name
ANALOG = analognasbench.FACTS.name
DARTS_PUBLISHED = darts_published.FACTS.name


@dataclass(frozen=True)
class Listing:
    """One name for `open_table`: the facts that are known without reading the table, and whether it is available.

    Attributes:
        name: name for `open_table`.
        facts: facts of the published table, or those in a Parquet file; `facts.path` is the file that would be read,
            None if there is none.
        available: whether the table can be opened.
        reason: where the table was found, how to get it, or what is wrong with a damaged file.
        columns: columns of the published table, of which a CSV file may lack some, or those in a Parquet file.
        opens: name of another listed table where this name only opens that one, else empty.
        rows_with_numbers: number of rows with numbers, below `facts.rows` for a table that was converted in part; None
            where the file does not tell.
        damaged: whether the file is damaged; then only its path is known.
    """

    name: str
    facts: Facts
    available: bool
    reason: str
    columns: tuple[Column, ...] = ()
    opens: str = ""
    rows_with_numbers: int | None = None
    damaged: bool = False

    @classmethod
    def of(cls, table: Table) -> Listing:
        """The listing of an open table, such as that of a user's file."""
        from benchmarks.formats.compact import rows_with_numbers

        counted = rows_with_numbers(table)
        return cls(table.facts.name, table.facts, True, "read", table.columns, rows_with_numbers=counted)


@dataclass(frozen=True)
class _PublishedTable:
    facts: Facts
    columns: tuple[Column, ...]
    files: tuple[str, ...]
    read: Callable[[Path], Table]
    key: str = KEY
    """Name of the column of keys in the files."""


def _unzipped_too(file: str) -> tuple[str, ...]:
    return file, file.removesuffix(".gz")


_SOURCES = {
    source.facts.name: source
    for source in (
        _PublishedTable(nasbench201.FACTS, nasbench201.COLUMNS, official.FILES, official.read_official),
        _PublishedTable(
            hardware.FACTS, hardware.COLUMNS, _unzipped_too("nasbench201_hardware.csv.gz"), hardware.read_hardware
        ),
        _PublishedTable(
            robustness.FACTS,
            robustness.COLUMNS,
            _unzipped_too("nasbench201_robustness_cifar10.csv.gz"),
            robustness.read_robustness,
        ),
        _PublishedTable(
            darts.RANDOM_FACTS,
            darts.RANDOM_COLUMNS,
            ("darts_random214_cifar10.csv",),
            darts.read_random214,
            key=darts.RANDOM_KEY,
        ),
        _PublishedTable(
            darts.SURROGATE_FACTS, darts.SURROGATE_COLUMNS, ("nasbench301_500.csv",), darts.read_surrogate500
        ),
    )
}
NAMES = (
    OFFICIAL_OR_ANALOG,
    OFFICIAL,
    ANALOG,
    hardware.FACTS.name,
    robustness.FACTS.name,
    DARTS_PUBLISHED,
    darts.RANDOM_FACTS.name,
    darts.SURROGATE_FACTS.name,
)
"""Names for `open_table`, in the order of `list_tables`: NAS-Bench-201's tables first, accuracies before others."""


def open_table(name_or_path: str | os.PathLike[str], *, path: str | os.PathLike[str] | None = None) -> Table:
    """Open a table of published numbers; `facts.name`, `facts.path` and `describe()` tell which table was opened.

    Args:
        name_or_path: one of `NAMES`, or the path of a .csv, .csv.gz or .parquet file. `nasbench201` opens the official
            table if it is available, else `analognasbench`. A path opens as the published table with this file name,
            as a file that `nasinit convert` made, or else as a user's own table with a column `architecture`.
        path: the file to read for the named table. By default it is looked for in the folder that the environment
            variable NASINIT_DATA names, the official table also where `nasinit pull` stores it, and `analognasbench`
            in the installed distribution analog-nasbench.

    Raises:
        TableError: for an unknown name (with the nearest name), a table that is not available (with how to get it), or
            a damaged file. A damaged file is always an error, and never skipped for another.

    """
    name = os.fspath(name_or_path)
    if name not in NAMES:
        return _open_path(name_or_path, path)
    given = None if path is None else Path(os.path.expanduser(path))
    if name == ANALOG:
        return analognasbench.read_analognasbench(given)
    if name == DARTS_PUBLISHED:
        if given is not None:
            raise TableError(f"{DARTS_PUBLISHED} is part of nasinit and reads no file: leave out {given}")
        return darts_published.published_table()
    source = _SOURCES[OFFICIAL if name == OFFICIAL_OR_ANALOG else name]
    file = _found(source)[0] if given is None else given
    if file is not None:
        return source.read(file)
    if name == OFFICIAL_OR_ANALOG:
        return analognasbench.read_analognasbench()
    raise TableError(f"{name} is not here: {_how_to_get(source)}. {_what_it_is(source)}")


def list_tables() -> tuple[Listing, ...]:
    """All names for `open_table` with the facts of their tables; looks for the files, but reads no numbers.

    In the order of `NAMES`. The footer of a Parquet file is read; a file with a damaged footer is listed as damaged.

    Raises:
        TableError: if NASINIT_DATA names something that is not a folder.

    """
    found = {name: _listing(source) for name, source in _SOURCES.items()}
    found[ANALOG] = _analog_listing()
    found[DARTS_PUBLISHED] = Listing(
        DARTS_PUBLISHED, darts_published.FACTS, True, "part of nasinit", darts_published.COLUMNS
    )
    opens = found[OFFICIAL] if found[OFFICIAL].available else found[ANALOG]
    found[OFFICIAL_OR_ANALOG] = replace(
        opens, name=OFFICIAL_OR_ANALOG, reason=f"opens {opens.name}: {opens.reason}", opens=opens.name
    )
    return tuple(found[name] for name in NAMES)


def table_with(
    column: str, *, space: str, names: Sequence[str] = (), opened: MutableMapping[str, Table] | None = None
) -> Table:
    """First table that has a column: among the given names, or by default among the space's available tables.

    Args:
        column: name of a column, for instance `hwnas_cifar10_edgegpu_latency_ms`.
        space: name of the space of the table.
        names: names or paths for `open_table`, in the order of search; empty for all available tables of the space,
            `nasbench201` first.
        opened: open tables by name; newly opened tables are added, so that each table is opened once for several
            columns.

    Raises:
        TableError: for a named table of another space, or if no table has the column; the message names the tables that
            were searched, the nearest names in them, and other tables with the column and how to get them.

    """
    listings = [listing for listing in list_tables() if listing.facts.space == space]
    opened = {} if opened is None else opened
    looked: dict[str, tuple[Column, ...]] = {}
    files: set[Path | None] = set()
    for name in names or [listing.name for listing in listings if listing.available]:
        listing = next((listing for listing in listings if listing.name == name), None)
        if listing is not None and name not in (
            OFFICIAL_OR_ANALOG,
            OFFICIAL,
        ):  # these two may have unlisted columns
            if column not in [one.name for one in listing.columns]:
                looked[name] = listing.columns
                continue
        known = listing.opens or name if listing is not None else name
        table = opened[known] if known in opened else opened.setdefault(known, open_table(name))
        if table.facts.space not in ("", space):
            raise TableError(f"table {name} is about the space {table.facts.space}, not about {space}")
        if column in table.column_names:
            return table
        looked[table.facts.name] = table.columns
        files.add(table.facts.path)
    places = [_place(listing, column, files) for listing in listings if listing.name != OFFICIAL_OR_ANALOG]
    raise TableError(". ".join([_nowhere(column, space, looked), *filter(None, places)]))


def tables_with(columns: Sequence[str], *, space: str, names: Sequence[str] = ()) -> list[Table]:
    """The table of each column, in the order of the columns; no table is opened twice.

    Args:
        columns: names of columns, of one table or of several.
        space: name of the space that the tables must be about.
        names: what `open_table` takes, in the order in which to look; empty for every table of the space that is here.

    Raises:
        TableError: as `table_with`, for the first column that it refuses.

    """
    opened: dict[str, Table] = {}
    return [table_with(column, space=space, names=names, opened=opened) for column in columns]


def _nowhere(column: str, space: str, looked: Mapping[str, Sequence[Column]]) -> str:
    if len(looked) == 1:
        ((name, columns),) = looked.items()
        return f"table {name}: {unknown('column', column, [one.name for one in columns])}"
    found = []
    for name, columns in looked.items():
        near = difflib.get_close_matches(column, [one.name for one in columns], n=2)
        found.append(f"{name} (nearest: {', '.join(near)})" if near else name)
    return f"no column {column!r} in {'; '.join(found) or f'any table of the space {space}: none is here'}"


def _place(listing: Listing, column: str, opened: Set[Path | None]) -> str:
    """Message on a listed table that has the column, by this name or its source's; empty for other tables."""
    columns = _SOURCES[listing.name].columns if listing.name in _SOURCES else listing.columns
    one = next((one for one in columns if column and column in (one.name, one.origin)), None)
    if one is None:
        return ""
    called = "" if one.name == column else f" as {one.name}"
    if not listing.available:
        return f"{listing.name} would have it{called}, but is not here: {listing.reason}"
    if listing.facts.path in opened:
        return f"{listing.name} would have it{called}, but its file {listing.facts.path} leaves it out"
    return f"{listing.name} has it{called}"


def _found(source: _PublishedTable) -> tuple[Path | None, str]:
    """File of a published table and where it was found; None and an empty text if it is not available."""
    folder = data_folder()
    places = [] if folder is None else [folder / file for file in source.files if (folder / file).exists()]
    if len(places) > 1 and official.holds_less(places[0]):
        places = [*places[1:], places[0]]
    if places:
        over = f"; passed over: {', '.join(place.name for place in places[1:])}" if len(places) > 1 else ""
        return places[0], f"found in the {DATA_VARIABLE} folder{over}"
    if source.facts.name == OFFICIAL:
        from benchmarks.pull.pulling import pulled_file

        if (pulled := pulled_file(OFFICIAL_OR_ANALOG)) is not None:
            return pulled, "pulled"
    return None, ""


def _how_to_get(source: _PublishedTable) -> str:
    folder = data_folder()
    files = " or ".join(source.files)
    pull = f", or run nasinit pull {OFFICIAL_OR_ANALOG}" if source.facts.name == OFFICIAL else ""
    where = f"the {DATA_VARIABLE} folder {folder} holds no {files}; put it there"
    if folder is None:
        where = f"set the environment variable {DATA_VARIABLE} to the folder that holds {files}"
    return f"{where}, or give its path{pull}"


def _what_it_is(source: _PublishedTable) -> str:
    """Content of a table's file, for users who have to make it themselves."""
    if source.facts.name == OFFICIAL:
        return "It is what `nasinit convert` makes of the official release"
    raw = [column.origin or column.name for column in source.columns]
    named = f"{', '.join(raw[:2])}, …" if len(raw) > 2 else ", ".join(raw)
    return f"It is a CSV with the columns {source.key}, {named}; source: {source.facts.source}"


def _listing(source: _PublishedTable) -> Listing:
    path, where = _found(source)
    name, facts = source.facts.name, replace(source.facts, path=path)
    if path is None or path.suffix != ".parquet":
        return Listing(name, facts, path is not None, where or _how_to_get(source), source.columns)
    try:
        columns, carried, counted = official.describe_official(path)
    except TableError as error:
        reason = f"damaged or of another kind: {error}"
        return Listing(name, replace(facts, rows=None), True, reason, damaged=True)
    return Listing(name, carried, True, where, columns, rows_with_numbers=counted)


def _analog_listing() -> Listing:
    try:
        path = analognasbench.installed_file()
    except TableError as error:
        return Listing(ANALOG, analognasbench.FACTS, False, str(error), analognasbench.COLUMNS)
    there = path.is_file()
    reason = f"in the installed distribution {analognasbench.DISTRIBUTION}" if there else "its data file is missing"
    return Listing(ANALOG, replace(analognasbench.FACTS, path=path), there, reason, analognasbench.COLUMNS)


def _open_path(name_or_path: str | os.PathLike[str], path: str | os.PathLike[str] | None) -> Table:
    given = os.fspath(name_or_path)
    file = Path(os.path.expanduser(given))
    if path is not None:
        raise TableError(f"with path=, the first argument must be a table's name: {unknown('table', given, NAMES)}")
    looks_like_a_path = not isinstance(name_or_path, str) or given.endswith(SUFFIXES) or os.sep in given
    endings = f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
    if not (looks_like_a_path or file.is_file()):
        raise TableError(f"{unknown('table', given, NAMES)}, or the path of a file that ends in {endings}")
    if not given.endswith(SUFFIXES):
        raise TableError(f"{file} is not a table: a file must end in {endings}")
    for source in _SOURCES.values():
        if file.name in source.files and file.suffix != ".parquet":
            return source.read(file)
    if file.suffix == ".parquet":
        from benchmarks.formats.compact import read_compact
        from benchmarks.formats.parquet import has_document

        if has_document(file):
            return read_compact(file)
    return read_user_table(file)
