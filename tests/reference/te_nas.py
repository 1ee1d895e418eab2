"""TE-NAS's two measures as plain loops (Chen et al. 2021); imports torch and numpy alone."""

import numpy as np
import torch
from torch.nn.functional import conv2d


def condition_number(network, inputs):
    """κ of the Gram matrix of ∇ Σ_k f(X)_nk over what is called `weight`: a backward pass a sample, entry by entry."""
    parameters = [tensor for name, tensor in network.named_parameters() if name.split(".")[-1] == "weight"]
    rows = []
    for sample in range(len(inputs)):
        network.zero_grad()
        network(inputs)[sample].sum().backward()
        rows.append(np.concatenate([tensor.grad.double().numpy().ravel() for tensor in parameters]))
    gram = np.array([[float(np.dot(first, second)) for second in rows] for first in rows])
    eigenvalues = np.linalg.eigvalsh(gram)
    return eigenvalues[-1] / eigenvalues[0]


def regions(cell, kernels, crops):
    """Number of different ReLU patterns of a cell of one channel and the ReLU after it, batch norm by the batch.

    Args:
        cell: its string.
        kernels: [1, 1, k, k] by edge of a convolution, in the order of the string.
        crops: a list of [B, 1, 3, 3], each normalised by itself.
    """
    return len({pattern for part in crops for pattern in _patterns(cell, kernels, part)})


def _patterns(cell, kernels, crops):
    signs = [[] for _ in crops]

    def relu(features):
        for sample, values in zip(signs, features.flatten(1).tolist(), strict=True):
            sample.extend(value > 0 for value in values)
        return torch.where(features > 0, features, torch.zeros_like(features))

    nodes, edge = [crops], 0
    for node in cell.split("+"):
        total = torch.zeros_like(crops)
        for term in node.strip("|").split("|"):
            operation, source = term.split("~")
            inputs = nodes[int(source)]
            if operation == "skip_connect":
                total = total + inputs
            elif operation == "avg_pool_3x3":
                ones = torch.ones(1, 1, 3, 3, dtype=crops.dtype)
                count = conv2d(torch.ones_like(inputs), ones, padding=1)
                total = total + conv2d(inputs, ones, padding=1) / count
            elif operation != "none":
                kernel = kernels[edge]
                total = total + _normalised(conv2d(relu(inputs), kernel, padding=kernel.shape[-1] // 2))
            edge += 1
        nodes.append(total)
    relu(_normalised(nodes[-1]))
    return {tuple(sample) for sample in signs}


def _normalised(features):
    centred = features - features.mean()
    return centred / torch.sqrt((centred**2).mean() + 1e-5)
