"""Searches on the table supernet: arms of E2RNAS, fixed weights, and the stall of a bound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from harness.evaluation.columns import SPACE
from harness.evaluation.searches.table_losses import table_losses
from harness.search import run_search
from harness.search.gradient.e2rnas import SIZE, VALUES, WEIGHTS
from harness.spaces import open_space
from harness.studies.searches.pool import setting_of
from harness.studies.searches.robust.cells import CLEAN, OBJECTIVES, PGD, Cells, sizes, weighted_losses

if TYPE_CHECKING:
    from harness.evaluation import Table
    from harness.search import SearchResult
    from harness.search.gradient.table_supernet import TableLosses


class Arm(NamedTuple):
    """Searches on a table that differ in their seed alone.

    Attributes:
        words: name in tables and figures.
        objectives: what it weighs, names of `OBJECTIVES`.
        method: name of the search.
        changes: fields of its setting.
    """

    words: str
    objectives: tuple[str, ...]
    method: str = "e2rnas"
    changes: Mapping[str, Any] = {}


def _mgda(words: str, *objectives: str, gradients: str) -> Arm:
    names = tuple({"pgd": "robust"}.get(name, name) for name in objectives[1:])
    return Arm(f"{words}, {gradients}", objectives, "e2rnas", {"mgda": names, "mgda_gradients": gradients})


ARMS: Mapping[str, Arm] = {
    "darts": Arm("DARTS: clean only", ("clean",), "darts"),
    "beta-darts": Arm("β-DARTS: clean only", ("clean",), "beta-darts"),
    "darts-pgd": Arm("DARTS: PGD only", ("pgd",), "darts"),
    **{
        f"{name}-{gradients}": _mgda(words, *objectives, gradients=gradients)
        for name, words, objectives in (
            ("clean-pgd", "MGDA: clean, PGD", ("clean", "pgd")),
            ("clean-size", "MGDA: clean, size", ("clean", "size")),
            ("three", "MGDA: clean, PGD, size", ("clean", "pgd", "size")),
        )
        for gradients in ("raw", "l2")
    },
}
"""Arms by a short name."""
PAIRS = (("clean", "pgd"), ("clean", "size"))
"""Objectives whose fronts are drawn, and whose hypervolumes are compared."""
SHARES = tuple(place / 10 for place in range(11))
"""Fixed weights of the second objective of a pair; the first has the rest."""
SEEDS, GRID_SEEDS, QUICK_SEEDS = 20, 3, 2
STALLED = ("max", "max_dropped", "abs")
BOUND_SHARE = 0.2
"""The bound of the stalled searches, from the smallest network (0) to the largest (1); our choice."""
_LONG: Mapping[str, Any] = {
    "epochs": 3, "steps_per_epoch": 100, "alpha_lr": 0.05, "alpha_weight_decay": 0.0, "width": 16, "depth": 5,
}  # fmt: skip
"""300 steps of α; our choice. Twice as many find the same cells by raw gradients with seed 0."""
_QUICK: Mapping[str, Any] = {"epochs": 2, "steps_per_epoch": 10}


def arms_frame(table: Table, cells: Cells, *, seed: int, quick: bool = False) -> pd.DataFrame:
    """A row for each arm and seed.

    Returns:
        `arm`, `seed`, `architecture`, its clean and PGD accuracy and `parameters`, and `on_front` (of the arm's own
        objectives) and `on_front_of_three`.
    """
    rows = []
    for name, arm in ARMS.items():
        robust = PGD if "pgd" in arm.objectives[1:] else None
        losses = table_losses(OBJECTIVES[arm.objectives[0]], table, robust=robust)
        for one in range(seed, seed + (QUICK_SEEDS if quick else SEEDS)):
            found = searched(arm.method, losses, one, quick=quick, **arm.changes)
            rows.append({"arm": name, "seed": one, "architecture": str(found.architecture)})
    return with_fronts(pd.DataFrame(rows), cells)


def grid_frame(cells: Cells, *, seed: int, quick: bool = False) -> pd.DataFrame:
    """A row for each pair of objectives, fixed weight and seed.

    Returns:
        `pair`, `share` (the weight of the second objective), `seed`, `architecture` and its objectives.
    """
    rows = []
    for first, second in PAIRS:
        for share in SHARES[::5] if quick else SHARES:
            losses = weighted_losses(cells, {first: 1 - share, second: share})
            for one in range(seed, seed + (1 if quick else GRID_SEEDS)):
                found = searched("darts", losses, one, quick=quick)
                text = str(found.architecture)
                rows.append({"pair": f"{first}-{second}", "share": share, "seed": one, "architecture": text})
    frame = pd.DataFrame(rows)
    return frame.join(pd.DataFrame([cells.row(text) for text in frame["architecture"]]))


def stall_frame(table: Table, cells: Cells, *, seed: int, quick: bool = False) -> pd.DataFrame:
    """A row for each form of the bound, seed and step: the course of MGDA on clean loss and bounded size.

    Returns:
        `form`, `seed`, `step` (from 1), `clean_error_pct` (expected), `parameters` (expected), `loss_weight` (MGDA's),
        `bound`, and in the last step of a search `architecture` with its objectives.
    """
    losses, model = table_losses(CLEAN, table), sizes()
    bound = round(model.least + BOUND_SHARE * (model.most - model.least))
    parts = []
    for form in STALLED:
        for one in range(seed, seed + (1 if quick else GRID_SEEDS)):
            options = {"mgda": ("size",), "size_bound": bound, "bound_form": form}
            found = searched("e2rnas", losses, one, quick=quick, **options)
            memory = {name: found.memory[name].flatten(0, 1) for name in (VALUES, WEIGHTS, SIZE)}
            count = len(memory[SIZE])
            part = pd.DataFrame(
                {
                    "form": form, "seed": one, "step": range(1, count + 1),
                    "clean_error_pct": 100 * memory[VALUES][:, 0].numpy(), "expected_parameters": memory[SIZE].numpy(),
                    "loss_weight": memory[WEIGHTS][:, 0].numpy(), "bound": bound,
                }
            )  # fmt: skip
            last = {"architecture": str(found.architecture), **cells.row(str(found.architecture))}
            for name, value in last.items():
                part[name] = pd.Series(
                    [None] * (count - 1) + [value], dtype=object if name == "architecture" else float
                )
            parts.append(part)
    return pd.concat(parts, ignore_index=True)


def searched(method: str, losses: TableLosses, seed: int, *, quick: bool = False, **changes: Any) -> SearchResult:
    """A search on a table, of 300 steps."""
    setting = setting_of(method, SPACE, **{**_LONG, **(_QUICK if quick else {}), **changes})
    return run_search(open_space(SPACE), method, setting, data=losses, seed=seed)


def with_fronts(frame: pd.DataFrame, cells: Cells) -> pd.DataFrame:
    """The frame of arms with the objectives of each `architecture`, and whether it is on the exact fronts."""
    found = frame.join(pd.DataFrame([cells.row(text) for text in frame["architecture"]]))
    own = {name: cells.front(arm.objectives) for name, arm in ARMS.items()}
    three = cells.front(tuple(OBJECTIVES))
    on_own = [text in own[arm] for arm, text in zip(frame["arm"], frame["architecture"], strict=True)]
    return found.assign(on_front=on_own, on_front_of_three=[text in three for text in frame["architecture"]])


def ends(stall: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The last step of each search of the stall, by form."""
    last = stall[stall["architecture"].notna()]
    for form in STALLED:
        yield form, last[last["form"] == form]
