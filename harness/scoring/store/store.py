"""The store: scores in one SQLite file, a transaction a result, so that a kill loses only what was in flight.

Every row is checked when it is read: `harness.scoring.store.format` says how, and which tables there are.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sqlite3
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harness.errors import SettingError, StoreError, StoreNotice, StoreWriteError
from harness.scoring.scorer import Score
from harness.scoring.store.file import connect, explained, make_store, one_moment, store_version
from harness.scoring.store.format import VERSION, run_checksum
from harness.scoring.store.frames import run_frame
from harness.scoring.store.migration import in_memory, migrate
from harness.scoring.store.missing import Missing, MissingKeys, computed_again
from harness.scoring.store.origins import Origins
from harness.scoring.store.records import RunRecord, as_columns, run_records
from harness.scoring.store.rows import Rows, RunRow, SettingRow
from harness.setting import Setting
from harness.writing import remove_left

if TYPE_CHECKING:
    import pandas as pd

    from harness.proxies.registry import Proxy

LOG = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds to wait for another writer."""


class Contents(NamedTuple):
    """What is in an open store, inside a transaction.

    Attributes:
        rows: settings, runs and scores.
        origins: the machines that made the scores.
    """

    rows: Rows
    origins: Origins


class Store:
    """Scores on disk. Only the driver of a run writes; any number of readers may look on.

    Where a row that is read is not as it was written, or rows are lost, all methods raise a `StoreError` that names the
    first such row and says how many there are.

    Attributes:
        path: the file.
        version: of the format in which it was found.

    Args:
        path: the SQLite file; made if it is not there.
        readonly: refuse to write, and make no file. A write that a killed run left half done is undone nevertheless, as
            SQLite does it. A store of version 1 is read through a copy in memory, which shows it as it was when it was
            opened; opened to be written, it is brought to version 2 for good, the original is kept next to it, and a
            `StoreNotice` says where.

    Raises:
        StoreError: if the file cannot be made or opened, is no store, is empty or cut, or is of a later version.
    """

    def __init__(self, path: str | Path, *, readonly: bool = False) -> None:
        self.path = Path(path)
        self._readonly = readonly
        self._checksums: dict[int, int] = {}
        if not self.path.parent.is_dir():
            raise StoreError(f"cannot make the store {self.path}: there is no folder {self.path.parent}")
        with self._explained("open"):
            try:
                self._connection = self._opened()
            except sqlite3.OperationalError as error:
                if "no such table" not in str(error):
                    raise
                self._connection = self._opened()  # another process has just put the migrated store in its place
        self._rows = Rows(self._connection, self.path)
        self._origins = Origins(self._connection)
        LOG.debug("opened the store %s, version %d, to be %s", path, self.version, "read" if readonly else "written")

    def _opened(self) -> sqlite3.Connection:
        file = Path(os.path.realpath(self.path))
        if self._readonly and not file.exists():
            raise StoreError(f"there is no store {self.path}")
        if file.exists() and not (file.is_file() or file.is_dir()):
            raise StoreError(f"{self.path} is a device, no store: give the path of a file")
        if not self._readonly:
            remove_left(file)
        if not file.exists():
            make_store(file)
        with contextlib.ExitStack() as closing:
            connection = closing.enter_context(contextlib.closing(connect(file, PATIENCE)))
            self.version = version = store_version(connection, self.path)
            if self._readonly and version < VERSION:
                return in_memory(connection, self.path)
            if version == VERSION:
                closing.pop_all()
                connection.execute(f"PRAGMA query_only = {self._readonly:d}")
                return connection
        with self._explained("migrate"):
            kept = migrate(file, self.path, PATIENCE)
        if kept is not None:
            warnings.warn(
                f"{self.path} is brought from version {version} of the store to version {VERSION}, with the same rows; "
                f"the original is kept as {kept}",
                StoreNotice,
                stacklevel=3,
            )
        return self._opened()

    def setting_id(self, space: str, setting: Setting, torch_version: str) -> int:
        """Number of a setting, entered if it is new; older releases have made several that differ in the GPU alone."""
        row = (space, setting.json(), torch_version)
        with self.writing() as contents:
            settings = contents.rows.settings()
            for number in reversed(settings):
                if settings[number].identity == row:
                    return number
            number = max(settings, default=0) + 1
            contents.rows.add_setting(number, *row)
        return number

    def begin_run(
        self,
        setting_id: int,
        proxies: Iterable[Proxy],
        scored_as: Mapping[str, str],
        *,
        started: str | None = None,
        own_sizes: bool = True,
    ) -> int:
        """Record what a run is asked for, so that readers know its architectures; its number.

        Args:
            setting_id: number of the setting.
            proxies: the proxies that are asked for.
            scored_as: key of each architecture to the key of its rows.
            started: UTC time, ISO 8601, with parts of a second for runs that are begun together; by default now.
            own_sizes: whether the rows of proxies that read a size stand under each architecture's own key.
        """
        asked = [[proxy.name, proxy.version, proxy.reads_size and own_sizes] for proxy in proxies]
        started = started or datetime.now(timezone.utc).isoformat(timespec="seconds")
        texts = json.dumps(asked), json.dumps(dict(scored_as))
        with self.writing() as contents:
            settings = contents.rows.settings()
            number = max((run.number for run in contents.rows.each_run(settings)), default=0) + 1
            checksum = run_checksum(self._known(settings, setting_id).checksum, number, started, *texts)
            contents.rows.add_run(RunRow(number, started, setting_id, *texts, checksum))
        return number

    def write(self, setting_id: int, rows: Iterable[tuple[str, Proxy, Score]], *, machine: str | None = None) -> None:
        """Write the scores of one result in one transaction; a row that is there already is replaced.

        Args:
            setting_id: number of their setting.
            rows: the key of each row, the proxy, and the score.
            machine: name of the machine that made them (`harness.scoring.machine`); None where it is not known.
        """
        values = [(key, proxy.name, proxy.version, *as_columns(score)) for key, proxy, score in rows]
        made: dict[str, set[tuple[str, str]]] = {}
        for key, name, version, *_ in values:
            made.setdefault(key, set()).add((name, version))
        with self.writing() as contents:
            if setting_id not in self._checksums:
                self._checksums[setting_id] = self._known(contents.rows.settings(), setting_id).checksum
            contents.rows.put_scores(setting_id, self._checksums[setting_id], values)
            contents.origins.put(setting_id, self._checksums[setting_id], made, machine)

    def finished(self, setting_id: int, proxy: Proxy, *, retry_failed: bool = False) -> set[str]:
        """Keys with a score by this version of the proxy; `missing` says which count."""
        failed = computed_again(retry_failed)
        found: set[str] = set()
        with self.reading() as contents:
            settings = contents.rows.settings()
            if setting_id in settings:
                for part in contents.rows.scores(setting_id, settings[setting_id], {proxy.name: proxy.version}):
                    found.update(row[0] for row in part if row[5] not in failed)
        return found

    def missing(
        self, setting_id: int, wanted: Mapping[Proxy, Sequence[str]], *, retry_failed: bool = False
    ) -> MissingKeys:
        """Keys that lack scores by some proxies' versions, by the proxies that they lack; the scores are read once.

        Those that the machine failed are lacking, and so is, with `retry_failed`, any other without a value.

        Args:
            setting_id: number of the setting.
            wanted: keys of the rows for each proxy; proxies with the same keys share one list.
            retry_failed: whether failed scores are lacking.

        Raises:
            StoreError: if a row by one of the proxies is damaged or lost. It is not taken for unfinished: a run would
                spend its hours, and then its scores, which are read from this store, could not be shown.
        """
        failed = computed_again(retry_failed)
        missing = Missing(wanted)
        with self.reading() as contents:
            settings = contents.rows.settings()
            if setting_id in settings:
                versions = {proxy.name: proxy.version for proxy in wanted}
                for part in contents.rows.scores(setting_id, settings[setting_id], versions):
                    missing.take_off(row[:2] for row in part if row[5] not in failed)
        return missing.groups()

    def runs(self) -> list[RunRecord]:
        """All runs, the oldest first; those of the same architectures share their dictionary."""
        with self.reading() as contents:
            settings = contents.rows.settings()
            return self._records(contents.rows.each_run(settings), settings)

    def frame(self, number: int | None = None) -> pd.DataFrame:
        """Scores of a run, the last by default: a row for each of its architectures and proxies that is finished.

        Returns:
            Columns architecture, proxy, score, status, seconds, standard_error, message; in the order asked for. Its
            `attrs["setting"]` is the setting of all the scores, as `Setting.json` writes it, and `attrs["space"]` the
            name of their space; `attrs["provenance"]` says what made them (`harness.scoring.provenance`).

        Raises:
            StoreError: if there is no run, or none of that number.
        """
        run = self._run(number)
        with self.reading() as contents:
            setting = contents.rows.settings()[run.setting_id]
            return run_frame(contents.rows.scores(run.setting_id, setting, run.proxies), run)

    def _run(self, number: int | None) -> RunRecord:
        """A run, the last by default; only one is held at a time."""
        numbers, run = [], None
        with self.reading() as contents:
            settings = contents.rows.settings()
            for each in contents.rows.each_run(settings):
                numbers.append(each.number)
                if number in (None, each.number):
                    run = each
        if not numbers:
            raise StoreError(f"{self.path} holds no run yet: `nasinit score --store {self.path}` makes one")
        if run is None:
            raise StoreError(f"{self.path} has no run {number}; it holds runs 1 to {max(numbers)}")
        return self._records([run], settings)[0]

    def _records(self, runs: Iterable[RunRow], settings: Mapping[int, SettingRow]) -> list[RunRecord]:
        try:
            return run_records(runs, settings)
        except (TypeError, ValueError, SettingError) as error:
            raise StoreError(
                f"{self.path} holds a run that cannot be read ({error}): it is of another release"
            ) from error

    def _known(self, settings: Mapping[int, SettingRow], number: int) -> SettingRow:
        if number not in settings:
            raise StoreWriteError(f"{self.path} has no setting {number}; `setting_id` gives the number of one")
        return settings[number]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Contents]:
        """All that is read inside is of one moment."""
        with self._explained("read"), one_moment(self._connection):
            yield Contents(self._rows, self._origins)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Contents]:
        """All that is written inside is there in the end, or, after an error, nothing of it."""
        if self._readonly:
            raise StoreWriteError(f"the store {self.path} was opened to be read only: open it without readonly=True")
        with self._explained("write"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield Contents(self._rows, self._origins)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _explained(self, action: str) -> contextlib.AbstractContextManager[None]:
        return explained(self.path, action)
