"""Seconds that a training takes, modelled where a table does not hold them.

The release of NATS-Bench has one measurement a cell, the seconds of an epoch of 25,000 images of CIFAR-10 on a GTX
1080Ti, and scales it by the number of images for all its data sets. Least squares over the three cells of which the
records were at hand, against their multiply-adds on CIFAR-10:

| index | 10⁶ multiply-adds | training epoch, s | model | validation of 25,000 images, s | model |
|---|---|---|---|---|---|
| 0 | 15.647 | 7.221 | 6.155 | 2.549 | 2.501 |
| 11 | 113.951 | 12.462 | 12.503 | 4.151 | 4.153 |
| 284 | 11.715 | 4.876 | 5.901 | 2.389 | 2.435 |

The model is off by -15 % and +21 % for two cells of almost the same size: poolings and sums cost time and no
multiply-adds. Its mean over the space rests on these three cells.
"""

from __future__ import annotations

from harness.search.query.indexed import FloatArray

TRAINING = (5.14444316, 0.06457687)
"""Seconds of an epoch of 25,000 training images: a constant, and for 10⁶ multiply-adds."""
VALIDATION = (2.23843715, 0.01680229)
"""Seconds of a pass over 25,000 validation images, likewise."""
_IMAGES = 25_000


def training_seconds(multiply_adds: FloatArray, *, epochs: int, images: int) -> FloatArray:
    """Modelled seconds of a training of so many epochs on so many images, of the shape of the multiply-adds.

    Args:
        multiply_adds: of one forward pass on an image of CIFAR-10, also for the other data sets.
        epochs: of the training.
        images: trained on in an epoch.
    """
    constant, slope = TRAINING
    return (constant + slope * multiply_adds / 1e6) * epochs * images / _IMAGES


def validation_seconds(multiply_adds: FloatArray, *, images: int) -> FloatArray:
    """Modelled seconds of one pass over so many validation images; arguments as those of `training_seconds`."""
    constant, slope = VALIDATION
    return (constant + slope * multiply_adds / 1e6) * images / _IMAGES
