"""The interface of spaces whose supernet can share modules between paths."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import TYPE_CHECKING, Protocol, TypeGuard

from harness.spaces.space import SearchableSpace

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from harness.setting import SizeKeywords
    from harness.spaces.group import Masks
    from harness.spaces.supernet import Supernet


class SimplifiableSpace(SearchableSpace, Protocol):
    """A searchable space whose supernet can also share modules between paths (TopoNAS, in our reading)."""

    def supernet(
        self,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        partial: int = 1,
        operations: Masks | None = None,
        simplify: bool = False,
        kernel_normalisation: bool = True,
        **sizes: Unpack[SizeKeywords],
    ) -> Supernet:
        """The untrained supernet; the other arguments and the errors are those of `SearchableSpace.supernet`.

        With `simplify` the convolutions of an edge share one batch norm (`harness.spaces.merging`), and their kernels
        have norm 1 for each output channel unless `kernel_normalisation` is false, which has no effect otherwise.
        Weights keep their names and values, operation by operation, so that a derived network can be cut out.
        """
        ...


def simplifiable(space: SearchableSpace) -> TypeGuard[SimplifiableSpace]:
    """Whether the space's supernet takes `simplify`."""
    return "simplify" in signature(space.supernet).parameters
