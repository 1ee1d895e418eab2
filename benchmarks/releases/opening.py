"""Recognise the official release at a path, and open it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.errors import TableError
from benchmarks.releases.containers import BZ2_SUFFIX, TORCH_SUFFIX, load_bz2, pickle_stream
from benchmarks.releases.kinds import KINDS, NASBENCH201, SIZE, TOPOLOGY, Kind, kind_of
from benchmarks.releases.record_files import FileSource, FolderSource, files_by_index
from benchmarks.releases.records import checked_record
from benchmarks.releases.release import Release, version_of
from benchmarks.shown import shown

META: Final = f"meta{BZ2_SUFFIX}"

_KNOWN = (
    f"Known are NATS-Bench's folder NATS-…-simple ({META} and NNNNNN{BZ2_SUFFIX}) and file NATS-…{BZ2_SUFFIX}, and "
    f"NAS-Bench-201's file NAS-Bench-201-…{TORCH_SUFFIX} and folder NAS-Bench-201-…-archive (NNNNNN-FULL{TORCH_SUFFIX})"
)
_BZ2_RECORD = re.compile(r"([0-9]{1,6})" + re.escape(BZ2_SUFFIX))
_TORCH_RECORD = re.compile(r"([0-9]{1,6})-FULL" + re.escape(TORCH_SUFFIX))
_RELEASE = re.compile(r"(NATS|NAS-Bench-201)-.*(-simple|-archive|\.pickle\.pbz2|\.pth)")
_VERSION = re.compile(r"v([0-9]+)_([0-9]+)")


def open_release(source: str | os.PathLike[str], *, order: str | os.PathLike[str] | None = None) -> Release:
    """Open an official release: its list of architectures is read, and at most the first of its records.

    Args:
        source: path of the release: NATS-Bench's `-simple` folder or single .pickle.pbz2 file, of the topology or the
            size space; NAS-Bench-201's .pth file, version 1.0 or 1.1, or its archive folder.
        order: for an archive folder, which has no list of its architectures, a file with the list: the .pth file of the
            release, or the meta.pickle.pbz2 of NATS-Bench's topology space, which has the same order. It is not needed
            where the .pth file is in the folder or next to it.

    Raises:
        TableError: for a path that does not exist or is no release, a missing or damaged list of architectures, or
            records of another release or version than the name or list tells; the message names file, record and field.

    """
    path = Path(os.path.expanduser(source))
    ordered_by = None if order is None else Path(os.path.expanduser(order))
    if path.is_dir():
        return _open_folder(path, ordered_by)
    _refuse_order(path, ordered_by)
    if not path.exists():
        raise TableError(f"there is no file or folder {path}. {_KNOWN}")
    if not path.name.endswith((BZ2_SUFFIX, TORCH_SUFFIX)):
        raise TableError(f"{path} is no official release: its name ends in neither {BZ2_SUFFIX} nor {TORCH_SUFFIX}")
    return _open_file(path)


def _open_folder(path: Path, order: Path | None) -> Release:
    records, torch_records = files_by_index(path, _BZ2_RECORD), files_by_index(path, _TORCH_RECORD)
    if records and torch_records:
        raise TableError(
            f"{path} holds records of two releases, such as {_first(records)} and {_first(torch_records)}: part them"
        )
    if path.resolve().name.endswith("-full"):
        raise TableError(f"{path} holds the trained weights as well; give NATS-Bench's folder that ends in -simple")
    if torch_records:
        return _open_archive(path, order, torch_records)
    if not (path / META).exists():
        if records:
            raise TableError(f"{path} lacks {META}, the list of its architectures: get it again from the release")
        inside = sorted(name for name in os.listdir(path) if _RELEASE.fullmatch(name))
        hint = f"It holds {', '.join(inside[:4])}: give one of these. " if inside else ""
        raise TableError(f"{path} is no official release. {hint}{_KNOWN}")
    _refuse_order(path, order)
    kind, architectures = _listed(path / META)
    _refuse_strays(path, records, kind, architectures)
    return Release(kind, _named_version(path) or "1.0", path, architectures, FolderSource(path, records))


def _open_archive(path: Path, order: Path | None, files: dict[int, Path]) -> Release:
    if order is None:
        candidates = [
            file for folder in (path, path.parent) for file in folder.glob("NAS-Bench-201-*.pth") if file.is_file()
        ]
        if not candidates:
            raise TableError(
                f"{path} is an archive folder, which holds no list of its architectures: put the release's "
                f"NAS-Bench-201-v1_1-096897.pth next to it, or name that file, or {META} of NATS-Bench's topology "
                "space, as the order"
            )
        order = candidates[0]
    if order.name.endswith(TORCH_SUFFIX):
        architectures = _open_file(order).architectures
    else:
        listed, architectures = _listed(order)
        if listed.space != NASBENCH201.space:
            raise TableError(f"{order} lists the architectures of {listed.name}, not NAS-Bench-201's")
    _refuse_strays(path, files, NASBENCH201, architectures)
    release = Release(NASBENCH201, _named_version(path), path, architectures, FolderSource(path, files))
    if release.version:
        return release
    first = next((record for _, record in release.records() if not isinstance(record, TableError)), None)
    version = "" if first is None else version_of(first)
    return Release(NASBENCH201, version, path, architectures, release.source)


def _open_file(path: Path) -> Release:
    kinds = (NASBENCH201,) if path.name.endswith(TORCH_SUFFIX) else (TOPOLOGY, SIZE)
    with pickle_stream(path, *(kind.record_keys for kind in KINDS)) as stream:
        index, state = next(stream.records(), (None, None))
        if state is None:
            raise TableError(f"{path}: it holds no records in the field arch2infos: not a single-file release")
        given = stream.pending("meta_archs")
        if given is None:
            raise TableError(
                f"{path}: no list of architectures (field meta_archs) stands before its first record. If it is one "
                "record of a release in a folder, give the folder"
            )
        kind, architectures = _checked_list(path, given, kinds)
        if not isinstance(index, int) or not 0 <= index < len(architectures):
            raise TableError(f"{path}, field arch2infos: there is a record {shown(index)} of {len(architectures):,}")
        first = checked_record(kind, index, architectures[index], str(path), state)
    named, found = _named_version(path), version_of(first)
    if named and found and named != found:
        raise TableError(f"{path} is named as version {named}, but its record {index} is of version {found}")
    return Release(kind, found or named or "1.0", path, architectures, FileSource(path, KINDS))


def _listed(path: Path) -> tuple[Kind, tuple[str, ...]]:
    """Kind and architectures of a NATS-Bench meta file."""
    meta = load_bz2(path)
    if not isinstance(meta, dict) or "meta_archs" not in meta:
        raise TableError(f"{path}: it is no meta file of NATS-Bench: the field meta_archs is missing")
    kind, architectures = _checked_list(path, meta["meta_archs"], (TOPOLOGY, SIZE))
    if (total := meta.get("total_archs")) != len(architectures):
        raise TableError(f"{path}: the field total_archs is {shown(total)}, but meta_archs has {len(architectures):,}")
    return kind, architectures


def _checked_list(path: Path, given: object, kinds: Sequence[Kind]) -> tuple[Kind, tuple[str, ...]]:
    if not isinstance(given, list) or not given or not all(isinstance(name, str) for name in given):
        raise TableError(f"{path}: the field meta_archs is not a list of architecture strings")
    if len(set(given)) != len(given):
        first: dict[str, int] = {}
        twice = next(name for place, name in enumerate(given) if first.setdefault(name, place) != place)
        raise TableError(f"{path}: the field meta_archs has the architecture {shown(twice)} twice")
    kind = kind_of(given, kinds)
    if kind is None:
        known = ", ".join(f"{kind.example} ({kind.name})" for kind in kinds)
        raise TableError(
            f"{path}: the field meta_archs holds {shown(given[0])} or others of no known space; known: {known}"
        )
    return kind, tuple(given)


def _refuse_order(path: Path, order: Path | None) -> None:
    if order is not None:
        raise TableError(f"the order {order} is for an archive folder only; {path} holds its own list: leave it out")


def _refuse_strays(path: Path, files: dict[int, Path], kind: Kind, architectures: Sequence[str]) -> None:
    strays = [file.name for index, file in files.items() if index >= len(architectures)]
    if strays:
        raise TableError(
            f"{path} holds {strays[0]}, but its list has the {len(architectures):,} architectures of {kind.name}: are "
            "there two releases in one folder?"
        )


def _named_version(path: Path) -> str:
    match = _VERSION.search(path.resolve().name)
    return f"{match[1]}.{match[2]}" if match else ""


def _first(files: dict[int, Path]) -> str:
    return files[min(files)].name
