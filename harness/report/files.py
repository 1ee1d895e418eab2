"""The only module that writes: a file is whole or not there, and the same content is the same bytes."""

from __future__ import annotations

import contextlib
import gzip
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from harness.errors import HarnessError
from harness.report.figures.style import STYLE
from harness.report.suffixes import CSV, FIGURES, PARQUET, check_suffix
from harness.scoring.provenance import PROVENANCE, described_by, description
from harness.text.foreign import for_spreadsheet
from harness.writing import replacing

LOG = logging.getLogger(__name__)

# None leaves out what matplotlib would write of the day and of its own version.
_METADATA: Mapping[str, dict[str, None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
_DOTS_PER_INCH = 200  # of a PNG, and of the rasterised points in SVG and PDF
_REPRODUCIBLE: Mapping[Any, Any] = {"svg.hashsalt": "nasinit", "svg.fonttype": "none", "pdf.fonttype": 42}


def write_csv(frame: pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    r"""Write a frame without its index as CSV (UTF-8, `\n`, floats in full so that they read back equal).

    A text that a spreadsheet would take for a formula gets an apostrophe before it, which reading takes away again.

    Returns:
        The path written to; missing parent folders are made. Its name ends in .csv, or in .csv.gz to be compressed.

    Raises:
        HarnessError: another suffix, or a path that cannot be written; named.
    """
    target = check_suffix(Path(path), "a CSV file", CSV)
    content = _csv(frame)
    if target.suffix.lower() == ".gz":
        content = gzip.compress(content, mtime=0)  # without the time of day, so that equal frames are equal bytes
    return _write(target, lambda file: file.write(content))


def _csv(frame: pd.DataFrame, *, header: bool = True) -> bytes:
    inert = frame.rename(columns=lambda name: for_spreadsheet(str(name)))
    for place, kind in enumerate(inert.dtypes):
        if not pd.api.types.is_numeric_dtype(kind):
            inert.isetitem(place, inert.iloc[:, place].map(_inert).to_numpy())
    return inert.to_csv(index=False, header=header, lineterminator="\n").encode(errors="replace")


def write_described_csv(frame: pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """As `write_csv`, with a file next to it that says where the numbers come from (`harness.scoring.provenance`)."""
    written = write_csv(frame, path)
    write_text(description(written, frame.attrs.get(PROVENANCE)), described_by(written))
    return written


def write_described_parts(
    parts: Iterable[pd.DataFrame], provenance: object, path: str | os.PathLike[str]
) -> tuple[Path, int]:
    """Write frames of the same columns as one CSV or Parquet file, described as by `write_described_csv`.

    One part is held at a time, so that a table may be larger than the memory. A Parquet file has a row group a part.

    Returns:
        The path written to, by whose name the kind of file is known, and the number of rows.

    Raises:
        HarnessError: another suffix, or a path that cannot be written; named.
    """
    target = check_suffix(Path(path), "a table of scores", (*CSV, *PARQUET))
    write = _parquet_of if target.suffix.lower() in PARQUET else _csv_of
    count = 0

    def counted() -> Iterator[pd.DataFrame]:
        nonlocal count
        for part in parts:
            count += len(part)
            yield part

    _write(target, lambda file: write(counted(), file, packed=target.suffix.lower() == ".gz"))
    write_text(description(target, provenance), described_by(target))
    return target, count


def _csv_of(parts: Iterable[pd.DataFrame], file: BinaryIO, packed: bool) -> None:
    """CSV as `write_csv` writes it, part by part."""
    with contextlib.ExitStack() as stack:
        # without name and time of day, so that equal frames are equal bytes
        out = stack.enter_context(gzip.GzipFile("", "wb", fileobj=file, mtime=0)) if packed else file
        for place, part in enumerate(parts):
            out.write(_csv(part, header=place == 0))


def _parquet_of(parts: Iterable[pd.DataFrame], file: BinaryIO, packed: bool) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with contextlib.ExitStack() as stack:
        writer = None
        for part in parts:
            bare = part.copy(deep=False)
            bare.attrs = {}  # pandas would write them into the file
            if writer is None:
                schema = pa.Schema.from_pandas(bare, preserve_index=False)
                writer = stack.enter_context(pq.ParquetWriter(file, schema, compression="zstd"))
            writer.write_table(pa.Table.from_pandas(bare, schema=writer.schema, preserve_index=False))


def write_text(text: str, path: str | os.PathLike[str]) -> Path:
    """Write `text` as it is (UTF-8, line breaks untouched), under any suffix; what is no character becomes `?`.

    Returns:
        The path written to; missing parent folders are made.

    Raises:
        HarnessError: a path that cannot be written; named.
    """
    return _write(Path(path), lambda file: file.write(text.encode(errors="replace")))


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure as PNG (200 dpi), SVG or PDF (text as text), by the path's suffix.

    The bytes hold no date and follow from the figure alone, under one version of matplotlib.

    Returns:
        The path written to; missing parent folders are made.

    Raises:
        HarnessError: another suffix (what is allowed is said), or a path that cannot be written; named.
    """
    target = check_suffix(Path(path), "a figure", FIGURES)
    suffix = target.suffix.lower()

    def write(file: BinaryIO) -> None:
        with matplotlib.rc_context({**STYLE, **_REPRODUCIBLE}):
            figure.savefig(file, format=suffix.removeprefix("."), dpi=_DOTS_PER_INCH, metadata=_METADATA[suffix])

    return _write(target, write)


def save_pictures(figure: Figure, stem: str | os.PathLike[str]) -> None:
    """Write a figure as `stem`.png to look at and `stem`.svg for a paper; errors as of `save_figure`."""
    for suffix in ("png", "svg"):
        save_figure(figure, f"{os.fspath(stem)}.{suffix}")


def _inert(cell: object) -> object:
    return for_spreadsheet(cell) if isinstance(cell, str) else cell


def _write(path: Path, write: Callable[[BinaryIO], object]) -> Path:
    if not path.name:
        raise HarnessError(f"cannot write {str(path)!r}: it names a folder, not a file")
    try:
        with replacing(path) as partial, partial.open("xb") as file:
            write(file)
    except OSError as error:
        raise HarnessError(f"cannot write {str(path)!r}: {error.strerror or error}") from error
    LOG.debug("wrote %s, %s bytes", path, f"{path.stat().st_size:,}")
    return path
