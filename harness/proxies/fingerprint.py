"""A fingerprint of a function's definition, so that scores of an edited function never mix with older scores."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

_PLAIN = (int, float, complex, str, bytes, bool, type(None))


def fingerprint(function: Callable[..., Any], also: str = "") -> str:
    """Hash of a function's definition, eight hexadecimal digits, which changes when its results may have changed.

    It covers the function's code without comments, variable names and docstring, its defaults and closure, and two
    kinds of the globals that it uses: plain values (numbers, text, arrays, tensors and containers of these) and other
    Python functions, to the same extent. It does not cover imported modules, classes and other objects; raise the
    proxy's version when those change. `also` is further text that the fingerprint depends on.
    """
    return hashlib.sha256((_text(function, frozenset()) + also).encode()).hexdigest()[:8]


def _text(value: object, seen: frozenset[int]) -> str:
    """Text of a value that is the same in every process: it has no addresses, and sets are sorted."""
    if isinstance(value, _PLAIN):
        return repr(value)
    if id(value) in seen:
        return "again"
    seen = seen | {id(value)}
    if isinstance(value, (tuple, list)):
        return f"{type(value).__name__}({','.join(_text(item, seen) for item in value)})"
    if isinstance(value, (set, frozenset)):
        return f"set({','.join(sorted(_text(item, seen) for item in value))})"
    if isinstance(value, dict):
        return f"dict({','.join(f'{_text(key, seen)}:{_text(item, seen)}' for key, item in value.items())})"
    if isinstance(value, CodeType):
        return _code(value, value.co_consts, seen)
    if isinstance(value, FunctionType):
        return _function(value, seen)
    if hasattr(value, "tolist") and hasattr(value, "shape"):  # an array or a tensor
        return f"{tuple(value.shape)}{value.tolist()!r}"
    return getattr(value, "__qualname__", "") or f"{type(value).__module__}.{type(value).__qualname__}"


def _function(function: FunctionType, seen: frozenset[int]) -> str:
    code = function.__code__
    documented = function.__doc__ is not None and code.co_consts[:1] == (function.__doc__,)
    constants = code.co_consts[1:] if documented else code.co_consts
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    used = {name: function.__globals__[name] for name in sorted(set(_names(code))) if name in function.__globals__}
    parts = (function.__defaults__, function.__kwdefaults__, cells, used)
    return "".join([_code(code, constants, seen), *(_text(part, seen) for part in parts)])


def _code(code: CodeType, constants: tuple[object, ...], seen: frozenset[int]) -> str:
    return f"{code.co_code.hex()}{code.co_names}{_text(constants, seen)}"


def _names(code: CodeType) -> Iterator[str]:
    """Global names that the code and the code nested in it may use."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
