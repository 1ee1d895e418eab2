"""EZNAS-A (Akhauri et al., NeurIPS 2022), a program that evolution found: determinants of the signs of gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import NotApplicable
from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from harness.measurements.gradient import Gradients


@proxy(source="akhauri2022eznas")
def eznas_a(sign_norms: tuple[float, ...]) -> float:
    """EZNAS-A mean_l ‖σ(log det sign G)‖_F, G the logits' gradients [H, H] before a ReLU (Akhauri et al. 2022).

    Args:
        sign_norms: the norm, for each convolution l that reads a ReLU, over the N C gradients of the logits' sum by
            what the ReLU read, through this convolution alone.

    Returns:
        A number from 0 to the largest √(N C); larger is better. It fails where no convolution reads an `nn.ReLU`, or
        none reads square images.

    A determinant of signs is a whole number d: σ(log d) = d / (1 + d), σ(−∞) = 0 of a singular matrix, and 1/2 of a
    negative one, whose logarithm the authors' code sets to 0. So it is nearly a count: 1 or 1/2 for each regular
    matrix. A convolution that the gradient does not reach counts 0.

    This is what the authors' released code computes under the name `darts`, the one that its published runs have; the
    paper was not read. By a third party's note the paper names the gradient of the weight for a batch of noise, and
    another third party's code takes a gradient of weights (`eznas_a_weights`). In the released code the program's
    argument 8 is the gradient by the ReLU's input for a batch of data. As there, the stem and the downsampling
    convolutions, which read no ReLU, are left out, and what is not square is passed over. It differs in four ways:

    - A singular matrix is found as such. Theirs leaves a pivot of rounding in some: by hand, of 557 matrices whose
      determinants were computed in whole numbers, 131 of them singular, it gets 3 wrong, here none. In float64 that is
      all that tells 11 cells of NAS-Bench-201 from theirs, 0.1 to 0.5 %.
    - For the 729 cells without a convolution theirs reads other layers.
    - What reads the ReLU beside the convolution does not count here.
    - A run scores cells that are one network once, without convolutions that lead nowhere, which theirs count as 0;
      with `merge_equal=False` cells are scored as they are written.

    The authors take 16 images of the data and weights of `kaiming_fan_out`. By the note the paper's Kendall τ on all
    15,625 cells is 0.65, 0.65 and 0.61 (CIFAR-10, CIFAR-100, ImageNet16-120); the released code's page says 0.620 and
    0.617 (validation accuracies). Ours, measured once by hand on 250 random cells in a network of depth 1 (N = 1, not
    5), on 16 images of CIFAR-10, test accuracies: 0.50 [0.42, 0.57], 0.50 and 0.50 as written, 0.44 [0.37, 0.52], 0.45
    and 0.43 merged; `params` has 0.56, 0.52 and 0.48.

    Cost: one forward and one backward pass, shared with `jacob_cov`, and a factorisation of each matrix, a tenth of the
    passes.
    """
    return sum(sign_norms) / len(sign_norms)


@proxy(source="akhauri2022eznas")
def eznas_a_weights(loss_gradient: Gradients) -> float:
    """EZNAS-A of weights: mean_l ‖σ(log |det sign G|)‖_F, G the loss's gradients [k, k] by the kernels of a layer.

    Args:
        loss_gradient: gradient of the mean loss by every parameter.

    Returns:
        A number from 0 to the root of the largest number of kernels; larger is better. It fails for a network without
        square kernels.

    The same program as `eznas_a` on another argument, as a third party's code (PicoNAS) has it: the loss is
    cross-entropy, a negative determinant counts as a positive one, and all convolutions count. That code draws uniform
    noise for the batch; here it is the setting's. On the same weights and batch it was compared by hand, and agreed to
    1e-9 on 14 cells.

    It is a weighted count of weights: each kernel 1x1 gives 1/4 under the root, and one of 3x3 gives 0.64 where its
    signs are regular, 3 times of 8 for random ones, and 0 elsewhere. A layer without a gradient counts 0. It ranks the
    250 cells of `eznas_a`, as written, by a Kendall τ of 0.28 [0.20, 0.37], 0.31 and 0.32; none is published.

    Cost: one forward and one backward pass, shared with the other proxies of the loss gradient.
    """
    from harness.measurements.sign_hooks import holds_square_matrices, sign_norm

    square = [gradient for gradient in loss_gradient.weights.values() if holds_square_matrices(gradient.shape)]
    if not square:
        raise NotApplicable("the network has no trainable convolution with square kernels")
    return sum(sign_norm(gradient, absolute=True) for gradient in square) / len(square)
