"""The known scores as a frame, as `harness.run` returns scores."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.formats.proxy_scores import ProxyScores
from benchmarks.readers.proxy_scores import packaged_scores, proxy_of, score_column
from harness.errors import ScoresError, unknown
from harness.evaluation.known.cells import random_order, said_part
from harness.scoring.provenance import PROVENANCE
from harness.scoring.scorer import OK
from harness.setting import Setting

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("architecture", "proxy", "score", "status", "seconds", "standard_error", "message")


def known_scores(proxies: Sequence[str] = (), *, path: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Scores of every proxy on cells of NAS-Bench-201 that come with the package (`open_table("nasbench201-proxies")`).

    The cells stand in the order of `space.sample`: the first N are `space.sample(N)`. As long as not the whole space is
    scored, they are such a sample; `attrs["provenance"]` says how many they are, the setting and the versions.

    Args:
        proxies: names of proxies; by default all.
        path: a file that `nasinit store table` made, to read instead of the package's.

    Returns:
        A row for each proxy and cell, with the columns of `harness.run`; `seconds` and `standard_error` are NaN. A
        score that a proxy does not have is NaN, with its status and message.

    Raises:
        ScoresError: a proxy that is not among them, with the nearest name.
        TableError: a file that is missing, damaged, or of another kind.
    """
    import pandas as pd

    found = _packaged() if path is None else packaged_scores(Path(path))
    table, made = found.table, found.made
    there = [proxy_of(name) for name in table.column_names]
    if isinstance(proxies, str):
        raise ScoresError(f"proxies are several names; {proxies!r} is one: write [name]")
    for name in proxies:
        if name not in there:
            raise ScoresError(unknown("proxy of the known scores", name, there))
    row_of = {key: row for row, key in enumerate(table.keys)}
    keys = [key for key in random_order(table.facts.space) if key in row_of]
    parts = []
    for name in dict.fromkeys(proxies) or there:
        column = score_column(name)
        missing = found.missing.get(column, {})
        reasons = [missing.get(row_of[key], (OK, "")) for key in keys]
        status, message = zip(*reasons, strict=True)
        parts.append(
            pd.DataFrame(
                {"architecture": keys, "proxy": name, "score": table.values(keys, column), "status": status,
                 "seconds": math.nan, "standard_error": math.nan, "message": message}
            )
        )  # fmt: skip
    frame = pd.concat(parts, ignore_index=True)[list(COLUMNS)]
    setting = Setting.from_json(json.dumps(made["setting"]))
    frame.attrs.update({"setting": setting.json(), "space": table.facts.space, PROVENANCE: provenance_of(found)})
    return frame


def provenance_of(found: ProxyScores) -> dict[str, Any]:
    """What made the known scores, as a frame carries it, with the table and its number of cells."""
    made, facts = found.made, found.table.facts
    return {
        "space": facts.space,
        "settings": [made["setting"]],
        "proxies": dict(made["proxies"]),
        "torch": made["torch"],
        "table": {"name": facts.name, "sha256": facts.sha256, "cells": len(found.table), "of_cells": made["of_cells"]},
    }


def said_cells(known: pd.DataFrame) -> str:
    """How many cells the known scores are of, in words."""
    table = known.attrs[PROVENANCE]["table"]
    return said_part(table["cells"], table["of_cells"])


@cache
def _packaged() -> ProxyScores:
    return packaged_scores()
