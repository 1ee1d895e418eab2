"""The table supernet: the exact expectation of a tabulated loss, in the place of a supernet that shares weights.

A relaxed architecture is a distribution over cells in which the edges are independent. The mean loss of its cells,

    E[ℓ] = Σ_cells ℓ(cell) Π_edges w[edge, operation of the cell on that edge],

is what a supernet without interference between its paths would show, so that the algorithm around a supernet can be
looked at without the weight sharing. It is a device of this project, of no paper: results on it are never those of a
search that trains.

Legend: E edges and O operations of the space's one group, N samples.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from harness.errors import SearchError
from harness.search.gradient.data import CHANNELS, Images, parts_of
from harness.search.gradient.setting import SearchSetting
from harness.spaces.group import EdgeWeights, Group, Masks, OperationWeights
from harness.spaces.supernet import Supernet

BATCH = 2
_WHOLE = 50_000  # images of CIFAR-10, of which a setting without a number of images takes all


def expected(values: Tensor, weights: Tensor) -> Tensor:
    """The mean of a quantity over cells whose operations are drawn independently on each edge.

    It is computed by one contraction for each edge, and is differentiable by both arguments.

    Args:
        values: the quantity of every cell, [O, ..., O, ...], one axis for each edge, then any others.
        weights: probability of each operation on each edge, [E, O].

    Returns:
        The mean; of the shape of the axes of `values` that are no edges, a scalar where there are none.
    """
    for row in weights:
        values = torch.tensordot(row, values, dims=1)
    return values


@dataclass(frozen=True, eq=False)
class TableLosses:
    """Losses of all cells of a space, which a search descends in the place of the loss of a supernet on images.

    Attributes:
        name: name of the column that they are made of, and of its table.
        losses: loss of each cell, above 0, float64 [O, ..., O] with an axis for each edge: for an accuracy a in per
            cent 1 − a/100.
        robust: likewise under attack, for the objective `robust` of MGDA; None without.

    Raises:
        SearchError: axes of unequal lengths, or a loss that is not above 0 and finite.
    """

    name: str
    losses: Tensor
    robust: Tensor | None = None

    def __post_init__(self) -> None:
        if not self.losses.ndim or len(set(self.losses.shape)) != 1:
            raise SearchError(f"losses of cells need an axis of O operations for each edge, got {self._shape}")
        if self.robust is not None and self.robust.shape != self.losses.shape:
            raise SearchError(
                f"losses under attack {[*self.robust.shape]} are of other cells than losses {self._shape}"
            )
        if not all(bool((values.isfinite() & (values > 0)).all()) for values in self.cubes):
            raise SearchError(f"losses of cells must be above 0 and finite; {self.name} has others")

    @property
    def cubes(self) -> tuple[Tensor, ...]:
        """The losses, and those under attack where there are any."""
        return (self.losses,) if self.robust is None else (self.losses, self.robust)

    @property
    def _shape(self) -> list[int]:
        return list(self.losses.shape)

    def supernet(self, groups: Mapping[str, Group], operations: Masks | None = None) -> TableSupernet:
        """The table supernet of a space's groups, with the kept operations, by group [E, O]; None for all.

        Raises:
            SearchError: for a space of other edges or operations than the losses have.
        """
        shapes = [group.shape for group in groups.values()]
        if shapes != [(self.losses.ndim, self.losses.shape[0])]:
            raise SearchError(
                f"{self.name} has losses {self._shape}, which are not those of edges and operations {shapes}"
            )
        return TableSupernet(groups, self.losses, operations, self.robust)

    def images(self, setting: SearchSetting) -> Images:
        """Images that nothing looks at, as many as the setting's batches need: a search steps over batches."""
        count = math.ceil((setting.batch_size + 1) / min(setting.validation_share, 1 - setting.validation_share))
        content = b"".join(cube.contiguous().numpy().tobytes() for cube in self.cubes)
        digest = hashlib.sha256(content).hexdigest()[:16]
        pixels = torch.zeros(count, CHANNELS, 1, 1, dtype=torch.float32, device="cpu")
        return Images(f"{self.name} {digest}", pixels, torch.zeros(count, dtype=torch.long, device="cpu"))


def without_images(setting: SearchSetting) -> SearchSetting:
    """The setting of a search on a table supernet: as many steps as with images, and nothing that only images need."""
    training, _ = parts_of(setting.images or _WHOLE, setting.validation_share)
    steps = setting.steps_per_epoch or max(training // setting.batch_size, 1)
    return setting.changed(
        {"steps_per_epoch": steps, "batch_size": BATCH, "images": None, "image_size": None, "augment": False,
         "evaluation_batches": 1, "adversarial": "none"}
    )  # fmt: skip


class TableSupernet(Supernet):
    """A supernet whose loss is exact, and that has no weights to train.

    The cross-entropy of its logits with class 0 is E[ℓ] for every sample: they are the logarithms of the probabilities
    exp(−E[ℓ]) and 1 − exp(−E[ℓ]). Every search that looks at a supernet by its loss alone runs on it unchanged.

    Args:
        groups: the one group of edges.
        losses: losses of all cells, float64 [O, ..., O].
        operations: Boolean mask of the operations that exist, by group [E, O]; None for all.
        robust: losses of all cells under attack, likewise; None without.
    """

    losses: Tensor
    robust: Tensor | None

    def __init__(
        self, groups: Mapping[str, Group], losses: Tensor, operations: Masks | None = None, robust: Tensor | None = None
    ) -> None:
        super().__init__(groups, operations)
        self.register_buffer("losses", losses, persistent=False)
        self.register_buffer("robust", robust, persistent=False)
        # an optimiser needs a weight; the loss does not depend on it
        self.unused = nn.Parameter(torch.zeros((), dtype=torch.float64, device="cpu"))

    def forward(
        self,
        inputs: Tensor,
        weights: OperationWeights,
        edges: EdgeWeights | None = None,
        active: Masks | None = None,
    ) -> Tensor:
        """Logits [N, 2] whose cross-entropy with class 0 is the expected loss; `edges` change no cell's operations."""
        loss = self.expected_loss(weights, active) + 0 * self.unused
        return torch.stack([-loss, torch.log(-torch.expm1(-loss))]).expand(len(inputs), 2)

    def expected_loss(self, weights: OperationWeights, active: Masks | None = None, *, robust: bool = False) -> Tensor:
        """The expected loss E[ℓ], a scalar; operations that are not kept or not active have the weight 0.

        With `robust` it is that of the losses under attack.
        """
        losses = self.robust if robust else self.losses
        assert losses is not None
        (mixture,) = self.mixtures(weights, None, active).values()
        computed = torch.tensor(mixture.computed, dtype=torch.bool, device=mixture.coefficients.device)
        return expected(losses, mixture.coefficients * computed)
