"""The MoD-NAS space: unrolled denoisers with operations, widths and depth to choose.

Ning et al., "Searching Efficient Model-guided Deep Network for Image Denoising", arXiv:2104.02525. Of the paper only
the abstract and the beginning were read, and no code of it was found. A reconstruction, therefore:

- the unrolled frame with data consistency is that of a predecessor's code (DPDNN), for denoising; δ and η begin at 0.1
  here, where that code begins them at 0.1 and 0.9;
- a densely connected block, whose widths share one convolution and whose depth is searched, is from the abstract; its
  number of nodes, its operations, its two operations in a node and its exit at the last node are our choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from harness.errors import SpaceError
from harness.restoration.problems import denoising
from harness.setting import SizeKeywords, derived_seed
from harness.spaces.graph import Graph, Wiring
from harness.spaces.image_restoration import ImageRestoration
from harness.spaces.listed import drawn_sample
from harness.spaces.mod_nas import cost
from harness.spaces.mod_nas.notation import (
    NODES,
    ModNasArchitecture,
    Node,
    canonical,
    count_of,
    neighbours_of,
    numbered,
    parse,
)
from harness.spaces.mod_nas.searches import searches_of
from harness.spaces.plain_values import how_to_get
from harness.spaces.shape import Dimension, sizes_within
from harness.spaces.space import Architecture, Sizes
from harness.text.shown import shown

if TYPE_CHECKING:
    from torch import nn
    from typing_extensions import Unpack

    from harness.spaces.group import EdgeWeights, Masks, OperationWeights
    from harness.spaces.mod_nas.supernet import ModNasSupernet
    from harness.spaces.searches import SearchPresets

__all__ = ["ModNas", "ModNasArchitecture", "Node", "UnguidedModNas", "parse"]

_COUNT = sum(map(count_of, range(1, NODES + 1)))


class ModNas(ImageRestoration):
    """The 360,602,020 unrolled denoisers of a block of up to four nodes: a reconstruction of Ning et al. (2021).

    The methods' arguments and errors are documented in `harness.spaces.space.SearchableSpace`.
    """

    name = "mod-nas"
    problem = denoising(25)
    consistent: ClassVar[bool] = True
    searches: ClassVar[SearchPresets] = searches_of("mod-nas")
    shape: ClassVar = {
        "image_size": Dimension(40, 1, "pixels on a side of an image"),
        "channels": Dimension(1, 1, "channels of an image"),
        "width": Dimension(16, 4, "channels of the features, C"),
        "depth": Dimension(2, 1, "stages of the unrolled iteration, T"),
    }

    def __len__(self) -> int:
        return _COUNT

    def parse(self, text: object) -> ModNasArchitecture:
        """The architecture that a text encodes (`notation.parse`); `str` gives the text again.

        >>> str(ModNas().parse("conv_3x3~0@4 residual_3x3~1+skip_connect~0@2"))
        'conv_3x3~0@4 skip_connect~0+residual_3x3~1@2'
        """
        return parse(text)

    def key(self, architecture: Architecture) -> str:
        """The text of the canonical form."""
        return str(self.canonical(architecture))

    def canonical(self, architecture: Architecture) -> ModNasArchitecture:
        """The same network without nodes that the output does not read, and of all orders of its nodes the first.

        It is our choice; nobody has published when two of these architectures are one.
        """
        return canonical(_as_mod_nas(architecture))

    def minimal(self, architecture: Architecture) -> ModNasArchitecture:
        """The canonical form, which has the same weights but those of nodes that nothing reads."""
        return self.canonical(architecture)

    def sample(self, count: int, seed: int = 0) -> list[ModNasArchitecture]:
        """`count` different architectures, all equally likely; nearly all have four nodes, as nearly all there are."""
        return drawn_sample(self, lambda generator: numbered(generator.randrange(_COUNT)), count, seed)

    def neighbours(self, architecture: Architecture) -> list[ModNasArchitecture]:
        """The architectures with one operation, source or width changed, or one node more or less at the end."""
        return neighbours_of(_as_mod_nas(architecture))

    def build(
        self,
        architecture: Architecture,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        **sizes: Unpack[SizeKeywords],
    ) -> nn.Module:
        """The untrained network of an architecture: images [N, channels, H, W] to images of the same shape."""
        from harness.spaces.initialisation import drawn
        from harness.spaces.mod_nas.network import mod_nas_network

        own, full = _as_mod_nas(architecture), sizes_within(self.shape, shape, sizes)

        def make() -> nn.Module:
            return mod_nas_network(
                own, channels=full["channels"], width=full["width"], depth=full["depth"], consistent=self.consistent
            )

        return drawn(make, init, derived_seed(seed, "weights", str(own)))

    def begun(self, architecture: Architecture, *, seed: int = 0, **sizes: Unpack[SizeKeywords]) -> nn.Module:
        """The network of an architecture as its training begins: as the noisy image (He et al. 2015, the tail 0)."""
        from torch import nn

        network = self.build(architecture, init="kaiming_fan_in", seed=seed, **sizes)
        nn.init.zeros_(network.get_submodule("denoiser.3").get_parameter("weight"))
        return network

    def sizes(
        self, architecture: Architecture, shape: Mapping[str, int] | None = None, **sizes: Unpack[SizeKeywords]
    ) -> Sizes:
        """Parameters and multiply-adds in closed form."""
        own, full = _as_mod_nas(architecture), sizes_within(self.shape, shape, sizes)
        multiply_adds = cost.macs(own, **full)
        del full["image_size"]
        return Sizes(cost.parameter_count(own, **full, consistent=self.consistent), multiply_adds)

    def supernet(
        self,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        partial: int = 1,
        operations: Masks | None = None,
        **sizes: Unpack[SizeKeywords],
    ) -> ModNasSupernet:
        """All networks in one: noisy images [N, channels, H, W] to denoised ones."""
        from harness.spaces.mod_nas.supernet import ModNasSupernet
        from harness.spaces.supernet import drawn_supernet

        if partial != 1:
            raise SpaceError(f"partial must be 1: an operation of {self.name} reads all channels; got {shown(partial)}")
        full = sizes_within(self.shape, shape, sizes)

        def make() -> ModNasSupernet:
            return ModNasSupernet(
                channels=full["channels"], width=full["width"], depth=full["depth"], consistent=self.consistent,
                operations=operations,
            )  # fmt: skip

        made = drawn_supernet(make, init, derived_seed(seed, "weights", "supernet", self.name))
        assert isinstance(made, ModNasSupernet)
        return made

    def derive(
        self, weights: OperationWeights, edges: EdgeWeights | None = None, operations: Masks | None = None
    ) -> ModNasArchitecture:
        """The exit, and up to it two edges, their operations and the width of each node with the largest weights."""
        from harness.spaces.mod_nas.supernet import derived

        if edges is not None:
            raise SpaceError(f"edges of {self.name} have no weights of their own")
        return derived(weights, operations)

    def inherited(self, supernet: nn.Module, architecture: Architecture) -> nn.Module:
        """The network of an architecture with the weights that it has in a supernet of this space.

        Raises:
            SpaceError: for another module.
        """
        from harness.spaces.mod_nas.supernet import ModNasSupernet

        own = _as_mod_nas(architecture)
        if not isinstance(supernet, ModNasSupernet):
            raise SpaceError(f"{type(supernet).__name__} is no supernet of the space {self.name}")
        if any(True for _ in supernet.steps.parameters()) != self.consistent:
            told = "without" if self.consistent else "with"
            raise SpaceError(f"the space {self.name} has no supernet {told} data consistency")
        weights = supernet.inherited(own)
        width, channels = weights["denoiser.0.weight"].shape[:2]
        network = self.build(own, width=width, channels=channels, depth=len(supernet.steps))
        network.to(weights["denoiser.0.weight"]).load_state_dict(weights)
        return network

    def graphs(self, architecture: Architecture) -> tuple[Graph, ...]:
        """The block: nodes with their widths, and the operations between them."""
        nodes = _as_mod_nas(architecture).nodes
        labels = ("in", *(f"{node.quarters}/4" for node in nodes))
        terms = [(number, *term) for number, node in enumerate(nodes, start=1) for term in node.terms]
        edges = tuple((source, number) for number, _, source in terms)
        return (Graph("", Wiring(labels, edges), tuple(operation for _, operation, _ in terms)),)


class UnguidedModNas(ModNas):
    """The same blocks without data consistency: a stage's denoised image is the next estimate; for comparison."""

    name = "mod-nas-unguided"
    consistent = False
    searches = searches_of("mod-nas-unguided")


def _as_mod_nas(architecture: object) -> ModNasArchitecture:
    if not isinstance(architecture, ModNasArchitecture):
        raise SpaceError(
            f"{shown(architecture)} is no architecture of the mod-nas space: {how_to_get(architecture, parse)}"
        )
    return architecture
