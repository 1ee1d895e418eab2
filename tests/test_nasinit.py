"""`import nasinit`, `python -m nasinit`, versions, and packages of others that have our names."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import benchmarks
import harness
import nasinit


def test_every_public_name_is_there() -> None:
    assert set(nasinit.__all__) == {*harness.__all__, "benchmarks"}
    assert all(getattr(nasinit, name) is getattr(harness, name) for name in harness.__all__)
    assert nasinit.benchmarks is benchmarks
    assert set(nasinit.__all__) <= set(dir(nasinit))
    assert nasinit.__version__ == harness.__version__ == version("nasinit")
    with pytest.raises(AttributeError, match="has no attribute 'open_spcae'"):
        nasinit.open_spcae  # noqa: B018


def run(*program: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *program], capture_output=True, text=True, cwd=folder)


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = "{'torch', 'numpy', 'pandas', 'scipy', 'matplotlib'} & set(sys.modules)"
    assert run("-c", f"import sys, nasinit; print({heavy})").stdout == "set()\n"


@pytest.mark.parametrize("program", [["-m", "nasinit"], ["-c", "from harness.cli import main; main()"]])
def test_the_versions_are_printed(program: list[str]) -> None:
    ended = run(*program, "--version")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"nasinit {version('nasinit')}, torch {version('torch')}\n"


def test_python_m_is_the_command() -> None:
    ended = run("-m", "nasinit", "list", "spaces")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "nasbench201" in ended.stdout


def test_another_package_of_the_name_of_the_tables_is_named(tmp_path: Path) -> None:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "__init__.py").write_text("def slow(): ...\n")
    ended = run("-m", "nasinit", "list", "tables", folder=tmp_path)
    assert ended.returncode == 2
    assert ended.stderr.startswith("nasinit: the package 'benchmarks' at ")
    assert "is not nasinit's" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    program = "import nasinit\ntry:\n    nasinit.correlate\nexcept ImportError as error:\n    print(error)"
    assert "is not nasinit's" in run("-c", program, folder=tmp_path).stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_the_command(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--show-completion` prints the same script for the shell that it runs in."""
    monkeypatch.setenv("_NASINIT_COMPLETE", f"source_{shell}")
    script = run("-m", "nasinit")
    assert f"complete_{shell}" in script.stdout, script


def test_a_foreign_package_harness_is_named(tmp_path: Path) -> None:
    (tmp_path / "harness.py").write_text("")
    line = f"the package 'harness' at {tmp_path / 'harness.py'} is not nasinit's"
    ended = run("-m", "nasinit", "list", "spaces", folder=tmp_path)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"nasinit: {line}")
    assert len(ended.stderr.splitlines()) == 1
    program = "import nasinit\ntry:\n    nasinit.correlate\nexcept ImportError as error:\n    print(error)"
    assert run("-c", program, folder=tmp_path).stdout.startswith(line)
