"""What a shell offers for values: names that are there, and nothing where they cannot be found."""

import os
import subprocess
import sys

import pytest

from harness.cli import offered


def completed(line: str) -> list[str]:
    """What bash is told for the last word of a line, in a process of its own."""
    words = line.split(" ")
    found = subprocess.run(
        [sys.executable, "-m", "nasinit"],
        env={
            **os.environ, "_NASINIT_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1),
        },
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert not found.stderr
    return found.stdout.split()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("nasinit score --proxies nwot,synflow_", ["nwot,synflow_bn"]),
        ("nasinit score --space nasb", ["nasbench201"]),
        ("nasinit correlate scores.csv --column cifar10_test_200ep_pt", ["cifar10_test_200ep_ptq_pct"]),
        ("nasinit study nasi-f", ["nasi-figure-1"]),
        ("nasinit list meas", ["measurements"]),
        ("nasinit score --init kai", ["kaiming_fan_in", "kaiming_fan_out"]),
    ],
)
def test_a_shell_is_offered_the_values(line, expected):
    assert completed(line) == expected


def test_a_name_is_not_offered_twice_and_an_error_offers_nothing():
    assert offered.PROXIES("nwot,nwo") == []
    assert offered.PROXIES("swap,nwo") == ["swap,nwot"]

    def broken():
        raise OSError("no such folder")

    assert offered.of(broken)("a") == offered.several_of(broken)("a,b") == []


def test_searches_are_offered():
    assert offered.SEARCHES("drnas") == ["drnas", "drnas-progressive"]
