"""Products of the outputs of convolutions and linear layers and the loss's gradients by them."""

from __future__ import annotations

from torch import nn

from harness.errors import NotApplicable
from harness.measurements.forward import Forward, trainable
from harness.measurements.gradient import Gradients
from harness.measurements.graph_uses import check_read_by_calls
from harness.measurements.layers import LAYERS
from harness.measurements.product_hooks import ChannelProducts
from harness.measurements.sample_rows import SampleRows
from harness.measurements.weights import check_only_layers, layer_weight_names


def channel_products(
    network: nn.Module, loss_gradient: Gradients, forward: Forward, sample_rows: SampleRows
) -> list[ChannelProducts]:
    """Channel products of each call of a trainable convolution or linear layer that the loss depends on.

    Hooks form them while the backward pass of `loss_gradient` holds the outputs' gradients: they need no second pass
    and keep no gradient alive (a pass of their own would take half as long; the products take a fifteenth of it).

    Raises:
        NotApplicable: when the network calls no such layer, or one whose output cannot be seen, reads a layer's weight
            elsewhere too, or has weights of other kinds.

    Cost: no pass in addition to `loss_gradient`.
    """
    check_only_layers(network, "a product by output channel")
    layer_weight_names(network)  # raises an error for a layer that makes its weight from other parameters
    sample_rows.check_outputs(forward)
    layers = {name for name, module in network.named_modules() if isinstance(module, LAYERS)}
    trained = {name: each for name, each in trainable(network).items() if name.rpartition(".")[0] in layers}
    sample_rows.check(trained.values())
    if not sample_rows.known:
        check_read_by_calls(forward, trained.items())
    if not any(isinstance(call.module, LAYERS) for call in forward.calls):
        raise NotApplicable("the network calls no trainable convolution or linear layer")
    found = []
    for each in loss_gradient.products:
        if isinstance(each, NotApplicable):
            raise each
        found.append(each)
    return found
