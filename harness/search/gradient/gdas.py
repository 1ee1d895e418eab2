"""GDAS: one sampled path per step (Dong & Yang, CVPR 2019)."""

from __future__ import annotations

from harness.search.gradient.bilevel import first_order
from harness.search.gradient.method import Method
from harness.search.gradient.relaxation import softmax, straight_through

METHOD = Method(
    name="gdas",
    summary="one operation per edge drawn by hard Gumbel-softmax, with straight-through gradients",
    source="Dong & Yang, Searching for a Robust Neural Architecture in Four GPU Hours (GDAS), CVPR 2019",
    relax=straight_through,
    mean=softmax,
    architecture_step=first_order,
)
"""Differs from the authors' code in the gradient of operations that are not drawn. There it is that of a constant added
to the features; here it comes only through the softmax of the drawn operation."""
