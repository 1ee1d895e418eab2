"""Many command lines in one process that begins without anything heavy."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

_PROGRAM = """
import contextlib, io, json, sys
from harness.cli import main

found = {}
for line in json.loads(sys.argv[1]):
    sys.argv, out, err = ["nasinit", *line.split()], io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            found[line] = [end.code, out.getvalue(), err.getvalue(), sorted(sys.modules)]
print(json.dumps(found))
"""


def ended_in_one_process(
    lines: Iterable[str], heavy: set[str], folder: Path | None = None
) -> dict[str, tuple[int, str, str, list[str]]]:
    """Exit code, output and errors of each command line, and which heavy modules were loaded when it ended.

    Args:
        lines: what stands behind `nasinit`; words are parted at blanks.
        heavy: names of modules.
        folder: the folder in which the process runs; None for that of the tests.
    """
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM, json.dumps([*lines])], capture_output=True, text=True, check=True, cwd=folder
    )
    ended = json.loads(run.stdout).items()
    return {line: (code, out, err, sorted(heavy & {*loaded})) for line, (code, out, err, loaded) in ended}
