"""A fingerprint of a function's definition, so that scores of an edited function never mix with older scores."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
from importlib.metadata import packages_distributions, version
from typing import Any

from harness.errors import ProxyError
from harness.proxies.definition import Definition, NotReadable
from harness.proxies.ownership import is_own


def fingerprint(function: Callable[..., Any], also: str = "", kind: str = "proxy") -> str:
    """Hash of a function's definition as it is now, eight hexadecimal digits, the same in every process.

    It covers the code without comments, line numbers, names of variables and the docstring; defaults and closure; the
    globals that it uses and the user's own modules that it imports; and so on for the functions, classes and objects
    that these refer to, with attributes that were set on them and what weak references lead to. Docstrings and
    annotations count where the code reads them. Of a module that is used by its name it covers the attributes whose
    names the code mentions, and all of them where the code looks names up while it runs (`getattr`, `globals`); where
    it finds modules by names that it makes, all of the user's own that are loaded. Of the environment it covers the
    variables whose names stand in the code. Of installed packages, the standard library and this package it covers the
    names only; of a function that an installed package brings also the package's version. Locks count as empty.

    Not seen, so that the proxy's version has to be raised by hand: files that it reads, operators that are registered
    with PyTorch, code that replaces methods of an installed class which only the network uses
    (`nn.ReLU.forward = ...`), and a function of an installed package that stands in the place of another one
    (`nn.init.ones_ = nn.init.zeros_`): worker processes run the original of these. Write a sub-class instead.

    Args:
        function: a function, or another object that can be called.
        also: further text that the fingerprint depends on.
        kind: what the function is, for messages: a proxy or a measurement.

    Raises:
        ProxyError: if it depends on an object whose content cannot be read, such as an open file; on environment
            variables, or globals of the main module, whose names are made while it runs; or on a function or class of
            an installed package that code of the user's own has replaced.
    """
    text = definition(function, kind).text + also + _installed_version(getattr(function, "__module__", None))
    return short_hash(text)


def short_hash(text: str) -> str:
    """The first eight hexadecimal digits of a text's SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _installed_version(module: str | None) -> str:
    """The distributions that bring a module, with their versions; empty for a module of the user's own."""
    if module is None or is_own(module):
        return ""
    brought = _distributions().get(module.partition(".")[0], ())
    return "".join(f" {name} {version(name)}" for name in sorted(set(brought)))


@functools.cache
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


def definition(function: Callable[..., Any], kind: str = "proxy") -> Definition:
    """What a function's fingerprint is made of.

    Raises:
        ProxyError: if it depends on an object whose content cannot be read.
    """
    try:
        return Definition(function)
    except NotReadable as error:
        raise ProxyError(f"{kind} {getattr(function, '__name__', '')!r} depends on {error}") from error
