"""DrNAS: operation weights drawn from Dirichlet distributions (Chen et al., ICLR 2021)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from harness.errors import DivergedError
from harness.search.gradient.bilevel import first_order
from harness.search.gradient.method import Method, Moment, Parameters, Relaxed
from harness.search.gradient.relaxation import dirichlet

SOURCE = "Chen et al., DrNAS: Dirichlet Neural Architecture Search, ICLR 2021"


def concentration(alpha: Tensor) -> Tensor:
    """Concentrations β = elu(α) + 1, positive; 1 at α = 0, which gives the uniform distribution."""
    return functional.elu(alpha) + 1


def sample(parameters: Parameters, moment: Moment, purpose: str) -> Relaxed:
    """One draw of each edge's weights, w ~ Dirichlet(elu(α) + 1), with its pathwise gradient.

    Raises:
        DivergedError: when a concentration is not a positive finite number.
    """
    weights = {}
    for name, alpha in parameters.operations.items():
        beta, kept = concentration(alpha), moment.kept[name]
        _check_concentration(beta.detach()[kept.to(beta.device)], moment)
        weights[name] = dirichlet(beta, kept, moment.seed_for(f"dirichlet {purpose} {name}"))
    return Relaxed(weights)


def _check_concentration(beta: Tensor, moment: Moment) -> None:
    bad = beta[~(beta.isfinite() & (beta > 0))]
    if len(bad):
        raise DivergedError(
            f"DrNAS: a concentration elu(α) + 1 is {float(bad[0])} at {moment.when}, and must be finite and above 0; "
            "a checkpoint of the epochs before stays. A smaller alpha_lr may help"
        )


def mean(parameters: Parameters, moment: Moment) -> Relaxed:
    """The means of the distributions, β / Σ_k β_k over the operations that are not pruned."""
    weights = {}
    for name, alpha in parameters.operations.items():
        beta = concentration(alpha) * moment.kept[name].to(alpha)
        weights[name] = beta / beta.sum(dim=1, keepdim=True)
    return Relaxed(weights)


METHOD = Method(
    name="drnas",
    summary="weights drawn from one Dirichlet distribution per edge, α by the validation loss",
    source=SOURCE,
    relax=sample,
    mean=mean,
    architecture_step=first_order,
)

PROGRESSIVE = Method(
    name="drnas-progressive",
    summary="DrNAS in two stages: fewer operations per edge and more channels in the second",
    source=SOURCE,
    relax=sample,
    mean=mean,
    architecture_step=first_order,
)
