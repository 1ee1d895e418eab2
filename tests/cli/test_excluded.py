"""Options that exclude each other are refused before anything heavy is imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from harness.cli import main
try:
    main()
except SystemExit as end:
    heavy = {"torch", "numpy", "pandas", "scipy", "matplotlib"} & set(sys.modules)
    print("CODE", end.code, sorted(heavy))
"""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("study bn-mode --quick --sample 5", "--quick and --sample: each is a size of the sample"),
        ("study stability --quick --full", "--quick and --full: each is a size of the sample"),
        ("study proxy-identities --quick --scores x.csv", "--scores are taken as they are: give them or --quick"),
        ("study az-nas-table-1 --sample 9 --scores x.csv", "--scores are taken as they are: give them or --sample"),
        ("score --sample 3 --all", "got --sample and --all"),
        ("score --sample 3 --table nasbench201", "got --sample and --table"),
        ("score", "got none of them"),
        ("score --sample 3 --seed 1 --seeds 0-4", "--seed for one seed or --seeds for several, not both"),
        ("query random_search --metric m_trace", "--metric without --scores"),
        ("demo --sample 2", "--sample must be at least 3"),
        ("--quiet --verbose list proxies", "--quiet or --verbose, not both"),
    ],
)
def test_they_are_refused_at_once(arguments: str, message: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments.split()], capture_output=True, text=True, cwd=tmp_path
    )
    assert message in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stdout == "CODE 2 []\n"
    assert list(tmp_path.iterdir()) == []
