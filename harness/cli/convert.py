"""`nasinit convert`: make one compact table of an official release."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.progress import errors_alone

if TYPE_CHECKING:
    from benchmarks.releases.convert import Conversion

_SHOWN = 5


def convert(
    source: Annotated[
        Path,
        typer.Argument(
            help="NATS-Bench: folder NATS-…-simple or file NATS-….pickle.pbz2; NAS-Bench-201: file "
            "NAS-Bench-201-….pth or folder NAS-Bench-201-…-archive"
        ),
    ],
    to: Annotated[Path, typer.Option(help="Parquet file to write")],
    curves: Annotated[
        list[str] | None,
        typer.Option(
            help="DATASET:SPLIT, such as cifar10:test: write its learning curves into a second file; repeatable"
        ),
    ] = None,
    order: Annotated[
        Path | None,
        typer.Option(
            help="for an archive folder: the .pth or meta.pickle.pbz2 file that holds the order of the architectures"
        ),
    ] = None,
) -> None:
    """Convert an official release into one compact table: every split, length of training and seed, and the costs.

    If it is killed or interrupted, the same command goes on; at most some seconds of work are lost. Missing and
    corrupt records are listed in FILE.problems.txt, and their rows are NaN. It needs less than 1 GiB of memory, also
    for a release of a single file.
    """
    from benchmarks.releases.convert import convert as convert_release
    from harness.progress import progress_bar

    bar = partial(progress_bar, what="records", verb=("converting", "went through"))
    done = convert_release(source, to, curves=curves or (), order=order, progress=bar)
    _report(done)


def _report(done: Conversion) -> None:
    """Print the written files to standard output, and the unreadable records to standard error."""
    if done.thrown_away:
        print(f"began anew: the parts next to {done.table} were of another source, other options, or damaged")
    if done.changed:
        print(f"read {done.changed:,} records again: their files had changed since the interruption")
    if done.resumed:
        print(f"went on from an interrupted conversion, which had read {done.resumed:,} records")
    size = done.table.stat().st_size / 1e6
    print(f"{done.release.kind.title}, version {done.release.version}: {done.release.path}")
    of_all = f"of {len(done.release):,} records"
    print(f"wrote {done.table}: {done.converted:,} {of_all}, {len(done.columns)} columns, {size:.1f} MB")
    if done.curves is not None:
        print(f"wrote {done.curves}: learning curves")
    if done.removed is not None:
        print(f"removed {done.removed}: learning curves of an earlier table of that name")
    _warn(done, of_all)


def _warn(done: Conversion, of_all: str) -> None:
    """Print the first of the unreadable records, and the file that lists all of them."""
    if errors_alone():
        return
    if done.missing:
        print(f"warning: missing are {len(done.missing):,} {of_all}: {_ranges(done.missing)}", file=sys.stderr)
    if done.corrupt:
        print(f"warning: corrupt are {len(done.corrupt):,} {of_all}, and NaN in the table:", file=sys.stderr)
        for message in list(done.corrupt.values())[:_SHOWN]:
            print(f"  {message}", file=sys.stderr)
        if len(done.corrupt) > _SHOWN:
            print(f"  and {len(done.corrupt) - _SHOWN:,} more", file=sys.stderr)
    if done.problems is not None:
        print(f"each of them and its reason: {done.problems}", file=sys.stderr)


def _ranges(indices: Sequence[int]) -> str:
    """The first few indices as text, neighbours as a range: `3 to 7, 9`."""
    ranges: list[list[int]] = []
    for index in sorted(indices):
        if ranges and index == ranges[-1][1] + 1:
            ranges[-1][1] = index
        else:
            ranges.append([index, index])
    texts = [str(first) if first == last else f"{first} to {last}" for first, last in ranges]
    return ", ".join(texts[: 2 * _SHOWN]) + (f" and {len(texts) - 2 * _SHOWN} more" if len(texts) > 2 * _SHOWN else "")
