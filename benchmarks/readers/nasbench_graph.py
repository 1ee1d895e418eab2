"""NAS-Bench-Graph (Qin et al. 2022): every class of architectures trained on eight graphs.

The numbers are in the data files of the installed distribution `nas-bench-graph`, whose code is never imported.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.cache import cache_rows, cached_rows
from benchmarks.errors import TableError
from benchmarks.files import allow_listed_load, cache_folder, check_sha256
from benchmarks.releases.pickles.unpickling import RECORD_GLOBALS
from benchmarks.table import Column, Facts, Table

DISTRIBUTION = "nas-bench-graph"
VERSION = "1.4"
ROWS = 26_206

OPERATIONS = ("gat", "gcn", "gin", "cheb", "sage", "arma", "graph", "fc", "skip")
LINKS = ("0000", "0001", "0011", "0012", "0013", "0111", "0112", "0122", "0123")
FIELDS = ("valid_perf", "perf", "latency", "para")
"""Fields of a record, in the order of the columns."""

_FACTORS = np.array([[100.0], [100.0], [1000.0], [1.0]])
"""Fractions to percent, seconds to milliseconds; parameters are in millions."""


class _DataSet(NamedTuple):
    title: str
    sha256: str
    limits: str = ""


DATA_SETS: Mapping[str, _DataSet] = {
    "cora": _DataSet("Cora", "5e69b2f9bb08d8927d9ffd4921f8494a3cea349c9c3a461334cb9dc9e11701a8"),
    "citeseer": _DataSet("CiteSeer", "99c7f79b73372636305bf73fb32a58b63c57bd1871a152dd62ec72d984c8c50f"),
    "pubmed": _DataSet("PubMed", "10b4dcf6cfd3a24f6059f7d541a4a872960b4adac0b3dba26abed1bb9a3d904d"),
    "cs": _DataSet("Coauthor CS", "71ae8469930517160b024f52db6000a4897f1aff5d765beb27bb60952ed5bd31"),
    "physics": _DataSet(
        "Coauthor Physics",
        "1e309bafee0b832c8b84fa3c039c36992bc0a910238b128f26b7e9190d7f2aea",
        " The parameters of 1,567 architectures are means that no one network has.",
    ),
    "photo": _DataSet("Amazon Photo", "5511b4dc3f63fa988792177227db7901290fb9b27fc6c02e3036b29e134ed6df"),
    "computers": _DataSet("Amazon Computers", "fdb3dc0cf405d62322f0ab9614b2083c2a5e6576c2f43e4f2214be64bc62b1b3"),
    "arxiv": _DataSet("ogbn-arxiv", "7ee21a7653297a806c0ed1be3efe6ecc06acc84e48e942da0bfde0e5d287debe"),
}
"""The data sets by their names in the package; `proteins` is left out, with 2,021 architectures of five operations."""


def columns_of(dataset: str) -> tuple[Column, ...]:
    """The columns of the table of a data set; a split is stated with the length of its training, which is not known."""
    seeds = "mean of three trainings"
    return (
        Column(
            f"{dataset}_valid_pct", dataset, None, None, "pct", seeds, "validation accuracy", origin="valid_perf"
        ),
        Column(f"{dataset}_test_pct", dataset, None, None, "pct", seeds, "test accuracy", origin="perf"),
        Column(
            f"{dataset}_latency_ms", dataset, None, None, "ms", seeds,
            "latency, whose unit and machine the package does not say; read as seconds",
            higher_is_better=False, origin="latency",
        ),
        Column(
            f"{dataset}_params_m", dataset, None, None, "m", "none: a size", "trainable parameters",
            higher_is_better=False, origin="para",
        ),
    )  # fmt: skip


def facts_of(dataset: str) -> Facts:
    """The facts of the table of a data set."""
    described = DATA_SETS[dataset]
    return Facts(
        name=f"nasbench-graph-{dataset}",
        space="nasbench-graph",
        title=f"NAS-Bench-Graph on {described.title}, all 26,206 classes of architectures",
        source=f"Qin et al. 2022, NeurIPS, github.com/THUMNLab/NAS-Bench-Graph; {DISTRIBUTION} {VERSION} on PyPI",
        licence="Apache-2.0",
        path=None,
        sha256=described.sha256,
        rows=ROWS,
        note=(
            "Limits: means without error bars; no curves, no lengths of the trainings. The hyper-parameters of the "
            "trainings are not in the package. Validation and test accuracy may rank differently: choose by "
            f"validation, and judge by test.{described.limits}"
        ),
        splits=f"validation and test of {described.title}",
        epochs="not in the package",
        seeds="mean of three trainings",
    )


def read_nasbench_graph(dataset: str, path: Path | None = None) -> Table:
    """The table of a data set, in the order of the data file; its SHA-256 is checked at every opening.

    Args:
        dataset: a name of `DATA_SETS`.
        path: the file `DATASET.bench`; None for that of the installed distribution.

    Raises:
        TableError: if the distribution is not installed, or the file is not that of the pinned version.

    """
    path = installed_file(dataset) if path is None else path
    facts = facts_of(dataset)
    sha256 = DATA_SETS[dataset].sha256
    check_sha256(path, sha256)
    cache = cache_folder() / f"{facts.name}.npz"
    kept = cached_rows(cache, sha256)
    if kept is None:
        with path.open("rb") as file:
            kept = rows_of(allow_listed_load(file, RECORD_GLOBALS), path)
        cache_rows(cache, *kept, sha256)
    keys, numbers = kept
    return Table(keys, columns_of(dataset), list(numbers), replace(facts, path=path))


def installed_file(dataset: str) -> Path:
    """Data file of the installed distribution, found without importing its code; TableError if not installed."""
    try:
        found = importlib.metadata.distribution(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        raise TableError(f"{DISTRIBUTION} is not installed: pip install 'nasinit[graphs]'") from None
    return Path(str(found.locate_file(f"nas_bench_graph/light/{dataset}.bench")))


def architecture_text(key: int) -> str:
    """The architecture of one of the package's keys: a digit for the link, then one for each operation.

    >>> architecture_text(88811)
    '0123:skip:skip:gcn:gcn'
    """
    link, *operations = map(int, f"{key:05d}")
    return ":".join((LINKS[link], *(OPERATIONS[place] for place in operations)))


def rows_of(records: object, path: Path) -> tuple[list[str], NDArray[np.float64]]:
    """R keys and numbers of shape [4, R] of the unpickled records; TableError unless it is one record for each key."""
    if not isinstance(records, Mapping) or len(records) != ROWS:
        raise TableError(f"{path} does not hold {ROWS:,} records")
    try:
        rows = [[float(record[field]) for record in records.values()] for field in FIELDS]
        keys = [architecture_text(key) for key in records]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise TableError(f"{path}: a record is not that of an architecture ({type(error).__name__}: {error})") from None
    return keys, np.array(rows, dtype=np.float64) * _FACTORS
