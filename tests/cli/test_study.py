"""`nasinit study`: the list, and bad input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["zero-cost-nass"], "Did you mean 'zero-cost-nas'?"),
        (["zero-cost-nas", "--sample", "2"], "at least 3"),
        (["zero-cost-nas", "--quick", "--sample", "9"], "not both"),
        (["zero-cost-nas", "--workers", "0"], "workers"),
        (["zero-cost-nas", "--shard", "0/2"], "such as 3/16, got '0/2'"),
        (["nasi-table-1", "--shard", "3/2"], "such as 3/16, got '3/2'"),
        (["nasi-table-1", "--scheduler", "nowhere"], "nowhere"),
        (["nasi-table-1", "--scheduler", "tcp://x:1", "--workers", "3"], "give --workers or --scheduler, not both"),
        (["zero-cost-nas", "--table", "nothing"], "nothing"),
        (["zero-cost-nas", "--steps", "x"], "has no --steps"),
        (["nasi-explained", "--steps", "/nowhere"], "neither a folder of nasinit search --seeds nor a file of steps"),
        (["nasi-table-1", "--steps", "/nowhere"], "neither a folder of nasinit search --seeds nor a file of steps"),
        (["nasi-explained", "--table", "darts-published"], "no test accuracy of all cells"),
        (["zero-cost-nas", "--data", "/nowhere"], "/nowhere"),
    ],
)
def test_bad_input_is_one_message(
    arguments: list[str], message: str, tmp_path: Path, nasinit: Callable[..., Any]
) -> None:
    ended = nasinit("study", *arguments, "--out", tmp_path / "out")
    assert ended.code == 2
    assert message in ended.err
    assert "Traceback" not in ended.err


def test_without_a_name_the_studies_are_listed(nasinit: Callable[..., Any]) -> None:
    ended = nasinit("study")
    assert ended.code == 0
    assert ended.out.startswith("zero-cost-nas: ")
