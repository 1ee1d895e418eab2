"""Supernets small enough for the tests, and weights for them."""

import torch

from harness.spaces import open_space
from tests.reference import spaces_supernet as reference

SPACES = {name: open_space(name) for name in ("nasbench201", "darts", "nasbench201-large")}
REFERENCES = {
    "nasbench201": reference.nasbench201,
    "darts": reference.darts,
    "nasbench201-large": reference.nasbench201_large,
}
DEPTHS = {"nasbench201": 1, "darts": 3, "nasbench201-large": 1}
"""The smallest networks with every kind of cell."""
CELLS = {"nasbench201": ("cell",), "darts": ("normal", "reduce"), "nasbench201-large": ("cell",)}
SHAPES = {"nasbench201": (6, 5), "darts": (14, 8), "nasbench201-large": (6, 21)}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def supernet(name, **options):
    """In float64, with every parameter drawn anew, so that no scale or shift is 1 or 0."""
    network = SPACES[name].supernet(**{"classes": 3, "width": 4, "depth": DEPTHS[name], **options}).double()
    source = generator(1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=source, dtype=torch.float64) * 0.5)
    return network


def images(count=4, side=8, dtype=torch.float64):
    return torch.randn(count, 3, side, side, generator=generator(2), dtype=dtype)


def positive(name, seed=3):
    """Positive weights by group that require a gradient."""
    source = generator(seed)
    return {
        group: (torch.rand(SHAPES[name], generator=source, dtype=torch.float64) + 0.1).requires_grad_()
        for group in CELLS[name]
    }


def edge_weights(name, seed=4):
    source = generator(seed)
    return {
        group: torch.rand(SHAPES[name][:1], generator=source, dtype=torch.float64).requires_grad_()
        for group in CELLS[name]
    }


def mask(name, seed=5):
    """About half of the operations, and at least one an edge."""
    source = generator(seed)
    drawn = {}
    for group in CELLS[name]:
        drawn[group] = torch.rand(SHAPES[name], generator=source) < 0.5
        drawn[group][~drawn[group].any(1), 1] = True
    return drawn


def gradients(logits, tensors):
    """Of a sum of logits with coefficients, by each tensor; zeros where there is no dependence."""
    coefficients = torch.randn(logits.shape, generator=generator(6), dtype=logits.dtype)
    found = torch.autograd.grad((logits * coefficients).sum(), tensors, allow_unused=True)
    return [torch.zeros_like(tensor) if one is None else one for one, tensor in zip(found, tensors, strict=True)]
