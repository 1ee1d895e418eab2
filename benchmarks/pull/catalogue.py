"""The sources: where each is, what its file must be, and what it becomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pull import cifar10, comparison, nasbench201


@dataclass(frozen=True)
class Source:
    """One thing that can be pulled.

    `sha256` is that of the file at `url`, None where nobody publishes it; `size` is its bytes, told and not checked.
    `result` names the file or folder that it becomes. `build(file, target, origin)` makes that from the file, and
    raises TableError for content that is not what it should be; `check(target)` does so for a result that is there.
    `compare(target, origin)` does so for a result that other data speak against, and raises `CannotCompareError` where
    those are not here. `origin` says whose file it is, where that is not its publisher's.
    """

    name: str
    title: str
    url: str
    sha256: str | None
    size: int
    licence: str
    result: str
    build: Callable[[Path, Path, str], None]
    check: Callable[[Path], None]
    compare: Callable[[Path, str], None] | None = None
    origin: str = ""


NASBENCH201 = Source(
    name="nasbench201",
    title="NAS-Bench-201's test accuracies after 200 epochs, a CSV extract made with NATS-Bench's own client",
    url=f"https://raw.githubusercontent.com/{nasbench201.REPOSITORY}/{nasbench201.COMMIT}/nats_bench.csv",
    sha256=None,
    size=2_106_494,
    licence=nasbench201.LICENCE,
    result="nasbench201.parquet",
    build=nasbench201.build_table,
    check=nasbench201.check_table,
    compare=comparison.compare_table,
    origin=nasbench201.EXTRACT,
)
CIFAR10 = Source(
    name="cifar10",
    title="CIFAR-10, the official binary version",
    url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    # the sum that several data set packages pin: MLDatasets.jl, torchvision for Ruby
    sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    size=170_052_171,
    licence="none stated; its page asks to cite Krizhevsky 2009",
    result=cifar10.FOLDER,
    build=cifar10.unpack,
    check=cifar10.check_folder,
)
SOURCES = {source.name: source for source in (NASBENCH201, CIFAR10)}
