"""A model of the seconds of a training, for tables that do not have them.

The release of NATS-Bench has one measurement per cell, the seconds of an epoch of 25,000 images of CIFAR-10 on a GTX
1080Ti, and scales it by the number of images for all its data sets. The model is a least-squares fit against the
multiply-adds on CIFAR-10, over the three cells whose records were available:

| index | 10⁶ multiply-adds | training epoch, s | model | validation of 25,000 images, s | model |
|---|---|---|---|---|---|
| 0 | 15.647 | 7.221 | 6.155 | 2.549 | 2.501 |
| 11 | 113.951 | 12.462 | 12.503 | 4.151 | 4.153 |
| 284 | 11.715 | 4.876 | 5.901 | 2.389 | 2.435 |

The errors of the model are -15 % and +21 % for two cells of almost the same size, since pooling and sums take time but
have no multiply-adds. Its mean over the space depends on these three cells. Against the seconds of all 15,625 cells
(the table `nasbench201-seconds`) it is 5 % too low on average and off by 19 % (root mean square); nine cells in ten are
within -30 % and +29 %, and its Spearman coefficient is 0.83.
"""

from __future__ import annotations

from harness.search.query.indexed import FloatArray

TRAINING = (5.14444316, 0.06457687)
"""Seconds of an epoch of 25,000 training images: a constant, and the seconds per 10⁶ multiply-adds."""
VALIDATION = (2.23843715, 0.01680229)
"""Seconds of a pass over 25,000 validation images: a constant, and the seconds per 10⁶ multiply-adds."""
_IMAGES = 25_000


def training_seconds(macs: FloatArray, *, epochs: int, images: int) -> FloatArray:
    """Modelled seconds of a training, of the shape of `macs`.

    Args:
        macs: multiply-adds of one forward pass on an image of CIFAR-10, for other data sets too.
        epochs: number of epochs of the training.
        images: number of training images per epoch.
    """
    constant, slope = TRAINING
    return (constant + slope * macs / 1e6) * epochs * images / _IMAGES


def validation_seconds(macs: FloatArray, *, images: int) -> FloatArray:
    """Modelled seconds of one pass over the validation images, of the shape of `macs`.

    Args:
        macs: multiply-adds of one forward pass on an image of CIFAR-10, for other data sets too.
        images: number of validation images.
    """
    constant, slope = VALIDATION
    return (constant + slope * macs / 1e6) * images / _IMAGES
