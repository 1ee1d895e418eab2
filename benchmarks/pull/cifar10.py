"""CIFAR-10 (Krizhevsky 2009) from its official binary archive, unpacked completely or not at all.

A batch file is a sequence of records of 3,073 bytes: a label from 0 to 9, then the 3 x 32 x 32 pixels in channel, row,
column order. All classes have equally many images in the five training batches together, and in the test batch.
"""

from __future__ import annotations

import os
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.errors import TableError

FOLDER = "cifar-10-batches-bin"
TRAINING = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST = "test_batch.bin"
TEXTS = ("batches.meta.txt", "readme.html")
CLASSES = 10
SIZES: Mapping[str, int] = dict.fromkeys((*TRAINING, TEST), 30_730_000)

_RECORD = 1 + 3 * 32 * 32
_TEXT_LIMIT = 1 << 16
_CHUNK = 1 << 20


def unpack(file: Path, target: Path, origin: str, *, sizes: Mapping[str, int] = SIZES) -> None:
    """Make the folder `target` with the eight files of the archive in `file`.

    Args:
        file: the archive, a tar file compressed by gzip.
        target: the folder to make; after an error it may be incomplete.
        origin: source of the archive, for messages.
        sizes: size of each batch file in bytes.

    Raises:
        TableError: for a file that is no such archive, a truncated one, an unexpected member (a link, a device, a path
            elsewhere), a member that is repeated, missing or of another size, or labels that are not CIFAR-10's. Only
            the eight files are ever written.
        OSError: if a file cannot be written.

    """
    target.mkdir()
    try:
        archive = tarfile.open(file, mode="r|gz")
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise TableError(f"{origin} is not a tar archive compressed by gzip: {error}") from None
    with archive:
        try:
            for member in archive:
                _take(archive, member, target, origin, sizes)
        except (tarfile.TarError, EOFError, zlib.error) as error:
            raise TableError(f"{origin} is cut or damaged: {error}") from None
    _check_folder(target, origin, sizes)


def check_folder(target: Path, *, sizes: Mapping[str, int] = SIZES) -> None:
    """Raise TableError unless the folder holds the eight files, with the right sizes and labels of CIFAR-10.

    It reads all files, 184 MB.
    """
    _check_folder(target, str(target), sizes)


def _take(
    archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path, origin: str, sizes: Mapping[str, int]
) -> None:
    if member.isdir() and member.name.rstrip("/") == FOLDER:
        return
    folder, _, name = member.name.rpartition("/")
    if folder != FOLDER or name not in (*sizes, *TEXTS):
        raise TableError(f"{origin} is not CIFAR-10's binary archive: it has a member {member.name!r}")
    content = archive.extractfile(member) if member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) else None
    if content is None:
        raise TableError(f"{origin}: its member {member.name!r} is not a plain file but a link or device")
    if (target / name).exists():
        raise TableError(f"{origin}: its member {member.name!r} is there twice")
    _check_size(origin, name, member.size, sizes)
    with content, open(target / name, "xb") as file:
        while chunk := content.read(_CHUNK):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def _check_size(origin: str, name: str, size: int, sizes: Mapping[str, int]) -> None:
    if name in sizes and size != sizes[name]:
        raise TableError(f"{origin}: {name} has {size:,} bytes, CIFAR-10's {sizes[name]:,}")
    if name not in sizes and size > _TEXT_LIMIT:
        raise TableError(f"{origin}: {name} has {size:,} bytes; CIFAR-10's is a few lines of text")


def _check_folder(target: Path, origin: str, sizes: Mapping[str, int]) -> None:
    for name in (*sizes, *TEXTS):
        if not (target / name).is_file():
            raise TableError(f"{origin} lacks {name}: it is cut, or not CIFAR-10's binary version")
        _check_size(origin, name, (target / name).stat().st_size, sizes)
    for names in (TRAINING, (TEST,)):
        _check_labels(target, names, origin)


def _check_labels(target: Path, names: Sequence[str], origin: str) -> None:
    counts = np.zeros(256, dtype=np.int64)
    for name in names:
        counts += np.bincount(np.fromfile(target / name, dtype=np.uint8)[::_RECORD], minlength=256)
    if counts[CLASSES:].any() or np.ptp(counts[:CLASSES]) != 0:
        found = ", ".join(f"{label}: {count:,}" for label, count in enumerate(counts.tolist()) if count)
        raise TableError(
            f"{origin} is not CIFAR-10: {', '.join(names)} should hold as many images of each of {CLASSES} classes, "
            f"and have by label {found}"
        )
