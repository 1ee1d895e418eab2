"""Parameters and multiply-adds of a network of AGNN's space in closed form; a multiply-add counts 1.

Legend: n nodes of the graph, I width that a layer reads, H width of a layer, A heads, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.spaces.agnn.encoding import AgnnArchitecture, Layer

_VECTORS = {"gat": 2, "sym-gat": 2, "linear": 1, "gene-linear": 2}
"""Vectors of H parameters of an attention function."""


def parameter_count(architecture: AgnnArchitecture, *, features: int, classes: int) -> int:
    """Trainable parameters."""
    count = 0
    for layer, wide, hidden in _widths(architecture, features):
        count += (wide + 1 + _VECTORS.get(layer.attention, 0)) * hidden + _perceptron(layer, hidden)
        count += hidden // int(layer.heads) if layer.attention == "gene-linear" else 0
    return count + _classifier(architecture, classes)


def macs(architecture: AgnnArchitecture, *, features: int, classes: int, nodes: int) -> int:
    """Multiply-adds (MACs) of one forward pass on a graph of `nodes` nodes.

    As `harness.measurements.size.macs` counts them: products with matrices, and the biases of linear layers. Scores of
    attention and sums over neighbours do not count, so that the edges do not matter.
    """
    count = sum(wide * hidden + _perceptron(layer, hidden) for layer, wide, hidden in _widths(architecture, features))
    return nodes * (count + _classifier(architecture, classes))


def _widths(architecture: AgnnArchitecture, features: int) -> Iterator[tuple[Layer, int, int]]:
    """Each layer with the width that it reads and its own."""
    wide = features
    for layer in architecture.layers:
        yield layer, wide, int(layer.hidden)
        wide = int(layer.hidden)


def _perceptron(layer: Layer, hidden: int) -> int:
    return 2 * (hidden + 1) * hidden if layer.combine == "mlp" else 0


def _classifier(architecture: AgnnArchitecture, classes: int) -> int:
    return (int(architecture.layers[-1].hidden) + 1) * classes
