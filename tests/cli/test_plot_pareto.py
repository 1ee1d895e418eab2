"""`nasinit plot`: its two kinds, and the Pareto figure with its table of budgets."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import harness

Run = Callable[..., Any]
GENOTYPES = [str(genotype) for genotype in harness.open_space("darts").sample(4, seed=2)]
PROXIES = ("good", "bad", "third", "fourth", "fifth")


@pytest.fixture
def own(cells: list[str], tmp_path: Path) -> Path:
    """Latency and accuracy both rise with the place of a cell in the sample."""
    path = tmp_path / "own.csv"
    rows = [f"{cell},{place + 1},{70 + place}" for place, cell in enumerate(cells)]
    path.write_text("\n".join(["architecture,board_ms,accuracy_pct", *rows, ""]))
    return path


@pytest.fixture
def scores(cells: list[str], tmp_path: Path) -> Path:
    """Five proxies: the first finds the most accurate, the second the least, the others the first cell."""
    path = tmp_path / "scores.csv"
    rows = [
        (cell, proxy, {"good": place, "bad": -place}.get(proxy, float(place == 0)))
        for proxy in PROXIES
        for place, cell in enumerate(cells)
    ]
    pd.DataFrame(rows, columns=["architecture", "proxy", "score"]).to_csv(path, index=False)
    return path


def refused(ended: Any) -> str:
    assert ended.code == 2, ended
    assert "Traceback" not in ended.out + ended.err
    assert ended.err.startswith("nasinit: ")
    message: str = ended.err
    return message


def test_the_figure_is_drawn_and_the_budgets_are_printed(nasinit: Run, scores: Path, own: Path, tmp_path: Path) -> None:
    ended = nasinit(
        "plot", "pareto", scores, "--table", own, "--x", "board_ms", "--y", "accuracy_pct", "--proxy", "good",
        "--proxy", "bad", "--out", tmp_path / "made" / "p.png", "--out", tmp_path / "made" / "p.svg",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "\nboard_ms: own.csv, " in ended.out
    table = {line.split("  ")[0]: line.split()[2:] for line in ended.out.splitlines() if line.startswith(("≤", "mean"))}
    # Of 12 cells the 10, 25, 50, 75 and 100 % quantiles of the latency are 2, 3, 6, 9 and 12.
    assert table == {
        "≤ 2.00": ["2", "71.00", "71.00", "71.00", "70.00", "70.50"],
        "≤ 3.00": ["3", "72.00", "72.00", "72.00", "70.00", "71.00"],
        "≤ 6.00": ["6", "75.00", "75.00", "75.00", "70.00", "72.50"],
        "≤ 9.00": ["9", "78.00", "78.00", "78.00", "70.00", "74.00"],
        "≤ 12.00": ["12", "81.00", "81.00", "81.00", "70.00", "75.50"],
        "mean regret": ["0.00", "0.00", "5.50", "2.75"],
    }
    assert (tmp_path / "made" / "p.png").read_bytes().startswith(b"\x89PNG")
    drawn = (tmp_path / "made" / "p.svg").read_text()
    for text in ("good", "bad", "Pareto front", "all 12 architectures", "(ms)", "(%)"):
        assert text in drawn
    assert "third" not in drawn
    for file in ("p.png", "p.svg"):
        assert f"wrote {tmp_path / 'made' / file}" in ended.out


def test_by_default_the_first_proxies_and_params_are_drawn_and_said(
    nasinit: Run, scores: Path, own: Path, tmp_path: Path
) -> None:
    ended = nasinit(
        "plot", "pareto", scores, "--table", own, "--x", "board_ms", "--y", "accuracy_pct", "--out", tmp_path / "p.svg"
    )
    assert ended.code == 0, ended.err
    said = (
        "proxies: good, bad, third, params; params computed, since the scores have none; fourth, fifth left out: one "
        "figure tells 4 apart; --proxies chooses others\n"
    )
    assert said in ended.out
    drawn = (tmp_path / "p.svg").read_text()
    assert [proxy in drawn for proxy in (*PROXIES, "params")] == [True, True, True, False, False, True]


def test_of_many_proxies_left_out_the_first_are_named_and_the_others_counted(
    nasinit: Run, cells: list[str], own: Path, tmp_path: Path
) -> None:
    path = tmp_path / "many.csv"
    rows = [(cell, f"p{proxy}", float(place)) for proxy in range(30) for place, cell in enumerate(cells)]
    pd.DataFrame(rows, columns=["architecture", "proxy", "score"]).to_csv(path, index=False)
    ended = nasinit(
        "plot", "pareto", path, "--table", own, "--x", "board_ms", "--y", "accuracy_pct", "--out", tmp_path / "p.svg"
    )
    assert ended.code == 0, ended.err
    assert "; p3, p4, p5 and 24 others left out: one figure tells 4 apart; --proxies" in ended.out
    assert "p6" not in ended.out


def test_where_all_the_scores_fit_nothing_is_said_of_proxies(nasinit: Run, store: Path, own: Path) -> None:
    ended = nasinit("plot", "pareto", store, "--table", own, "--x", "board_ms", "--y", "accuracy_pct", "--out", "p.svg")
    assert ended.code == 0, ended.err
    assert "proxies:" not in ended.out
    assert ended.out.split("budget ")[1].split("random")[0].split()[-2:] == ["params", "flops"]


def test_a_percentage_has_a_linear_axis(
    nasinit: Run, scores: Path, cells: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both columns hold the same numbers, over almost two decades."""
    rows = [f"{cell},{8 * place + 1},{8 * place + 1},{place}" for place, cell in enumerate(cells)]
    own = tmp_path / "own.csv"
    own.write_text("\n".join(["architecture,board_ms,board_error_pct,gain", *rows]))
    figures: list[Any] = []
    monkeypatch.setattr("harness.report.files.save_figure", lambda figure, file: figures.append(figure))
    for column in ("board_ms", "board_error_pct"):
        ended = nasinit("plot", "pareto", scores, "--table", own, "--x", column, "--y", "gain", "--out", "p.svg")
        assert ended.code == 0, ended.err
    assert [figure.axes[0].get_xscale() for figure in figures] == ["log", "linear"]


def test_a_store_and_sizes_that_it_need_not_hold(nasinit: Run, store: Path, own: Path, tmp_path: Path) -> None:
    ended = nasinit(
        "plot", "pareto", store, "--table", own, "--x", "board_ms", "--y", "accuracy_pct", "--proxy", "params",
        "--run", 1, "--out", tmp_path / "p.svg",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "run 1 (input gaussian" in ended.out
    assert "params" in (tmp_path / "p.svg").read_text()


def test_the_accuracy_has_a_default_on_nasbench201(
    nasinit: Run, scores: Path, table: Path, own: Path, tmp_path: Path
) -> None:
    ended = nasinit(
        "plot", "pareto", scores, "--table", own, "--table", table, "--x", "board_ms", "--proxy", "good",
        "--out", tmp_path / "p.png",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "\ncifar10_test_200ep_pct: small.csv, " in ended.out


def test_darts_has_trade_offs_as_any_space(nasinit: Run, tmp_path: Path) -> None:
    frame = pd.DataFrame({"architecture": GENOTYPES, "proxy": "mine", "score": [1, 2, 3, 4]})
    frame.to_csv(tmp_path / "s.csv", index=False)
    columns = {"architecture": GENOTYPES, "error_pct": [3, 2.5, 2.7, 2.4], "params_m": [2.0, 3.1, 3.0, 3.3]}
    pd.DataFrame(columns).to_csv(tmp_path / "own.csv", index=False)
    arguments = ("plot", "pareto", tmp_path / "s.csv", "--table", tmp_path / "own.csv", "--x", "params_m")
    ended = nasinit(*arguments, "--y", "error_pct", "--proxy", "mine", "--proxy", "flops", "--out", tmp_path / "p.svg")
    assert ended.code == 0, ended.err
    assert "Better: left and down." in (tmp_path / "p.svg").read_text()
    assert "give --y, a column of these tables of the space darts:" in refused(nasinit(*arguments))


def test_architectures_without_both_values_are_counted_and_named(
    nasinit: Run, scores: Path, own: Path, table: Path, cells: list[str], tmp_path: Path
) -> None:
    lines = own.read_text().splitlines()
    own.write_text("\n".join([*lines[:-2], lines[-2].replace(",11,", ",,")]))
    ended = nasinit(
        "plot", "pareto", scores, "--table", own, "--table", table, "--x", "board_ms", "--proxy", "good",
        "--out", tmp_path / "p.png",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    named = "".join(f"    {cell}\n" for cell in cells[-2:])
    assert f"architectures without board_ms or cifar10_test_200ep_pct, which are left out: 2\n{named}" in ended.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give --x, a column of these tables of the space nasbench201:\n    own"),
        (["--x", "board_sm"], "Did you mean 'board_ms'?"),
        (["--x", "accuracy_pct"], "x and y are both accuracy_pct"),
        (["--proxy", "god"], "unknown proxy of the scores 'god'. Did you mean 'good'?"),
        (["--proxy", "parms"], "Did you mean 'params'? Known: bad, fifth, flops, fourth, good, params, third"),
        (
            [word for proxy in PROXIES for word in ("--proxy", proxy)],
            "--proxies: one figure tells at most 4 proxies apart, got 5",
        ),
        (["--out", "p.jpg"], "a figure is written as .png, .svg, .pdf; got 'p.jpg'"),
        (["--out", "/proc/made/p.png"], "cannot write '/proc/made/p.png': "),
        (["--table", "nasbench210"], "unknown table 'nasbench210'. Did you mean 'nasbench201'?"),
        (["--run", "1"], "is a CSV file and has no runs"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_it_refuses(nasinit: Run, scores: Path, own: Path, arguments: list[str], message: str) -> None:
    given = {"--table": own, "--y": "accuracy_pct", **({"--x": "board_ms"} if arguments else {})}
    for name in {"--table", "--x"} & set(arguments):
        del given[name]
    words = [word for pair in given.items() for word in pair]
    assert message in refused(nasinit("plot", "pareto", scores, *words, *arguments))


@pytest.mark.parametrize("arguments", [["scores.csv"], ["--out", "p.png"], ["scater"], ["-x"]])
def test_a_plot_of_no_kind_is_answered_with_both(nasinit: Run, arguments: list[str]) -> None:
    message = refused(nasinit("plot", *arguments))
    assert "plot needs a kind: `nasinit plot scatter [SCORES]`" in message
    assert "`nasinit plot pareto [SCORES] --x COLUMN`" in message
    assert message.endswith(f"got {arguments[0]!r}\n")


def test_plot_alone_prints_its_kinds(nasinit: Run) -> None:
    for arguments in ([], ["--help"], ["-h"]):
        ended = nasinit("plot", *arguments)
        assert "Usage: nasinit plot" in ended.out + ended.err
        assert "scatter" in ended.out + ended.err
        assert "pareto" in ended.out + ended.err
        assert ended.code == 0 if arguments else ended.code in (0, 2), (
            "a bare group's code changed with typer's releases"
        )


@pytest.mark.parametrize("kind", ["scatter", "pareto"])
def test_each_kind_has_help(nasinit: Run, kind: str) -> None:
    ended = nasinit("plot", kind, "--help")
    assert ended.code == 0
    assert f"Usage: nasinit plot {kind}" in ended.out
    assert "--table" in ended.out


def test_a_scatter_of_a_column_of_which_less_is_better(
    nasinit: Run, scores: Path, cells: list[str], tmp_path: Path
) -> None:
    """The slowest stand out of sight, as triangles at the upper edge."""
    own = tmp_path / "slow.csv"
    rows = [f"{cell},{1000 if place == 11 else 10 + place % 4}" for place, cell in enumerate(cells)]
    own.write_text("\n".join(["architecture,board_ms", *rows]))
    ended = nasinit(
        "plot", "scatter", scores, "--table", own, "--column", "board_ms", "--resamples", 10,
        "--out", tmp_path / "s.svg",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    drawn = (tmp_path / "s.svg").read_text()
    assert "▴: value above" in drawn
    assert "n 12, ▴ 1" in drawn


def test_a_scatter_of_chosen_proxies_keeps_the_baselines(
    nasinit: Run, scores: Path, cells: list[str], tmp_path: Path
) -> None:
    own = tmp_path / "own.csv"
    own.write_text("\n".join(["architecture,my_pct", *(f"{cell},{place}" for place, cell in enumerate(cells))]))
    names = pd.read_csv(scores)["proxy"].unique().tolist()
    chosen, *others = [name for name in names if name not in ("params", "flops")]
    arguments = ("plot", "scatter", scores, "--table", own, "--column", "my_pct", "--resamples", 10)
    ended = nasinit(*arguments, "--proxy", chosen, "--out", tmp_path / "s.svg")
    assert ended.code == 0, ended.err
    titles = re.findall(r">([a-z_]+)</text>", (tmp_path / "s.svg").read_text())
    assert [title for title in titles if title in (*names, "params", "flops")] == [chosen, "params", "flops"]
    assert others
    ended = nasinit(*arguments, "--proxy", chosen[:-1] + "_", "--out", tmp_path / "t.svg")
    assert (ended.code, (tmp_path / "t.svg").exists()) == (2, False)
    assert "unknown proxy of these scores" in ended.err
    assert f"Did you mean {chosen!r}" in ended.err


def test_published_accuracy_against_published_latency(
    nasinit: Run, store: Path, published_data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Oracle: the front of the raw files, by pandas' cumulative maximum alone."""
    files = ("nasbench201_official.csv.gz", "nasbench201_hardware.csv.gz")
    for file in files:
        if not (published_data / file).exists():
            pytest.skip(f"{file} is not in {published_data}")
    monkeypatch.setenv("NASINIT_DATA", str(published_data))
    ended = nasinit(
        "plot", "pareto", store, "--x", "hwnas_cifar10_edgegpu_latency_ms", "--proxy", "params",
        "--out", tmp_path / "p.svg",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    accuracy, latency = (pd.read_csv(published_data / file, index_col="architecture") for file in files)
    both = pd.DataFrame({"y": accuracy["cifar10_test_200ep_pct"], "x": latency["hwnas_c10_edgegpu_latency"]})
    with harness.Store(store) as opened:
        scored = both.loc[opened.frame(1)["architecture"].unique()].sort_values("x")
    budget = scored["x"].iloc[len(scored) // 2 - 1]
    line = next(line for line in ended.out.splitlines() if line.startswith(f"≤ {budget:.2f} "))
    best, best_scored = (frame.loc[frame["x"] <= budget, "y"].max() for frame in (both, scored))
    assert line.split()[2:5] == [str(len(scored) // 2), f"{best:.2f}", f"{best_scored:.2f}"]
    assert "all 15,625 architectures" in (tmp_path / "p.svg").read_text()
