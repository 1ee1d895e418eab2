"""Sign patterns of the ReLU units over the samples of a batch: one column for each unit."""

from __future__ import annotations

import torch
from torch import Tensor

from harness.measurements.forward import Forward
from harness.measurements.sample_rows import SampleRows

_BITS = 64
"""Samples whose signs one integer holds."""


def activation_columns(forward: Forward, sample_rows: SampleRows) -> int:
    """Distinct columns of the [N, units] matrix of signs of all ReLU units: column u is 1[unit u active] over samples.

    Raises:
        NotApplicable: when the network calls no nn.ReLU module.

    Cost: no pass in addition to the shared forward.
    """
    sample_rows.check_activations()
    codes = torch.cat([column_codes(output.flatten(1) > 0) for output in forward.relu_outputs()], dim=1)
    labels = codes[0]
    for word in codes[1:]:
        # after renumbering, both stay below the number of units, so that a pair of labels fits into 64 bits
        first, second = (torch.unique(each, return_inverse=True)[1] for each in (labels, word))
        labels = first * len(word) + second
    return len(torch.unique(labels))


def column_codes(active: Tensor) -> Tensor:
    """Boolean columns [N, units] packed into integers [words, units]: equal columns give equal integers."""
    words = []
    for start in range(0, len(active), _BITS):
        rows = active[start : start + _BITS]
        shifts = torch.arange(len(rows), device=active.device)[:, None]
        words.append(
            (rows.long() << shifts).sum(dim=0)
        )  # the 64th bit is the sign, which still gives one number per column
    return torch.stack(words)
