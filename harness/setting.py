"""What a score depends on beside the architecture, and the seeds that follow from it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from harness.errors import SettingError, unknown

BN_MODES = ("train", "eval")
INITS = ("pytorch", "kaiming_fan_in", "kaiming_fan_out", "xavier", "orthogonal", "gaussian")
INPUTS = ("gaussian", "uniform", "cifar10")
LABELS = ("random", "true")
LOSSES = ("cross_entropy", "mean_squared_error")
DTYPES = ("float32", "float64")
_SMALLEST = {"batch_size": 2, "classes": 2, "width": 1, "depth": 1, "image_size": 4, "channels": 1, "probes": 2}
_OF_THE_SPACE = ("width", "depth")


@dataclass(frozen=True)
class Setting:
    """Everything that decides a score beside the architecture.

    Two scores may be compared when their settings are equal; the store keeps them apart otherwise.

    Args:
        input: where the batch comes from: `gaussian` or `uniform` noise, `cifar10` images, `given` by the caller.
        labels: `random` (uniform over the classes) or `true` (those of the images).
        batch_size: samples in the batch, N.
        image_size: pixels on a side.
        channels: channels of an image.
        classes: outputs of the network, K.
        width: channels of the first stage, C; None for what the space's own networks have (16 in NAS-Bench-201's and
            in DARTS's search).
        depth: cells a stage, N, in NAS-Bench-201 (5), cells in DARTS (8 in its search); None for the space's own.
        init: how the weights are drawn (`harness.spaces.initialisation`).
        bn: `train` normalises by the batch and couples its samples; `eval` by the running statistics, which at
            initialisation are mean 0 and variance 1. The choice decides the sign of the NTK trace's correlation.
        loss: `cross_entropy` or `mean_squared_error` (against one-hot labels), mean over the batch.
        dtype: `float32` or `float64`.
        device: where the network runs: `cpu`, `cuda` or `cuda:1`.
        probes: random sign vectors of the NTK trace's estimate.
        seed: of the weights (with the architecture's key), of the batch and of the probes.
        batch_digest: for images and given batches, a digest of their content; noise follows from the seed.

    Raises:
        SettingError: naming the field, what was given and what is allowed.
    """

    input: str = "gaussian"
    labels: str = "random"
    batch_size: int = 64
    image_size: int = 32
    channels: int = 3
    classes: int = 10
    width: int | None = None
    depth: int | None = None
    init: str = "pytorch"
    bn: str = "train"
    loss: str = "cross_entropy"
    dtype: str = "float32"
    device: str = "cpu"
    probes: int = 4
    seed: int = 0
    batch_digest: str = ""

    def __post_init__(self) -> None:
        for name, allowed in {
            "input": (*INPUTS, "given"),
            "labels": LABELS,
            "init": INITS,
            "bn": BN_MODES,
            "loss": LOSSES,
            "dtype": DTYPES,
        }.items():
            if getattr(self, name) not in allowed:
                raise SettingError(unknown(name, getattr(self, name), allowed))
        for name, smallest in _SMALLEST.items():
            if name not in _OF_THE_SPACE or getattr(self, name) is not None:
                _check_integer(name, getattr(self, name), smallest)
        _check_integer("seed", self.seed, 0)
        device: object = self.device
        if not isinstance(device, str) or re.fullmatch(r"cpu|cuda(:[0-9]+)?", device) is None:
            raise SettingError(f"device must be 'cpu', 'cuda' or 'cuda:1', got {self.device!r}")
        if self.labels == "true" and self.input in ("gaussian", "uniform"):
            raise SettingError(f"labels 'true' need images: input {self.input!r} is noise and has none")

    def sized(self, width: int, depth: int) -> Setting:
        """The setting with the space's own `width` and `depth` where it leaves them open; what scores are stored by."""
        return replace(
            self,
            width=width if self.width is None else self.width,
            depth=depth if self.depth is None else self.depth,
        )

    def json(self) -> str:
        """The setting as one line of JSON with sorted keys: its identity in a store."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Setting:
        """The setting that `json` wrote; `SettingError` names a field that this version does not have."""
        values = json.loads(text)
        check_fields("field of a setting", values)
        return cls(**values)

    def describe(self) -> str:
        """Short text of what differs from the defaults, and of what users ask for first."""
        always = ("input", "batch_size", "width", "depth", "init", "bn", "seed")
        shown = [
            f"{field.name} {getattr(self, field.name)}"
            for field in fields(self)
            if getattr(self, field.name) is not None
            and (field.name in always or getattr(self, field.name) != field.default)
        ]
        return ", ".join(shown)


def check_fields(kind: str, names: Iterable[str]) -> None:
    """Refuse a name that is no field of a setting; `kind` is what the message calls it."""
    known = [field.name for field in fields(Setting)]
    for name in names:
        if name not in known:
            raise SettingError(unknown(kind, name, known))


def _check_integer(name: str, value: Any, smallest: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise SettingError(f"{name} must be a whole number, got {value!r}")
    if value < smallest:
        raise SettingError(f"{name} must be at least {smallest}, got {value}")


def derived_seed(seed: int, *labels: str) -> int:
    """Seed in [0, 2^63) for one purpose: the same (seed, labels) give the same, in any process and order."""
    text = "\x1f".join((str(seed), *labels))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
