"""How much the command line says on standard error."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_quiet_is_errors_alone(nasinit: Callable[..., Any], tiny: tuple[str, ...], tmp_path: Path) -> None:
    arguments = ("score", "--sample", 2, "--proxies", "params,l2_norm", *tiny)
    quiet = nasinit("--quiet", *arguments, "--store", tmp_path / "a")
    plain = nasinit(*arguments, "--store", tmp_path / "b")
    assert (quiet.code, quiet.err) == (0, "")
    assert "scored 2 of 2 architectures" in plain.err


def test_quiet_and_verbose_exclude_each_other(nasinit: Callable[..., Any]) -> None:
    ended = nasinit("--quiet", "--verbose", "list", "spaces")
    assert (ended.code, ended.err) == (2, "nasinit: --quiet or --verbose, not both\n")


def test_the_log_is_left_as_it_was(nasinit: Callable[..., Any]) -> None:
    logger = logging.getLogger("harness")
    before = (logger.level, list(logger.handlers))
    nasinit("--quiet", "list", "spaces")
    assert (logger.level, list(logger.handlers)) == before
