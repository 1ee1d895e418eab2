"""What the runs of a store were asked for, so that the parts of one request are one run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from harness.errors import StoreError
from harness.scoring.store.format import run_checksum
from harness.scoring.store.records import of_several_seeds
from harness.scoring.store.rows import RunRow, SettingRow
from harness.scoring.store.store import Contents


class _Part(NamedTuple):
    """A run of a request: its setting, and digests of what it was asked for, without and with the versions."""

    setting: tuple[str, str, str]
    asked: str
    asked_in_versions: str


class Request(NamedTuple):
    """One run, or those of several seeds that were begun together.

    Attributes:
        parts: what it is known by, a part for each seed.
        runs: the numbers of its runs.
        started: UTC time, as the runs have it.
    """

    parts: tuple[_Part, ...]
    runs: tuple[int, ...]
    started: str

    @property
    def in_any_versions(self) -> tuple[tuple[str, str, str], ...]:
        """What it is known by, whatever the versions of torch and the proxies are."""
        return tuple((*part.setting[:2], part.asked) for part in self.parts)

    @property
    def versions(self) -> tuple[tuple[str, str], ...]:
        """The versions of torch, and digests with those of the proxies."""
        return tuple((part.setting[2], part.asked_in_versions) for part in self.parts)


def requests(contents: Contents) -> list[Request]:
    """The requests of a store, the oldest first."""
    settings = contents.rows.settings()
    together: dict[object, tuple[list[_Part], list[int], str]] = {}
    for run in contents.rows.each_run(settings):
        by = run.started if of_several_seeds(run.started) else run.number
        parts, numbers, _ = together.setdefault(by, ([], [], run.started))
        parts.append(_part(run, settings[run.setting_id]))
        numbers.append(run.number)
    return [Request(tuple(parts), tuple(numbers), started) for parts, numbers, started in together.values()]


def check_versions(stores: Sequence[tuple[Path, Sequence[Request]]], *, mixed: bool) -> None:
    """Refuse stores that have one request in different versions alone.

    Args:
        stores: path and requests of each.
        mixed: whether they are let through.

    Raises:
        StoreError: names the first two such stores, and the versions.
    """
    seen: dict[object, tuple[Path, set[object]]] = {}
    for path, asked in () if mixed else stores:
        own: dict[object, set[object]] = {}
        for request in asked:
            own.setdefault(request.in_any_versions, set()).add(request.versions)
        for request in asked:
            other, versions = seen.setdefault(request.in_any_versions, (path, own[request.in_any_versions]))
            if not versions & own[request.in_any_versions]:
                raise StoreError(
                    f"{other} and {path} have scores of one request by different versions of torch or of a proxy "
                    f"({_difference(versions, own[request.in_any_versions])}), which are not ranked together. Nothing "
                    "was merged: score one of them anew, or give --mixed to keep both in one store, apart"
                )


def add_missing(written: Contents, sources: Sequence[tuple[Path, Contents, Sequence[Request]]]) -> Mapping[Path, int]:
    """Enter the requests that a store lacks, the oldest first; the settings are there.

    Args:
        written: the store.
        sources: path, content and requests of the stores to take them from.

    Returns:
        Number of runs that came from each.
    """
    settings = written.rows.settings()
    numbers = {row.identity: number for number, row in settings.items()}
    there = {request.parts for request in requests(written)}
    last = max((run.number for run in written.rows.each_run(settings)), default=0)
    added = dict.fromkeys((path for path, _, _ in sources), 0)
    rows: dict[Path, dict[int, RunRow]] = {}
    every = [(request, path, contents) for path, contents, asked in sources for request in asked]
    for request, path, contents in sorted(every, key=lambda one: one[0].started):
        if request.parts in there:
            continue
        there.add(request.parts)
        if path not in rows:
            rows[path] = {run.number: run for run in contents.rows.runs(contents.rows.settings())}
        for number, part in zip(request.runs, request.parts, strict=True):
            last += 1
            run = rows[path][number]
            texts = run.started, run.proxies, run.architectures
            setting_id = numbers[part.setting]
            checksum = run_checksum(settings[setting_id].checksum, last, *texts)
            written.rows.add_run(RunRow(last, run.started, setting_id, run.proxies, run.architectures, checksum))
            added[path] += 1
    return added


def _part(run: RunRow, setting: SettingRow) -> _Part:
    asked = json.loads(run.proxies)
    architectures = hashlib.sha256(run.architectures.encode()).hexdigest()
    names = json.dumps([[name, own] for name, _, own in asked])
    return _Part(setting.identity, f"{names} {architectures}", f"{run.proxies} {architectures}")


def _difference(versions: set[object], others: set[object]) -> str:
    """The versions in which the requests of two stores differ, in words."""
    found = []
    for (torch, asked), (other_torch, other_asked) in zip(min(versions, key=str), min(others, key=str), strict=True):  # type: ignore[call-overload]
        if torch != other_torch:
            found.append(f"torch {torch} and {other_torch}")
        both = zip(_asked(asked), _asked(other_asked), strict=True)
        found += [f"{name} {version} and {other}" for (name, version), (_, other) in both if version != other]
    return ", ".join(dict.fromkeys(found))


def _asked(text: str) -> list[tuple[str, str]]:
    return [(name, version) for name, version, _ in json.JSONDecoder().raw_decode(text)[0]]
