"""The wheel holds both packages, the web page's files and nothing else, and imports without any dependency."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy  # noqa: F401 - where it lies is looked up
import platformdirs  # noqa: F401
import pyarrow  # noqa: F401
import pytest
from mypy import api

ROOT = Path(__file__).parent.parent
PACKAGES = ("nasinit", "harness", "benchmarks")


def run(*command: object, cwd: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's files, without `.git`."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nothing says which files belong to the project")
    folder = tmp_path_factory.mktemp("export")
    listed = run("git", "ls-files", cwd=ROOT).splitlines()
    for name in listed:
        if (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    return folder


@pytest.fixture(scope="module")
def wheel(export: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a clean export."""
    folder = tmp_path_factory.mktemp("wheel")
    run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        folder,
        export,
        cwd=folder,
    )
    (built,) = folder.glob("nasinit-*.whl")
    return built


def test_the_wheel_holds_the_packages_their_marks_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    tracked = run("git", "ls-files", *PACKAGES, cwd=ROOT).splitlines()
    sources = {name for name in tracked if name.endswith(".py")}
    tables = {name for name in tracked if name.startswith("benchmarks/packaged/")}
    of_the_web_page = {name for name in tracked if name.endswith((".html", ".css", ".js"))}
    assert of_the_web_page
    packaged = "benchmarks/packaged/nasbench201_proxies.parquet"
    assert tables == {packaged, f"{packaged}.json"}
    assert held == sources | of_the_web_page | tables | {f"{package}/py.typed" for package in PACKAGES}


def environment_with(wheel: Path, folder: Path) -> Path:
    """The Python of a new environment that holds one wheel and nothing else."""
    run(sys.executable, "-m", "venv", "--without-pip", folder / "empty", cwd=folder)
    python = folder / "empty" / ("Scripts" if os.name == "nt" else "bin") / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    return python


@pytest.mark.slow
def test_a_type_checker_sees_an_editable_installation(
    export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It follows paths, and does not run the code of an import hook."""
    build = f"from setuptools.build_meta import build_editable; build_editable({str(tmp_path)!r})"
    run(sys.executable, "-c", build, cwd=export)
    (editable,) = tmp_path.glob("nasinit-*.whl")
    python = environment_with(editable, tmp_path)
    script = tmp_path / "script.py"
    script.write_text("import benchmarks\nimport nasinit\nfrom harness import Setting\n\nSetting(widht=3)\n")
    (tmp_path / "mypy.ini").write_text("[mypy]\n")
    monkeypatch.chdir(tmp_path)  # not the repository, whose packages would be checked
    told, problems, _ = api.run(
        ["--config-file", str(tmp_path / "mypy.ini"), "--cache-dir", str(tmp_path), "--no-color-output",
         "--python-executable", str(python), str(script)]
    )  # fmt: skip
    assert not problems
    errors = [line for line in told.splitlines() if "error:" in line]
    assert len(errors) == 1, told
    assert 'script.py:5: error: Unexpected keyword argument "widht" for "Setting"' in errors[0]


def test_it_imports_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    python = environment_with(wheel, tmp_path)
    program = (
        "import sys, harness, benchmarks\n"
        "assert 'site-packages' in harness.__file__ and 'site-packages' in benchmarks.__file__\n"
        "assert not {'torch', 'numpy', 'pandas'} & set(sys.modules)\n"
        "print(sorted(harness.open_space('nasbench201').sample(1)[0].operations) != [], len(harness.list_proxies()))\n"
    )
    assert run(python, "-c", program, cwd=tmp_path).startswith("True ")


def test_the_table_of_known_scores_opens_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """With the packages that it needs alone, which are not installed again here."""
    with zipfile.ZipFile(wheel) as archive:
        assert archive.getinfo("benchmarks/packaged/nasbench201_proxies.parquet").file_size < 3e6
    python = environment_with(wheel, tmp_path)
    site = run(python, "-c", "import site; print(site.getsitepackages()[0])", cwd=tmp_path).strip()
    needed = [Path(sys.modules[name].__file__ or "").parent.parent for name in ("numpy", "pyarrow", "platformdirs")]
    Path(site, "needs.pth").write_text("\n".join(dict.fromkeys(map(str, needed))))
    program = (
        "import benchmarks\n"
        "table = benchmarks.open_table('nasbench201-proxies')\n"
        "assert 'empty' in str(table.facts.path), table.facts.path\n"
        "print(len(table), {column.unit for column in table.columns})\n"
    )
    assert run(python, "-c", program, cwd=tmp_path).split()[1] == "{'score'}"


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
