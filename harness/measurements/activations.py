"""Activation patterns of ReLUs: the binary codes of Mellor et al. (2021)."""

from __future__ import annotations

import torch
from torch import Tensor

from harness.measurements.forward import Forward
from harness.measurements.sample_rows import SampleRows

_EXACT_COUNTS = 2**24
"""Up to here float32 counts whole numbers exactly."""


def relu_gram(forward: Forward, sample_rows: SampleRows) -> Tensor:
    """Number of ReLU units in the same state for two samples, [N, N] in float64; the diagonal is the number of units.

    With x = 1[output > 0], [N, units]: Σ_ReLU x xᵀ + (1 − x)(1 − x)ᵀ, whole numbers. Every call of an `nn.ReLU` module
    counts once, also where its output does not reach the logits.

    Cost: no pass in addition to the shared forward.
    """
    outputs = forward.relu_outputs()
    sample_rows.check_activations()
    samples = len(forward.batch)
    gram = torch.zeros(samples, samples, dtype=torch.float64, device=forward.outputs.device)
    for output in outputs:
        for units in torch.split(output.flatten(1), _EXACT_COUNTS, dim=1):
            active = (units > 0).float()
            both = (active @ active.T).double()
            count = both.diagonal()
            # units inactive in both: all units, less those active in at least one
            gram += 2 * both + units.shape[1] - count[:, None] - count[None, :]
    return gram
