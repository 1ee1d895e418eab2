"""The package itself: lazy, complete, and alone."""

import subprocess
import sys
from pathlib import Path

import pytest

import benchmarks

REPOSITORY = Path(__file__).resolve().parents[2]


def run(code: str, *options: str) -> str:
    command = [sys.executable, *options, "-c", f"import sys; sys.path.insert(0, {str(REPOSITORY)!r})\n{code}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_import_needs_no_third_party_package():
    code = (
        "import benchmarks, importlib.util\n"
        "print(benchmarks.TableError.__name__, 'open_table' in dir(benchmarks), importlib.util.find_spec('numpy'))"
    )
    assert run(code, "-S").split() == ["TableError", "True", "None"]  # -S: no site-packages


def test_import_loads_nothing_until_a_name_is_used():
    code = "import benchmarks\nprint('numpy' in sys.modules)\nbenchmarks.Table\nprint('numpy' in sys.modules)"
    assert run(code).split() == ["False", "True"]


def test_opening_a_table_loads_neither_torch_nor_harness_nor_the_distributions_code_nor_pandas():
    code = (
        "import benchmarks\n"
        "print(len(benchmarks.open_table('analognasbench')))\n"
        "print([name for name in ('torch', 'harness', 'analognasbench', 'pandas') if name in sys.modules])"
    )
    assert run(code).split() == ["15625", "[]"]


def test_every_public_name_is_there_and_no_other_is_declared():
    assert set(benchmarks.__all__) == set(benchmarks._HOMES)
    for name in benchmarks.__all__:
        assert getattr(benchmarks, name).__name__ == name
        assert getattr(benchmarks, name).__module__ == benchmarks._HOMES[name]
    assert set(benchmarks.__all__) <= set(dir(benchmarks))


def test_unknown_attribute_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'opentable'"):
        benchmarks.opentable  # noqa: B018
