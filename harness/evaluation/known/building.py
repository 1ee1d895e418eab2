"""The packaged table of known scores, made from a store or from what `nasinit store export` writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.formats.proxy_scores import Reason, description_of, read_proxy_scores, write_proxy_scores
from benchmarks.readers.proxy_scores import FACTS, score_column
from benchmarks.table import SCORE, Column, Facts
from harness.errors import ScoresError
from harness.evaluation.known.cells import ORDER_SEED, random_order, random_part, said_part
from harness.proxies.registry import list_proxies
from harness.scoring.exporting import MACHINE, exported
from harness.scoring.files import is_store, read_parquet, read_scores
from harness.scoring.importing import PARQUET
from harness.scoring.provenance import PROVENANCE
from harness.scoring.scorer import OK
from harness.scoring.seeds import SEED
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.space import described
from harness.versions import __version__

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

_LEAST = 3


class Built(NamedTuple):
    """A table that was made.

    Attributes:
        path: of the file.
        cells: number of its rows.
        of: number of cells of the space.
        networks: number of different networks among them.
        proxies: number of its columns.
    """

    path: Path
    cells: int
    of: int
    networks: int
    proxies: int


def build_known_table(scores: Path, to: Path, run: int | None = None) -> Built:
    """Make the table of known scores: the finished cells in random order, up to the first that is not finished.

    Args:
        scores: a store, or a CSV or Parquet file of `nasinit store export`, of NAS-Bench-201 under one seed.
        to: the Parquet file to write; its folder exists.
        run: number of the store's run; by default the last one.

    Raises:
        ScoresError: scores of which it is not known what made them, of another space or several seeds, or fewer than
            three finished cells; ranks that the file, read again, does not have, and then it is removed.
        TableError: a file that cannot be written.
    """
    import numpy as np

    frame = _read(scores, run)
    made = _what_made(scores, frame)
    proxies: Sequence[str] = list(made["proxies"])
    order = random_order(FACTS.space)
    counted = frame.drop_duplicates(["architecture", "proxy"]).groupby("architecture").size()
    keys = random_part(order, set(counted.index[counted == len(proxies)]))
    if len(keys) < _LEAST:
        raise ScoresError(
            f"{scores} has {len(keys)} finished cells at the beginning of the random order; {_LEAST} are needed: "
            f"nasinit score --space {FACTS.space} --sample {len(order)} makes them in this order"
        )
    cells = {key: open_space(FACTS.space).parse(key) for key in order}
    networks = {key: str(open_space(FACTS.space).minimal(cells[key])) for key in keys}
    keys = tuple(sorted(keys, key=lambda key: (networks[key], key)))  # equal rows next to each other take less room
    part = frame[frame["architecture"].isin(networks)]
    numbers, missing = {}, {}
    for proxy in proxies:
        own = part[part["proxy"] == proxy].drop_duplicates("architecture").set_index("architecture").loc[list(keys)]
        numbers[score_column(proxy)] = own["score"].where(own["status"] == OK).to_numpy(dtype=np.float64)
        missing[score_column(proxy)] = _reasons(own)
    made |= {
        "cells": len(keys),
        "of_cells": len(order),
        "networks": len(set(networks.values())),
        "order_seed": ORDER_SEED,
        "machines": _machines(part),
        "nasinit": __version__,
    }
    write_proxy_scores(to, keys, numbers, _columns(made["proxies"]), missing, _facts(made), made)
    _check_ranks(to, numbers)
    return Built(to, len(keys), len(order), made["networks"], len(proxies))


def _read(scores: Path, run: int | None) -> pd.DataFrame:
    if scores.suffix.lower() == PARQUET:
        return read_parquet(scores).frame
    return exported(scores, run) if is_store(scores) else read_scores(scores, run).frame


def _what_made(scores: Path, frame: pd.DataFrame) -> dict[str, Any]:
    """Setting, versions and start of the scores, as their file states them."""
    known = frame.attrs.get(PROVENANCE) or {}
    try:
        (values,) = known["settings"]
        setting = Setting.from_json(json.dumps(values))
        found = {"space": known["space"], "setting": values, "proxies": dict(known["proxies"]), "torch": known["torch"]}
    except (KeyError, TypeError, ValueError) as error:
        why = known.get("not_known") or "it has scores under several seeds, or lacks their setting and versions"
        raise ScoresError(f"{scores} cannot be made a table of known scores: {why}") from error
    if found["space"] != FACTS.space or SEED in frame:
        raise ScoresError(f"{scores} must hold scores of {FACTS.space} under one seed; it is of {found['space']}")
    said = described(open_space(FACTS.space), setting)
    return {**found, "setting_in_words": said, "started": known.get("started", "")}


def _reasons(own: pd.DataFrame) -> dict[int, Reason]:
    statuses = own["status"].tolist()
    messages = own["message"].fillna("").tolist() if "message" in own else [""] * len(own)
    return {
        row: (str(status), str(message))
        for row, (status, message) in enumerate(zip(statuses, messages, strict=True))
        if status != OK
    }


def _machines(part: pd.DataFrame) -> dict[str, int]:
    if MACHINE not in part:
        return {}
    counts = part[MACHINE].fillna("").replace("", "not known").value_counts()
    return {str(name): int(count) for name, count in counts.items()}


def _columns(proxies: Mapping[str, str]) -> list[Column]:
    known = {proxy.name: proxy.summary for proxy in list_proxies()}
    return [
        Column(
            score_column(name), None, None, None, SCORE, "one", f"{name}, version {version}: {known.get(name, '')}",
            may_be_missing=True,
        )
        for name, version in proxies.items()
    ]  # fmt: skip


def _facts(made: Mapping[str, Any]) -> Facts:
    setting, cells, of = made["setting"], made["cells"], made["of_cells"]
    machines = ", ".join(f"{name} ({count:,})" for name, count in made["machines"].items())
    growing = "" if cells == of else " The others follow in later releases."
    note = (
        f"Limits: scores, no accuracies, so that nothing is ranked by them. {said_part(cells, of).capitalize()} "
        f"({made['networks']:,} networks).{growing} Setting: {made['setting_in_words']}. A score that a proxy does not "
        f"have is missing, with its reason in the file. nasinit {made['nasinit']}, torch {made['torch']}, begun "
        f"{made['started'][:10] or 'on a day that is not known'}. Scores by the machine that made them, which differ "
        f"in the last digits: {machines or 'not known'}."
    )
    return replace(FACTS, note=note, seeds=f"seed {setting['seed']} of weights, inputs and labels")


def _check_ranks(path: Path, numbers: Mapping[str, npt.NDArray[np.float64]]) -> None:
    """Read the file again, and compare the ranks with those of the scores."""
    import numpy as np

    table = read_proxy_scores(path).table
    for name, own in numbers.items():
        there = table.values(table.keys, name)
        if not np.array_equal(_dense_ranks(there), _dense_ranks(own)):
            for made in (path, description_of(path)):
                made.unlink()
            raise ScoresError(f"the scores of {name} were not kept in the order of their values: {path} was not made")


def _dense_ranks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """0 for the lowest value, and so on; equal values share theirs, and NaN, all equal, stand last."""
    import numpy as np

    return np.unique(values, return_inverse=True)[1].astype(np.int64)
