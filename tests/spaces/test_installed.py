"""Spaces that another distribution brings under the entry point `nasinit.spaces`, from a folder like its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.spaces.toy_graphs import ToyGraphs

SPACE = ToyGraphs()
LEFT_OUT = {
    "'broken-space' (no_such_module:Space of broken)": "ModuleNotFoundError: No module named 'no_such_module'",
    "'misnamed' (toy_graphs:ToyGraphs of broken)": "it calls itself 'toy-graphs': the entry point's name must be the",
    "'nasbench201' (no_module:X of broken)": "nasinit has one of that name",
}


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder that holds a distribution with the toy space, and one whose space cannot be loaded."""
    folder = tmp_path / "site"
    for name, points in {
        "toy_graphs": "toy-graphs = toy_graphs:ToyGraphs",
        "broken": "broken-space = no_such_module:Space\nmisnamed = toy_graphs:ToyGraphs\nnasbench201 = no_module:X",
    }.items():
        described = folder / f"{name}-1.0.dist-info"
        described.mkdir(parents=True)
        (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (described / "entry_points.txt").write_text(f"[nasinit.spaces]\n{points}\n")
    (folder / "toy_graphs.py").write_text((ROOT / "tests" / "spaces" / "toy_graphs.py").read_text())
    return folder


def nasinit(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The command where the folder is installed; what it writes goes next to the folder."""
    paths = os.pathsep.join([str(folder), str(ROOT)])
    program = "from harness.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=folder.parent, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_it_is_listed_with_its_distribution(installed: Path) -> None:
    ended = nasinit(installed, "list", "spaces")
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[lines.index("toy-graphs: from toy_graphs") + 1] == "    regression, judged by mean squared error"
    assert "    classification, judged by accuracy" in lines
    assert ended.stdout.count("nasbench201: ") == 1, "a name that nasinit has itself is left to it"
    assert "broken-space" not in ended.stdout
    left_out = sorted(ended.stderr.splitlines())
    for notice, (point, reason) in zip(left_out, LEFT_OUT.items(), strict=True):
        assert notice.startswith(f"nasinit: the space {point} is left out: {reason}")


@pytest.mark.slow
def test_it_is_scored_in_processes_and_ranked_by_a_table_of_its_own(installed: Path) -> None:
    ended = nasinit(
        installed, "score", "--space", "toy-graphs", "--all", "--proxies", "grad_norm,params,epe_nas", "--workers", 2,
        "--size", "hidden=4",
    )  # fmt: skip
    assert ended.returncode == 1, ended.stderr
    assert "no architecture has a score by epe_nas" in ended.stderr, "it was named"
    assert "epe_nas: 27 not_applicable" in ended.stdout
    assert "hidden 4" in ended.stdout, "the size that was asked for"
    rows = [f"{stack},{SPACE.sizes(stack).parameters + place}" for place, stack in enumerate(SPACE)]
    (installed.parent / "errors.csv").write_text("\n".join(["architecture,test_mse", *rows]))
    ended = nasinit(
        installed, "correlate", "scores.sqlite", "--table", "errors.csv", "--column", "test_mse", "--resamples", 50
    )
    assert ended.returncode == 0, ended.stderr
    assert "grad_norm" in ended.stdout
    assert "lower is better" in ended.stdout, "an error is not an accuracy"


@pytest.mark.slow
def test_all_proxies_but_those_that_do_not_apply_score_it(installed: Path) -> None:
    ended = nasinit(installed, "score", "--space", "toy-graphs", "--sample", 2)
    assert ended.returncode == 0, ended.stderr
    assert "zico: 2 not_applicable" in ended.stdout


WRONG = [
    (["--size", "hidden"], "--size takes NAME=NUMBER, such as channels=1, got 'hidden'"),
    (["--size", "hidden=0"], "hidden must be a whole number from 1, got 0"),
    (["--size", "hiden=3"], "unknown size of this space's networks 'hiden'. Did you mean 'hidden'?"),
    (["--width", "3"], "unknown size of this space's networks 'width'"),
    (["--loss", "cross_entropy"], "unknown loss 'cross_entropy'"),
    (["--input", "cifar10"], "unknown input 'cifar10'"),
]


@pytest.mark.parametrize(
    ("options", "message"), [WRONG[0], *(pytest.param(*each, marks=pytest.mark.slow) for each in WRONG[1:])]
)
def test_what_the_space_does_not_have_is_one_line(installed: Path, options: list[str], message: str) -> None:
    ended = nasinit(installed, "score", "--space", "toy-graphs", "--sample", 2, *options)
    assert ended.returncode == 2
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("broken-space", "the space 'broken-space' (no_such_module:Space of broken) cannot be loaded: ModuleNotFound"),
        ("misnamed", "calls itself 'toy-graphs': the entry point's name must be the same"),
        ("toy-graph", "unknown space 'toy-graph'. Did you mean 'toy-graphs'?"),
    ],
)
def test_what_cannot_be_opened_is_named(installed: Path, name: str, message: str) -> None:
    ended = nasinit(installed, "score", "--space", name, "--sample", 2)
    assert ended.returncode == 2
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_broken_space_does_not_hinder_the_others(installed: Path) -> None:
    ended = nasinit(installed, "draw", "mean>sum>none", "--out", "stack.svg")
    assert ended.returncode == 0, ended.stderr
    assert "sum" in (installed.parent / "stack.svg").read_text()
