"""MoD-NAS: operations, widths and depth of a model-guided denoiser by gradients (Ning et al. 2021).

"Searching Efficient Model-guided Deep Network for Image Denoising", arXiv:2104.02525. The abstract and the beginning
were read, and no code was found. From the abstract: operations, widths and depth are selected by gradient descent in a
space under a model-guided framework. The rest is our reading: softmax weights of each edge's operations, of each node's
widths and of the exits; one step of the architecture parameters by the validation loss at the current weights, then
one of the weights; Adam for both; and a term for the expected multiply-adds, as a share of the costliest, whose weight
`mac_weight` is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from harness.search.gradient.bilevel import first_order
from harness.search.gradient.method import Method, Moment, Parameters
from harness.search.gradient.relaxation import softmax

if TYPE_CHECKING:
    from harness.spaces.space import SearchableSpace

_GROUPS = {"operations", "widths", "exits"}


def penalty(parameters: Parameters, moment: Moment) -> Tensor:
    """The expected multiply-adds at the present weights, as a share of the costliest, by `mac_weight`."""
    from harness.spaces.mod_nas.expected_cost import mac_share

    weights = softmax(parameters, moment).weights
    return moment.setting.mac_weight * mac_share(weights, channels=1, width=moment.setting.width)


def refuses(space: SearchableSpace) -> str:
    """Why a space cannot be searched: it has no block of operations, widths and exits."""
    found = set(space.supernet().groups)
    return "" if found == _GROUPS else "its supernet has no operations, widths and exits of a block"


METHOD = Method(
    name="mod-nas",
    summary="operations, widths by masks and depth of an unrolled denoiser, by softmax weights (our reading)",
    source="Ning et al., Searching Efficient Model-guided Deep Network for Image Denoising, 2021",
    relax=softmax,
    mean=softmax,
    architecture_step=first_order,
    penalty=penalty,
    data="photographs",
    bounded=False,
    classifies=False,
    adam=True,
    reads=("mac_weight",),
    refuses=refuses,
)
