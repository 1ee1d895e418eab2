"""A small part of the trilevel space, which is searched in minutes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from harness.restoration.problems import super_resolution
from harness.setting import SizeKeywords
from harness.spaces.shape import Dimension
from harness.spaces.space import Architecture
from harness.spaces.trilevel import Trilevel
from harness.spaces.trilevel.searches import searches_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from harness.spaces.group import Masks
    from harness.spaces.trilevel.network import TrilevelNetwork
    from harness.spaces.trilevel.supernet import TrilevelSupernet


class SmallTrilevel(Trilevel):
    """A small part of the space for super-resolution of Y by 2, which is searched in minutes; it is ours.

    Form B with up to three cells and one upsampling, 16 channels. What the networks make is added to the bicubic
    enlargement, since a short training cannot teach an enlargement, too. Supernets, and networks that are to be trained
    (`begun`), begin with it; those of `build` do not, since nothing before an empty tail has a gradient.
    """

    name = "trilevel-small"
    problem = super_resolution(2)
    forms = ("B",)
    cells = 3
    upsamplings = 1
    on_bicubic = True
    searches = searches_of("trilevel-small")
    shape: ClassVar = {
        "image_size": Dimension(20, 1, "pixels on a side of a small image"),
        "channels": Dimension(1, 1, "channels of an image"),
        "width": Dimension(16, 8, "channels of the features, C"),
    }

    def supernet(
        self,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "kaiming_fan_in",
        seed: int = 0,
        partial: int = 1,
        operations: Masks | None = None,
        **sizes: Unpack[SizeKeywords],
    ) -> TrilevelSupernet:
        """All networks in one, which begin as the bicubic enlargement (He et al. 2015, the tail 0)."""
        made = super().supernet(shape, init=init, seed=seed, partial=partial, operations=operations, **sizes)
        made.tail.begin_empty()
        return made

    def begun(self, architecture: Architecture, *, seed: int = 0) -> TrilevelNetwork:
        """The network of an architecture as its training begins: as the bicubic enlargement (He et al. 2015)."""
        from harness.spaces.trilevel.network import TrilevelNetwork

        network = self.build(architecture, init="kaiming_fan_in", seed=seed)
        assert isinstance(network, TrilevelNetwork)
        network.tail.begin_empty()
        return network
