"""Stores put together: every score and run of several in one, in a single transaction.

Rows are copied as they are, with their checksums. A kill leaves the target as it was before, or with everything.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from harness.errors import StoreError
from harness.scoring.scorer import DIED, OUT_OF_MEMORY
from harness.scoring.store.file import explained, make_file, one_line, place_new, refuse_left_journal
from harness.scoring.store.format import score_checksum
from harness.scoring.store.requests import add_missing, check_versions, requests
from harness.scoring.store.rows import SettingRow
from harness.scoring.store.store import Contents, Store
from harness.writing import partial_path, remove_left

LOG = logging.getLogger(__name__)

_FAILED_BY_MACHINE = (DIED, OUT_OF_MEMORY)
_NAMED = 3
_STATUS = 5  # place of the status in a row
_BITS = slice(3, _STATUS + 1)
"""What may not differ in two scores of one proxy: value, standard error, status."""


class Merged(NamedTuple):
    """What a store has brought into another.

    Attributes:
        path: of the store.
        added: number of its scores that were new there, or had failed there because of the machine.
        there: number of its scores that were there already.
        runs: number of its runs that were new there.
    """

    path: Path
    added: int
    there: int
    runs: int


@dataclass
class _Contradictions:
    count: int = 0
    first: list[str] = field(default_factory=list)


def merge_stores(sources: Sequence[Path], into: Path, *, mixed: bool = False) -> list[Merged]:
    """Put the scores and runs of stores into one; merging them again changes nothing.

    Two scores of one proxy for one architecture, under one setting and in equal versions, are one if value, standard
    error and status are equal; that of the target, or of the first source, is kept. One that the machine failed
    (`died`, `out_of_memory`) gives way to another. Runs that were asked for the same under one setting are one.

    Args:
        sources: the stores, which are only read; a store of version 1 is read as it is.
        into: the store to put them into; made if it is not there.
        mixed: whether stores may have scores of one request by different versions of torch or of a proxy; they stay
            apart.

    Returns:
        What each source has brought, in the given order.

    Raises:
        StoreError: for no sources, one that is no store or is damaged, the target among them, scores that contradict
            each other, or different versions. The target is then as it was.
    """
    sources = _distinct(sources)
    if not sources:
        raise StoreError("no stores given: name those to merge")
    if any(_same_file(source, into) for source in sources):
        raise StoreError(f"{into} is one of the stores to merge and the store to merge into: leave it out of them")
    found = _Contradictions()
    with contextlib.ExitStack() as opened:
        read = [(source, opened.enter_context(Store(source, readonly=True))) for source in sources]
        contents = [(source, opened.enter_context(store.reading())) for source, store in read]
        asked = [(source, requests(one)) for source, one in contents]
        with target(into) as store, store.writing() as written:
            check_versions([(into, requests(written)), *asked], mixed=mixed)
            counts = [_merge_scores(one, written, source, into, found) for source, one in contents]
            if found.count:
                raise _contradiction(found)
            runs = add_missing(
                written, [(source, one, mine) for (source, one), (_, mine) in zip(contents, asked, strict=True)]
            )
    LOG.debug(
        "wrote %s scores and %s runs to %s", f"{sum(new for new, _ in counts):,}", f"{sum(runs.values()):,}", into
    )
    return [Merged(source, *count, runs[source]) for source, count in zip(sources, counts, strict=True)]


@contextlib.contextmanager
def target(path: Path) -> Iterator[Store]:
    """The store to write to; one that is not there has its name only when it is whole.

    Raises:
        StoreError: if it cannot be made or opened.
    """
    file = Path(os.path.realpath(path))
    if os.path.lexists(file) or not file.parent.is_dir():
        with Store(path) as store:
            yield store
        return
    with explained(path, "make"):
        refuse_left_journal(file)
        remove_left(file)
        partial = partial_path(file)
        try:
            make_file(partial)
            with Store(partial) as store:
                yield store
            place_new(partial, file)
        finally:
            partial.unlink(missing_ok=True)


def _merge_scores(
    source: Contents, written: Contents, path: Path, into: Path, found: _Contradictions
) -> tuple[int, int]:
    """Number of scores of a source that were new, and that were there."""
    added = there = 0
    settings = written.rows.settings()
    last = max(settings, default=0)
    known = {row.identity: (number, row) for number, row in settings.items()}
    for setting_id, setting in source.rows.settings().items():
        if setting.identity not in known:
            last += 1
            known[setting.identity] = last, setting
            written.rows.add_setting(last, *setting[:3])
        number, theirs = known[setting.identity]
        for read in source.rows.scores(setting_id, setting):
            part = read if theirs.checksum == setting.checksum else _of_setting(theirs, read)
            before = _rows_of(written, number, theirs, part)
            new = []
            for row in part:
                old = before.get(row[:3])
                if old is None or (old[_STATUS] in _FAILED_BY_MACHINE and row[_STATUS] not in _FAILED_BY_MACHINE):
                    new.append(row)
                    continue
                there += 1
                if old[_BITS] != row[_BITS] and row[_STATUS] not in _FAILED_BY_MACHINE:
                    _note(found, source, written, (setting_id, number), old, row, path, into)
            added += len(new)
            if not found.count:  # else nothing of it is kept
                written.rows.put_whole(number, new, before)
                _copy_origins(source, written, (setting_id, number), theirs, new)
    return added, there


def _of_setting(setting: SettingRow, rows: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Rows with the checksums that they have under another setting of the same identity."""
    return [(*row[:-1], score_checksum(setting.checksum, *row[:-1])) for row in rows]


def _rows_of(written: Contents, number: int, setting: SettingRow, part: Sequence[Any]) -> dict[Any, Any]:
    """What is there of the architectures of some rows."""
    found = {}
    for architecture in dict.fromkeys(row[0] for row in part):
        found.update({row[:3]: row for row in written.rows.scores_of(number, setting, architecture)})
    return found


def _copy_origins(
    source: Contents, written: Contents, numbers: tuple[int, int], setting: SettingRow, new: Sequence[Any]
) -> None:
    machines = source.origins.of(numbers[0], dict.fromkeys(row[0] for row in new))
    scores = [row[:3] for row in new]
    by = [machines[architecture].get((proxy, version)) for architecture, proxy, version in scores]
    written.origins.put_each(numbers[1], setting.checksum, scores, by)


def _note(
    found: _Contradictions, source: Contents, written: Contents, numbers: tuple[int, int], old: Any, new: Any,
    path: Path, into: Path,
) -> None:  # fmt: skip
    found.count += 1
    if len(found.first) < _NAMED:
        architecture, proxy, version = new[:3]
        here = _in_words(new, source.origins.of(numbers[0], [architecture])[architecture].get((proxy, version)))
        before = _in_words(old, written.origins.of(numbers[1], [architecture])[architecture].get((proxy, version)))
        found.first.append(
            f"{one_line(proxy)}, version {one_line(version)}, of {one_line(architecture)}: {here} in {path}, {before} "
            f"in {into} or a store before it"
        )


def _in_words(row: Any, machine: str | None) -> str:
    value, error, status = row[_BITS]
    number = status if value is None else f"{value!r}{'' if error is None else f' ± {error!r}'}"
    return f"{number} (made by {machine})" if machine else number


def _contradiction(found: _Contradictions) -> StoreError:
    which = "1 score contradicts another" if found.count == 1 else f"{found.count:,} scores contradict each other"
    return StoreError(
        f"{which}: same setting, architecture, proxy and versions, other bits. "
        f"First {'; '.join(found.first)}. Nothing was merged: leave one of the stores out, or score anew"
    )


def _distinct(paths: Sequence[Path]) -> list[Path]:
    """The paths without those that name a file again."""
    found: list[Path] = []
    for path in paths:
        if not any(_same_file(path, before) for before in found):
            found.append(path)
    return found


def _same_file(path: Path, other: Path) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError:
        return os.path.realpath(path) == os.path.realpath(other)
