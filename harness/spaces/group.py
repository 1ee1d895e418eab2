"""Groups of edges that share one table of operation weights, and checks of such tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from harness.errors import SpaceError, unknown

if TYPE_CHECKING:
    from torch import Tensor

OperationWeights: TypeAlias = "Mapping[str, Tensor]"
"""By group: a tensor [E, O], the weight of each operation on each edge."""

EdgeWeights: TypeAlias = "Mapping[str, Tensor]"
"""By group: a tensor [E], the factor of each edge's output."""

Masks: TypeAlias = "Mapping[str, Tensor]"
"""By group: a Boolean tensor [E, O] that selects operations."""

MaskRows: TypeAlias = "tuple[tuple[bool, ...], ...]"
"""A mask as plain values, one row per edge."""


@dataclass(frozen=True)
class Group:
    """The edges of one table [E, O] of operation weights.

    Attributes:
        edges: (target, source) of each edge, in the order of the table's rows.
        operations: names of the operations, in the order of the table's columns.
        inputs: number of edges that a node of an architecture keeps, the others being `none`, which is then the first
            operation; None where it keeps all.
    """

    edges: tuple[tuple[int, int], ...]
    operations: tuple[str, ...]
    inputs: int | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(E, O): the numbers of edges and of operations, the shape of this group's tables."""
        return len(self.edges), len(self.operations)


def check_names(kind: str, given: Mapping[str, object], groups: Mapping[str, Group]) -> None:
    """Refuse a mapping whose names are not those of the groups; `kind` names its values in the message."""
    for name in given:
        if name not in groups:
            raise SpaceError(unknown(f"group of {kind}", name, groups))
    missing = [name for name in groups if name not in given]
    if missing:
        raise SpaceError(f"{kind} are missing for group {missing[0]!r}; needed: {', '.join(groups)}")


def check_shape(kind: str, name: str, given: Tensor, expected: Sequence[int]) -> None:
    """Refuse a tensor of another shape."""
    if list(given.shape) != list(expected):
        raise SpaceError(f"{kind} of group {name!r} have the shape {list(given.shape)}, expected {list(expected)}")


def mask_rows(kind: str, given: Masks | None, groups: Mapping[str, Group]) -> dict[str, MaskRows]:
    """The masks as plain values; None selects every operation.

    Raises:
        SpaceError: for wrong groups, a wrong shape, or values that are not Boolean.
    """
    if given is None:
        return {name: ((True,) * len(group.operations),) * len(group.edges) for name, group in groups.items()}
    check_names(kind, given, groups)
    rows: dict[str, MaskRows] = {}
    for name, group in groups.items():
        check_shape(kind, name, given[name], group.shape)
        if str(given[name].dtype) != "torch.bool":
            raise SpaceError(f"{kind} of group {name!r} must be a Boolean mask, got {given[name].dtype}")
        rows[name] = tuple(tuple(row) for row in given[name].tolist())
    return rows


def kept_rows(given: Masks | None, groups: Mapping[str, Group]) -> dict[str, MaskRows]:
    """The operations that a supernet keeps, as plain values: at least one per edge.

    Raises:
        SpaceError: for wrong groups, a wrong shape, values that are not Boolean, or an edge without an operation.
    """
    kept = mask_rows("operations", given, groups)
    for name, rows in kept.items():
        for (target, source), row in zip(groups[name].edges, rows, strict=True):
            if not any(row):
                raise SpaceError(f"edge {target}←{source} of group {name!r} keeps no operation; it needs at least one")
    return kept


def strengths(
    weights: OperationWeights,
    edges: EdgeWeights | None,
    operations: Masks | None,
    groups: Mapping[str, Group],
) -> dict[str, list[list[float]]]:
    """Strengths: operation weights times edge weights, as plain values; −infinity for an operation that is not kept.

    Raises:
        SpaceError: for wrong groups, a wrong shape, or a kept operation whose weight is not finite.
    """
    check_names("operation weights", weights, groups)
    kept = kept_rows(operations, groups)
    if edges is not None:
        check_names("edge weights", edges, groups)
    found: dict[str, list[list[float]]] = {}
    for name, group in groups.items():
        check_shape("operation weights", name, weights[name], group.shape)
        factors = [1.0] * len(group.edges)
        if edges is not None:
            check_shape("edge weights", name, edges[name], group.shape[:1])
            factors = edges[name].tolist()
        found[name] = [
            _row(name, edge, group.operations, row, factor, keep)
            for edge, row, factor, keep in zip(group.edges, weights[name].tolist(), factors, kept[name], strict=True)
        ]
    return found


def _row(
    name: str,
    edge: tuple[int, int],
    operations: Sequence[str],
    row: Sequence[float],
    factor: float,
    kept_row: Sequence[bool],
) -> list[float]:
    products = [weight * factor if keep else -math.inf for weight, keep in zip(row, kept_row, strict=True)]
    for operation, product, keep in zip(operations, products, kept_row, strict=True):
        if keep and not math.isfinite(product):
            raise SpaceError(
                f"the weight of {operation!r} on edge {edge[0]}←{edge[1]} of group {name!r} is {product}: "
                "no architecture can be derived from it"
            )
    return products
