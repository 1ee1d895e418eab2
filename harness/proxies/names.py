"""Names that code mentions: globals, attributes, and modules that it imports while it runs."""

from __future__ import annotations

import dis
import importlib
import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import CodeType, ModuleType
from typing import Any

from harness.proxies.lookups import ENVIRONMENT, GLOBALS, IMPORTS, LOADED, texts_at
from harness.proxies.ownership import is_own, is_own_file, own_modules

_BY_TEXT = frozenset({"getattr", "vars", "__dict__", "dir", "attrgetter", "methodcaller", "getmembers"})
_GLOBALS_BY_TEXT = frozenset({"globals", "locals", "vars", "eval", "exec"})
_READS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})


class MadeWhileItRuns(Exception):
    """Code finds something by names that only its run tells; the message says what."""


class Names:
    """All names, and texts that may be names, of the code that was read so far.

    Attributes:
        look_up_attributes: whether some code finds attributes, or all it uses, by texts that are made while it runs.
        look_up_modules: whether some code finds modules by texts that are made while it runs.
        variables: names of the environment variables that some code reads.
    """

    def __init__(self) -> None:
        self._known: set[str] = set()
        self.look_up_attributes = False
        self.look_up_modules = False
        self.variables: set[str] = set()

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __len__(self) -> int:
        return len(self._known)

    def among(self, names: Iterable[str]) -> list[str]:
        """Those of some names that are mentioned, in the order of the alphabet."""
        return sorted(self._known.intersection(names))

    def add(self, words: Iterable[str]) -> None:
        """Take further words as mentioned."""
        self._known.update(words)

    def mention(self, *words: str) -> bool:
        """Whether code mentions one of some words, or looks attributes up while it runs."""
        return self.look_up_attributes or not self._known.isdisjoint(words)

    def read(self, codes: Sequence[CodeType], variables: Mapping[str, Any]) -> set[str]:
        """Take the names of some code; returns the globals that it reads.

        Args:
            codes: code of a function and of those inside it.
            variables: the function's globals.

        Raises:
            MadeWhileItRuns: if it reads environment variables by names that are not written in it.
        """
        for code in codes:
            for text in texts_at(code, ENVIRONMENT, variables):
                if text is None:
                    raise MadeWhileItRuns("environment variables by names that are made while it runs")
                self.variables.update(re.findall(r"\w+", text))
        found: set[str] = set()
        for code in codes:
            self._known.update(code.co_names, _texts(code))
            if not _GLOBALS_BY_TEXT.isdisjoint(code.co_names):
                found.update(word for text in _texts(code) for word in re.findall(r"\w+", text))
            found |= {step.argval for step in dis.get_instructions(code) if step.opname in _READS}
        self.look_up_attributes = self.look_up_modules or not (_BY_TEXT | _GLOBALS_BY_TEXT).isdisjoint(self._known)
        return found

    @staticmethod
    def looks_up_globals(codes: Iterable[CodeType]) -> bool:
        """Whether some code finds globals by texts."""
        return any(not _GLOBALS_BY_TEXT.isdisjoint(code.co_names) for code in codes)

    @staticmethod
    def makes_names_of_globals(codes: Iterable[CodeType], variables: Mapping[str, Any]) -> bool:
        """Whether some code finds globals by texts that are made while it runs."""
        return any(text is None for code in codes for text in texts_at(code, GLOBALS, variables))


def code_and_nested(code: CodeType) -> Iterator[CodeType]:
    """The code of a function and of all functions and classes inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from code_and_nested(constant)


def _texts(code: CodeType) -> Iterator[str]:
    return (constant for constant in code.co_consts if type(constant) is str)


def imported_modules(codes: Sequence[CodeType], variables: Mapping[str, Any], names: Names) -> dict[str, ModuleType]:
    """The user's own modules that code imports while it runs, by name; what cannot be imported now is left out.

    Where it finds modules by names that are made while it runs, they are all of the user's own that are loaded, and
    attributes of these may be found in the same way.

    Args:
        codes: the code.
        variables: the globals of the function, which name the package that it is in.
        names: what code mentions, to which is added what the names of modules mention.
    """
    wanted = list(_import_statements(codes, variables.get("__package__") or ""))
    texts = [text for code in codes for finders in (IMPORTS, LOADED) for text in texts_at(code, finders, variables)]
    if texts:
        wanted += [(text, ()) for code in codes for text in _texts(code) if text in sys.modules]
        wanted += [(text.partition(":")[0], ()) for text in texts if text]
        names.add(word for text in texts if text for word in re.findall(r"\w+", text))
    if None in texts:
        names.look_up_attributes = names.look_up_modules = True
        wanted += [(name, ()) for name in own_modules()]
    found = {}
    for name, members in wanted:
        module = _own_module(name)
        if module is not None:
            found[name] = module
            inner = [f"{name}.{member}" for member in members if _lacks(module, member)]
            found.update({key: item for key in inner if (item := _own_module(key)) is not None})
    return found


def _import_statements(codes: Iterable[CodeType], package: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Absolute names of modules and the names that are imported from them."""
    for code in codes:
        steps = list(dis.get_instructions(code))
        for place, step in enumerate(steps):
            if step.opname == "IMPORT_NAME":
                level, members = (before.argval for before in steps[place - 2 : place])
                name = step.argval if not level else _absolute("." * level + step.argval, package)
                yield name, members or ()


def _absolute(name: str, package: str) -> str:
    try:
        return importlib.util.resolve_name(name, package)
    except ImportError:
        return ""


def _lacks(package: ModuleType, member: str) -> bool:
    return hasattr(package, "__path__") and not hasattr(package, member)


def _own_module(name: str) -> ModuleType | None:
    """A module of the user's own, imported if it is not yet."""
    try:
        if not name:
            return None
        if name not in sys.modules:
            spec = importlib.util.find_spec(name.partition(".")[0])
            if spec is None or not is_own_file(spec.origin, name):
                return None
            importlib.import_module(name)
        return sys.modules[name] if is_own(name) else None
    except Exception:  # the import of a user's module may raise anything; the function's will raise it again
        return None
