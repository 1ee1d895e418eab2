"""An option that a command does not have is answered with the one that was meant; proxies are named in one way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from docs_pages.commands import every_command

Run = Callable[..., Any]
PROXIES, SINGLE = {"--proxies", "--proxy"}, {"nasinit query"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("score --smaple 3", "nasinit score has no option '--smaple'. Did you mean --sample? Its options: "),
        ("plot scatter --colunm x", "nasinit plot scatter has no option '--colunm'. Did you mean --column?"),
        ("store info --run 3", "nasinit store info has no option '--run'. It is an option of nasinit correlate, "),
        ("score --latex a", "Did you mean --labels? It is an option of nasinit correlate. Its options: "),
        ("list spaces --zzz", "nasinit list has no option '--zzz'. Its options: nasinit list --help"),
        ("--verbsoe list spaces", "nasinit has no option '--verbsoe'. Did you mean --verbose? Its options: "),
        ("stability a --verbose", "--verbose stands before the command: nasinit --verbose stability"),
    ],
)
def test_an_unknown_option_is_answered_in_a_line(refused: Run, line: str, message: str) -> None:
    assert message in refused(*line.split())


def test_a_command_that_names_proxies_takes_both_spellings() -> None:
    named = {
        path: [set(one.opts) for one in command.params if PROXIES & set(one.opts)] for path, command in every_command()
    }
    found = {path: spellings for path, spellings in named.items() if spellings}
    assert all(spellings == [PROXIES] for spellings in found.values())
    assert set(found) > {"nasinit score", "nasinit correlate", "nasinit report", "nasinit stability", *SINGLE}
    assert {path for path in named if path.startswith("nasinit plot")} < set(found)


@pytest.mark.slow
@pytest.mark.parametrize("given", [("--proxies", "params,nwot"), ("--proxy", "params", "--proxy", "nwot")])
def test_names_with_commas_and_the_option_several_times_are_the_same(
    nasinit: Run, tiny: tuple[str, ...], tmp_path: Path, given: tuple[str, ...]
) -> None:
    out = tmp_path / "a.csv"
    ended = nasinit("score", "--sample", 2, *given, *tiny, "--store", tmp_path / "a", "--out", out)
    assert ended.code == 0
    assert list(pd.read_csv(out)["proxy"].unique()) == ["params", "nwot"]


def test_only_the_chosen_proxies_are_ranked_next_to_the_baselines(
    nasinit: Run, cells: list[str], table: Path, tmp_path: Path
) -> None:
    scores, every, some = tmp_path / "s.csv", tmp_path / "every.csv", tmp_path / "some.csv"
    rows = [
        (cell, name, (place * 7) % 5 + len(name)) for name in ("one", "two", "six") for place, cell in enumerate(cells)
    ]
    pd.DataFrame(rows, columns=["architecture", "proxy", "score"]).to_csv(scores, index=False)
    common = ("correlate", scores, "--table", table, "--resamples", 20)
    assert nasinit(*common, "--csv", every).code == 0
    assert nasinit(*common, "--csv", some, "--proxies", "six", "--against", "one").code == 0
    expected = pd.read_csv(every).set_index("proxy").loc[["one", "six", "params", "flops"]]
    pd.testing.assert_frame_equal(pd.read_csv(some).set_index("proxy"), expected)


def test_an_unknown_proxy_is_refused_before_the_table_is_ranked(refuse: Run, store: Path) -> None:
    message = refuse("correlate", store, "--proxies", "parms")
    assert message == "unknown proxy of these scores 'parms'. Did you mean 'params'? Known: flops, params"
