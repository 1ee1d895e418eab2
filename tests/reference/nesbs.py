"""Slow references of NESBS: plain loops from the definitions, that import nothing of the package."""

import itertools
import math

import numpy as np


def mixture_log_density(point, probabilities, std):
    """log p(x) of one point [E, O]: on each edge a mixture of normal densities around one-hot points."""
    total = 0.0
    for row, table in zip(point, probabilities, strict=True):
        count = len(row)
        terms = []
        for place, probability in enumerate(table):
            square = sum((value - (place == other)) ** 2 for other, value in enumerate(row))
            normal = math.exp(-square / (2 * std**2)) / (2 * math.pi * std**2) ** (count / 2)
            terms.append(probability * normal)
        total += math.log(sum(terms))
    return total


def slope(function, point, step=1e-5):
    """Gradient by central differences."""
    found = np.zeros_like(point)
    for place in np.ndindex(point.shape):
        ahead, behind = point.copy(), point.copy()
        ahead[place] += step
        behind[place] -= step
        found[place] = (function(ahead) - function(behind)) / (2 * step)
    return found


def bandwidth(particles):
    """median² / log n of the distances of all pairs."""
    distances = [np.linalg.norm(a - b) for a, b in itertools.combinations(particles, 2)]
    return np.median(distances) ** 2 / math.log(len(particles))


def svgd_direction(particles, score):
    """Plain SVGD of Liu & Wang (2016), equation 8, particle by particle."""
    width, count = bandwidth(particles), len(particles)
    found = []
    for x_i in particles:
        total = np.zeros_like(x_i)
        for x_j in particles:
            kernel = math.exp(-np.sum((x_j - x_i) ** 2) / width)
            slope_j = -2 * (x_j - x_i) / width * kernel
            total += kernel * score(x_j) + slope_j
        found.append(total / count)
    return np.array(found)


def kernel_sum_slope(particles, number):
    """Gradient of Σ_j k(x_i, x_j) by x_i at a fixed bandwidth, by central differences."""
    width = bandwidth(particles)

    def kernels(x_i):
        others = [x_j for place, x_j in enumerate(particles) if place != number]
        return 1.0 + sum(math.exp(-np.sum((x_i - x_j) ** 2) / width) for x_j in others)

    return slope(kernels, particles[number])


def calibration_error(probabilities, labels, bins=15):
    """Expected calibration error as its definition reads, bin by bin."""
    total = 0.0
    confidence, chosen = probabilities.max(axis=1), probabilities.argmax(axis=1)
    for number in range(bins):
        inside = (confidence > number / bins) & (confidence <= (number + 1) / bins)
        if inside.any():
            gap = abs((chosen[inside] == labels[inside]).mean() - confidence[inside].mean())
            total += inside.mean() * gap
    return total
