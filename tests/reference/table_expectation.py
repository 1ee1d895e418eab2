"""Expectation of a tabulated loss by its definition: a sum over all cells."""

import itertools
import math


def expectation(losses, weights):
    """Sum over all cells of loss times probability; `losses` by tuple of operations, `weights` rows of floats."""
    operations = range(len(weights[0]))
    return math.fsum(
        losses[cell] * math.prod(row[operation] for row, operation in zip(weights, cell, strict=True))
        for cell in itertools.product(operations, repeat=len(weights))
    )
