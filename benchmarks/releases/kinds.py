"""The kinds of official releases: their spaces and trainings, and the meaning of the clients' names of sets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

SEEDS: Final = (111, 777, 888, 999)
"""All seeds of the releases: 777, 888 and 999, and 111 in the 12-epoch training of the topology space."""


@dataclass(frozen=True)
class Split:
    """One set that a training was measured on: its names here, the clients' names, and its meaning."""

    dataset: str
    name: str
    client_dataset: str
    client_set: str
    meaning: str


_HALF = "of networks trained on one half (25,000) of CIFAR-10's training images"
_WHOLE = "of networks trained on all 50,000 training images of"
_IMAGENET = "of networks trained on the 151,700 training images of ImageNet16-120"
SPLITS: Final = (
    Split("cifar10half", "train", "cifar10-valid", "train", f"on the images trained on, {_HALF}"),
    Split("cifar10", "valid", "cifar10-valid", "x-valid", f"on the other half of the training images, {_HALF}"),
    Split("cifar10half", "test", "cifar10-valid", "ori-test", f"on the 10,000 test images, {_HALF}"),
    Split("cifar10", "train", "cifar10", "train", f"on the images trained on, {_WHOLE} CIFAR-10"),
    Split("cifar10", "test", "cifar10", "ori-test", f"on the 10,000 test images, {_WHOLE} CIFAR-10"),
    Split("cifar100", "train", "cifar100", "train", f"on the images trained on, {_WHOLE} CIFAR-100"),
    Split("cifar100", "valid", "cifar100", "x-valid", f"on one half (5,000) of the test images, {_WHOLE} CIFAR-100"),
    Split(
        "cifar100", "test", "cifar100", "x-test", f"on the other half (5,000) of the test images, {_WHOLE} CIFAR-100"
    ),
    Split("cifar100", "validtest", "cifar100", "ori-test", f"on all 10,000 test images, {_WHOLE} CIFAR-100"),
    Split("imagenet16_120", "train", "ImageNet16-120", "train", f"on the images trained on, {_IMAGENET}"),
    Split("imagenet16_120", "valid", "ImageNet16-120", "x-valid", f"on the 3,000 validation images, {_IMAGENET}"),
    Split("imagenet16_120", "test", "ImageNet16-120", "x-test", f"on the 3,000 test images, {_IMAGENET}"),
    Split("imagenet16_120", "validtest", "ImageNet16-120", "ori-test", f"on both together, {_IMAGENET}"),
)
DATASETS: Final[Mapping[str, str]] = {
    "cifar10half": "cifar10-valid",
    "cifar10": "cifar10",
    "cifar100": "cifar100",
    "imagenet16_120": "ImageNet16-120",
}
"""The clients' names of the trainings' data sets, by their names here."""


@dataclass(frozen=True)
class Kind:
    """A kind of release.

    `trainings` has the number of epochs for each training's name in a record, shortest first; `client` is the module
    whose `ArchResults` computes a record's numbers.
    """

    name: str
    space: str
    title: str
    source: str
    licence: str
    trainings: Mapping[str, int]
    client: str
    architecture: re.Pattern[str]
    example: str

    @property
    def epochs(self) -> tuple[int, ...]:
        """Epochs of the trainings, shortest first."""
        return tuple(self.trainings.values())

    @property
    def record_keys(self) -> frozenset[str]:
        """Names of the trainings in a record."""
        return frozenset(self.trainings)


_OPERATION = r"(none|skip_connect|nor_conv_1x1|nor_conv_3x3|avg_pool_3x3)"
_CELL = re.compile(r"\+".join(r"\|" + "".join(rf"{_OPERATION}~{i}\|" for i in range(node)) for node in (1, 2, 3)))
_CHANNELS = re.compile(r"[1-9][0-9]*(:[1-9][0-9]*){4}")
_NATS = "Dong, Liu, Musial and Gabrys 2021, arXiv 2009.00437, github.com/D-X-Y/NATS-Bench"
_CELL_EXAMPLE = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"

TOPOLOGY: Final = Kind(
    "natsbench-topology", "nasbench201", "NATS-Bench, the topology space", _NATS, "MIT (D-X-Y/NATS-Bench)",
    {"12": 12, "200": 200}, "nats_bench", _CELL, _CELL_EXAMPLE,
)  # fmt: skip
SIZE: Final = Kind(
    "natsbench-sizes", "natsbench-sizes", "NATS-Bench, the size space", _NATS, "MIT (D-X-Y/NATS-Bench)",
    {"01": 1, "12": 12, "90": 90}, "nats_bench", _CHANNELS, "8:8:8:8:8",
)  # fmt: skip
NASBENCH201: Final = Kind(
    "nasbench201-pth", "nasbench201", "NAS-Bench-201, the official .pth release",
    "Dong and Yang 2020, arXiv 2001.00326, github.com/D-X-Y/NAS-Bench-201", "MIT (D-X-Y/NAS-Bench-201)",
    {"less": 12, "full": 200}, "nas_201_api", _CELL, _CELL_EXAMPLE,
)  # fmt: skip
KINDS: Final = (TOPOLOGY, SIZE, NASBENCH201)


def kind_of(architectures: Sequence[str], kinds: Sequence[Kind]) -> Kind | None:
    """Kind of release with these architectures; None for an empty list, or architectures of no kind."""
    for kind in kinds:
        if architectures and all(kind.architecture.fullmatch(architecture) for architecture in architectures):
            return kind
    return None
