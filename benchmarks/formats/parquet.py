"""Parquet files with a JSON document about their content, written completely or not at all, and checked when read.

Every page has a checksum. The schema metadata holds the document under `nasinit`, and its SHA-256 under
`nasinit_sha256`. pyarrow is used in ways that do not import pandas, which would take longer than reading a table.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import TableError

if TYPE_CHECKING:
    from pyarrow import Array as ArrowArray
    from pyarrow import ChunkedArray as ArrowColumn
    from pyarrow import Table as ArrowTable
    from pyarrow.parquet import ParquetWriter as ArrowWriter

FORMAT: Final = 1
"""Number of the document's format; a file with another number is refused."""

FLOATS: Final = ("double", "float")
"""Arrow's names of float64 and float32."""

_MAGIC = b"PAR1"
_MOST_ROWS = 10_000_000  # twenty times NAS-Bench-101
_METADATA, _DIGEST = b"nasinit", b"nasinit_sha256"
_OPTIONS = {"compression": "zstd", "write_page_checksum": True}


class Parquet:
    """A file that `write_parquet` wrote: its checked document, and its columns, which are read when they are needed.

    Args:
        path: the file; messages name it.
        content: bytes of the file; None to read from the file only the parts that are needed.
        kind: the kind that the document must have.

    Attributes:
        document: the JSON object, with `format`, `kind`, `facts` (an object) and `columns` (a list).
        names: names of all columns, in order.
        rows: number of rows.

    Raises:
        TableError: for a file that cannot be read, is truncated or damaged, not Parquet, or of another kind or format.

    """

    def __init__(self, path: Path, kind: str, content: bytes | None = None) -> None:
        self.path = path
        self._content = content
        begin = _beginning(path) if content is None else content[: len(_MAGIC)]
        if begin != _MAGIC:
            raise TableError(f"{path} is not a Parquet file: it begins with {begin!r}")
        self.document: dict[str, Any] = {}
        self.names: list[str] = []
        self.rows = 0
        self._read(None, kind)

    def read(self, columns: Sequence[str]) -> ArrowTable:
        """The named columns; TableError for a damaged file."""
        return self._read(columns, None)

    def column(self, arrow: ArrowTable, name: str, *kinds: str) -> ArrowColumn:
        """A column of an Arrow table, checked for its type, one of `kinds`, and for nulls."""
        values = arrow.column(name)
        if str(values.type) not in kinds:
            raise TableError(f"{self.path}: column {name!r} holds {values.type}, not {' or '.join(kinds)}")
        if values.null_count:
            raise TableError(
                f"{self.path}: column {name!r} has {values.null_count} nulls; a missing number must be NaN"
            )
        return values

    def _read(self, columns: Sequence[str] | None, kind: str | None) -> ArrowTable | None:
        """Read the named columns, or, where a kind is given, the document and the names of the columns."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            source = pa.OSFile(str(self.path)) if self._content is None else pa.BufferReader(self._content)
            with pq.ParquetFile(source, page_checksum_verification=True) as file:
                if kind is not None:
                    self.document = _document(self.path, file.schema_arrow.metadata or {}, kind)
                    self.names = list(file.schema_arrow.names)
                    self.rows = file.metadata.num_rows
                    if self.rows > _MOST_ROWS:
                        raise ValueError(f"it says that it has {self.rows:,} rows, and may have {_MOST_ROWS:,}")
                    return None
                arrow = file.read(columns=columns, use_threads=False)
            arrow.validate(full=True)
        except (pa.ArrowException, OSError, ValueError, MemoryError, RecursionError) as error:
            first = str(error).partition("\n")[0]
            raise TableError(f"{self.path} is cut or damaged ({first}): make it or copy it again") from error
        return arrow


def has_document(path: Path) -> bool:
    """Whether a file is Parquet with such a document, valid or not; False for other files, or where there is none."""
    return _text_of(path) is not None


def is_of_kind(path: Path, kind: str) -> bool:
    """Whether a file is Parquet with a document that says it is of this kind."""
    try:
        document = json.loads(_text_of(path) or b"null")
    except ValueError:
        return False
    return isinstance(document, dict) and document.get("kind") == kind


def _text_of(path: Path) -> bytes | None:
    """The document of a Parquet file as it stands there; None for other files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            found: bytes | None = (file.schema_arrow.metadata or {}).get(_METADATA)
            return found
    except (pa.ArrowException, OSError, ValueError):
        return None


def write_parquet(path: Path, parts: Iterable[ArrowTable], document: Mapping[str, object]) -> None:
    """Write Arrow tables of one schema, one row group each, and a JSON document to `path`, completely or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    text = json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    metadata = {_METADATA: text, _DIGEST: hashlib.sha256(text).hexdigest().encode()}
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        with open(temporary, "xb") as file, contextlib.ExitStack() as stack:
            writer: ArrowWriter | None = None
            for part in parts:
                if writer is None:
                    schema = part.schema.with_metadata(metadata)
                    writer = stack.enter_context(pq.ParquetWriter(file, schema, **_OPTIONS))
                writer.write_table(part.replace_schema_metadata(metadata))
            stack.close()
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except (OSError, pa.ArrowException) as error:
        raise TableError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def arrow_floats(numbers: NDArray[np.float64]) -> ArrowArray:
    """Arrow array of float64 numbers of shape [N], without a copy; `pyarrow.array` would import pandas."""
    import pyarrow as pa

    return pa.Array.from_buffers(pa.float64(), len(numbers), [None, pa.py_buffer(np.ascontiguousarray(numbers))])


def numpy_floats(column: ArrowColumn) -> NDArray[np.float64]:
    """Numbers of an Arrow column of floats, or of lists of float64, in one array; `to_numpy` would import pandas."""
    lists = str(column.type) not in FLOATS
    chunks = [np.from_dlpack(chunk.flatten() if lists else chunk) for chunk in column.chunks]
    return np.asarray(chunks[0] if len(chunks) == 1 else np.concatenate(chunks), dtype=np.float64)


def _beginning(path: Path) -> bytes:
    """The first bytes of a file, which tell its format; TableError if the file cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(len(_MAGIC))
    except OSError as error:
        raise TableError(f"cannot read {path}: {error.strerror or error}") from error


def _document(path: Path, metadata: Mapping[bytes, bytes], kind: str) -> dict[str, Any]:
    if _METADATA not in metadata:
        raise TableError(f"{path} is a Parquet file of another kind: its metadata has no {_METADATA.decode()!r}")
    text = metadata[_METADATA]
    if metadata.get(_DIGEST) != hashlib.sha256(text).hexdigest().encode():
        raise TableError(f"{path} is damaged: its metadata {_METADATA.decode()!r} does not have the SHA-256 it names")
    document = json.loads(text)
    if not isinstance(document, dict) or type(found := document.get("format")) is not int:
        raise TableError(f"{path}: its metadata {_METADATA.decode()!r} has no whole number in the field 'format'")
    if found != FORMAT:
        raise TableError(
            f"{path}: its field 'format' is {found}, and this version of nasinit reads format {FORMAT}: "
            f"{'update nasinit' if found > FORMAT else 'convert or pull it again'}"
        )
    if document.get("kind") != kind:
        raise TableError(f"{path}: its field 'kind' is {document.get('kind')!r}, where {kind!r} is wanted")
    for field, needed in (("facts", dict), ("columns", list)):
        if not isinstance(document.get(field), needed):
            raise TableError(f"{path}: its metadata {_METADATA.decode()!r} has no {needed.__name__} under {field!r}")
    return document
