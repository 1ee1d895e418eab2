"""Where numbers come from: what a frame carries in `attrs["provenance"]`, and the file next to a CSV that says it.

A file `scores.csv` has `scores.csv.json` next to it: the settings, seeds, versions and tables behind its numbers, and
its SHA-256, so that it is not taken for what made another file of that name.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shlex
import sys
from pathlib import Path
from typing import Any

from harness.text.presented import PROVENANCE as PROVENANCE
from harness.versions import made_with

LOG = logging.getLogger(__name__)
_LARGEST_BYTES = 2**22
_PART_BYTES = 2**20


def command(data: Path | None = None) -> str | None:
    """The command line as it was given, with the option --data if it is not in it; None if called from Python."""
    if "nasinit" not in (Path(sys.argv[0]).stem, Path(sys.argv[0]).parent.name):  # by its name, or by python -m
        return None
    given = sys.argv[1:]
    found = data is not None and not any(word == "--data" or word.startswith("--data=") for word in given)
    return shlex.join(["nasinit", *given, *(["--data", str(data)] if found else [])])


def described_by(csv: Path) -> Path:
    """The file that says where the numbers of a CSV file come from."""
    return csv.with_name(f"{csv.name}.json")


def description(csv: Path, provenance: object) -> str:
    """The content of `described_by(csv)`, for a file that has been written."""
    content = {"file": csv.name, "sha256": _sha256(csv), **made_with(), "command": command(), "numbers": provenance}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def known_provenance(csv: Path) -> tuple[dict[str, Any], str]:
    """Where the numbers of a CSV file come from, and else a reason why that is not known, in a few words."""
    found, reason = _read_description(csv)
    LOG.debug(
        "%s: %s", csv, reason or f"{described_by(csv).name} says what made it, and its SHA-256 is that of the file"
    )
    return found, reason


def _read_description(csv: Path) -> tuple[dict[str, Any], str]:
    file = described_by(csv)
    try:
        if file.stat().st_size > _LARGEST_BYTES:
            return {}, f"{file.name} is too large"
        content = json.loads(file.read_text(encoding="utf-8"))
        found, numbers = content["sha256"], content["numbers"]
    except FileNotFoundError:
        return {}, f"there is no {file.name}"
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}, f"{file.name} cannot be read"
    if found != _sha256(csv):
        return {}, f"{file.name} is of other numbers: the file was changed after it was written"
    if not isinstance(numbers, dict):
        return {}, f"{file.name} says nothing of its numbers"
    written = {name: content[name] for name in made_with() if name in content}  # older files say it only outside
    return {**written, **numbers}, ""


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while part := content.read(_PART_BYTES):
            digest.update(part)
    return digest.hexdigest()
