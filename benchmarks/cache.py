"""Cache of parsed tables in compact files; it is never required, and is ignored if its source has changed.

A cache file is an .npz (readable by `numpy.load`) followed by the SHA-256 of all its bytes. A file that is missing,
truncated, damaged at any byte, of another format or made from another source is ignored.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import io
import logging
import os
import socket
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LOG = logging.getLogger(__name__)

FORMAT = 1

_DIGEST_BYTES = 32


def cache_rows(path: Path, keys: Sequence[str], numbers: NDArray[np.float64], source_sha256: str) -> bool:
    """Write R keys and numbers of shape [C, R] to `path`; False, without an error, where that is not possible."""
    content = io.BytesIO()
    np.savez_compressed(
        content,
        format=np.array(FORMAT),
        source_sha256=np.array(source_sha256),
        keys=np.array(keys, dtype=np.str_),
        numbers=np.asarray(numbers, dtype=np.float64),
    )
    return write_cache(path, content.getvalue())


def cached_rows(path: Path, source_sha256: str) -> tuple[list[str], NDArray[np.float64]] | None:
    """Keys and numbers of shape [C, R] from the cache at `path`; None unless it is whole and made from that source."""
    content = read_cache(path)
    if content is None:
        return None
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            if int(arrays["format"]) != FORMAT or str(arrays["source_sha256"]) != source_sha256:
                return None
            kept = arrays["keys"].tolist(), arrays["numbers"]
    except (KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile):  # undamaged, but not of this format
        return None
    LOG.debug("read the parsed table from the cache %s", path)
    return kept


def write_cache(path: Path, content: bytes) -> bool:
    """Write content and its SHA-256 to `path`, completely or not at all; False where that is not possible.

    It is written to a temporary file in the same folder and then moved, so that no reader or second writer sees half a
    file. Those that killed processes of this machine have left are removed.
    """
    temporary: Path | None = None
    machine = f"{path.name}-{socket.gethostname()}-"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f"{glob.escape(machine)}*"):
            if _has_ended(left.name.removeprefix(machine).partition("-")[0]):
                left.unlink()
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f"{machine}{os.getpid()}-", delete=False) as file:
            temporary = Path(file.name)
            file.write(content + hashlib.sha256(content).digest())
        os.replace(temporary, path)
    except OSError:
        return False
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    LOG.debug("wrote the cache %s, %s bytes", path, f"{len(content) + _DIGEST_BYTES:,}")
    return True


def _has_ended(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except (ValueError, OverflowError, OSError):
        return False
    return False


def read_cache(path: Path) -> bytes | None:
    """Content that `write_cache` wrote to `path`; None where there is no file, or it is damaged."""
    try:
        sealed = path.read_bytes()
    except OSError:
        return None
    content, digest = sealed[:-_DIGEST_BYTES], sealed[-_DIGEST_BYTES:]
    return content if hashlib.sha256(content).digest() == digest else None
