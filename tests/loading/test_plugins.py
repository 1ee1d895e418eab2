"""Plug-ins of installed distributions, from a folder like that of installed packages: used, or left out by name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.conftest import ROOT

WHOLE = {
    "nasinit.proxies": {"top_logit": "whole_plugin.proxies:top_logit", "logit_mean": "whole_plugin.proxies:logit_mean"},
    "nasinit.measurements": {
        "top_logits": "whole_plugin.measured:top_logits",
        "logits": "whole_plugin.measured:logits",
    },
    "nasinit.spaces": {"small-cells": "whole_plugin.spaces:SmallCells"},
    "nasinit.tables": {"small-table": "whole_plugin.tables:opened", "other-name": "whole_plugin.tables:opened"},
}
MODULES = {
    "__init__": "",
    "measured": """
        import harness

        @harness.measurement(yields="logits [N, K]", cost="1 forward")
        def logits(network, batch) -> list:
            return network(*batch.arguments).tolist()

        @harness.measurement(yields="the highest logit of each sample, [N]", cost="no pass")
        def top_logits(logits) -> list:
            return [max(row) for row in logits]
    """,
    "proxies": """
        import harness

        @harness.proxy(source="a plug-in")
        def top_logit(top_logits):
            '''Mean highest logit.'''
            return sum(top_logits) / len(top_logits)

        @harness.proxy(source="a plug-in")
        def logit_mean(network, batch):
            '''Mean logit.'''
            return network(*batch.arguments).mean().item()
    """,
    "spaces": """
        from harness.spaces.nasbench201 import NasBench201

        class SmallCells(NasBench201):
            '''Cells.'''
            name = "small-cells"
    """,
    "tables": """
        import benchmarks, harness

        def opened():
            space = harness.open_space("small-cells")
            keys = [str(cell) for cell in space.sample(8, 0)]
            column = benchmarks.Column("cifar10_test_5ep_pct", "cifar10", "test", 5, "pct", "1", "test accuracy")
            facts = benchmarks.Facts("small-table", "small-cells", "Cells", "me", "MIT", None, None, 8, "no limits")
            return benchmarks.Table(keys, [column], [[50 + place for place in range(8)]], facts)
    """,
}
BROKEN = {
    "nasinit.proxies": {
        "absent": "no_such_module:absent",
        "failing": "failing_plugin:failing",
        "undecorated": "odd_plugin:undecorated",
        "misnamed": "odd_plugin:another_name",
        "grad_norm": "odd_plugin:undecorated",
        "top_logit": "odd_plugin:undecorated",
        "wrong_need": "odd_proxy:wrong_need",
        "sound": "sound_part:sound",
        "nothing": "odd_plugin:nothing",
    },
    "nasinit.measurements": {"exits": "exiting_plugin:exits", "weights": "odd_plugin:undecorated", "ring": "ring:ring"},
    "nasinit.spaces": {"no-space": "odd_plugin:undecorated"},
    "nasinit.tables": {"no-table": "odd_plugin:no_table"},
}
BROKEN_MODULES = {
    "failing_plugin": """
        import harness, sound_part

        @harness.proxy(source="a plug-in")
        def failing(weights): ...

        raise KeyError("why not")
    """,
    "sound_part": "import harness\n@harness.proxy(source='x')\ndef sound(weights): return 1.0",
    "odd_plugin": """
        import harness

        def undecorated(weights): ...

        @harness.proxy(source="a plug-in")
        def another_name(weights): ...

        def no_table():
            return [1]
    """,
    "odd_proxy": "import harness\n@harness.proxy(source='x')\ndef wrong_need(exits): ...",
    "exiting_plugin": "raise SystemExit(4)",
    "ring": "import harness\n@harness.measurement\ndef ring(other_ring): ...",
}
LEFT_OUT = {
    "the proxy 'absent' (no_such_module:absent of broken)": "ModuleNotFoundError: No module named 'no_such_module'",
    "the proxy 'failing' (failing_plugin:failing of broken)": "KeyError: 'why not'",
    "the proxy 'undecorated' (odd_plugin:undecorated of broken)": "was not registered by the decorator harness.proxy",
    "the proxy 'misnamed' (odd_plugin:another_name of broken)": "it calls itself 'another_name': the entry",
    "the proxy 'grad_norm' (odd_plugin:undecorated of broken)": "nasinit has one of that name",
    "the proxy 'top_logit' (odd_plugin:undecorated of broken)": "whole brings one of that name",
    "the proxy 'wrong_need' (odd_proxy:wrong_need of broken)": "(exiting_plugin:exits of broken) cannot be",
    "the proxy 'nothing' (odd_plugin:nothing of broken)": "AttributeError",
    "the measurement 'exits' (exiting_plugin:exits of broken)": "SystemExit: 4",
    "the measurement 'weights' (odd_plugin:undecorated of broken)": "nasinit has one of that name",
    "the measurement 'ring' (ring:ring of broken)": "unknown measurement 'other_ring'",
    "the space 'no-space' (odd_plugin:undecorated of broken)": "TypeError: undecorated() missing",
    "the table 'no-table' (odd_plugin:no_table of broken)": "no_table gives [1], not a benchmarks.Table",
}
TINY = ("--width", 4, "--depth", 1, "--batch-size", 4, "--image-size", 8, "--classes", 3)


def install(folder: Path, name: str, points: dict[str, dict[str, str]]) -> None:
    """What pip leaves in a folder of packages, so that `importlib.metadata` finds the distribution."""
    described = folder / f"{name}-1.0.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [
        f"[{group}]\n" + "\n".join(f"{key} = {value}" for key, value in each.items()) for group, each in points.items()
    ]
    (described / "entry_points.txt").write_text("\n".join(lines))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one sound distribution that brings all four kinds."""
    folder = tmp_path_factory.mktemp("whole") / "installed"
    install(folder, "whole", WHOLE)
    (folder / "whole_plugin").mkdir()
    for name, text in MODULES.items():
        (folder / "whole_plugin" / f"{name}.py").write_text(textwrap.dedent(text))
    return folder


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one distribution whose plug-ins are broken, but for `sound`, which a broken one imports."""
    folder = tmp_path_factory.mktemp("broken") / "installed"
    install(folder, "broken", BROKEN)
    for name, text in BROKEN_MODULES.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text))
    return folder


def python(folders: list[Path], program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A program where the folders are installed, in an empty place next to the first one."""
    paths = os.pathsep.join([*map(str, folders), str(ROOT)])
    environment = {name: value for name, value in os.environ.items() if name != "NASINIT_DATA"}
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=folders[0].parent, env={**environment, "PYTHONPATH": paths}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def nasinit(folders: list[Path], *arguments: object) -> subprocess.CompletedProcess[str]:
    return python(folders, "from harness.cli import main; main()", *arguments)


@pytest.mark.slow
def test_all_four_kinds_are_used_in_worker_processes_beside_broken_ones(whole: Path, broken: Path) -> None:
    both = [whole, broken]
    store, scores = whole.parent / "s.sqlite", whole.parent / "scores.csv"
    ended = nasinit(
        both, "score", "--table", "small-table", "--proxies", "top_logit,logit_mean,params", "--workers", 2,
        "--store", store, "--out", scores, *TINY,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "of small-cells by top_logit, logit_mean, params" in ended.stdout
    assert "left out" not in ended.stderr, "nothing else was asked for"
    ended = nasinit(
        both, "correlate", store, "--table", "small-table", "--column", "cifar10_test_5ep_pct", "--resamples", 50
    )
    assert ended.returncode == 0, ended.stderr
    assert "top_logit" in ended.stdout
    rows = [line.split(",") for line in scores.read_text().splitlines()[1:]]
    assert len(rows) == 3 * 8


@pytest.mark.slow
def test_all_four_kinds_are_listed(whole: Path) -> None:
    program = textwrap.dedent("""
        import json, sys
        from harness.cli import main
        for kind in ("spaces", "proxies", "measurements", "tables"):
            sys.argv = ["nasinit", "list", kind, "--json"]
            try:
                main()
            except SystemExit as end:
                assert not end.code
            print("---")
    """)
    ended = python([whole], program)
    assert (ended.returncode, ended.stderr) == (0, "")
    spaces, proxies, measurements, tables = (
        {each["name"]: each for each in json.loads(text)} for text in ended.stdout.split("---\n")[:-1]
    )
    assert spaces["small-cells"]["summary"] == "from whole"
    assert proxies["top_logit"]["reads"] == {"top_logits": "no pass"}
    assert proxies["logit_mean"]["reads"] == {"network": "given", "batch": "given"}
    assert measurements["logits"]["read_by"] == ["top_logit"]
    assert (measurements["logits"]["yields"], measurements["logits"]["type"]) == ("logits [N, K]", "list")
    assert tables["small-table"]["reason"] == "in the installed distribution whole"
    assert tables["other-name"]["facts"] == {**tables["small-table"]["facts"], "name": "other-name"}
    assert (tables["small-table"]["facts"]["rows"], tables["small-table"]["available"]) == (8, True)
    shown = nasinit([whole], "list", "tables", "small-table")
    assert "cifar10_test_5ep_pct  (pct, higher is better)" in shown.stdout


def test_broken_ones_are_named_once_and_never_fatal(whole: Path, broken: Path) -> None:
    program = textwrap.dedent("""
        import sys
        from harness.cli import main
        for kind in ("proxies", "measurements", "spaces", "tables") * 2:
            sys.argv = ["nasinit", "list", kind]
            try:
                main()
            except SystemExit as end:
                assert not end.code
    """)
    ended = python([whole, broken], program)
    assert ended.returncode == 0, ended.stderr
    lines = sorted(ended.stderr.splitlines())
    assert len(lines) == len(LEFT_OUT), ended.stderr
    for line, start in zip(lines, sorted(LEFT_OUT), strict=True):
        assert line.startswith(f"nasinit: {start} is left out: ")
        assert LEFT_OUT[start] in line
    assert ended.stdout.count("\ntop_logit  version 1+") == 2
    assert "failing" not in ended.stdout, "what a module registers before it fails is taken back"
    assert ended.stdout.count("\nsound  version 1+") == 2, "and what a sound one registers stays"


@pytest.mark.slow
def test_in_python_it_is_a_warning_and_the_rest_goes_on(broken: Path) -> None:
    program = textwrap.dedent("""
        import warnings, harness, benchmarks
        from harness.loading.plugins import PluginNotice
        from benchmarks.plugins import PluginNotice as TableNotice
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            names = [each.name for each in harness.list_proxies()]
            harness.list_measurements(), harness.proxies.resolve("all")
            tables = [each.name for each in benchmarks.list_tables()]
        print(len([each for each in said if each.category is PluginNotice]))
        print(len([each for each in said if each.category is TableNotice]))
        print("params" in names, "nasbench201" in tables, "absent" in names, "no-table" in tables)
    """)
    ended = python([broken], program)
    assert ended.stdout.split() == ["11", "1", "True", "True", "False", "False"], ended.stderr


ASKED = {
    "--proxies absent": "the proxy 'absent' (no_such_module:absent of broken) cannot be loaded: ModuleNotFoundError",
    "--proxies undecorated": "was not registered by the decorator harness.proxy",
    "--proxies wrong_need": "measurement 'exits' (exiting_plugin:exits of broken) cannot be loaded: SystemExit: 4",
    "--proxies abent": "unknown proxy 'abent'. Did you mean 'absent'?",
    "--proxies params --space no-space": "the space 'no-space' (odd_plugin:undecorated of broken) cannot be loaded: ",
    "--proxies params --table no-table": "no_table gives [1], not a benchmarks.Table",
}


@pytest.mark.slow
def test_asked_for_by_name_it_says_why_it_is_not_there(broken: Path) -> None:
    program = textwrap.dedent("""
        import sys
        from harness.cli import main
        for arguments in sys.argv[1:]:
            sys.argv = ["nasinit", "score", *arguments.split(), *([] if "--table" in arguments else ["--sample", "2"])]
            try:
                main()
            except SystemExit as end:
                print(end.code)
    """)
    ended = python([broken], program, *ASKED)
    assert ended.stdout.split() == ["2"] * len(ASKED)
    for line, message in zip(ended.stderr.splitlines(), ASKED.values(), strict=True):
        assert line.startswith("nasinit: ")
        assert message in line


@pytest.mark.slow
def test_what_is_registered_in_this_process_goes_before_a_plug_in(whole: Path) -> None:
    program = textwrap.dedent("""
        import harness
        @harness.measurement
        def logits(network):
            return "mine"
        @harness.proxy(source="me")
        def top_logit(logits):
            return 1.0
        for entry in harness.list_proxies():
            if entry.name in ("top_logit", "logit_mean"):
                print(entry.name, entry.source, [each.function.__module__ for each in entry.measurements])
        print([each.name for each in harness.list_measurements() if each.own])
    """)
    ended = python([whole], program)
    assert ended.stdout.splitlines() == [
        "top_logit me ['__main__']", "logit_mean a plug-in []", "['logits', 'top_logits']"
    ], ended.stderr  # fmt: skip


def test_another_version_of_an_installed_package_is_another_version_of_its_proxies(whole: Path) -> None:
    """In a folder of installed packages only names are looked at, so that the version of the package must count."""
    place = whole.parent / "site-packages"
    shutil.copytree(whole, place)
    (place / "whole-1.0.dist-info" / "top_level.txt").write_text("whole_plugin\n")
    program = "import harness.proxies; print(harness.proxies.resolve('top_logit')[0].version)"
    versions = []
    for number in ("1.0", "2.0"):
        (place / "whole-1.0.dist-info" / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: whole\nVersion: {number}\n"
        )
        ended = python([place], program)
        assert ended.returncode == 0, ended.stderr
        versions.append(ended.stdout)
    assert versions[0] != versions[1]
