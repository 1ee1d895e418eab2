"""What measured the numbers of a file of `nasinit measure latency`: the file next to it says so."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.shown import shown

_LARGEST_BYTES = 2**22


def measured_by(path: Path, sha256: str) -> str:
    """In words, the machine and the setting of the latencies in a file; empty where it is no file of such.

    Args:
        path: the file of latencies; `FILE.json` next to it says what made it.
        sha256: SHA-256 of the file, which `FILE.json` has too unless it is of other numbers.
    """
    described = path.with_name(f"{path.name}.json")
    try:
        if not described.is_file() or described.stat().st_size > _LARGEST_BYTES:
            return ""
        content = json.loads(described.read_text(encoding="utf-8"))
        facts = content["numbers"]["latency"]
        if content["sha256"] != sha256:
            return ""
        named = {
            name: facts[name] for name in ("device", "clock", "threads", "batch_size", "repeats", "torch", "sizes")
        }
        machine, floor = str(facts["machine"]), facts["noise_floor"]
        noise = "not known" if floor is None else f"{100 * float(floor):.1f} %"
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
    said = ", ".join(f"{name.replace('_', ' ')} {shown(value)}" for name, value in named.items())
    return f"Latencies measured by nasinit on {shown(machine)}: {said}; noise floor {noise}."
