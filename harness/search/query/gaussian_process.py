"""The Gaussian process of searches by Bayesian optimisation: a model of accuracy over a few numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from harness.search.query.indexed import FloatArray

LENGTHS = np.geomspace(0.05, 20, 16)
"""Length scales to choose from, in units of the numbers."""


def posterior(points: FloatArray, values: FloatArray, candidates: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation [m] at `candidates` [m, d], given `values` [n] at `points` [n, d].

    Matérn 5/2 with the likeliest of `LENGTHS`, on values of mean 0 and variance 1.
    """
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import Matern

    process = GaussianProcessRegressor(Matern(nu=2.5), alpha=1e-6, normalize_y=True, optimizer=_likeliest)
    mean, deviation = process.fit(points, values).predict(candidates, return_std=True)
    return np.asarray(mean), np.asarray(deviation)


def _likeliest(
    negative_likelihood: Callable[..., float], start: FloatArray, bounds: FloatArray
) -> tuple[FloatArray, float]:
    """The logarithm of the most likely length scale among `LENGTHS`, and its negative log-likelihood.

    Gradient descent from one start often ends at a length of 0, where all choices look the same.
    """
    found = [negative_likelihood(np.log([length]), eval_gradient=False) for length in LENGTHS]
    best = int(np.argmin(found))
    return np.log(LENGTHS[[best]]), found[best]
