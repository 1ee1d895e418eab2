"""The door: what the rest of the harness may know of tables, and that it costs nothing to stand before it."""

import importlib
import subprocess
import sys

import pytest

import benchmarks
from benchmarks.readers.darts_published import PUBLISHED_GENOTYPES
from harness import evaluation
from harness.spaces import open_space


def test_every_name_loads_and_is_that_of_the_tables() -> None:
    for name in evaluation.__all__:
        assert getattr(evaluation, name) is not None
        if name in benchmarks.__all__:
            assert getattr(evaluation, name) is getattr(benchmarks, name)
    assert set(evaluation.__all__) <= set(dir(evaluation))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        evaluation.nothing  # noqa: B018 — the access is the test


def test_no_name_of_the_door_is_that_of_a_module() -> None:
    """An imported module would stand in the place of the name."""
    for name in evaluation.__all__:
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(f"harness.evaluation.{name}")


@pytest.mark.parametrize("module", ["harness.evaluation", "harness.evaluation.columns", "harness.cli"])
def test_importing_it_loads_nothing_heavy(module: str) -> None:
    heavy = ("torch", "numpy", "scipy", "pandas", "matplotlib", "benchmarks.table", "benchmarks.registry")
    code = f"import sys, {module}\nprint([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


def test_published_architectures_are_those_of_their_table() -> None:
    space, found = open_space("darts"), evaluation.published_architectures()
    assert list(found) == [row.name for row in PUBLISHED_GENOTYPES]
    assert tuple(found.values()) == evaluation.open_table("darts-published").keys
    assert len({space.key(space.parse(text)) for text in found.values()}) == len(found)
