"""Stein variational gradient descent with regularised diversity, by which NESBS draws its ensembles.

Legend: x_i particles in R^D, n of them; k kernel; h bandwidth; δ weight of the diversity; σ standard deviation of the
density around each architecture; p_e probabilities of the operations of edge e.

The paper draws from q* = argmin_q KL(q ‖ p) + n δ E_{x, x' ~ q}[k(x, x')]. Its update was not seen. Ours, a reading,
adds the descent of the second term to the update of Liu & Wang (2016):

    φ(x_i) = 1/n Σ_j [k(x_j, x_i) ∇log p(x_j) + ∇_{x_j} k(x_j, x_i)] − δ ∇_{x_i} Σ_j k(x_i, x_j),

with k(x, x') = exp(−‖x − x'‖² / h) and h = median² / log n of the distances. δ = 0 is plain SVGD. **δ > 0 drives
particles apart, δ < 0 draws them together**: in the objective above a positive δ punishes similar members. The code of
bq-nes has δ = −0.5 with that sign of the term, which rewards them.

How far they are apart follows in closed form for p = N(m, σ² I) and particles of equal distances d (always so for
n = 2): the forces balance at d² = 2 σ² (1 + n δ) n log n / (n − 1), from which δ ≤ −1/n has no distance left
(`equilibrium_distance`). So members differ the more, the larger δ is, and with δ = −0.5 three do not differ.

Architectures are points of this space in one-hot form, and p a mixture around them, as in the code of bq-nes:
p(x) = Π_e Σ_o p_e(o) N(x_e; one-hot of o, σ² I), with σ = 5, the number of operations; SGD with rate 0.1 and momentum
0.9 for 1,000 steps; the nearest one-hot point is the architecture. Our default is σ = 1: with 5 the particles are so
far apart that most of p is lost on them (`results/nesbs`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

RATE, MOMENTUM, STEPS = 0.1, 0.9, 1000
"""Optimiser of the particles: those of the code of bq-nes."""
_TINY = 1e-12
"""Bandwidth at least, for particles that have become one."""


class Mixture(NamedTuple):
    """The density of the particles.

    Attributes:
        probabilities: p_e(o) of each operation on each edge, by group [E, O]; 0 for what is never drawn.
        std: σ.
    """

    probabilities: Sequence[Tensor]
    std: float

    def score(self, particles: Tensor) -> Tensor:
        """∇log p at particles [..., D]; D runs over groups, edges and operations.

        On an edge it is (Σ_o r_o e_o − x) / σ², with r = softmax(log p + x / σ²) the operations that x may come from:
        ‖x − e_o‖² = ‖x‖² − 2 x_o + 1, of which only x_o differs between operations.
        """
        parts = []
        for place, table in zip(self.split(particles), self.probabilities, strict=True):
            share = (table.to(place).log() + place / self.std**2).softmax(dim=-1)
            parts.append(((share - place) / self.std**2).flatten(-2))
        return torch.cat(parts, dim=-1)

    def split(self, particles: Tensor) -> list[Tensor]:
        """Particles [..., D] by group, [..., E, O]."""
        sizes = [table.numel() for table in self.probabilities]
        parts = torch.split(particles, sizes, dim=-1)
        return [
            part.reshape(*part.shape[:-1], *table.shape) for part, table in zip(parts, self.probabilities, strict=True)
        ]

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """`count` points of the density, float64 [count, D]."""
        parts = []
        for table in self.probabilities:
            chosen = torch.multinomial(table.double().cpu(), count, replacement=True, generator=generator)
            parts.append(torch.nn.functional.one_hot(chosen.T, table.shape[1]).flatten(1).double())
        points = torch.cat(parts, dim=1)
        return points + self.std * torch.randn(points.shape, generator=generator, dtype=torch.float64, device="cpu")


def direction(particles: Tensor, score: Tensor, diversity: float) -> Tensor:
    """The update φ of each particle.

    Args:
        particles: sets of n particles, [..., n, D].
        score: ∇log p at them, [..., n, D].
        diversity: δ.
    """
    count = particles.shape[-2]
    squares = torch.cdist(particles, particles, compute_mode="donot_use_mm_for_euclid_dist").square()
    # below δ = −1/n the forces only draw together, and grow as 1/d: a bandwidth at least so wide keeps the steps stable
    width = bandwidth(squares).clamp_min(-RATE * (1 + count * diversity))[..., None, None]
    kernel = (-squares / width).exp()
    attraction = kernel @ score / count
    # Σ_j ∇_{x_j} k(x_j, x_i) = Σ_j 2 (x_i − x_j) k / h = −∇_{x_i} Σ_j k(x_i, x_j)
    repulsion = 2 * (kernel.sum(dim=-1, keepdim=True) * particles - kernel @ particles) / width
    return attraction + (1 / count + diversity) * repulsion


def bandwidth(squares: Tensor) -> Tensor:
    """Bandwidth h = median² / log n of the distances of different particles, from squares [..., n, n]; 1 for n = 1."""
    count = squares.shape[-1]
    if count == 1:
        return torch.ones_like(squares[..., 0, 0])
    rows, columns = torch.triu_indices(count, count, offset=1).unbind()
    median = squares[..., rows, columns].sqrt().quantile(0.5, dim=-1)
    return (median.square() / math.log(count)).clamp_min(_TINY)


def descended(start: Tensor, score: Callable[[Tensor], Tensor], diversity: float, steps: int = STEPS) -> Tensor:
    """Particles [..., n, D] after so many steps along φ with momentum, from a start."""
    particles, velocity = start, torch.zeros_like(start)
    for _ in range(steps):
        velocity = MOMENTUM * velocity + direction(particles, score(particles), diversity)
        particles = particles + RATE * velocity
    return particles


def equilibrium_distance(members: int, std: float, diversity: float) -> float:
    """Distance d of equally distant particles at rest, for p = N(m, σ² I); 0 where they fall together (our own).

    Args:
        members: number of particles n, from 2; equal distances need D ≥ n − 1.
        std: σ.
        diversity: δ.
    """
    square = 2 * std**2 * (1 + members * diversity) * members * math.log(members) / (members - 1)
    return math.sqrt(max(square, 0.0))
