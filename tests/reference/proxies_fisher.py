"""VKDNW the slow way, from its definition: loops over samples, classes and weights; imports nothing under test.

A network is used in whatever mode it is in; it must couple no samples.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn


def jacobian(network: nn.Module, inputs: Tensor) -> tuple[np.ndarray, np.ndarray, int]:
    """Derivatives [N, K, S] by the first entry of each weight, probabilities [N, K], number of weights."""
    layers = [module for module in network.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    weights = [module.weight for module in layers]
    rows, probabilities = [], []
    for sample in inputs:
        logits = network(sample[None].clone())[0]
        row = []
        for logit in logits:
            found = torch.autograd.grad(logit, weights[:128], retain_graph=True, allow_unused=True)
            row.append([0.0 if each is None else float(each.flatten()[0]) for each in found])
        rows.append(row)
        exponentials = np.exp(logits.detach().numpy())
        probabilities.append(exponentials / exponentials.sum())
    return np.array(rows), np.array(probabilities), len(weights)


def fisher(rows: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """(1/N) Σ_n J_nᵀ (diag p − p pᵀ) J_n."""
    total = np.zeros((rows.shape[2], rows.shape[2]))
    for row, p in zip(rows, probabilities, strict=True):
        total += row.T @ (np.diag(p) - np.outer(p, p)) @ row
    return total / len(rows)


def fisher_of_the_code(rows: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """(1/N) Σ_n (L J_n)ᵀ (L J_n), L by the textbook's Cholesky recursion, whose last pivot is zero."""
    total = np.zeros((rows.shape[2], rows.shape[2]))
    for row, given in zip(rows, probabilities, strict=True):
        p = 0.95 * given + 0.05 / len(given)
        factor = cholesky(np.diag(p) - np.outer(p, p))
        total += (factor @ row).T @ (factor @ row)
    return total / len(rows)


def cholesky(matrix: np.ndarray) -> np.ndarray:
    """The lower factor of a covariance of rank K − 1."""
    size = len(matrix)
    factor = np.zeros((size, size))
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i, j] - sum(factor[i, m] * factor[j, m] for m in range(j))
            if i != j:
                factor[i, j] = rest / factor[j, j]
            elif i < size - 1:
                factor[i, i] = np.sqrt(rest)
    return factor


def entropy(matrix: np.ndarray) -> float:
    """Entropy of the shares of the nine deciles of the singular values."""
    values = np.linalg.svd(matrix, compute_uv=False)
    deciles = np.quantile(values, np.arange(1, 10) / 10)
    shares = deciles / (np.abs(deciles).sum() + 1e-10)
    return float(-(shares * np.log(shares + 1e-10)).sum())
