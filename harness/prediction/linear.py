"""Linear and pairwise models of encoded architectures, by least squares with a ridge.

Both are polynomials without a square of an edge's own weights. Where the operations of edges are drawn independently,
the model at the mean encoding is therefore the mean of the model over all architectures, exactly.

Legend: N architectures, D entries of an encoding, T quantities that are modelled side by side.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from harness.prediction.encoding import Shapes, edge_of_entry
from harness.prediction.models import Models

FloatArray = npt.NDArray[np.float64]

LINEAR_RIDGE = 1e-3
"""Ridge of the linear model: small, so that a column that is a sum over edges is recovered; our choice."""
PAIRWISE_RIDGE = 1.0
"""Ridge of the pairwise model; our choice."""


def fit_linear(codes: FloatArray, targets: FloatArray, ridge: float = LINEAR_RIDGE) -> Models:
    """The linear models y = c + w · x: a look-up table of each operation on each edge.

    Args:
        codes: encodings x, [N, D].
        targets: values y of each quantity, [N, T], all finite.
        ridge: weight of ‖w‖² beside the sum of squared errors.
    """
    weights, constants = ridge_regression(codes, targets, ridge)
    return Models("linear", {"weights": torch.from_numpy(weights.T.copy()), "constants": torch.from_numpy(constants)})


def fit_pairwise(codes: FloatArray, targets: FloatArray, shapes: Shapes, ridge: float = PAIRWISE_RIDGE) -> Models:
    """The models y = c + w · x + Σ_{i<j} P_ij x_i x_j, where entries i and j are of different edges.

    Args:
        codes: encodings x, [N, D].
        targets: values y of each quantity, [N, T], all finite.
        shapes: (E, O) of each group of the encoding.
        ridge: weight of ‖w‖² + ‖P‖² beside the sum of squared errors.
    """
    first, second = pairs_of_entries(shapes)
    features = np.concatenate([codes, codes[:, first] * codes[:, second]], axis=1)
    found, constants = ridge_regression(features, targets, ridge)
    size = codes.shape[1]
    products = np.zeros((targets.shape[1], size, size))
    products[:, first, second] = found[size:].T
    tensors = {"weights": found[:size].T.copy(), "products": products, "constants": constants}
    return Models("pairwise", {name: torch.from_numpy(value) for name, value in tensors.items()})


def pairs_of_entries(shapes: Shapes) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The pairs (i, j), i < j, of entries of an encoding that belong to different edges."""
    edges = edge_of_entry(shapes)
    first, second = np.triu_indices(len(edges), 1)
    different = edges[first] != edges[second]
    return first[different], second[different]


def ridge_regression(features: FloatArray, targets: FloatArray, ridge: float) -> tuple[FloatArray, FloatArray]:
    """Coefficients [F, T] and constants [T] that minimise ‖y − c − X w‖² + ridge ‖w‖²; the constant is free.

    Args:
        features: X, [N, F].
        targets: y, [N, T].
        ridge: a number above 0, so that collinear features have one solution.
    """
    centre, mean = features.mean(axis=0), targets.mean(axis=0)
    centred = features - centre
    if len(features) < features.shape[1]:  # the smaller of two systems with the same solution
        gram = centred @ centred.T + ridge * np.eye(len(features))
        coefficients = centred.T @ np.linalg.solve(gram, targets - mean)
    else:
        gram = centred.T @ centred + ridge * np.eye(features.shape[1])
        coefficients = np.linalg.solve(gram, centred.T @ (targets - mean))
    return coefficients, mean - centre @ coefficients
