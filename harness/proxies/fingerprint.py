"""A fingerprint of a function's definition, so that scores of an edited function never mix with older scores."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from harness.errors import ProxyError
from harness.proxies.definition import Definition, NotReadable


def fingerprint(function: Callable[..., Any], also: str = "") -> str:
    """Hash of a function's definition as it is now, eight hexadecimal digits, the same in every process.

    It covers the code without comments, line numbers, names of variables and the docstring; defaults and closure; the
    globals that it uses and the user's own modules that it imports; and so on for the functions, classes and objects
    that these refer to. Of a module that is used by its name it covers the attributes whose names the code mentions,
    and all of them where the code looks names up while it runs (`getattr`, `globals`). Of installed packages, the
    standard library and this package it covers the names only. Locks and weak references count as empty. Raise the
    proxy's version when something else changes that its results depend on, such as a file that it reads.

    Args:
        function: a function, or another object that can be called.
        also: further text that the fingerprint depends on.

    Raises:
        ProxyError: if it depends on an object whose content cannot be read, such as an open file.
    """
    return short_hash(definition(function).text + also)


def short_hash(text: str) -> str:
    """The first eight hexadecimal digits of a text's SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def definition(function: Callable[..., Any]) -> Definition:
    """What a function's fingerprint is made of.

    Raises:
        ProxyError: if it depends on an object whose content cannot be read.
    """
    try:
        return Definition(function)
    except NotReadable as error:
        raise ProxyError(
            f"proxy {getattr(function, '__name__', '')!r} depends on {error}, whose content cannot be read: "
            "make it inside the function"
        ) from error
