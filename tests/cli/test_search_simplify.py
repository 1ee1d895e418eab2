"""`nasinit search --simplify`: what it takes and what it refuses, in one line each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.slow
def test_the_command_line_takes_it(nasinit: Callable[..., Any], tmp_path: Path) -> None:
    small = (
        *("--data", "digits", "--width", 4, "--depth", 1, "--batch-size", 8, "--images", 64, "--image-size", 8),
        *("--epochs", 1, "--steps-per-epoch", 1),
    )
    ended = nasinit("search", "darts", "--simplify", "--no-kernel-normalisation", "--out", tmp_path / "one", *small)
    assert ended.code == 0, ended.err
    assert "simplify False -> True, kernel_normalisation True -> False" in ended.out
    for flags, message in (
        (("darts", "--no-kernel-normalisation"), "kernel_normalisation is a part of simplify"),
        (("nasi", "--simplify"), "simplify: nasi looks at weights as they are drawn"),
    ):
        refused = nasinit("search", *flags, "--out", tmp_path / "two", *small)
        assert refused.code == 2
        assert message in refused.err
        assert "Traceback" not in refused.err
