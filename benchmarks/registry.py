"""The tables by name: listing them, finding their files, and opening them."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from benchmarks.errors import TableError, unknown
from benchmarks.files import DATA_VARIABLE, data_folder
from benchmarks.installed import installed_tables, origin
from benchmarks.listing import Listing
from benchmarks.packaged_tables import PACKAGED, PackagedTable
from benchmarks.plugins import PluginError
from benchmarks.published import SOURCES, PublishedTable
from benchmarks.readers import (
    analognasbench,
    darts,
    darts_published,
    hardware,
    nasbench201,
    official,
    proxy_scores,
    robustness,
    training_seconds,
    transnasbench,
)
from benchmarks.readers.small_benchmarks import small_benchmarks
from benchmarks.readers.user_table import read_user_table
from benchmarks.table import Column, Facts, Table

SUFFIXES = (".csv", ".csv.gz", ".parquet")

OFFICIAL_OR_ANALOG = "nasbench201"
OFFICIAL = nasbench201.FACTS.name
ANALOG = analognasbench.FACTS.name
DARTS_PUBLISHED = darts_published.FACTS.name


LOG = logging.getLogger(__name__)

SMALL = small_benchmarks()
"""Files of the small benchmarks of the package, by name."""
NAMES = (
    OFFICIAL_OR_ANALOG,
    OFFICIAL,
    ANALOG,
    hardware.FACTS.name,
    robustness.FACTS.name,
    training_seconds.FACTS.name,
    proxy_scores.NAME,
    DARTS_PUBLISHED,
    darts.RANDOM_FACTS.name,
    darts.SURROGATE_FACTS.name,
    darts.THOUSAND_FACTS.name,
    transnasbench.FACTS.name,
    *(name for name in PACKAGED if name != ANALOG),
    *SMALL,
)
"""Names for `open_table`, in the order of `list_tables`: NAS-Bench-201's tables first, accuracies before others."""

_INSTALLED = installed_tables(NAMES)


def open_table(
    name_or_path: str | os.PathLike[str],
    *,
    path: str | os.PathLike[str] | None = None,
    lower_is_better: Sequence[str] = (),
    higher_is_better: Sequence[str] = (),
) -> Table:
    """Open a table of published numbers; `facts.name`, `facts.path` and `describe()` tell which table was opened.

    Args:
        name_or_path: one of `NAMES`, the name of a table of another installed distribution (`benchmarks.installed`), or
            the path of a .csv, .csv.gz or .parquet file. `nasbench201` opens the official table if it is available,
            else `analognasbench`. A path opens as the published table with this file name, as a file that `nasinit
            convert` made, or else as a user's own table with a column `architecture`.
        path: the file to read for the named table. By default it is looked for in the folder that the environment
            variable NASINIT_DATA names, the official table also where `nasinit pull` stores it, and `analognasbench`
            in the installed distribution analog-nasbench.
        lower_is_better: columns where lower values are better, whatever their names say.
        higher_is_better: columns where higher values are better.

    Raises:
        TableError: for an unknown name (with the nearest name), a table that is not available (with how to get it), or
            a damaged file. A damaged file is always an error, and never skipped for another.

    """
    opened = _opened(name_or_path, path)
    facts = opened.facts
    LOG.debug(
        "opened the table %s (%s): %s rows, %s columns, SHA-256 %s", facts.name, facts.path or "in the package",
        f"{len(opened):,}", f"{len(opened.columns):,}", facts.sha256 or "not computed",
    )  # fmt: skip
    if not (lower_is_better or higher_is_better):
        return opened
    return opened.directed(lower_is_better=lower_is_better, higher_is_better=higher_is_better)


def _opened(name_or_path: str | os.PathLike[str], path: str | os.PathLike[str] | None) -> Table:
    name = os.fspath(name_or_path)
    if name not in NAMES:
        return _open_installed(name, path) if name in _INSTALLED else _open_path(name_or_path, path)
    given = None if path is None else Path(os.path.expanduser(path))
    if name in PACKAGED:
        return PACKAGED[name].read(given)
    if name in SMALL:
        from benchmarks.formats.compact import read_compact

        return read_compact(given or SMALL[name])
    if name == proxy_scores.NAME:
        return proxy_scores.packaged_scores(given).table
    if name == DARTS_PUBLISHED:
        if given is not None:
            raise TableError(f"{DARTS_PUBLISHED} is part of nasinit and reads no file: leave out {given}")
        return darts_published.published_table()
    source = SOURCES[OFFICIAL if name == OFFICIAL_OR_ANALOG else name]
    file = _found(source)[0] if given is None else given
    if file is None and name != OFFICIAL_OR_ANALOG:
        raise TableError(f"{name} is not here: {_how_to_get(source)}. {_what_it_is(source)}")
    opened = source.read(file) if file is not None else analognasbench.read_analognasbench()
    if name == OFFICIAL_OR_ANALOG and given is None:
        _say_which(f"{opened.facts.title} ({opened.facts.path or 'in the package'})")
    return opened


@cache
def _say_which(described: str) -> None:
    """Say once which of two tables the name stands for here."""
    LOG.warning("the table %s is here: %s", OFFICIAL_OR_ANALOG, described)


def _open_installed(name: str, path: str | os.PathLike[str] | None) -> Table:
    if path is not None:
        raise TableError(f"{name} is brought by another distribution and reads no file of yours: leave out {path}")
    try:
        return _INSTALLED.value(name)
    except PluginError as error:
        raise TableError(str(error)) from error


def list_tables() -> tuple[Listing, ...]:
    """All names for `open_table` with the facts of their tables; looks for the files, but reads no numbers.

    In the order of `NAMES`. The footer of a Parquet file is read; a file with a damaged footer is listed as damaged.
    Then the tables of other distributions, which are opened; one that cannot be is left out, and named in a warning.

    Raises:
        TableError: if NASINIT_DATA names something that is not a folder.

    """
    found = {name: _listing(source) for name, source in SOURCES.items()}
    found |= {name: _listing_of_package(table) for name, table in PACKAGED.items()}
    found[DARTS_PUBLISHED] = Listing(
        DARTS_PUBLISHED, darts_published.FACTS, True, "part of nasinit", darts_published.COLUMNS
    )
    found[proxy_scores.NAME] = _proxies_listing()
    found |= {name: _small_listing(name, file) for name, file in SMALL.items()}
    opens = found[OFFICIAL] if found[OFFICIAL].available else found[ANALOG]
    found[OFFICIAL_OR_ANALOG] = replace(
        opens, name=OFFICIAL_OR_ANALOG, reason=f"opens {opens.name}: {opens.reason}", opens=opens.name
    )
    points = _INSTALLED.points()
    installed = {
        name: replace(Listing.of(table), reason=origin(points[name])) for name, table in _INSTALLED.values().items()
    }
    return tuple(found[name] for name in NAMES) + tuple(installed.values())


def published_columns(listing: Listing) -> tuple[Column, ...]:
    """All columns of the published table of that name, also those that its file here leaves out."""
    return SOURCES[listing.name].columns if listing.name in SOURCES else listing.columns


def _found(source: PublishedTable) -> tuple[Path | None, str]:
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


def _how_to_get(source: PublishedTable) -> str:
    folder = data_folder()
    files = " or ".join(source.files)
    pull = f", or run nasinit pull {OFFICIAL_OR_ANALOG}" if source.facts.name == OFFICIAL else ""
    where = f"the {DATA_VARIABLE} folder {folder} holds no {files}; put it there"
    if folder is None:
        where = f"set the environment variable {DATA_VARIABLE} to the folder that holds {files}"
    return f"{where}, or give its path{pull}"


def _what_it_is(source: PublishedTable) -> str:
    """Content of a table's file, for users who have to make it themselves."""
    if source.facts.name == OFFICIAL:
        return "It is what `nasinit convert` makes of the official release"
    raw = [column.origin or column.name for column in source.columns]
    named = f"{', '.join(raw[:2])}, …" if len(raw) > 2 else ", ".join(raw)
    return f"It is a CSV with the columns {source.key}, {named}; source: {source.facts.source}"


def _listing(source: PublishedTable) -> Listing:
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


def _listing_of_package(table: PackagedTable) -> Listing:
    facts = table.facts
    try:
        path = table.installed_file()
    except TableError as error:
        return Listing(facts.name, facts, False, str(error), table.columns)
    reason = f"in the installed distribution {table.distribution}" if path.is_file() else "its data file is missing"
    return Listing(facts.name, replace(facts, path=path), path.is_file(), reason, table.columns)


def _proxies_listing() -> Listing:
    try:
        columns, facts = proxy_scores.packaged_columns_and_facts()
    except TableError as error:
        reason = f"damaged: {error}; install nasinit again"
        return Listing(
            proxy_scores.NAME, replace(proxy_scores.FACTS, path=proxy_scores.FILE), True, reason, damaged=True
        )
    return Listing(proxy_scores.NAME, facts, True, "part of nasinit: scores, no accuracies", columns)


def _small_listing(name: str, file: Path) -> Listing:
    from benchmarks.formats.compact import describe_compact

    try:
        columns, facts, counted = describe_compact(file)
    except TableError as error:
        nothing = Facts(name, "", name, "", "", file, None, None, "")
        return Listing(name, nothing, True, f"damaged: {error}; install nasinit again", damaged=True)
    return Listing(name, facts, True, "part of nasinit", tuple(columns), rows_with_numbers=counted)


def _open_path(name_or_path: str | os.PathLike[str], path: str | os.PathLike[str] | None) -> Table:
    given = os.fspath(name_or_path)
    file = Path(os.path.expanduser(given))
    known = [*NAMES, *_INSTALLED.points()]
    if path is not None:
        raise TableError(f"with path=, the first argument must be a table's name: {unknown('table', given, known)}")
    looks_like_a_path = not isinstance(name_or_path, str) or given.endswith(SUFFIXES) or os.sep in given
    endings = f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
    if not (looks_like_a_path or os.path.isfile(file)):
        raise TableError(
            f"{unknown('table', given, [*NAMES, *_INSTALLED.points()])}, or the path of a file that ends in {endings}"
        )
    if not given.endswith(SUFFIXES):
        raise TableError(f"{file} is not a table: a file must end in {endings}")
    for source in SOURCES.values():
        if file.name in source.files and file.suffix != ".parquet":
            return source.read(file)
    if file.suffix == ".parquet":
        from benchmarks.formats.compact import read_compact
        from benchmarks.formats.parquet import has_document, is_of_kind
        from benchmarks.formats.proxy_scores import KIND, read_proxy_scores

        if is_of_kind(file, KIND):
            return read_proxy_scores(file).table
        if has_document(file):
            return read_compact(file)
    return read_user_table(file)
