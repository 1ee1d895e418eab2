"""The conditions under which networks are scored as the network of each task, with the task's loss.

Objects have no condition: their network is that of scenes but for the number of classes. Proxies in `refused` say that
they do not apply to the network (a decoder has leaky ReLUs and no pool, pictures have no classes, a tile of a jigsaw is
too small), so they are not asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from harness.studies.kinds import Condition

_SMALL = {"width": 16, "image_size": 64}
_OF_RELUS = ("nwot", "swap", "l_swag", "near", "wrcor")
_OF_IMAGES = (*_OF_RELUS, "zen", "epe_nas")


class OwnNetwork(NamedTuple):
    """The network of one task.

    Attributes:
        condition: how it is scored.
        refused: proxies of the study that do not apply to it.
    """

    condition: Condition
    refused: tuple[str, ...]


OWN: Mapping[str, OwnNetwork] = {
    "jigsaw": OwnNetwork(
        Condition(
            "jigsaws of 3 × 3 tiles of 16 × 16 pixels", {"width": 16, "image_size": 48}, space="transnas-micro-jigsaw"
        ),
        ("meco", "zen", "near"),
    ),
    "normal": OwnNetwork(Condition("surface normals", _SMALL, space="transnas-micro-normal"), _OF_IMAGES),
    "autoencoder": OwnNetwork(
        Condition("autoencoder", {**_SMALL, "labels": "true"}, space="transnas-micro-autoencoder"), _OF_IMAGES
    ),
    "segmentsemantic": OwnNetwork(Condition("segmentation", _SMALL, space="transnas-micro-segmentation"), _OF_IMAGES),
    "room_layout": OwnNetwork(Condition("room layout", _SMALL, space="transnas-micro-room-layout"), ("epe_nas",)),
}
"""The tasks with networks of their own, in the order of the table."""
CLAIMED = "valid"
"""The pool of the claims and the figure: networks without dead branches."""
SHARE = 4
"""One of so many networks of the sample is scored as the network of each task."""
