"""The command line from end to end: scores in, rankings and figures out."""

from __future__ import annotations

import csv
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest

import harness
from tests.workers import worker_processes

COMMANDS = (
    "list",
    "score",
    "correlate",
    "plot",
    "query",
    "search",
    "study",
    "pull",
    "convert",
    "demo",
    "measure",
    "predict",
)
CELLS = 6
"""Of those of the table, which are scored by all proxies."""
COLUMNS = ["cifar10_test_200ep_pct", "cifar100_test_200ep_pct"]
MINE = textwrap.dedent("""
    import math
    import random  # this file has the name of that module

    import harness

    HALF = 0.5

    def shrink(number):
        return HALF * number

    @harness.proxy(source="me")
    def mine(loss_gradient):
        '''Half the sum of the gradient's entries.'''
        assert random.random() < 1 and math.pi > 3
        return shrink(float(sum(gradient.abs().sum() for gradient in loss_gradient.values())))
""")


class Chain(NamedTuple):
    folder: Path
    score: Any
    correlate: Any
    plot: Any


@pytest.fixture(scope="module")
def chain(
    nasinit: Callable[..., Any], tiny: tuple[str, ...], table: Path, tmp_path_factory: pytest.TempPathFactory
) -> Chain:
    """Score by all proxies and one's own in two processes, rank by two columns, draw."""
    folder = tmp_path_factory.mktemp("chain")
    mine, store = folder / "random.py", folder / "scores.sqlite"
    mine.write_text(MINE)
    with worker_processes():
        score = nasinit(
            "score", "--sample", CELLS, "--load", mine, "--proxies", "all", "--workers", 2, "--store", store,
            "--out", folder / "made" / "scores.csv", *tiny,
        )  # fmt: skip
    correlate = nasinit(
        "correlate", store, "--table", table, "--column", COLUMNS[0], "--column", COLUMNS[1], "--resamples", 50,
        "--csv", folder / "ranking.csv", "--latex", folder / "ranking.tex",
    )  # fmt: skip
    plot = nasinit(
        "plot", "scatter", store, "--table", table, "--resamples", 20, "--proxy", "mine", "--proxy", "grad_norm",
        "--out", folder / "figure.png", "--out", folder / "figure.svg",
    )  # fmt: skip
    return Chain(folder, score, correlate, plot)


def test_the_scores_are_written_in_the_documented_columns(chain: Chain, cells: list[str]) -> None:
    assert chain.score.code == 0, chain.score.err
    with open(chain.folder / "made" / "scores.csv", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["architecture", "proxy", "score", "status", "seconds", "standard_error", "message"]
    names = [proxy.name for proxy in harness.list_proxies() if not proxy.exhaustive]
    assert "mine" in names
    assert [row[0] for row in rows] == cells[:CELLS] * len(names)
    assert [row[1] for row in rows] == [name for name in names for _ in range(CELLS)]
    failed = {(row[1], row[3]) for row in rows if row[3] != "ok"}
    # a curve of one sample may have no singular value above rounding; all patterns of four samples occur
    assert failed <= {("dextr", "not_applicable"), ("swap_universal", "not_applicable")}
    with harness.Store(chain.folder / "scores.sqlite") as store:
        kept = store.frame()["score"].dropna().tolist()
        assert [float(row[2]) for row in rows if row[2]] == kept, "floats are written in full"


def test_it_says_what_it_does_and_what_all_leaves_out(chain: Chain, cells: list[str]) -> None:
    exhaustive = [proxy.name for proxy in harness.list_proxies() if proxy.exhaustive]
    assert exhaustive
    assert (
        f"'all' leaves out proxies that need many backward passes: {', '.join(exhaustive)}; name them"
        in chain.score.out
    )
    assert f"scoring {CELLS} architectures of nasbench201 by " in chain.score.out
    assert "batch_size 4, image_size 8" in chain.score.out
    assert "scored 10 of 10 networks" in chain.score.err, "six, and those that are one network with a smaller cell's"
    assert f"wrote {chain.folder / 'made' / 'scores.csv'}" in chain.score.out


def test_every_proxy_is_ranked_by_every_column(chain: Chain) -> None:
    assert chain.correlate.code == 0, chain.correlate.err
    names = {proxy.name for proxy in harness.list_proxies() if not proxy.exhaustive}
    tables = []
    for column in COLUMNS:
        frame = pd.read_csv(chain.folder / f"ranking_{column}.csv")
        assert set(frame["proxy"]) == names
        assert frame["proxy"].tolist()[-2:] == ["params", "flops"]
        assert (frame.loc[~frame["proxy"].isin(["dextr", "swap_universal"]), "n"] == CELLS).all()
        constant = frame["proxy"].isin(
            ["linear_regions", "swap", "swap_universal"]
        )  # four samples have few patterns: every cell has all
        assert frame.loc[constant, "spearman"].isna().all()
        frame = frame[~constant]
        assert frame["spearman"].between(-1, 1).all()
        assert (frame["spearman_low"] <= frame["spearman_high"]).all()
        latex = (chain.folder / f"ranking_{column}.tex").read_text()
        assert r"\toprule" in latex
        assert column.replace("_", r"\_") in latex
        assert f"Rank correlation with {column}" in chain.correlate.out
        tables.append(frame["spearman"].tolist())
    assert tables[0] != tables[1]
    assert "small.csv" in chain.correlate.out, "it says which table was read"
    assert "run 1 (input gaussian, batch_size 4" in chain.correlate.out, "and which scores"


def test_the_figures_are_drawn(chain: Chain) -> None:
    assert chain.plot.code == 0, chain.plot.err
    assert (chain.folder / "figure.png").read_bytes().startswith(b"\x89PNG")
    drawn = (chain.folder / "figure.svg").read_text()
    assert "<svg" in drawn
    assert "mine" in drawn


def test_a_csv_and_a_store_give_the_same_ranking(
    chain: Chain, nasinit: Callable[..., Any], table: Path, tmp_path: Path
) -> None:
    scores = chain.folder / "made" / "scores.csv"
    ended = nasinit("correlate", scores, "--table", table, "--resamples", 50, "--csv", tmp_path / "r.csv")
    assert ended.code == 0, ended.err
    assert (tmp_path / "r.csv").read_text() == (chain.folder / f"ranking_{COLUMNS[0]}.csv").read_text()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["r.csv", "r.csv.json"]


def test_the_default_table_ranks_without_any_file(chain: Chain, nasinit: Callable[..., Any], tmp_path: Path) -> None:
    ended = nasinit(
        "correlate", chain.folder / "scores.sqlite", "--resamples", 20, "--csv", tmp_path / "r.csv",
        "--latex", tmp_path / "r.tex",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "AnalogNAS-Bench" in ended.out
    assert "mine" in pd.read_csv(tmp_path / "r.csv")["proxy"].tolist()
    assert "mine" in (tmp_path / "r.tex").read_text()


def test_an_earlier_run_is_ranked_when_asked_for(
    store: Path, nasinit: Callable[..., Any], tiny: tuple[str, ...], table: Path
) -> None:
    assert nasinit("score", "--sample", 5, "--proxies", "params", "--store", store, *tiny).code == 0
    for arguments, what in (((), "run 2 of 2"), (("--run", 1), "run 1 of 2")):
        ended = nasinit("correlate", store, "--table", table, "--resamples", 20, *arguments)
        assert ended.code == 0, ended.err
        assert what in ended.out


@pytest.mark.parametrize("from_input", [False, True], ids=["file", "input"])
def test_architectures_from_a_file_or_from_input(
    nasinit: Callable[..., Any], tiny: tuple[str, ...], cells: list[str], tmp_path: Path, from_input: bool
) -> None:
    text = "\n".join(["# two cells", cells[3], "", f"  {cells[1]}  ", cells[3], ""])
    (tmp_path / "cells.txt").write_text(text)
    ended = nasinit(
        "score", "--architectures", "-" if from_input else tmp_path / "cells.txt", "--proxies", "params",
        "--store", tmp_path / "s.sqlite", "--out", tmp_path / "s.csv", *tiny, stdin=text if from_input else "",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert pd.read_csv(tmp_path / "s.csv")["architecture"].tolist() == [cells[3], cells[1]]


def test_the_whole_space(nasinit: Callable[..., Any], tiny: tuple[str, ...], tmp_path: Path) -> None:
    ended = nasinit(
        "score", "--all", "--proxies", "params", "--store", tmp_path / "s.sqlite", "--out", tmp_path / "s.csv", *tiny
    )
    assert ended.code == 0, ended.err
    frame = pd.read_csv(tmp_path / "s.csv")
    assert len(frame) == frame["architecture"].nunique() == 15_625
    assert set(frame["status"]) == {"ok"}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("spaces", ["nasbench201: NAS-Bench-201 topology cells", "15,625 cells"]),
        ("proxies", [proxy.name for proxy in harness.list_proxies()] + ["(not in 'all': name it)", "backward"]),
        ("tables", ["nasbench201-official  (not here: ", "analognasbench  (here: ", "licence: ", "source: ", "file: "]),
    ],
)
def test_what_there_is(nasinit: Callable[..., Any], kind: str, expected: list[str]) -> None:
    ended = nasinit("list", kind)
    assert (ended.code, ended.err) == (0, "")
    assert [text for text in expected if text not in ended.out] == []


def test_tables_in_the_data_folder_are_listed(
    nasinit: Callable[..., Any], table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nasbench201_official.csv").write_bytes(table.read_bytes())
    monkeypatch.setenv("NASINIT_DATA", str(tmp_path))
    ended = nasinit("list", "tables")
    assert ended.code == 0
    assert "nasbench201-official  (here: found in the NASINIT_DATA folder)" in ended.out


def test_help_loads_nothing_heavy() -> None:
    program = textwrap.dedent(f"""
        import sys
        from harness.cli import main
        for arguments in [["--help"], *([command, "--help"] for command in {COMMANDS})]:
            sys.argv = ["nasinit", *arguments]
            try:
                main()
            except SystemExit as end:
                assert end.code == 0, (arguments, end.code)
        loaded = {{name.partition(".")[0] for name in sys.modules}}
        heavy = {{"torch", "numpy", "pandas", "scipy", "matplotlib", "loky", "cloudpickle"}} & loaded
        print("HEAVY", sorted(heavy))
    """)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.endswith("HEAVY []\n")
    assert ended.stdout.count("Usage: nasinit") == 1 + len(COMMANDS)
    for option in ("--architectures", "--proxies", "--bn", "train | eval", "--column", "--resamples", "--latex"):
        assert option in ended.stdout
    assert ended.stderr == ""


def test_the_installed_command_runs(program: str) -> None:
    ended = subprocess.run([program, "list", "spaces"], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("nasbench201: ")
