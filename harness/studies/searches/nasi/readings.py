"""NASI's choice under other readings of the paper, from the traces and gradients of recorded steps.

α stays 0 in NASI, so that no step depends on another: the result for any bound ν and μ, objective, average over the
steps, or number of steps follows from what the steps gave, without a pass (equations 13 and 18 of Shu et al. 2022).

Legend: T steps, E edges and O operations of a cell.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from harness.search.gradient.nasi_bound import nu_by_step

FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
BoolArray = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
IntArray = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
NONE = 0
"""Column of the operation `none`."""
OBJECTIVES = ("trace", "root", "log")
AVERAGES = ("equation 18", "own norm", "mean", "median")


class Reading(NamedTuple):
    """One way to read the paper.

    Attributes:
        nu: ν, the trace above which the objective is penalised; infinity for no bound.
        mu: μ, the weight of the penalty: 1 leaves steps above ν out, 2 reverses them.
        adaptive: whether ν is the running mean of ν₀ and the traces.
        average: how the steps are averaged: `equation 18` (each divided by the largest norm so far), `own norm` (each
            divided by its own norm), `mean` (as they are) or `median` (by entry).
        objective: what is ascended: `trace` t, `root` √t or `log` ln t; the bound is on the same quantity.
        samples: number of successive steps whose traces and gradients are averaged to those of one, as if a step drew
            so many Gumbel samples.
        none: whether an edge may choose `none`; if not, it is left out of the derivation.
    """

    nu: float = np.inf
    mu: float = 1.0
    adaptive: bool = False
    average: str = "equation 18"
    objective: str = "trace"
    samples: int = 1
    none: bool = True


class Choice(NamedTuple):
    """What a reading chooses.

    Attributes:
        operations: column of the operation of each edge, [E]; None if every step was left out, so that all are equal.
        effective_steps: (Σ s)² / Σ s² of the steps' shares s = ‖α*'s summand‖; T where all weigh the same.
        largest_ten: share of the ten steps of the largest shares in the sum of all; 1 for at most ten steps.
        weight_above: share of the steps above ν in the sum of all.
    """

    operations: IntArray | None
    effective_steps: float
    largest_ten: float
    weight_above: float


def parameters_after(traces: FloatArray, gradients: FloatArray, reading: Reading) -> FloatArray:
    """α* after all steps, [E, O].

    Args:
        traces: trace t = ‖∇θ L‖² of each step, [T].
        gradients: gradient ∇α t of each step, [T, E, O].
        reading: how the paper is read.
    """
    return _averaged(summands(traces, gradients, reading), reading)


def summands(traces: FloatArray, gradients: FloatArray, reading: Reading) -> FloatArray:
    """What each step contributes to α*, [T / samples, E, O]; arguments as for `parameters_after`."""
    return _summands(traces, gradients, reading)[0]


def _averaged(shares: FloatArray, reading: Reading) -> FloatArray:
    found: FloatArray = np.median(shares, axis=0) if reading.average == "median" else shares.mean(axis=0)
    return found


def _summands(traces: FloatArray, gradients: FloatArray, reading: Reading) -> tuple[FloatArray, BoolArray]:
    """What each step contributes, [T / samples, E, O], and whether it lies above ν, [T / samples]."""
    import torch

    count = len(traces) // reading.samples * reading.samples
    traces = traces[:count].reshape(-1, reading.samples).mean(axis=1)
    gradients = gradients[:count].reshape(-1, reading.samples, *gradients.shape[1:]).mean(axis=1)
    values, slopes = _objective(traces, reading.objective)
    nu = nu_by_step(torch.from_numpy(values), reading.nu, adaptive=reading.adaptive).numpy()
    above = values > nu
    factor = np.where(above, 1 - reading.mu, 1.0) * slopes
    ascents = factor[:, None, None] * gradients
    norms = np.sqrt((ascents**2).sum(axis=(1, 2)))
    if reading.average in ("mean", "median"):
        return ascents, above
    scale = norms if reading.average == "own norm" else np.maximum.accumulate(norms)
    return ascents / np.where(scale > 0, scale, 1.0)[:, None, None], above


def _objective(traces: FloatArray, name: str) -> tuple[FloatArray, FloatArray]:
    """The objective's value of each step, and its derivative by the trace: ∇√t = ∇t / 2√t, ∇ln t = ∇t / t."""
    if name == "root":
        return np.sqrt(traces), 0.5 / np.sqrt(traces)
    if name == "log":
        return np.log(traces), 1 / traces
    return traces, np.ones_like(traces)


def choice(traces: FloatArray, gradients: FloatArray, reading: Reading) -> Choice:
    """What a reading chooses after all steps; of equal operations the first, as `SearchableSpace.derive` has it."""
    shares, above = _summands(traces, gradients, reading)
    alpha = _averaged(shares, reading)
    norms = np.sqrt((shares**2).sum(axis=(1, 2)))
    total = norms.sum()
    if not total:
        return Choice(None, 0.0, np.nan, np.nan)
    if not reading.none:
        alpha[:, NONE] = -np.inf
    largest, weight_above = np.sort(norms)[-10:].sum() / total, norms[above].sum() / total
    effective = total**2 / (norms**2).sum()
    return Choice(alpha.argmax(axis=1), float(effective), float(largest), float(weight_above))
