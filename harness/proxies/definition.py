"""The definition of a function as a text: the same in every process, another one when its results may be others."""

from __future__ import annotations

import builtins
import copyreg
import dis
import importlib
import os
import pkgutil
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MappingProxyType,
    MemberDescriptorType,
    MethodDescriptorType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from harness.proxies.contents import (
    cell_content,
    hidden_attributes,
    is_found_by_name,
    is_of_own_class,
    parts_of,
    set_attributes,
)
from harness.proxies.names import MadeWhileItRuns, Names, code_and_nested, imported_modules
from harness.proxies.ownership import is_own
from harness.proxies.patched import replaced_in

_PLAIN = (int, float, complex, str, bytes, bool, type(None), type(...), type(NotImplemented), range)
_NAMED = (BuiltinFunctionType, GetSetDescriptorType, MemberDescriptorType, MethodDescriptorType, WrapperDescriptorType)
_LOCKS = (type(threading.Lock()), type(threading.RLock()))
_FOUND_BY_TEXT: Mapping[str, object] = {
    "environ": os.environ,
    "getenv": os.getenv,
    "modules": sys.modules,
    "import_module": importlib.import_module,
    "resolve_name": pkgutil.resolve_name,
}
"""What code finds something with, by the name that `harness.proxies.lookups` knows it by."""
_OF_NO_EFFECT = frozenset(
    {"__dict__", "__weakref__", "__doc__", "__module__", "__annotations__", "__annotate__", "__annotate_func__"}
    | {"__annotations_cache__", "__firstlineno__", "__static_attributes__", "__slotnames__", "_abc_impl"}
)
_OF_TEXTS: Mapping[str, tuple[str, ...]] = {
    "__doc__": ("__doc__", "getdoc"),
    "__annotations__": ("__annotations__", "get_type_hints", "get_annotations", "signature", "getfullargspec"),
    "__wrapped__": ("__wrapped__", "unwrap", "signature"),
    "__name__": ("__name__", "__qualname__"),
    "__qualname__": ("__name__", "__qualname__"),
}
"""Attributes of a function or class that have an effect where code mentions certain words."""
_DOCUMENTED = 0x4000000  # CO_HAS_DOCSTRING, from Python 3.13


class NotReadable(Exception):
    """Something that a function depends on cannot be read; the message says what, where, and what to do."""

    def __init__(self, what: str, so: str = "whose content cannot be read: make it inside the function") -> None:
        super().__init__(f"{what}, {so}")


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
            self._searched: set[str] = set()
            try:
                self.text = self._of(function)
            except RecursionError as error:
                raise NotReadable(f"{self._place()}objects that are nested too deeply") from error
        self.text += "".join(f" {name}={os.environ.get(name)!r}" for name in sorted(self.names.variables))
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
        if finder := self._finder(value):
            return finder
        if _is_named(value):
            self._check_replaced(value)
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
        if isinstance(value, _LOCKS):
            return _name(type(value))
        parts = parts_of(value)
        return self._reduced(value) if parts is None else f"{self._of(type(value))}({self._listed(parts)})"

    def _finder(self, value: object) -> str:
        """The name of what code finds something with, such as `os.environ`; empty for anything else."""
        name = next((name for name, each in _FOUND_BY_TEXT.items() if value is each), "")
        if name and self._trail[-1:] not in ([], [name]):
            raise NotReadable(f"{self._place()}{name!r} under another name", "which is not followed: use its own")
        return name

    def _check_replaced(self, value: Any) -> None:
        """Refuse code of the user's own that stands in an installed package, since worker processes lack it."""
        for place in replaced_in(value, self.names, self._searched):
            so = "which code of your own has replaced, and worker processes would not: call yours by its own name"
            raise NotReadable(place, so)

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
        module = function.__globals__.get("__name__")
        documented = function.__doc__ is not None and code.co_consts[:1] == (function.__doc__,)
        codes = list(code_and_nested(code))
        cells = [cell_content(cell) for cell in function.__closure__ or ()]
        if not is_own(module):  # a cache, such as that of singledispatch
            cells = [
                weakref.WeakKeyDictionary if isinstance(cell, weakref.WeakKeyDictionary) else cell for cell in cells
            ]
        parts = [self._code(code, _without_docstring(code) if documented else code.co_consts)]
        parts += map(self._of, (function.__defaults__, function.__kwdefaults__))
        parts.append(self._items(dict(zip(code.co_freevars, cells, strict=True))))
        parts.append(self._items({name: item for name, item in vars(function).items() if name != "__wrapped__"}))
        parts.append(self._items(self._of_texts(function)))
        if is_own(module):
            used = self._names_read(codes, function.__globals__)
            everything = self.names.looks_up_globals(codes) and module in sys.modules and module != "__main__"
            parts.append(self._items(_namespace(function.__globals__, None if everything else used)))
            built_in = _namespace(vars(builtins), used - function.__globals__.keys())
            parts.append(self._items({name: item for name, item in built_in.items() if not _is_named(item)}))
            modules = imported_modules(codes, function.__globals__, self.names)
            self.imported.update(modules)
            parts.append(self._items(modules))
        return f"function({'|'.join(parts)})"

    def _names_read(self, codes: Sequence[CodeType], variables: dict[str, Any]) -> set[str]:
        """The globals that code reads, by the names that stand in it."""
        so = "which cannot be known before: write the names in the function"
        try:
            used = self.names.read(codes, variables)
        except MadeWhileItRuns as error:
            raise NotReadable(f"{self._place()}{error}", so) from None
        if variables.get("__name__") == "__main__" and self.names.makes_names_of_globals(codes, variables):
            raise NotReadable(f"{self._place()}globals by names that are made while it runs", so)
        return used

    def _of_texts(self, value: Any) -> dict[str, Any]:
        """Docstring, annotations and so on of a function or class, where code mentions them."""
        names = [name for name, words in _OF_TEXTS.items() if self.names.mention(*words)]
        return {name: item for name in names if (item := getattr(value, name, None)) is not None}

    def _code(self, code: CodeType, constants: tuple[object, ...]) -> str:
        if code.co_flags & _DOCUMENTED and constants is code.co_consts:
            constants = _without_docstring(code)
        if "__firstlineno__" in code.co_names:  # a class keeps the number of its first line
            constants = tuple(item for item in constants if type(item) is not int or item != code.co_firstlineno)
        arguments = code.co_argcount + code.co_kwonlyargcount
        shape = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & 0xFF)
        called = code.co_varnames[:arguments]
        handlers = getattr(code, "co_exceptiontable", b"").hex()
        return f"code({code.co_code.hex()}{handlers}{shape}{called}{code.co_names}{self._listed(constants)})"

    def _class(self, kind: type) -> str:
        content = {name: item for name, item in vars(kind).items() if name not in _OF_NO_EFFECT}
        content |= {name: item for name, item in self._of_texts(kind).items() if name in vars(kind)}
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
            if wrapped is not None:
                return f"cached({self._of(wrapped)}|{self._items(set_attributes(value))})"
            hidden = hidden_attributes(value, reduced)
            if not is_of_own_class(value) and not is_found_by_name(value, reduced):
                raise NotReadable(f"{self._place()}an object of the type {_name(type(value))}")
            return f"{self._of(type(value))} {reduced}({self._items(hidden)})"
        self._kept.append(reduced)
        hidden = hidden_attributes(value, reduced)
        parts = [list(part) if hasattr(part, "__next__") else part for part in reduced]
        return f"object({self._of(type(value))}|{self._listed(parts)}|{self._items(hidden)})"


def _namespace(values: Mapping[str, Any], wanted: Iterable[str] | Names | None) -> dict[str, Any]:
    """Entries of a namespace that are wanted, by default all, but for those that Python itself puts there."""
    if wanted is None:
        return {name: item for name, item in values.items() if not (name.startswith("__") and name.endswith("__"))}
    return {name: values[name] for name in list(values) if name in wanted or name == "__getattr__"}


def _without_docstring(code: CodeType) -> tuple[object, ...]:
    """The constants of code but for its docstring; where an instruction loads this one too, it stays."""
    loaded = any(step.arg == 0 and step.opcode in dis.hasconst for step in dis.get_instructions(code))
    return code.co_consts if loaded else code.co_consts[1:]


def _is_named(value: Any) -> bool:
    """Whether an object is known by its name alone: it is of a package that is installed, or of Python itself."""
    if isinstance(value, ModuleType):
        return not is_own(value.__name__)
    if isinstance(value, BuiltinFunctionType):
        return value.__self__ is None or isinstance(value.__self__, ModuleType)
    if isinstance(value, _NAMED):
        return True
    if not isinstance(value, (FunctionType, type)):
        return False
    module: object = value.__module__
    if module is not None and not isinstance(module, str):
        return True  # a class that Cython has made
    if is_own(module):
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
