"""θᵀ H g of a network and batch, by the sweep and by the double backward pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from harness.batches import Batch
from harness.measurements.hessian import hessian_gradient as double_backward
from harness.measurements.inner_product import inner_product
from harness.measurements.preserve import preserved
from harness.measurements.session import Session
from harness.setting import Setting


@contextmanager
def session(network: nn.Module, batch: Batch, bn: str = "train", loss: str = "cross_entropy") -> Iterator[Session]:
    with preserved(network, bn=bn, seed=0):
        yield Session(network, batch, Setting(input="given", batch_size=len(batch), bn=bn, loss=loss))


def both(network: nn.Module, batch: Batch, bn: str = "train") -> tuple[float, float]:
    """The form, and the one by the double backward pass."""
    with session(network, batch, bn) as measured:
        product = inner_product(measured.value("weights"), double_backward(network, measured.value("forward")))
        return measured.value("hessian_form"), product
