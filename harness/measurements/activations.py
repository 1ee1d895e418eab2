"""Activation patterns: binary codes of ReLUs (Mellor et al. 2021), by samples and by units, and signs of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from harness.measurements.forward import Forward
from harness.measurements.sample_rows import SampleRows

_EXACT_COUNTS = 2**24
"""Up to here float32 counts whole numbers exactly."""
_BITS = 64
"""Samples whose signs one integer holds."""


def relu_grams(forward: Forward, sample_rows: SampleRows) -> tuple[Tensor, ...]:
    """By call of a ReLU, the number of its units in the same state for two samples, [N, N] in float64.

    With x = 1[output > 0], [N, units]: x xᵀ + (1 − x)(1 − x)ᵀ, whole numbers; the diagonal is the number of units.
    Every call of an `nn.ReLU` module counts once, also where its output does not reach the logits.

    Cost: no pass in addition to the shared forward.
    """
    samples, device = len(forward.batch), forward.outputs.device
    grams = []
    for output in _outputs(forward, sample_rows):
        gram = torch.zeros(samples, samples, dtype=torch.float64, device=device)
        for units in torch.split(output.flatten(1), _EXACT_COUNTS, dim=1):
            active = (units > 0).float()
            both = (active @ active.T).double()
            count = both.diagonal()
            # units inactive in both: all units, less those active in at least one
            gram += 2 * both + units.shape[1] - count[:, None] - count[None, :]
        grams.append(gram)
    return tuple(grams)


def relu_gram(relu_grams: tuple[Tensor, ...]) -> Tensor:
    """Number of ReLU units in the same state for two samples, [N, N] in float64; the diagonal is the number of units.

    Cost: no pass in addition to the shared forward.
    """
    return torch.stack(relu_grams).sum(dim=0)


def activation_patterns(forward: Forward, sample_rows: SampleRows) -> tuple[Tensor, ...]:
    """Signs of the ReLU units over the samples: for each call of a ReLU, packed columns [words, units].

    Raises:
        NotApplicable: when the network calls no nn.ReLU module.

    Cost: no pass in addition to the shared forward.
    """
    return tuple(column_codes(output.flatten(1) > 0) for output in _outputs(forward, sample_rows))


def activation_columns(activation_patterns: tuple[Tensor, ...]) -> int:
    """Distinct columns of the [N, units] matrix of signs of all ReLU units: column u is 1[unit u active] over samples.

    Cost: no pass in addition to the shared forward.
    """
    return distinct_columns(activation_patterns)


def sign_patterns(forward: Forward, sample_rows: SampleRows) -> tuple[Tensor, ...]:
    """Signs −1, 0, 1 of ReLU, GELU and SiLU units over the samples: for each call, packed columns [2 · words, units].

    Raises:
        NotApplicable: when the network calls no such module, or has other activations beside.

    Cost: no pass in addition to the shared forward.
    """
    outputs = forward.signed_outputs()
    sample_rows.check_activations()
    sample_rows.check_outputs(forward)
    units = [output.flatten(1) for output in outputs]
    return tuple(torch.cat([column_codes(each > 0), column_codes(each < 0)]) for each in units)


class SignColumns(NamedTuple):
    """Distinct columns of the [N, units] matrix of signs.

    Attributes:
        distinct: their number.
        two_valued: the number of those in which no GELU or SiLU gives 0, as a GELU does far below 0.
        possible: how many of these N samples can show: 2^N where units are of one kind (a ReLU gives 0 or 1, a GELU or
            SiLU −1 or 1), 2^(N + 1) − 1 of both.
    """

    distinct: int
    two_valued: int
    possible: int


def sign_columns(forward: Forward, sign_patterns: tuple[Tensor, ...]) -> SignColumns:
    """Distinct columns of the [N, units] matrix of signs of all ReLU, GELU and SiLU units.

    Cost: no pass in addition to the shared forward.
    """
    samples, relus = len(forward.batch), len(forward.activations)
    gates = [_without_zeros(patterns, samples) for patterns in sign_patterns[relus:]]
    return SignColumns(
        distinct=distinct_columns(sign_patterns),
        two_valued=distinct_columns([*sign_patterns[:relus], *gates]),
        possible=2 ** (samples + 1) - 1 if relus and gates else 2**samples,
    )


def _without_zeros(patterns: Tensor, samples: int) -> Tensor:
    """Of packed columns of signs [2 · words, units] those in which no sample has 0."""
    positive, negative = patterns.chunk(2)
    every = column_codes(torch.ones(samples, 1, dtype=torch.bool, device=patterns.device))
    return patterns[:, ((positive | negative) == every).all(dim=0)]


def distinct_columns(patterns: Sequence[Tensor]) -> int:
    """Number of distinct columns among packed columns, [words, units] each."""
    codes = torch.cat(list(patterns), dim=1)
    labels = codes[0]
    for word in codes[1:]:
        # after renumbering, both stay below the number of units, so that a pair of labels fits into 64 bits
        first, second = (torch.unique(each, return_inverse=True)[1] for each in (labels, word))
        labels = first * len(word) + second
    return len(torch.unique(labels))


def _outputs(forward: Forward, sample_rows: SampleRows) -> tuple[Tensor, ...]:
    """Outputs [N, ...] of all ReLUs, where their rows are the samples."""
    outputs = forward.relu_outputs()
    sample_rows.check_activations()
    sample_rows.check_outputs(forward)
    return outputs


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
