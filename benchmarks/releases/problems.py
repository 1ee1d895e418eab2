"""The list of a conversion's missing and corrupt records, with reasons, as a text file next to the table."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.errors import TableError


def problems_path(table: Path) -> Path:
    """Path of the list: table.parquet.problems.txt next to table.parquet."""
    return table.with_name(f"{table.name}.problems.txt")


def write_problems(table: Path, missing: Sequence[int], corrupt: Mapping[int, str]) -> Path | None:
    """Write one line for each record that is NaN in the table: index, `missing` or `corrupt`, and the reason.

    Fields are separated by tabs, and records are in the order of their indices. Without such records, the list of an
    earlier conversion is removed.

    Returns:
        The file; None where there are no such records.

    Raises:
        TableError: if the file cannot be written or removed.

    """
    path = problems_path(table)
    reasons = {**{index: "missing\tthere is no record" for index in missing}, **_on_one_line(corrupt)}
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        if not reasons:
            path.unlink(missing_ok=True)
            return None
        lines = [f"{index}\t{reasons[index]}\n" for index in sorted(reasons)]
        temporary.write_text("".join(lines), encoding="utf-8", errors="backslashreplace")
        os.replace(temporary, path)
    except OSError as error:
        raise TableError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return path


def _on_one_line(corrupt: Mapping[int, str]) -> dict[int, str]:
    return {index: "corrupt\t" + " ".join(reason.split()) for index, reason in corrupt.items()}
