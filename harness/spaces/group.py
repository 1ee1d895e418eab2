"""Groups of edges that share one table of operation weights, and how such tables are read."""

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
"""By group: a tensor [E], a factor of each edge's output."""

Masks: TypeAlias = "Mapping[str, Tensor]"
"""By group: a Boolean tensor [E, O], the operations that are meant."""

Rows: TypeAlias = "tuple[tuple[bool, ...], ...]"
"""A mask as plain values, a row an edge."""


@dataclass(frozen=True)
class Group:
    """The edges that carry one table [E, O] of operation weights.

    Attributes:
        edges: (target, source) of each edge, in the order of the table's rows.
        operations: names, in the order of the table's columns.
    """

    edges: tuple[tuple[int, int], ...]
    operations: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Edges and operations, the shape of a table of this group."""
        return len(self.edges), len(self.operations)


def check_names(kind: str, given: Mapping[str, object], groups: Mapping[str, Group]) -> None:
    """Refuse a mapping that has not exactly the groups' names; `kind` is what the message calls its values."""
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


def mask_rows(kind: str, given: Masks | None, groups: Mapping[str, Group]) -> dict[str, Rows]:
    """The masks as plain values; without any, every operation is meant.

    Raises:
        SpaceError: for other groups, another shape, or values that are not Boolean.
    """
    if given is None:
        return {name: ((True,) * len(group.operations),) * len(group.edges) for name, group in groups.items()}
    check_names(kind, given, groups)
    rows: dict[str, Rows] = {}
    for name, group in groups.items():
        check_shape(kind, name, given[name], group.shape)
        if str(given[name].dtype) != "torch.bool":
            raise SpaceError(f"{kind} of group {name!r} must be a Boolean mask, got {given[name].dtype}")
        rows[name] = tuple(tuple(row) for row in given[name].tolist())
    return rows


def kept_rows(given: Masks | None, groups: Mapping[str, Group]) -> dict[str, Rows]:
    """The operations that a supernet keeps: `mask_rows`, and at least one an edge.

    Raises:
        SpaceError: also for an edge that is left without an operation.
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
    """Operation weights times their edge's weight, as plain values; minus infinity for an operation that is not kept.

    Raises:
        SpaceError: for other groups, another shape, or a kept operation whose weight is not finite.
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
            _row(name, edge, group.operations, row, factor, meant)
            for edge, row, factor, meant in zip(group.edges, weights[name].tolist(), factors, kept[name], strict=True)
        ]
    return found


def _row(
    name: str,
    edge: tuple[int, int],
    operations: Sequence[str],
    row: Sequence[float],
    factor: float,
    meant: Sequence[bool],
) -> list[float]:
    products = [weight * factor if keep else -math.inf for weight, keep in zip(row, meant, strict=True)]
    for operation, product, keep in zip(operations, products, meant, strict=True):
        if keep and not math.isfinite(product):
            raise SpaceError(
                f"the weight of {operation!r} on edge {edge[0]}←{edge[1]} of group {name!r} is {product}: "
                "no architecture can be derived from it"
            )
    return products
