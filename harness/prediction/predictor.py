"""A trained predictor of one quantity, frozen, for architectures that are discrete or relaxed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import SearchError
from harness.prediction.encoding import Shapes, encoded, shapes_of

if TYPE_CHECKING:
    from torch import Tensor

    from harness.prediction.models import Models
    from harness.spaces.group import Group, OperationWeights


@dataclass(frozen=True, eq=False)
class Predictor:
    """A predictor of a quantity such as a latency.

    Attributes:
        column: name of the quantity.
        unit: its unit in print, such as `ms`.
        space: name of the space of the architectures.
        shapes: (E, O) of each group of the space's supernet.
        models: the model of the quantity.
        split: in words, on which architectures it was trained.
        error: mean relative error on architectures that it was not trained on; NaN where it is not known.
        median_error: their median relative error, which latencies near zero leave alone.
    """

    column: str
    unit: str
    space: str
    shapes: Shapes
    models: Models
    split: str
    error: float
    median_error: float

    def __call__(self, weights: OperationWeights, groups: Mapping[str, Group]) -> Tensor:
        """The prediction for an architecture, a scalar in float64 with a gradient to its weights.

        Linear and pairwise models give the exact mean of their predictions over the architectures of a distribution
        that is independent between edges; a perceptron gives its value at the mean encoding.

        Args:
            weights: operation weights by group, [E, O], one-hot for a discrete architecture.
            groups: the groups of the supernet.

        Raises:
            SearchError: for groups of other shapes.
        """
        if (shapes := shapes_of(groups)) != self.shapes:
            raise SearchError(f"the predictor of {self.column} is for edges and operations {self.shapes}, got {shapes}")
        return self.models.predict(encoded(weights, groups)[None])[0, 0]

    @property
    def kind(self) -> str:
        """`linear`, `pairwise` or `mlp`."""
        return self.models.kind

    def digest(self) -> str:
        """A digest of everything that its predictions follow from."""
        text = f"{self.column} {self.unit} {self.space} {self.shapes} {self.models.digest()}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]
