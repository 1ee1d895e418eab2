"""The command line, called in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.conftest import run_main


@pytest.fixture(scope="session")
def nasinit() -> Callable[..., Any]:
    return run_main
