"""SVGD with regularised diversity: plain SVGD at δ = 0, the sign of δ, and distances at rest in closed form."""

import math

import numpy as np
import pytest
import torch

from harness.search.gradient.nesbs.svgd import Mixture, bandwidth, descended, direction, equilibrium_distance
from tests.reference import nesbs as reference


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


PROBABILITIES = drawn(3, 4).softmax(dim=1)
MEAN = drawn(6, seed=5)


def towards_mean(particles, std=2.0):
    """Score of a normal density."""
    return (MEAN[: particles.shape[-1]] - particles) / std**2


@pytest.mark.parametrize("std", [0.4, 1.0, 5.0])
def test_the_score_is_the_gradient_of_the_mixture(std):
    point = drawn(3, 4, seed=1)
    expected = reference.slope(lambda x: reference.mixture_log_density(x, PROBABILITIES.numpy(), std), point.numpy())
    found = Mixture([PROBABILITIES], std).score(point.flatten())
    np.testing.assert_allclose(found.view(3, 4).numpy(), expected, rtol=1e-6, atol=1e-8)


def test_an_operation_that_is_never_drawn_attracts_no_particle():
    table = torch.tensor([[0.5, 0.5, 0.0]], dtype=torch.float64)
    score = Mixture([table], 1.0).score(torch.tensor([0.0, 0.0, 9.0], dtype=torch.float64))
    assert score.isfinite().all()
    assert float(score[2]) == -9.0


@pytest.mark.parametrize("count", [2, 3, 7])
def test_without_diversity_it_is_plain_svgd_on_a_gaussian(count):
    particles = drawn(count, 6, seed=count)
    expected = reference.svgd_direction(particles.numpy(), lambda x: (MEAN.numpy() - x) / 4)
    np.testing.assert_allclose(direction(particles, towards_mean(particles), 0.0).numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("diversity", [-0.5, 0.3, 1.5])
def test_the_diversity_descends_the_sum_of_kernels(diversity):
    particles = drawn(4, 3, seed=9)
    score = torch.zeros_like(particles)
    more = direction(particles, score, diversity) - direction(particles, score, 0.0)
    for number in range(4):
        slope = reference.kernel_sum_slope(particles.numpy(), number)
        np.testing.assert_allclose(more[number].numpy(), -diversity * slope, rtol=1e-6, atol=1e-9)


def test_sets_of_particles_move_as_each_alone_does():
    sets = drawn(3, 4, 5, seed=2)
    together = direction(sets, towards_mean(sets), 0.4)
    for one, moved in zip(sets, together, strict=True):
        torch.testing.assert_close(direction(one, towards_mean(one), 0.4), moved)


def test_one_particle_climbs_the_density():
    found = descended(drawn(1, 6), towards_mean, 0.7, steps=600)
    torch.testing.assert_close(found[0], MEAN, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("count", "diversity"), [(2, 0.0), (2, 1.0), (2, -0.3), (3, 0.0), (3, 0.5), (5, 0.0), (5, 1.0)]
)
def test_particles_rest_at_the_distance_of_the_closed_form(count, diversity):
    std = 2.0
    found = descended(drawn(count, 6, seed=count), lambda x: towards_mean(x, std), diversity, steps=1500)
    distances = torch.pdist(found)
    expected = equilibrium_distance(count, std, diversity)
    assert float(distances.median()) == pytest.approx(expected, rel=0.02)
    torch.testing.assert_close(found.mean(dim=0), MEAN, rtol=0, atol=1e-3)


def test_two_particles_on_a_line_rest_at_a_known_distance():
    """By hand: ½ (1 − ½) d/2 · 1/σ² = (½ + δ) d / h and h = d² / log 2, so that d² = 4 σ² (1 + 2δ) log 2."""
    found = descended(drawn(2, 1), lambda x: -x, 0.25, steps=1500)
    assert float((found[0] - found[1]).abs()) == pytest.approx(math.sqrt(4 * 1.5 * math.log(2)), rel=1e-6)


def test_a_positive_diversity_drives_apart_and_a_negative_one_draws_together():
    distances = [
        float(torch.pdist(descended(drawn(3, 6), towards_mean, diversity)).mean())
        for diversity in (-0.6, -0.2, 0.0, 0.5, 1.5)
    ]
    assert distances == sorted(distances)
    assert distances[0] < 0.3 * distances[2]
    assert equilibrium_distance(3, 2.0, -0.34) == 0.0
    assert equilibrium_distance(3, 2.0, -0.32) > 0


def test_the_bandwidth_is_that_of_the_median():
    particles = drawn(5, 3)
    squares = (particles[:, None] - particles[None]).square().sum(dim=-1)
    assert float(bandwidth(squares)) == pytest.approx(reference.bandwidth(particles.numpy()))


def test_particles_at_one_point_stay_finite():
    particles = torch.zeros(3, 4, dtype=torch.float64)
    assert direction(particles, particles, -0.5).isfinite().all()


def test_starts_are_drawn_from_the_mixture():
    table = torch.tensor([[0.8, 0.2, 0.0]], dtype=torch.float64)
    points = Mixture([table], 0.1).draw(4000, torch.Generator().manual_seed(0))
    shares = torch.bincount(points.argmax(dim=1), minlength=3) / 4000
    np.testing.assert_allclose(shares.numpy(), [0.8, 0.2, 0.0], atol=0.03)
    assert float((points - points.round()).std()) == pytest.approx(0.1, rel=0.05)
