"""The three measured components of AZ-NAS (Lee & Ham, CVPR 2024); its fourth is `flops`.

Their combination by rank is a step over a frame of scores: `harness.proxies.combined.az_nas`.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from harness.errors import NotApplicable
from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from torch import Tensor

    from harness.measurements.cell_spectra import CellSpectra


@proxy(source="lee2024aznas")
def az_expressivity(cell_spectra: CellSpectra) -> float:
    """Σ_l s_l, s_l the entropy of the normalised eigenvalues of the channels' covariance (Lee & Ham 2024).

    Args:
        cell_spectra: of the features before the first cell and after each, with weights and inputs drawn for it.

    Returns:
        A number from 0 to Σ_l log C_l; larger is better. A network with constant features has none.

    The authors' code takes eigenvalues in float32, where those of a covariance of low rank may come out below −1e-8 of
    their sum; the logarithm is then NaN and the score −infinity. Here they are taken in float64 and are not negative.

    Cost: one forward pass of its own, shared with the other two.
    """
    return sum(_entropies(cell_spectra))


@proxy(source="lee2024aznas")
def az_progressivity(cell_spectra: CellSpectra) -> float:
    """min_l (s_l − s_{l−1}), the least gain of entropy from one cell to the next (Lee & Ham 2024).

    Args:
        cell_spectra: as `az_expressivity` reads it.

    Returns:
        A number from −log C to log C; larger is better. Where `az_expressivity` fails, this does.

    Cost: as `az_expressivity`, shared with it.
    """
    entropies = _entropies(cell_spectra)
    return min(after - before for before, after in itertools.pairwise(entropies))


@proxy(source="lee2024aznas")
def az_trainability(cell_spectra: CellSpectra) -> float:
    """mean_l (2 − σ_l − 1/(σ_l + 1e-6)), σ_l the spectral norm of cell l's Jacobian (Lee & Ham 2024).

    Args:
        cell_spectra: its Jacobians are estimated from one draw of random signs, as in the authors' code.

    Returns:
        A number of at most 1e-6, which it reaches where every σ_l is 1; larger is better. A cell that lets no gradient
        through costs a million. A cell that hands gradients on unchanged fails, where the authors' code scores
        −infinity.

    Cost: one forward pass of its own and one backward pass in pieces, shared with the other two.
    """
    norms = cell_spectra.jacobian_norms
    terms = []
    for place, norm in enumerate(norms, start=1):
        if norm is None:
            raise NotApplicable(f"cell {place} of {len(norms)} hands gradients on unchanged: it has nothing to train")
        terms.append(2 - norm - 1 / (norm + 1e-6))
    return sum(terms) / len(terms)


def _entropies(cell_spectra: CellSpectra) -> list[float]:
    return [_entropy(eigenvalues, place) for place, eigenvalues in enumerate(cell_spectra.eigenvalues)]


def _entropy(eigenvalues: Tensor, place: int) -> float:
    total = eigenvalues.sum()
    if not total > 0:
        raise NotApplicable(f"the features after cell {place} are constant: their covariance has no entropy")
    shares = eigenvalues / total
    return -float((shares * (shares + 1e-8).log()).sum())
