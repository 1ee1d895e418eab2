"""The three measured components of AZ-NAS (Lee & Ham, CVPR 2024); its fourth is `flops`.

Their combination by rank is computed over a frame of scores: `harness.proxies.combined.az_nas`.
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
    """Expressivity Σ_l s_l, s_l the entropy of the channel covariance's normalised eigenvalues (Lee & Ham 2024).

    Args:
        cell_spectra: spectra of the features before the first cell and after each cell, with weights and inputs that
            are drawn for this measurement.

    Returns:
        A number from 0 to Σ_l log C_l; larger is better. A network with constant features has no score.

    The authors' code computes eigenvalues in float32. For a covariance of low rank they may come out below −1e-8 of
    their sum; the logarithm is then NaN and the score −infinity. Here they are computed in float64 and are not
    negative.

    Cost: one forward pass of its own, shared with the other two components.
    """
    return sum(_entropies(cell_spectra))


@proxy(source="lee2024aznas")
def az_progressivity(cell_spectra: CellSpectra) -> float:
    """Progressivity min_l (s_l − s_{l−1}), the smallest gain of entropy from one cell to the next (Lee & Ham 2024).

    Args:
        cell_spectra: spectra of the features between cells, the same as for `az_expressivity`.

    Returns:
        A number from −log C to log C; larger is better. It fails where `az_expressivity` fails.

    Cost: one forward pass of its own, shared with the other two components.
    """
    entropies = _entropies(cell_spectra)
    return min(after - before for before, after in itertools.pairwise(entropies))


@proxy(source="lee2024aznas", version=2)
def az_trainability(cell_spectra: CellSpectra) -> float:
    """Trainability mean_l (2 − σ_l − 1/(σ_l + 1e-6)), σ_l cell l's Jacobian's spectral norm (Lee & Ham 2024).

    Args:
        cell_spectra: spectral norms of the cells' Jacobians, estimated from one draw of random signs as in the authors'
            code.

    Returns:
        A number of at most 1e-6, which it reaches where every σ_l is 1; larger is better. A cell that lets no gradient
        through lowers the sum over the cells by a million. Where a cell passes gradients on unchanged the score fails;
        the authors' code gives −infinity there.

    Cost: one forward pass of its own and one backward pass that goes cell by cell, shared with the other two
    components.
    """
    norms = cell_spectra.jacobian_norms
    terms = []
    for place, norm in enumerate(norms, start=1):
        if norm is None:
            raise NotApplicable(f"cell {place} of {len(norms)} passes gradients on unchanged: it has nothing to train")
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
