"""The min-norm point of a convex hull by sequential quadratic programming, which knows no faces."""

import numpy as np
from scipy.optimize import minimize


def min_norm(gradients):
    """Weights w ≥ 0, Σ w = 1, of the rows that minimise ‖Σ wᵢ gᵢ‖²."""
    count = len(gradients)
    gram = gradients @ gradients.T
    found = minimize(
        lambda weights: weights @ gram @ weights,
        np.full(count, 1 / count),
        jac=lambda weights: 2 * gram @ weights,
        bounds=[(0, 1)] * count,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1, "jac": lambda weights: np.ones(count)},
        method="SLSQP",
        tol=1e-14,
    )
    return found.x
