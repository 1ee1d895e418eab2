"""Loss gradients on the two halves of a batch."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements.forward import forward
from harness.measurements.gradient import Gradients, loss_gradient
from harness.setting import Setting


def half_batch_gradients(
    network: nn.Module, batch: Batch, setting: Setting, renew: Callable[[], None]
) -> tuple[Gradients, Gradients]:
    """Gradients of the mean loss on the first and on the second half of the batch, by every trainable parameter.

    Batch norm in train mode uses each half's own statistics, and nothing else couples the halves: both begin on the
    network's own state, so a batch of 128 gives the same as two batches of 64.

    Raises:
        NotApplicable: when the batch has fewer than 4 samples, or its samples are parts of one input.

    Cost: a forward and a backward pass of each half; together as much as one of the whole batch.
    """
    batch.check_independent("half of a batch")
    if len(batch) < 4:
        raise NotApplicable(f"two halves of at least 2 samples each are needed; the batch has {len(batch)} samples")
    middle = len(batch) // 2
    first, second = batch.part(0, middle), batch.part(middle, len(batch))
    of_first = loss_gradient(network, forward(network, first, setting))
    renew()
    return of_first, loss_gradient(network, forward(network, second, setting))
