"""Inert replacements for the few globals that the official releases' pickles use; nothing else is looked up.

The list is taken from the genuine files: records use `collections.OrderedDict`, `numpy.dtype` and numpy's `scalar`,
meta files use none. Older pickles (protocol 2, as written by torch.save) also use `_codecs.encode` for bytes and `set`;
records with trained weights use torch's tensor builders, whose weights are never read.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Mapping
from typing import Final

from benchmarks.errors import TableError
from benchmarks.shown import plain, shown

_FORMATS = {"f8": "d", "f4": "f", "f2": "e", "i8": "q", "i4": "i", "u8": "Q", "u4": "I"}


class Ordered(dict[object, object]):
    """Replacement for OrderedDict: a mapping whose attributes a pickle cannot set."""

    def __setstate__(self, state: object) -> None:
        """Drop the attributes (torch puts `_metadata` on the weights of a network)."""


class Dtype:
    """Replacement for numpy.dtype: a type of plain number, and its byte order."""

    def __init__(self, code: object, *_: object) -> None:
        if not isinstance(code, str) or code not in _FORMATS:
            raise pickle.UnpicklingError(f"numbers of numpy's type {shown(code)}; known: {', '.join(_FORMATS)}")
        self.format = "<" + _FORMATS[code]

    def __setstate__(self, state: object) -> None:
        """Take the byte order from numpy's state, (version, order, …); the rest concerns arrays only."""
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else None
        if order not in ("<", ">"):
            raise pickle.UnpicklingError(f"a number's byte order is {shown(order)}; known: < and >")
        self.format = (">" if order == ">" else "<") + self.format[1:]


class Scalar(float):
    """Replacement for numpy's `scalar`: a float made from a number's bytes."""

    def __new__(cls, dtype: object, content: object) -> Scalar:
        """Float of the bytes; an unknown type or a wrong number of bytes is refused."""
        if not isinstance(dtype, Dtype) or not isinstance(content, bytes):
            raise pickle.UnpicklingError("a number that is not a type and its bytes")
        return super().__new__(cls, struct.unpack(dtype.format, content)[0])

    def __setstate__(self, state: object) -> None:
        """Numbers have no attributes."""


class Encoded(bytes):
    """Replacement for `_codecs.encode`, by which protocol 2 writes bytes as text in Latin-1."""

    def __new__(cls, text: object, encoding: object = "latin1") -> Encoded:
        """Bytes of the text; no other encoding is looked up."""
        if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
            raise pickle.UnpicklingError(f"bytes in the encoding {shown(encoding)}; known: latin1")
        return super().__new__(cls, text.encode("latin-1"))

    def __setstate__(self, state: object) -> None:
        """Bytes have no attributes."""


class Large(int):
    """An integer beyond 64 bits, which cannot be a key: such numbers can be chosen so that all of them collide."""

    __hash__ = None  # type: ignore[assignment]

    def __setstate__(self, state: object) -> None:
        """Numbers have no attributes."""


class Members(set[object]):
    """Replacement for `set`."""

    def __setstate__(self, state: object) -> None:
        """Sets have no attributes."""


class Weight:
    """Replacement for a tensor, its storage and its builder, without content."""

    def __init__(self, *_: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        """Weights are not read."""


RECORD_GLOBALS: Final[Mapping[tuple[str, str], type]] = {
    ("collections", "OrderedDict"): Ordered,
    ("numpy", "dtype"): Dtype,
    ("numpy.core.multiarray", "scalar"): Scalar,
    ("numpy._core.multiarray", "scalar"): Scalar,  # written by numpy 2, when a release is saved again
}
TORCH_GLOBALS: Final[Mapping[tuple[str, str], type]] = {
    **RECORD_GLOBALS,
    ("_codecs", "encode"): Encoded,
    ("__builtin__", "set"): Members,
    ("builtins", "set"): Members,
    ("torch._utils", "_rebuild_tensor_v2"): Weight,
    ("torch", "FloatStorage"): Weight,
    ("torch", "LongStorage"): Weight,
}


def refused(file: str, module: str, name: str, allowed: Mapping[tuple[str, str], type]) -> TableError:
    """Error for a global that the releases do not need."""
    known = ", ".join(sorted(".".join(pair) for pair in allowed))
    return TableError(
        f"{file} asks for {plain(module)}.{plain(name)}, which a release does not need; nothing of it was run. "
        f"Allowed: {known}. Do not open this file by other means before you know where it comes from"
    )
