"""The sources that can be pulled: their URLs, the checks of their files, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pull import cifar10, comparison, nasbench201


@dataclass(frozen=True)
class PublicSource:
    """One source that can be pulled.

    Attributes:
        name: name of the source on the command line.
        title: one line on what the source is.
        url: address of the file.
        sha256: SHA-256 of the file at `url`; None where none is published.
        size: approximate size of the file in bytes, which is shown and not checked.
        licence: licence of the data.
        result: name of the file or folder that is made of the file.
        build: `build(file, target, origin)` makes the result; raises TableError for wrong content.
        check: `check(target)` raises TableError for an existing result with wrong content.
        compare: `compare(target, origin)` raises TableError for a result that other data contradict, and
            `CannotCompareError` where these data are not available.
        origin: a note on the file where it is not the publisher's own.
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


NASBENCH201 = PublicSource(
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
CIFAR10 = PublicSource(
    name="cifar10",
    title="CIFAR-10, the official binary version",
    url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    # the SHA-256 that several data set packages use: MLDatasets.jl, torchvision for Ruby
    sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    size=170_052_171,
    licence="none stated; its page asks to cite Krizhevsky 2009",
    result=cifar10.FOLDER,
    build=cifar10.unpack,
    check=cifar10.check_folder,
)
SOURCES = {source.name: source for source in (NASBENCH201, CIFAR10)}
