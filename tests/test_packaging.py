"""The wheel holds both packages, the web page's files and nothing else, and imports without any dependency."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("harness", "benchmarks")


def run(*command: object, cwd: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a clean export without `.git`."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nothing says which files belong to the project")
    folder = tmp_path_factory.mktemp("wheel")
    listed = run("git", "ls-files", cwd=ROOT).splitlines()
    for name in listed:
        if (ROOT / name).is_file():
            target = folder / "export" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        folder,
        folder / "export",
        cwd=folder,
    )
    (built,) = folder.glob("nasinit-*.whl")
    return built


def test_the_wheel_holds_the_packages_their_marks_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    tracked = run("git", "ls-files", *PACKAGES, cwd=ROOT).splitlines()
    sources = {name for name in tracked if name.endswith(".py")}
    of_the_web_page = {name for name in tracked if name.endswith((".html", ".css", ".js"))}
    assert of_the_web_page
    assert held == sources | of_the_web_page | {f"{package}/py.typed" for package in PACKAGES}


def test_it_imports_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "empty", cwd=tmp_path)
    python = tmp_path / "empty" / ("Scripts" if os.name == "nt" else "bin") / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=tmp_path)
    program = (
        "import sys, harness, benchmarks\n"
        "assert 'site-packages' in harness.__file__ and 'site-packages' in benchmarks.__file__\n"
        "assert not {'torch', 'numpy', 'pandas'} & set(sys.modules)\n"
        "print(sorted(harness.open_space('nasbench201').sample(1)[0].operations) != [], len(harness.list_proxies()))\n"
    )
    assert run(python, "-c", program, cwd=tmp_path).startswith("True ")


def test_every_public_name_loads() -> None:
    import benchmarks
    import harness

    for package in (harness, benchmarks):
        for name in package.__all__:
            assert getattr(package, name) is not None
        assert set(package.__all__) <= set(dir(package))
        with pytest.raises(AttributeError, match="no attribute 'nothing'"):
            package.nothing  # noqa: B018 — the access is the test


def test_functions_are_not_hidden_by_modules_of_their_name() -> None:
    """`harness.score` must stay a function whatever was imported before."""
    program = (
        "import importlib, pkgutil, harness\n"
        "[importlib.import_module(f'harness.{m.name}') for m in pkgutil.iter_modules(harness.__path__)]\n"
        "assert callable(harness.score) and callable(harness.run) and callable(harness.proxy)\n"
        "assert callable(harness.correlate) and callable(harness.open_space)\n"
        "print('functions')"
    )
    assert run(sys.executable, "-c", program, cwd=ROOT) == "functions\n"
