"""Slow references of image restoration, written from the definitions; nothing of the harness is imported."""

from __future__ import annotations

import math

import numpy as np


def cubic(distance):
    x = abs(distance)
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0


def resized_line(line, after):
    """A line of numbers with `after` numbers: each is a weighted mean of all that the kernel reaches."""
    before = len(line)
    stretch = min(after / before, 1)
    result = []
    for place in range(after):
        centre = (place + 0.5) * before / after - 0.5  # both lines cover the same length
        total = weight_sum = 0.0
        for near in range(math.floor(centre - 3 / stretch), math.ceil(centre + 3 / stretch) + 1):
            mirrored = near % (2 * before)
            mirrored = min(mirrored, 2 * before - 1 - mirrored)
            weight = cubic(stretch * (centre - near))
            total += weight * float(line[mirrored])
            weight_sum += weight
        result.append(total / weight_sum)
    return result


def resized(image, height, width):
    """Rows first, then columns; floating point."""
    rows = np.array([resized_line(column, height) for column in np.asarray(image, float).T]).T
    return np.array([resized_line(row, width) for row in rows])


def psnr(first, second):
    errors = [(float(a) - float(b)) ** 2 for a, b in zip(np.ravel(first), np.ravel(second), strict=True)]
    return 10 * math.log10(255**2 / (sum(errors) / len(errors)))


def ssim(first, second):
    """Wang et al. (2004): 11 x 11 Gaussian windows of deviation 1.5 that lie inside, weighted moments, mean."""
    offsets = np.arange(-5, 6)
    window = np.exp(-(offsets[:, None] ** 2 + offsets[None, :] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    x, y = np.asarray(first, float), np.asarray(second, float)
    values = []
    for row in range(x.shape[0] - 10):
        for column in range(x.shape[1] - 10):
            a, b = x[row : row + 11, column : column + 11], y[row : row + 11, column : column + 11]
            mean_a, mean_b = (window * a).sum(), (window * b).sum()
            var_a, var_b = (window * (a - mean_a) ** 2).sum(), (window * (b - mean_b) ** 2).sum()
            covariance = (window * (a - mean_a) * (b - mean_b)).sum()
            values.append(
                (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
                / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
            )  # fmt: skip
    return float(np.mean(values))


def sparsemax(logits):
    """The nearest point of the simplex: the threshold at which the parts above it sum to one, by bisection."""
    z = np.asarray(logits, float)
    low, high = z.max() - 1, z.max()
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.maximum(z - middle, 0).sum() > 1 else (low, middle)
    return np.maximum(z - (low + high) / 2, 0)


def sparsestmax(logits, radius):
    """One row: sparsemax, and while that is too near to the centre of its face, pushed away from it."""
    point, rest, before = np.asarray(logits, float), radius**2, None
    while True:
        p = sparsemax(point)
        support = p > 1e-12
        p = np.where(support, p, 0)
        if support.sum() == 1:
            return p
        centre = support / support.sum()
        if before is not None:
            rest -= ((centre - before) ** 2).sum()
        distance = np.linalg.norm(p - centre)
        radius = math.sqrt(max(rest, 0))
        if distance >= radius or distance == 0:
            return p
        pushed = centre + radius * (p - centre) / distance
        if pushed.min() >= 0:
            return pushed
        point, before = pushed, centre
