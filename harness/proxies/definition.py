"""The definition of a function as a text: the same in every process, another one when its results may be others."""

from __future__ import annotations

import copyreg
import dataclasses
import functools
import hashlib
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MappingProxyType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from harness.proxies.names import Names, code_and_nested, imported_modules
from harness.proxies.ownership import is_own

_PLAIN = (int, float, complex, str, bytes, bool, type(None), type(...), type(NotImplemented), range)
_NAMED = (BuiltinFunctionType, GetSetDescriptorType, MemberDescriptorType, MethodDescriptorType, WrapperDescriptorType)
_EMPTY = (
    type(threading.Lock()),
    type(threading.RLock()),
    weakref.ref,
    weakref.WeakKeyDictionary,
    weakref.WeakValueDictionary,
    weakref.WeakSet,
)
_OF_NO_EFFECT = frozenset(
    {"__dict__", "__weakref__", "__doc__", "__module__", "__annotations__", "__annotate__", "__annotate_func__"}
    | {"__annotations_cache__", "__firstlineno__", "__static_attributes__", "__slotnames__", "_abc_impl"}
)
_DOCUMENTED = 0x4000000  # CO_HAS_DOCSTRING, from Python 3.13


class NotReadable(Exception):
    """An object's content cannot be read; the message says where it is and of which type."""


class Definition:
    """All that a function's results depend on.

    A text is made of every object, with a number in the place of one that was met before, so that cycles end. Addresses
    and the order of sets do not enter it.

    Attributes:
        text: the definition's text.
        names: all names and texts that the code mentions.
        imported: the user's own modules that functions import while they run, by name.
        packages: names of the packages that are not the user's own, of which the text holds names only.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.names = Names()
        self.imported: dict[str, ModuleType] = {}
        self.packages: set[str] = set()
        known = -1
        while known != len(self.names):  # code that is found later may mention further attributes of a module
            known = len(self.names)
            self._numbers: dict[int, int] = {}
            self._kept: list[object] = []  # an address is an object's own for as long as it lives
            self._trail: list[str] = []
            try:
                self.text = self._of(function)
            except RecursionError as error:
                raise NotReadable(f"{self._place()}objects that are nested too deeply") from error
        del self._numbers, self._kept

    def _place(self) -> str:
        return f"{'.'.join(self._trail)}, " if self._trail else ""

    def _of(self, value: object) -> str:
        if type(value) in _PLAIN:
            return repr(value)
        if type(value) is tuple:
            return f"tuple({self._listed(value)})"
        if isinstance(value, CodeType):
            return self._code(value, value.co_consts)
        if _is_named(value):
            self.packages.add(_name(value).removeprefix("module ").partition(".")[0])
            return _name(value)
        if id(value) in self._numbers:
            return f"#{self._numbers[id(value)]}"
        self._numbers[id(value)] = len(self._numbers)
        self._kept.append(value)
        return self._content(value)

    def _content(self, value: Any) -> str:
        if isinstance(value, FunctionType):
            return self._function(value)
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, ModuleType):
            return self._module(value)
        if isinstance(value, (set, frozenset)):
            return f"{self._of(type(value))}({','.join(sorted(map(self._apart, value)))})"
        if type(value) is list:
            return f"list({self._listed(value)})"
        if type(value) in (dict, MappingProxyType):
            return f"dict({','.join(f'{self._of(key)}:{self._of(item)}' for key, item in value.items())})"
        if isinstance(value, _EMPTY):
            return _name(type(value))
        parts = _parts(value)
        return self._reduced(value) if parts is None else f"{_name(type(value))}({self._listed(parts)})"

    def _listed(self, values: Iterable[object]) -> str:
        return ",".join(map(self._of, values))

    def _apart(self, value: object) -> str:
        """Text of an element of a set, which does not depend on the elements before it."""
        numbers = dict(self._numbers)
        try:
            return self._of(value)
        finally:
            self._numbers = numbers

    def _items(self, items: Mapping[str, Any]) -> str:
        """Texts of named values, in the order of their names."""
        texts = []
        for name in sorted(items):
            self._trail.append(name)
            texts.append(f"{name}={self._of(items[name])}")
            self._trail.pop()
        return ";".join(texts)

    def _function(self, function: FunctionType) -> str:
        code = function.__code__
        documented = function.__doc__ is not None and code.co_consts[:1] == (function.__doc__,)
        codes = list(code_and_nested(code))
        cells = [_cell_content(cell) for cell in function.__closure__ or ()]
        parts = [self._code(code, code.co_consts[1:] if documented else code.co_consts)]
        parts += map(self._of, (function.__defaults__, function.__kwdefaults__))
        parts.append(self._items(dict(zip(code.co_freevars, cells, strict=True))))
        parts.append(self._items({name: item for name, item in vars(function).items() if name != "__wrapped__"}))
        module = function.__globals__.get("__name__")
        if is_own(module):
            used = self.names.read(codes)
            everything = self.names.looks_up_globals(codes) and module in sys.modules and module != "__main__"
            parts.append(self._items(_namespace(function.__globals__, None if everything else used)))
            modules = imported_modules(codes, function.__globals__.get("__package__") or "")
            self.imported.update(modules)
            parts.append(self._items(modules))
        return f"function({'|'.join(parts)})"

    def _code(self, code: CodeType, constants: tuple[object, ...]) -> str:
        if code.co_flags & _DOCUMENTED and constants is code.co_consts:
            constants = constants[1:]
        if "__firstlineno__" in code.co_names:  # a class keeps the number of its first line
            constants = tuple(item for item in constants if type(item) is not int or item != code.co_firstlineno)
        arguments = code.co_argcount + code.co_kwonlyargcount
        shape = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & 0xFF)
        called = code.co_varnames[:arguments]
        handlers = getattr(code, "co_exceptiontable", b"").hex()
        return f"code({code.co_code.hex()}{handlers}{shape}{called}{code.co_names}{self._listed(constants)})"

    def _class(self, kind: type) -> str:
        content = {name: item for name, item in vars(kind).items() if name not in _OF_NO_EFFECT}
        parts = self._of(type(kind)), self._listed(kind.__bases__), self._items(content)
        return f"class {kind.__qualname__}({'|'.join(parts)})"

    def _module(self, module: ModuleType) -> str:
        wanted = None if self.names.look_up_attributes else self.names
        return f"module {module.__name__}({self._items(_namespace(vars(module), wanted))})"

    def _reduced(self, value: Any) -> str:
        """Text of an object of any other type: of what would be pickled."""
        try:
            reduce = copyreg.dispatch_table.get(type(value))
            reduced: Any = value.__reduce_ex__(4) if reduce is None else reduce(value)
        except Exception as error:  # a type may raise anything here
            raise NotReadable(f"{self._place()}an object of the type {_name(type(value))}") from error
        if isinstance(reduced, str):
            wrapped = getattr(value, "__wrapped__", None)  # a function with a cache
            return f"{_name(type(value))} {reduced}" if wrapped is None else f"cached({self._of(wrapped)})"
        self._kept.append(reduced)
        parts = [list(part) if hasattr(part, "__next__") else part for part in reduced]
        return f"object({self._of(type(value))}|{self._listed(parts)})"


def _namespace(values: Mapping[str, Any], wanted: Iterable[str] | Names | None) -> dict[str, Any]:
    """Entries of a namespace that are wanted, by default all, but for those that Python itself puts there."""
    if wanted is None:
        return {name: item for name, item in values.items() if not (name.startswith("__") and name.endswith("__"))}
    return {name: values[name] for name in list(values) if name in wanted or name == "__getattr__"}


def _is_named(value: Any) -> bool:
    """Whether an object is known by its name alone: it is of a package that is installed, or of Python itself."""
    if isinstance(value, ModuleType):
        return not is_own(value.__name__)
    if isinstance(value, BuiltinFunctionType):
        return value.__self__ is None or isinstance(value.__self__, ModuleType)
    if isinstance(value, _NAMED):
        return True
    if not isinstance(value, (FunctionType, type)) or is_own(value.__module__):
        return False
    found: Any = sys.modules.get(value.__module__)
    for name in value.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is value or (isinstance(value, type) and not value.__flags__ & 1 << 9)  # 9: made by a statement


def _name(value: Any) -> str:
    if isinstance(value, ModuleType):
        return f"module {value.__name__}"
    module = getattr(value, "__module__", None) or ""
    return f"{module}.{getattr(value, '__qualname__', None) or getattr(value, '__name__', '')}"


def _cell_content(cell: Any) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return NotImplemented  # nothing yet


def _parts(value: Any) -> Iterable[object] | None:
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
    return _array(value)


def _array(value: Any) -> Iterable[object] | None:
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and type(value) is numpy.ndarray and not value.dtype.hasobject:
        return str(value.dtype), value.shape, hashlib.sha256(numpy.ascontiguousarray(value).tobytes()).hexdigest()
    if torch is None or not isinstance(value, torch.Tensor) or value.layout != torch.strided:
        return None
    facts = (type(value).__qualname__, str(value.dtype), tuple(value.shape), value.requires_grad)
    if value.device.type == "meta" or value.is_quantized:
        return facts if value.device.type == "meta" else None
    plain = value.detach().cpu().resolve_conj().resolve_neg().contiguous().reshape(-1).view(torch.uint8)
    return *facts, hashlib.sha256(plain.numpy().tobytes()).hexdigest()
