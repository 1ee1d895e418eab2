"""What a Parquet file of `nasinit convert` or `nasinit pull` says of itself, from its footer: no number is read."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.table import Column, Facts

METADATA = b"nasinit"
"""Key of the schema's metadata under which `benchmarks.compact` keeps the JSON of facts and columns."""


def carried_facts(path: Path) -> tuple[Facts, tuple[Column, ...]] | None:
    """Facts and columns that a compact table carries; None for a Parquet file of another kind, or no file.

    For a compact table whose footer is damaged or of a later format, they are empty but for the name: reading it says
    what is wrong.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            text, rows = (file.schema_arrow.metadata or {}).get(METADATA), file.metadata.num_rows
    except (pa.ArrowException, OSError):
        return None
    if text is None:
        return None
    try:
        document = json.loads(text)
        facts = Facts(**{**document["facts"], "path": path, "sha256": None, "rows": rows})
        return facts, tuple(Column(**column) for column in document["columns"])
    except (ValueError, KeyError, TypeError):
        return Facts(path.name, "", "a damaged table", "", "", path, None, rows, ""), ()
