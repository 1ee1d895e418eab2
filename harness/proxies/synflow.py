"""Synaptic flow (SynFlow, Tanaka et al., NeurIPS 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from harness.measurements.flow import Flow


@proxy(source="tanaka2020synflow", version=2)
def synflow(synaptic_flow: dict[str, Flow]) -> float:
    """SynFlow Σ |W ⊙ ∂R/∂W|, R the outputs' sum for an input of ones with weights |W| (Tanaka et al. 2020).

    Batch norm is removed everywhere, and the pass runs in float64: the value grows with a network's depth and reaches
    1e28 on NAS-Bench-201. No data, no labels.

    Args:
        synaptic_flow: |W| and ∂R/∂|W| by weight name.

    Returns:
        A non-negative number; larger is better. Its logarithm gives the same ranking and plots better.

    The code of Abdelfattah et al. (2021) keeps batch norm in the two reduction blocks of its own NAS-Bench-201 network,
    which makes its printed values three orders of magnitude smaller; NASLib and AZ-NAS remove all of it, as here. Other
    norm layers stay in all of them.

    Cost: one forward and one backward pass of one sample, in float64.
    """
    return _total(synaptic_flow)


@proxy(source="abdelfattah2021", version=2)
def synflow_bn(synaptic_flow_bn: dict[str, Flow]) -> float:
    """SynFlow Σ |W ⊙ ∂R/∂W| with batch norm kept (Abdelfattah et al. 2021).

    In train mode, batch norm normalises the image of ones by its own pixels. So activations are no longer all
    positive, which SynFlow relies on: it is the ablation that shows why batch norm is removed.

    Args:
        synaptic_flow_bn: |W| and ∂R/∂|W| by weight name.

    Returns:
        A non-negative number; larger is better by convention.

    Cost: one forward and one backward pass of one sample, in float64.
    """
    return _total(synaptic_flow_bn)


def _total(flow: dict[str, Flow]) -> float:
    return sum(float((weight * gradient).abs().sum()) for weight, gradient in flow.values())
