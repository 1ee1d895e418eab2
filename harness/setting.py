"""The setting of a score: everything that it depends on in addition to the architecture; derived seeds."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypedDict

from harness.errors import SettingError, check_whole, unknown
from harness.text.shown import shown

if TYPE_CHECKING:
    from typing_extensions import Unpack

BN_MODES = ("train", "eval")
INITS = ("pytorch", "kaiming_fan_in", "kaiming_fan_out", "xavier", "orthogonal", "gaussian")
NOISE = ("gaussian", "uniform")
"""Sources of batches that follow from the seed alone."""
INPUTS = (*NOISE, "cifar10")
"""Sources of the batches of image spaces."""
LABELS = ("random", "true")
DTYPES = ("float32", "float64")
_ALWAYS = ("input", "batch_size", "width", "depth", "init", "bn", "seed")
_LAST = ("width", "depth")
_FROM_NONE = ("stem_layers",)
"""Sizes that may be 0."""


class Shape(Mapping[str, int]):
    """Sizes of a space's networks and inputs by name, such as width 16 and depth 5; equal shapes have equal hashes."""

    __slots__ = ("_sizes",)

    def __init__(self, sizes: Mapping[str, int] | None = None) -> None:
        self._sizes = dict(sizes or {})

    def __getitem__(self, name: str) -> int:
        return self._sizes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sizes)

    def __len__(self) -> int:
        return len(self._sizes)

    def __hash__(self) -> int:
        return hash(frozenset(self._sizes.items()))

    def __repr__(self) -> str:
        return f"Shape({self._sizes!r})"


class SizeKeywords(TypedDict, total=False):
    """The sizes of the built-in spaces as keywords, for type checkers; sizes of other spaces go by `shape={...}`."""

    image_size: int
    channels: int
    classes: int
    width: int
    depth: int
    nodes: int
    features: int
    hidden: int
    head_layers: int
    stem_layers: int


class OptionalSizes(TypedDict, total=False):
    """The same keywords where None leaves a size to the space."""

    image_size: int | None
    channels: int | None
    classes: int | None
    width: int | None
    depth: int | None
    nodes: int | None
    features: int | None
    hidden: int | None
    head_layers: int | None
    stem_layers: int | None


class SettingKeywords(OptionalSizes, total=False):
    """The fields and sizes of a `Setting` as keywords, for type checkers."""

    input: str
    labels: str
    batch_size: int
    init: str
    bn: str
    loss: str | None
    dtype: str
    device: str
    probes: int
    seed: int
    batch_digest: str
    shape: Mapping[str, int] | None


@dataclass(frozen=True, init=False)
class Setting:
    """Everything that a score depends on in addition to the architecture.

    Two scores may be compared when their settings are equal; otherwise the store keeps them apart. The space fills in
    values that are not given here (a size that is not in `shape`, a `loss` of None).

    Args:
        input: source of the batch: `gaussian` or `uniform` noise, another source that the space has (`cifar10` for
            images), or `given` by the caller.
        labels: kind of labels, `random` (uniform over the classes) or `true` (those of the images).
        batch_size: number of samples in the batch, N.
        init: name of the weights' initialisation (`harness.spaces.initialisation`).
        bn: mode of batch norm: `train` normalises by the batch and couples its samples; `eval` normalises by the
            running statistics, which at initialisation are mean 0 and variance 1. The NTK trace's correlation has
            another sign in each mode.
        loss: a loss of the space's problem, such as `cross_entropy` or `mean_squared_error` for classes
            (`harness.problem`); None for the problem's default.
        dtype: floating point type, `float32` or `float64`.
        device: device of the network: `cpu`, `cuda` or `cuda:1`. Stores know its kind alone (`cpu`, `cuda`).
        probes: number of random sign vectors in the estimate of the NTK's trace.
        seed: seed of the weights (with the architecture's key), of the batch and of the probes.
        batch_digest: digest of the content of images and given batches; empty for noise, which follows from the seed.
        shape: sizes of the networks and inputs by name. `Space.shape` has their names and bounds: width, depth,
            classes, channels and image_size for NAS-Bench-201.
        **sizes: single sizes of `shape`, as in `Setting(width=8)`; None leaves a size to the space. A type checker
            knows those of the built-in spaces; those of other spaces go by `shape={"hidden": 8}`.

    Raises:
        SettingError: naming the field, the given value and the allowed values.
    """

    input: str
    labels: str
    batch_size: int
    init: str
    bn: str
    loss: str | None
    dtype: str
    device: str
    probes: int
    seed: int
    batch_digest: str
    shape: Shape

    def __init__(
        self,
        *,
        input: str = "gaussian",
        labels: str = "random",
        batch_size: int = 64,
        init: str = "pytorch",
        bn: str = "train",
        loss: str | None = None,
        dtype: str = "float32",
        device: str = "cpu",
        probes: int = 4,
        seed: int = 0,
        batch_digest: str = "",
        shape: Mapping[str, int] | None = None,
        **sizes: Unpack[OptionalSizes],
    ) -> None:
        if not isinstance(shape, (Mapping, type(None))) or not all(isinstance(name, str) for name in shape or ()):
            raise SettingError(f"shape must give sizes by name, such as {{'width': 8}}, got {shown(shape)}")
        given: list[tuple[str, Any]] = [*(shape or {}).items(), *sizes.items()]
        named = {name: size for name, size in given if size is not None}  # None leaves the others as they are
        values = {
            "input": input, "labels": labels, "batch_size": batch_size, "init": init, "bn": bn, "loss": loss,
            "dtype": dtype, "device": device, "probes": probes, "seed": seed, "batch_digest": batch_digest,
            "shape": Shape(named),
        }  # fmt: skip
        for name, value in values.items():
            object.__setattr__(self, name, value)
        self._check()

    def _check(self) -> None:
        for name, allowed in {"labels": LABELS, "init": INITS, "bn": BN_MODES, "dtype": DTYPES}.items():
            if getattr(self, name) not in allowed:
                raise SettingError(unknown(name, getattr(self, name), allowed))
        for name in ("input", "loss"):
            value = getattr(self, name)
            if not (isinstance(value, str) and value) and (name, value) != ("loss", None):
                raise SettingError(f"{name} must be a name, got {value!r}")
        for name, least in (("batch_size", 2), ("probes", 2), ("seed", 0)):
            check_whole(name, getattr(self, name), least, SettingError)
        for name, size in self.shape.items():
            check_whole(name, size, 0 if name in _FROM_NONE else 1, SettingError)
        device: object = self.device
        if not isinstance(device, str) or re.fullmatch(r"cpu|cuda(:[0-9]+)?", device) is None:
            raise SettingError(f"device must be 'cpu', 'cuda' or 'cuda:1', got {self.device!r}")

    def json(self) -> str:
        """The setting as one line of JSON with sorted keys, by which a store identifies it, with the device's kind."""
        return json.dumps({**self.values(), "device": device_kind(self.device)}, sort_keys=True)

    def values(self) -> dict[str, Any]:
        """All fields by name, with the shape as a plain dictionary."""
        return {field.name: getattr(self, field.name) for field in fields(self)} | {"shape": dict(self.shape)}

    @classmethod
    def from_json(cls, text: str) -> Setting:
        """The setting from the text of `json`; `SettingError` names a field that this version does not have."""
        values = json.loads(text)
        check_fields("field of a setting", values)
        return cls(**values)

    def describe(self, usual: Mapping[str, Any] | None = None) -> str:
        """Short text of the values that differ from the usual ones, and of the most important others.

        Args:
            usual: values and sizes that need not be mentioned, in addition to the defaults of this class;
                `harness.spaces.space.described` adds those of a space.
        """
        usual = {**Setting().flat(), **(usual or {})}
        shown = {
            name: value
            for name, value in self.flat().items()
            if value is not None and (name in _ALWAYS or value != usual.get(name))
        }
        return ", ".join(f"{name} {value}" for name, value in shown.items())

    def differs_in(self, other: Setting) -> list[str]:
        """Names of the values and sizes that differ from those of another setting."""
        ours, theirs = self.flat(), other.flat()
        return [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]

    def flat(self) -> dict[str, Any]:
        """All values and sizes by name, with the sizes after `batch_size`."""
        values = self.values()
        sizes = sorted(values.pop("shape").items(), key=lambda size: size[0] in _LAST)
        found: dict[str, Any] = {}
        for name, value in values.items():
            found[name] = value
            if name == "batch_size":
                found.update(sizes)
        return found


def device_kind(device: str) -> str:
    """The kind of a device: whichever of several GPUs computes, the scores are of one kind.

    >>> device_kind("cuda:2"), device_kind("cpu")
    ('cuda', 'cpu')
    """
    return device.partition(":")[0]


def check_fields(kind: str, names: Iterable[str], more: Iterable[str] = ()) -> None:
    """Refuse names that are neither fields of a setting nor in `more`; `kind` is their kind in the message."""
    known = [*(field.name for field in fields(Setting)), *more]
    for name in names:
        if name not in known:
            raise SettingError(unknown(kind, name, known))


def derived_seed(seed: int, *labels: str) -> int:
    """Seed in [0, 2^63) for one purpose, which follows from (seed, labels) alone, in any process and order."""
    text = "\x1f".join((str(seed), *labels))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
