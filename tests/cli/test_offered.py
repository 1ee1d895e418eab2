"""What a shell offers for values: names that are there, and nothing where they cannot be found."""

import os
import subprocess
import sys

import pytest

from harness.cli import offered
from harness.search.gradient import names as gradient_names
from harness.search.gradient import registry as gradient
from harness.search.query import methods as query
from harness.search.query import names as query_names


def asked(line: str) -> dict[str, str]:
    """The variables by which bash asks for the last word of a line."""
    return {
        "_NASINIT_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1),
    }  # fmt: skip


def test_the_command_offers_values_to_a_shell():
    found = subprocess.run(
        [sys.executable, "-m", "nasinit"],
        env={**os.environ, **asked("nasinit score --proxies nwot,synflow_")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (found.stdout.split(), found.stderr) == (["nwot,synflow_bn"], "")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("nasinit score --proxies nwot,synflow_", ["nwot,synflow_bn"]),
        ("nasinit score --space nasb", ["nasbench201", "nasbench201-large", "nasbench-graph"]),
        ("nasinit correlate scores.csv --column cifar10_test_200ep_pt", ["cifar10_test_200ep_ptq_pct"]),
        ("nasinit study nasi-f", ["nasi-figure-1"]),
        ("nasinit score --loss mean", ["mean_squared_error"]),
        ("nasinit search beta", ["beta-darts"]),
        ("nasinit search darts --regularise a", ["adjusted_proximity", "admm"]),
        ("nasinit query local", ["local_search"]),
        ("nasinit pull c", ["cifar10"]),
        ("nasinit search nasi --trace-gradient o", ["one_pass"]),
        ("nasinit list meas", ["measurements"]),
        ("nasinit score --init kai", ["kaiming_fan_in", "kaiming_fan_out"]),
    ],
)
def test_a_shell_is_offered_the_values(nasinit, monkeypatch, line, expected):
    for name, value in asked(line).items():
        monkeypatch.setenv(name, value)
    ended = nasinit()
    assert (ended.code, ended.out.split(), ended.err) == (0, expected, "")


def test_a_name_is_not_offered_twice_and_an_error_offers_nothing():
    assert offered.PROXIES("nwot,nwo") == []
    assert offered.PROXIES("swap,nwo") == ["swap,nwot"]

    def broken():
        raise OSError("no such folder")

    assert offered.of(broken)("a") == offered.several_of(broken)("a,b") == []


def test_the_offered_names_are_those_of_the_searches():
    assert (*gradient.METHODS,) == gradient_names.NAMES
    assert (*query.METHODS,) == query_names.NAMES


def test_what_offers_the_searches_loads_no_torch():
    program = (
        "import sys\nfrom harness.cli import offered\nassert offered.SEARCHES('') and offered.QUERIES('')\n"
        "print(sorted({'torch', 'pandas', 'matplotlib'} & {*sys.modules}))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


def test_searches_are_offered():
    assert offered.SEARCHES("drnas") == ["drnas", "drnas-progressive"]
