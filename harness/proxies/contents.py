"""What an object is made of, for objects that are not read as they would be pickled."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import pickle
import sys
import weakref
from collections.abc import Callable, Iterable, Mapping
from types import MethodType
from typing import Any

from harness.proxies.ownership import is_own

_CONTAINERS: Mapping[type, Callable[[Any], object]] = {
    dict: lambda value: list(dict.items(value)),
    list: lambda value: list(list.__iter__(value)),
    tuple: lambda value: list(tuple.__iter__(value)),
    set: lambda value: set(set.__iter__(value)),
    str: str.__str__,
    float: float.__float__,
    int: int.__int__,
}
"""What the built-in part of an object of a sub-class holds, whatever the sub-class makes of it."""
_WEAK_MAPPINGS = (weakref.WeakKeyDictionary, weakref.WeakValueDictionary)


def parts_of(value: Any) -> Iterable[object] | None:
    """The parts of an object that make its content, for types that cannot be pickled or are large; None for others."""
    if isinstance(value, MethodType):
        return value.__func__, value.__self__
    if isinstance(value, (staticmethod, classmethod)):
        return (value.__func__,)
    if isinstance(value, property):
        return value.fget, value.fset, value.fdel
    if isinstance(value, functools.cached_property):
        return (value.func,)
    if isinstance(value, dataclasses.Field):
        return [getattr(value, name) for name in sorted(value.__slots__) if name not in ("type", "_field_type")]
    if isinstance(value, weakref.ref):
        return (value(),)
    if isinstance(value, _WEAK_MAPPINGS):
        return (dict(value),)
    if isinstance(value, weakref.WeakSet):
        return (set(value),)
    return _array(value)


def cell_content(cell: Any) -> object:
    """What a closure's cell holds; NotImplemented for nothing yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return NotImplemented


def set_attributes(function: object) -> dict[str, Any]:
    """What was set on a function with a cache, but for what `functools.wraps` sets."""
    return {name: item for name, item in vars(function).items() if not name.startswith("__")}


def is_of_own_class(value: object) -> bool:
    """Whether an object's class is of a user's own module."""
    module: object = type(value).__module__  # a class that Cython has made may hold a descriptor here
    return isinstance(module, str) and is_own(module)


def hidden_attributes(value: object, reduced: object) -> dict[str, object]:
    """Attributes of an object of a user's own class that are not among what would be pickled.

    Args:
        value: the object.
        reduced: what its `__reduce_ex__` gave.
    """
    if not is_of_own_class(value):
        return {}
    found: dict[str, object] = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                found[name] = getattr(value, name)
    if any(name in vars(kind) for kind in type(value).__mro__[:-1] for name in ("__reduce__", "__reduce_ex__")):
        found.update(
            {f"in {kind.__name__}": read(value) for kind, read in _CONTAINERS.items() if isinstance(value, kind)}
        )
    state = reduced[2] if isinstance(reduced, tuple) and len(reduced) > 2 else None
    shown: dict[str, object] = {}
    for part in state if isinstance(state, tuple) else (state,):
        shown.update(part if type(part) is dict else {})
    return {name: item for name, item in found.items() if name not in shown or shown[name] is not item}


def is_found_by_name(value: Any, name: str) -> bool:
    """Whether an object that would be pickled by its name is the one that has this name."""
    if type(value).__module__ in ("typing", "_typing"):
        return True  # a type variable, which has no effect
    found: Any = sys.modules.get(pickle.whichmodule(value, name))  # type: ignore[attr-defined]  # typeshed leaves it out
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is value


def _array(value: Any) -> Iterable[object] | None:
    """Facts of a dense array or tensor, a hash of its content, and the attributes that were set on it."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and type(value) is numpy.ndarray and not value.dtype.hasobject:
        order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"  # what a pickle keeps
        digest = hashlib.sha256(numpy.ascontiguousarray(value).tobytes()).hexdigest()
        return str(value.dtype), value.shape, order, digest
    if torch is None or not isinstance(value, torch.Tensor) or value.layout != torch.strided:
        return None
    hooks = list((value._backward_hooks or {}).values()) if value.is_leaf else []
    facts = (str(value.dtype), tuple(value.shape), value.stride(), value.requires_grad, vars(value), hooks)
    if value.device.type == "meta" or value.is_quantized:
        return facts if value.device.type == "meta" else None
    plain = value.detach().cpu().resolve_conj().resolve_neg().contiguous().reshape(-1).view(torch.uint8)
    return *facts, hashlib.sha256(plain.numpy().tobytes()).hexdigest()
