"""The fingerprint of a user's own function sees every edit that may change its results, and nothing else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from harness.errors import ProxyError
from harness.proxies.fingerprint import fingerprint
from harness.proxies.ownership import is_own
from tests.proxies.definitions import SOURCES


def fingerprint_of(source: str, **there: Any) -> str:
    namespace: dict[str, Any] = dict(there)
    exec(source, namespace)
    return fingerprint(namespace["mine"])


@pytest.mark.parametrize("kind", SOURCES)
def test_it_sees_an_edit_of_all_that_the_function_refers_to_and_not_where_it_stands(kind: str) -> None:
    source, other = (SOURCES[kind].replace("VALUE", value) for value in ("1.5", "2.5"))
    assert fingerprint_of(source) == fingerprint_of(f"# why\n\n{source}\n") != fingerprint_of(other)


@pytest.mark.slow
def test_it_is_the_same_in_other_processes() -> None:
    sources = [source.replace("VALUE", "1.5") for source in SOURCES.values()]
    program = (
        "import sys; from harness.proxies.fingerprint import fingerprint\n"
        "for source in eval(sys.stdin.read()):\n"
        "    namespace = {}; exec(source, namespace); print(fingerprint(namespace['mine']))"
    )
    for seed in "12":
        there = subprocess.run(
            [sys.executable, "-c", program], input=repr(sources), env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert there.stdout.split() == [fingerprint_of(source) for source in sources]


@pytest.mark.parametrize(
    ("source", "change"),
    [
        ("def mine(x): return x.grad", "grad = 3"),
        ("K = 1\ndef mine(x): return K", "unrelated = object()"),
        ("def mine(x):\n    y = 1\n    return y", "def mine(x):\n    z = 1\n    return z"),
        ("class H:\n    def f(self): return 1\ndef mine(x): return H().f()", "H.f.__doc__ = 'Words.'"),
        ("def mine(x) -> float: return x", "def mine(x: int): return x"),
    ],
)
def test_it_does_not_see_what_has_no_effect(source: str, change: str) -> None:
    assert fingerprint_of(source) == fingerprint_of(f"{source}\n{change}")


def test_a_value_that_changes_after_the_definition_is_seen() -> None:
    namespace: dict[str, Any] = {}
    exec("K = [1]\ndef mine(x): return K", namespace)
    before = fingerprint(namespace["mine"])
    namespace["K"].append(2)
    assert fingerprint(namespace["mine"]) != before


def test_what_cannot_be_read_is_refused_by_name() -> None:
    with (
        socket.socket() as opened,
        pytest.raises(ProxyError, match=r"'mine' depends on line, .*socket.*inside the function"),
    ):
        fingerprint_of("def mine(x): return line", line=opened)
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(ProxyError, match="nested too deeply"):
        fingerprint_of("def mine(x): return deep", deep=nested)
    while nested:  # Python's own way to let go of it is as deep
        nested = nested[0]


def test_locks_and_loggers_are_no_content() -> None:
    source = "import logging, threading\nguard, log = threading.Lock(), logging.getLogger('a')\n"
    assert fingerprint_of(source + "def mine(x):\n    with guard: log.info('')")


@pytest.fixture
def helpers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of the user's own, outside the folders where packages are installed."""
    folder = tmp_path / "my_helpers"
    folder.mkdir()
    (folder / "__init__.py").write_text("from my_helpers.inner import scaled\nUNUSED = 1\n")
    (folder / "inner.py").write_text("SCALE = 1\ndef scaled(x): return SCALE * x\ndef unused(x): return x\n")
    (folder / "late.py").write_text("SHIFT = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("my_helpers", "my_helpers.inner", "my_helpers.late"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return folder


USES = [
    "import my_helpers\ndef mine(x): return my_helpers.scaled(x)",
    "import my_helpers.inner as inner\ndef mine(x): return inner.scaled(x)",
    "from my_helpers import scaled\ndef mine(x): return scaled(x)",
    "def mine(x):\n    import my_helpers\n    return my_helpers.scaled(x)",
    "def mine(x):\n    from my_helpers.inner import scaled\n    return scaled(x)",
    "import importlib, my_helpers.inner\ndef mine(x): return importlib.import_module('my_helpers.inner').scaled(x)",
    "import my_helpers\ndef call(m, x): return m.scaled(x)\ndef mine(x): return call(my_helpers, x)",
]


@pytest.mark.parametrize("source", USES)
def test_modules_of_the_users_own_are_seen(helpers: Path, source: str) -> None:
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    before = fingerprint(namespace["mine"])
    inner = sys.modules["my_helpers.inner"]
    inner.unused = None  # type: ignore[attr-defined]
    assert fingerprint(namespace["mine"]) == before
    inner.SCALE = 2  # type: ignore[attr-defined]
    changed = fingerprint(namespace["mine"])
    assert changed != before
    inner.scaled.__code__ = (lambda x: x).__code__
    assert fingerprint(namespace["mine"]) not in (before, changed)


def test_all_of_a_module_is_seen_where_names_are_made_while_the_code_runs(helpers: Path) -> None:
    source = "import my_helpers\ndef mine(x): return getattr(my_helpers, 'sca' + 'led')(x)"
    before = fingerprint_of(source)
    sys.modules["my_helpers.inner"].SCALE = 2  # type: ignore[attr-defined]
    assert fingerprint_of(source) != before


def test_a_module_that_only_the_function_imports_is_seen(helpers: Path) -> None:
    source = "def mine(x):\n    from my_helpers import late\n    return late.SHIFT"
    before = fingerprint_of(source)
    sys.modules["my_helpers.late"].SHIFT = 2  # type: ignore[attr-defined]
    assert fingerprint_of(source) != before


def test_installed_packages_and_the_standard_library_are_not_the_users_own(
    helpers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import my_helpers  # type: ignore[import-not-found]
    import numpy as np
    import torch

    assert is_own(my_helpers.__name__)
    monkeypatch.setitem(sys.modules, "typed_in", ModuleType("typed_in"))
    assert is_own("typed_in")
    for name in ("sys", "os", "json", "builtins", "harness.proxies", np.__name__, torch.nn.__name__, "_pytest.python"):
        assert not is_own(name)
