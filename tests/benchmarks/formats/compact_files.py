"""A small compact table, written whole or with a changed document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import benchmarks.files
import benchmarks.formats.compact
import benchmarks.formats.parquet
from benchmarks import Column, Facts
from benchmarks.formats.compact import write_compact

FACTS = Facts(
    name="made",
    space="nasbench201",
    title="A made table, with “ü”",
    source="this test",
    licence="none",
    path=None,
    sha256=None,
    rows=None,
    note="a note",
    splits="cifar10 test",
    epochs="200",
    seeds="777",
)
COLUMNS = (
    Column("index", None, None, None, "index", "none", "place"),
    Column("cifar10_test_200ep_pct", "cifar10", "test", 200, "pct", "mean", "accuracy", True, True, "ori-test"),
    Column("anything_ratio", None, None, None, "ratio", "none", "any number", True, False),
)
KEYS = ("|none~0|", "b", "ü")
NUMBERS = ([0, 1, 2], [93.76, float("nan"), 1 / 3], [-0.0, 5e-324, -1.7976931348623157e308])


def write(path: Path, **changed: Any) -> Path:
    given = {"keys": KEYS, "columns": COLUMNS, "numbers": NUMBERS, "facts": FACTS} | changed
    write_compact(path, **given)
    return path


def rewrite(path: Path, change: Any = None, arrow: Any = None, digest: bool = True) -> Path:
    """The file anew with its JSON document or its columns changed; the digest fits unless told otherwise."""
    table = pq.read_table(write(path))
    document = json.loads(table.schema.metadata[b"nasinit"])
    if change is not None:
        change(document)
    benchmarks.formats.parquet.write_parquet(path, [table if arrow is None else arrow(table)], document)
    if not digest:
        table = pq.read_table(path)
        pq.write_table(table.replace_schema_metadata({**table.schema.metadata, b"nasinit_sha256": b"0" * 64}), path)
    return path
