"""Parameters and multiply-adds of a network of SANE in closed form; a multiply-add counts 1.

What no output depends on is not there: layers behind the last one that is read, and the matrices of GeniePath that
multiply a memory of zeros.

Legend: n nodes of the graph, I features of a node, H = hidden, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harness.spaces.sane.encoding import LAYERS, SaneArchitecture

HEADS = 8


class _Layer(NamedTuple):
    """Sizes of a node aggregator as multiples.

    Attributes:
        products: products with a matrix [H, H].
        vectors: vectors of H parameters, biases among them.
        biases: biases of linear layers among them, which count as multiply-adds.
    """

    products: int
    vectors: int
    biases: int


_ATTENTION = _Layer(1, 3, 0)
_LAYERS = {
    "sage": _Layer(2, 1, 1),
    "sage_sum": _Layer(1, 1, 0),
    "sage_max": _Layer(1, 1, 0),
    "gcn": _Layer(1, 1, 0),
    "gin": _Layer(2, 2, 2),
    "gat": _ATTENTION,
    "gat_sym": _ATTENTION,
    "gat_cos": _ATTENTION,
    "gat_linear": _ATTENTION,
    "gat_generalized_linear": _ATTENTION,
    "geniepath": _Layer(4, 3, 0),
}


def parameter_count(architecture: SaneArchitecture, *, features: int, classes: int, hidden: int) -> int:
    """Trainable parameters."""
    count = (features + 1) * hidden
    for name in architecture.nodes[: architecture.depth]:
        layer = _LAYERS[name]
        count += layer.products * hidden**2 + layer.vectors * hidden
        count += hidden // HEADS if name == "gat_generalized_linear" else 0
    if architecture.layers == "l_lstm":
        inside = LAYERS * hidden // 2
        count += 2 * (4 * inside * (hidden + inside) + 8 * inside) + 2 * inside + 1
    return count + sum((wide + 1) * after for wide, after in _head(architecture, classes, hidden))


def macs(architecture: SaneArchitecture, *, features: int, classes: int, hidden: int, nodes: int) -> int:
    """Multiply-adds (MACs) of one forward pass on a graph of `nodes` nodes.

    As `harness.measurements.size.macs` counts them: products with matrices, and the biases of linear layers. Scores of
    attention and sums over neighbours do not count, so that the edges do not matter.
    """
    count = (features + 1) * hidden
    for name in architecture.nodes[: architecture.depth]:
        layer = _LAYERS[name]
        count += layer.products * hidden**2 + layer.biases * hidden
    if architecture.layers == "l_lstm":
        inside = LAYERS * hidden // 2
        count += LAYERS * (2 * 4 * inside * (hidden + inside + 2) + 2 * inside + 1)
    return nodes * (count + sum((wide + 1) * after for wide, after in _head(architecture, classes, hidden)))


def _head(architecture: SaneArchitecture, classes: int, hidden: int) -> Iterator[tuple[int, int]]:
    """Width in and out of the linear layer behind the layer aggregator, and of the classifier."""
    yield (LAYERS * hidden if architecture.layers == "l_concat" else hidden), hidden
    yield hidden, classes
