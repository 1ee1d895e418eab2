"""Determinants of the signs of the logits' gradients by what convolutions read behind ReLUs."""

from __future__ import annotations

from harness.errors import NotApplicable
from harness.measurements.forward import Forward
from harness.measurements.input_jacobian import OutputSumGradient
from harness.measurements.sign_hooks import calls_behind_relus, holds_square_matrices


def sign_norms(forward: Forward, output_sum_gradient: OutputSumGradient) -> tuple[float, ...]:
    """‖σ(log det sign G)‖ for each call of a trainable convolution that reads an `nn.ReLU`'s output [N, C, H, H].

    G are the N C gradients [H, H] of the outputs' sum by what the ReLU read, through this convolution alone. A call
    that the backward pass does not reach has gradients of 0 and the norm 0. Inputs that are not square have none.

    Raises:
        NotApplicable: when there is no such call, or one does more than a convolution.

    Cost: no pass in addition to `output_sum_gradient`.
    """
    calls = calls_behind_relus(forward)
    if not calls:
        raise NotApplicable(
            "no trainable convolution reads the output of an nn.ReLU module (a functional relu cannot be seen)"
        )
    square = [
        place for place, call in calls.items() if call.inputs is not None and holds_square_matrices(call.inputs.shape)
    ]
    if not square:
        shapes = sorted({tuple(call.inputs.shape) for call in calls.values() if call.inputs is not None})
        raise NotApplicable(
            f"a determinant needs square inputs of convolutions, [N, C, H, H]; the network's are {list(shapes[0])}"
        )
    found = []
    for place in square:
        norm = output_sum_gradient.sign_norms.get(place, 0.0)
        if isinstance(norm, NotApplicable):
            raise norm
        found.append(norm)
    return tuple(found)
