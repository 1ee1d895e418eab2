"""Shared by all tests: the data folder, small networks, and isolation from the user's own files."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest
import torch

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("NASINIT_DATA", ROOT.parent / "shared" / "data"))
"""Read before any test changes the environment."""

hypothesis.settings.register_profile("untimed", deadline=None)  # a busy machine is slow, and that is no failure
hypothesis.settings.load_profile("untimed")


def load_reference(name: str) -> ModuleType:
    """The module `tests/reference/NAME.py`, imported by path: tests are no package."""
    full_name = f"reference_{name}"
    if full_name not in sys.modules:
        spec = importlib.util.spec_from_file_location(full_name, ROOT / "tests" / "reference" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[full_name] = module
        spec.loader.exec_module(module)
    return sys.modules[full_name]


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Workers of the test run share the cores; small tensors gain nothing from more threads."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def ntk() -> ModuleType:
    """The slow reference of the tangent kernels."""
    return load_reference("ntk")


@pytest.fixture(scope="session")
def published_data() -> Path:
    """The folder of published data; skips where it is absent."""
    if not DATA.is_dir():
        pytest.skip(f"published data folder {DATA} is absent")
    return DATA
