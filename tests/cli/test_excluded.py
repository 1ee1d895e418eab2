"""Options that exclude each other are refused before anything heavy is imported."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

REFUSED = {
    "study bn-mode --quick --sample 5": "--quick and --sample: each is a size of the sample",
    "study stability --quick --full": "--quick and --full: each is a size of the sample",
    "study proxy-identities --quick --scores x.csv": "--scores are taken as they are: give them or --quick",
    "study az-nas-table-1 --sample 9 --scores x.csv": "--scores are taken as they are: give them or --sample",
    "score --sample 3 --all": "got --sample and --all",
    "score --sample 3 --table nasbench201": "got --sample and --table",
    "score": "got none of them",
    "score --sample 3 --seed 1 --seeds 0-4": "--seed for one seed or --seeds for several, not both",
    "query random_search --metric m_trace": "--metric without --scores",
    "demo --sample 2": "--sample must be at least 3",
    "--quiet --verbose list proxies": "--quiet or --verbose, not both",
}
PROGRAM = """
import contextlib, io, json, sys
from harness.cli import main

found = {}
for line in json.loads(sys.argv[1]):
    sys.argv, out, err = ["nasinit", *line.split()], io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            heavy = sorted({"torch", "numpy", "pandas", "scipy", "matplotlib"} & {*sys.modules})
            found[line] = [end.code, out.getvalue(), err.getvalue(), heavy]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[object]]:
    """What became of each command in one process, which begins without anything heavy; nothing is written."""
    folder = tmp_path_factory.mktemp("empty")
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps([*REFUSED])], capture_output=True, text=True, check=True, cwd=folder
    )
    assert list(folder.iterdir()) == []
    found: dict[str, list[object]] = json.loads(run.stdout)
    return found


@pytest.mark.parametrize("line", REFUSED)
def test_they_are_refused_at_once(ended: dict[str, list[object]], line: str) -> None:
    code, out, err, heavy = ended[line]
    assert (code, out, heavy) == (2, "", [])
    assert REFUSED[line] in str(err)
    assert len(str(err).splitlines()) == 1
