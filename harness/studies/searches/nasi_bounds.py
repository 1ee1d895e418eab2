"""NASI's choice under other bounds ν and μ, from the traces and gradients of its steps (equations 13 and 18)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from harness.evaluation import Table
from harness.evaluation.columns import SPACE
from harness.spaces import open_space
from harness.spaces.space import searchable

if TYPE_CHECKING:
    from torch import Tensor

GROUP = "cell"
TRACES, GRADIENTS = "trace_by_step", f"gradient_by_step/{GROUP}"
FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


class Bound(NamedTuple):
    """A bound on large traces in NASI's objective.

    Attributes:
        label: name of the bound in the table: where it comes from.
        nu: ν, the trace above which the objective falls; infinity for no bound.
        mu: μ, the weight of the bound: 1 leaves steps above ν out, 2 reverses them.
        adaptive: whether ν is the running mean of ν₀ and the traces.
        own_norm: whether each step is divided by its own norm, not by the largest so far; not in the paper.
    """

    label: str
    nu: float
    mu: float
    adaptive: bool = False
    own_norm: bool = False


BOUNDS = (
    Bound("NASI-FIX in the DARTS space", 100, 2),
    Bound("NASI-ADA in the DARTS space (rule as remembered)", 500, 2, adaptive=True),
    Bound("NASI on NAS-Bench-1Shot1 (rule as remembered)", 1000, 1, adaptive=True),
    Bound("steps above 100 left out", 100, 1),
    Bound("no bound", np.inf, 2),
    Bound("no bound, each step by its own norm", np.inf, 2, own_norm=True),
)
"""Two of the DARTS space and one of NAS-Bench-1Shot1, the rule of an adaptive ν as remembered; three of our own."""


def parameters_after(traces: FloatArray, gradients: FloatArray, bound: Bound) -> FloatArray:
    """α* after all steps, [E, O]: equation 18 with a bound in the objective.

    Args:
        traces: trace ‖∇θ L‖² of each step, [T].
        gradients: gradient of each step's trace with respect to α, [T, E, O].
        bound: the bound, ν and μ.
    """
    counts = np.arange(1, len(traces) + 1)
    before = np.concatenate([[0.0], np.cumsum(traces)[:-1]])
    nu = (bound.nu + before) / counts if bound.adaptive else np.full(len(traces), bound.nu)
    factor = np.where(traces > nu, 1 - bound.mu, 1.0)
    ascents = factor[:, None, None] * gradients
    norms = np.sqrt((ascents**2).sum(axis=(1, 2)))
    scale = norms if bound.own_norm else np.maximum.accumulate(norms)
    mean: FloatArray = (ascents / np.where(scale > 0, scale, 1.0)[:, None, None]).mean(axis=0)
    return mean


def bounds_table(
    memories: Sequence[Mapping[str, Tensor]], table: Table, columns: Sequence[str], steps: Sequence[int]
) -> pd.DataFrame:
    """Accuracy of NASI's choice, by bound and number of steps.

    Args:
        memories: `harness.search.SearchResult.memory` of searches with different seeds.
        table: the table of the test accuracies.
        columns: names of columns of the table.
        steps: numbers of steps after which the choice is looked up.

    Returns:
        `bound`, `nu`, `mu`, `steps`, `runs`, `above_nu0` (share of the traces above ν₀), for each column `…_mean` and
        `…_std` over the runs, and `choices`, the distinct architectures.
    """
    rows = []
    for bound in BOUNDS:
        for count in steps:
            chosen = [_choice(memory, bound, count) for memory in memories]
            rows.append(_row(bound, count, chosen, memories, table, columns))
    return pd.DataFrame(rows)


def steps_table(memories: Sequence[Mapping[str, Tensor]], seeds: Sequence[int]) -> pd.DataFrame:
    """Every step of every search: `seed`, `step`, `trace`, and the trace's gradient by edge and operation."""
    group = searchable(open_space(SPACE)).supernet(width=4, depth=1).groups[GROUP]
    names = [f"{operation}~{source}>{target}" for target, source in group.edges for operation in group.operations]
    parts = []
    for memory, seed in zip(memories, seeds, strict=True):
        flat = memory[GRADIENTS].flatten(1).numpy()
        frame = pd.DataFrame(flat, columns=names)
        frame.insert(0, "trace", memory[TRACES].numpy())
        frame.insert(0, "step", range(1, len(flat) + 1))
        frame.insert(0, "seed", seed)
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def _choice(memory: Mapping[str, Tensor], bound: Bound, count: int) -> str | None:
    """The chosen architecture; None if every step was left out, so that all operations are equal."""
    import torch

    traces, gradients = memory[TRACES].numpy()[:count], memory[GRADIENTS].numpy()[:count]
    alpha = torch.from_numpy(parameters_after(traces, gradients, bound))
    if not alpha.any():
        return None
    return str(searchable(open_space(SPACE)).derive({GROUP: alpha.softmax(dim=1)}))


def _row(
    bound: Bound,
    count: int,
    chosen: Sequence[str | None],
    memories: Sequence[Mapping[str, Tensor]],
    table: Table,
    columns: Sequence[str],
) -> dict[str, Any]:
    space = open_space(SPACE)
    found = [text for text in chosen if text is not None]
    keys = [space.key(space.parse(text)) for text in found]
    above = [float((memory[TRACES][:count] > bound.nu).double().mean()) for memory in memories]
    row: dict[str, Any] = {
        "bound": bound.label, "nu": bound.nu, "mu": bound.mu, "steps": count, "runs": len(found),
        "above_nu0": float(np.mean(above)),
    }  # fmt: skip
    for column in columns:
        values = table.values(keys, column)
        row[f"{column}_mean"] = float(values.mean()) if len(values) else float("nan")
        row[f"{column}_std"] = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    return {**row, "choices": " ; ".join(dict.fromkeys(found))}
