"""A run of a store as a table that leaves nothing out, in parts: a run of millions of rows is never held whole."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.scoring.provenance import PROVENANCE
from harness.scoring.seeds import SEED, begun_together
from harness.scoring.store import RunRecord, Store
from harness.scoring.store.rows import SettingRow
from harness.scoring.store.store import Contents

if TYPE_CHECKING:
    import pandas as pd

ROW, MACHINE = "scored_as", "machine"
"""Columns: the key of the row that a score is taken from, and the machine that made it, empty where it is not known."""
PART = 1000
"""Architectures whose rows are held in memory at once."""


class Export(NamedTuple):
    """A run, or those of several seeds, as it is read.

    Attributes:
        provenance: what made the scores.
        attrs: what a frame of them carries, the provenance with it.
        parts: the rows in frames of `PART` architectures or fewer, in the order asked for, each proxy by proxy; columns
            as of `exported`.
    """

    provenance: dict[str, Any]
    attrs: dict[str, Any]
    parts: Iterator[pd.DataFrame]


@contextmanager
def exporting(path: Path, number: int | None = None) -> Iterator[Export]:
    """The scores of a run with those of its other seeds, in parts that are read one after the other.

    All rows are compared with their checksums and counts before the first part is given.

    Args:
        path: of the store.
        number: of the run; by default the last one.

    Raises:
        StoreError: a file that is no store, is damaged, or has no such run.
    """
    with Store(path, readonly=True) as store:
        runs = store.runs()
        records = begun_together(runs, number) if runs else []
        if not records:
            store.frame(number)  # which says that there is no such run
        first = records[0]
        made = {
            **first.provenance(),
            "settings": [values for record in records for values in record.provenance()["settings"]],  # type: ignore[attr-defined]
            "size_proxies": sorted(first.size_proxies),
            "started": first.started,
        }
        attrs = {"setting": first.setting.json(), "space": first.space, PROVENANCE: made}
        with store.reading() as contents:
            settings = contents.rows.settings()
            for record in records:
                for _ in contents.rows.scores(record.setting_id, settings[record.setting_id], record.proxies):
                    pass  # damaged and lost rows are named
            yield Export(made, attrs, _parts(contents, settings, records))


def exported(path: Path, number: int | None = None) -> pd.DataFrame:
    """The scores of a run as one frame, as `import_scores` takes them; errors as of `exporting`.

    Returns:
        The columns of `Store.frame`, with `seed` for several seeds, `scored_as` and `machine`; `attrs["provenance"]`
        says what made them.
    """
    import pandas as pd

    with exporting(path, number) as export:
        frame = pd.concat(export.parts, ignore_index=True)
        frame.attrs.update(export.attrs)
    return frame


def _parts(contents: Contents, settings: dict[int, SettingRow], records: Sequence[RunRecord]) -> Iterator[pd.DataFrame]:
    """Frames of the rows, run by run; one without rows where there are none at all."""
    columns = ["architecture", "proxy", *([SEED] if len(records) > 1 else []), *_MEASURED, ROW, MACHINE]
    empty = True
    for record in records:
        architectures = iter(record.scored_as)
        while chosen := list(itertools.islice(architectures, PART)):
            rows = list(_rows(contents, settings[record.setting_id], record, chosen))
            if rows:
                empty = False
                yield _frame(rows, columns)
    if empty:
        yield _frame([], columns)


_MEASURED = ("score", "status", "seconds", "standard_error", "message")


def _rows(
    contents: Contents, setting: SettingRow, record: RunRecord, chosen: Iterable[str]
) -> Iterator[dict[str, Any]]:
    """The rows of some architectures that are finished."""
    names = list(chosen)
    keys = dict.fromkeys(itertools.chain(names, map(record.scored_as.__getitem__, names)))
    found: dict[tuple[str, str], Any] = {}
    for key in keys:
        for row in contents.rows.scores_of(record.setting_id, setting, key):
            if record.proxies.get(row[1]) == row[2]:
                found[key, row[1]] = row
    machines = contents.origins.of(record.setting_id, keys)
    for proxy, version in record.proxies.items():
        for name in names:
            key = name if proxy in record.size_proxies else record.scored_as[name]
            if (stored := found.get((key, proxy))) is not None:
                yield {
                    "architecture": name, "proxy": proxy, SEED: record.setting.seed, "score": stored[3],
                    "standard_error": stored[4], "status": stored[5], "message": stored[6], "seconds": stored[7],
                    ROW: key, MACHINE: machines[key].get((proxy, version), ""),
                }  # fmt: skip


def _frame(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame(rows, columns=list(columns))
    kinds: dict[str, Any] = {"score": float, "standard_error": float, "seconds": float, SEED: "int64"}
    return frame.astype({name: kind for name, kind in kinds.items() if name in frame})
