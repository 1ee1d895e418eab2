"""`nasinit correlate` with several columns, of one table or of several, and with tables of the user's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import harness
from harness.scoring.files import read_scores
from tests.cli.columns import ACCURACY, LATENCY

Run = Callable[..., Any]
GENOTYPES = [str(genotype) for genotype in harness.open_space("darts").sample(6, seed=2)]


@pytest.fixture
def darts_scores(tmp_path: Path) -> Path:
    path = tmp_path / "scores.csv"
    frame = pd.DataFrame({"architecture": GENOTYPES, "proxy": "mine", "score": [3.0, 1.0, 4.0, 1.5, 9.0, 2.0]})
    frame.to_csv(path, index=False)
    return path


def section(out: str, column: str) -> str:
    """What is printed of one column's ranking."""
    return out.split(f"Rank correlation with {column}\n")[1].split("Rank correlation with")[0]


def test_each_column_comes_from_the_first_table_that_has_it(
    nasinit: Run, store: Path, table: Path, latencies: Path, tmp_path: Path
) -> None:
    ended = nasinit(
        "correlate", store, "--table", table, "--table", latencies, "--column", LATENCY, "--column", ACCURACY,
        "--resamples", 20, "--csv", tmp_path / "out" / "r.csv", "--latex", tmp_path / "out" / "r.tex",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert f"\n{LATENCY}: board.csv, " in ended.out
    assert f"\n{ACCURACY}: small.csv, " in ended.out
    wrote = [line.removeprefix("wrote ") for line in ended.out.splitlines() if line.startswith("wrote ")]
    assert sorted(wrote) == sorted(map(str, (tmp_path / "out").iterdir()))
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        f"r_{column}.{suffix}" for column in (LATENCY, ACCURACY) for suffix in ("csv", "csv.json", "tex")
    }
    alone = nasinit("correlate", store, "--table", table, "--resamples", 20, "--csv", tmp_path / "alone.csv")
    assert alone.code == 0, alone.err
    assert (tmp_path / "alone.csv").read_text() == (tmp_path / "out" / f"r_{ACCURACY}.csv").read_text()
    other = nasinit("correlate", store, "--table", latencies, "--resamples", 20, "--csv", tmp_path / "other.csv")
    assert other.code == 0, other.err
    assert (tmp_path / "other.csv").read_text() != (tmp_path / "alone.csv").read_text(), "its own accuracies"


def test_a_column_of_which_less_is_better_says_how_to_read_it(
    nasinit: Run, store: Path, table: Path, latencies: Path, cells: list[str], tmp_path: Path
) -> None:
    ended = nasinit(
        "correlate", store, "--table", latencies, "--table", table, "--column", LATENCY, "--column",
        "cifar100_test_200ep_pct", "--resamples", 20, "--csv", tmp_path / "r.csv", "--latex", tmp_path / "r.tex",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    latency, accuracy = section(ended.out, LATENCY), section(ended.out, "cifar100_test_200ep_pct")
    assert f"Lower {LATENCY} is better." in latency
    assert "is better" not in accuracy
    assert "accuracy" in accuracy
    assert "accuracy" not in latency
    frame = pd.read_csv(tmp_path / f"r_{LATENCY}.csv").set_index("proxy")
    space = harness.open_space("nasbench201")
    sizes = pd.Series([space.sizes(space.parse(cell)).parameters for cell in cells[:-1]])
    values = pd.Series([place + 1.5 for place in range(len(cells) - 1)])
    assert frame.loc["params", "spearman"] == pytest.approx(sizes.corr(values, method="spearman"))
    assert frame.loc["params", "best_accuracy"] == pytest.approx(values[sizes == sizes.max()].mean())
    assert r"board\_latency\_ms, of which less is better," in (tmp_path / f"r_{LATENCY}.tex").read_text()


def test_the_best_of_a_latex_table_follow_the_direction(
    nasinit: Run, latencies: Path, cells: list[str], tmp_path: Path
) -> None:
    signs = {"up": 1, "down": -1}
    rows = [f"{cell},{name},{sign * place}" for name, sign in signs.items() for place, cell in enumerate(cells)]
    (tmp_path / "scores.csv").write_text("\n".join(["architecture,proxy,score", *rows]))
    ended = nasinit(
        "correlate", tmp_path / "scores.csv", "--table", latencies, "--column", LATENCY, "--column", ACCURACY,
        "--resamples", 20, "--latex", tmp_path / "r.tex",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    for column, best in ((LATENCY, r"down & \textbf{$-$1.00}"), (ACCURACY, r"up & \textbf{1.00}")):
        source = (tmp_path / f"r_{column}.tex").read_text()
        assert best in source
        assert source.count(r" & \textbf{") == 4


def test_coefficients_of_all_columns_are_shown_side_by_side(
    nasinit: Run, store: Path, table: Path, latencies: Path, tmp_path: Path
) -> None:
    ended = nasinit(
        "correlate", store, "--table", latencies, "--table", table, "--column", LATENCY, "--column", ACCURACY,
        "--column", "cifar100_test_200ep_pct", "--resamples", 20, "--csv", tmp_path / "r.csv",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    matrix = ended.out.split("Spearman of every proxy with every column")[1]
    row = next(line.split() for line in matrix.splitlines() if line.startswith("params"))
    expected = [
        pd.read_csv(tmp_path / f"r_{column}.csv").set_index("proxy").loc["params", "spearman"]
        for column in (LATENCY, ACCURACY, "cifar100_test_200ep_pct")
    ]
    assert row == ["params", *(f"{value:.2f}" for value in expected)]
    once = nasinit("correlate", store, "--table", latencies, *("--column", LATENCY) * 2, "--resamples", 20)
    assert "Spearman of every proxy" not in once.out, "a column that is given twice is ranked once"
    assert once.out.count(f"Rank correlation with {LATENCY}") == 1


def test_what_has_no_value_is_counted_and_named(
    nasinit: Run, store: Path, table: Path, latencies: Path, cells: list[str], tmp_path: Path
) -> None:
    ended = nasinit(
        "correlate", store, "--table", latencies, "--table", table, "--column", LATENCY, "--column", ACCURACY,
        "--column", "cifar100_test_200ep_pct", "--resamples", 20,
    )  # fmt: skip
    assert f"architectures without {LATENCY} and {ACCURACY}, which are left out: 1\n    {cells[-1]}\n" in ended.out
    few = tmp_path / "few.csv"
    few.write_text("\n".join([f"architecture,{LATENCY}", *(f"{cell},{place}" for place, cell in enumerate(cells[:4]))]))
    ended = nasinit("correlate", store, "--table", few, "--column", LATENCY, "--resamples", 20)
    named = "".join(f"    {cell}\n" for cell in cells[4:7])
    assert f"which are left out: {len(cells) - 4}, the first 3\n{named}Rank" in ended.out


def test_repeated_rows_are_counted_and_named(nasinit: Run, cells: list[str], tmp_path: Path) -> None:
    own, scores = tmp_path / "own.csv", tmp_path / "scores.csv"
    rows = [f"{cell},{place}" for place, cell in enumerate(cells)]
    own.write_text("\n".join(["architecture,accuracy", *rows, rows[2]]))
    scores.write_text(
        "\n".join(["architecture,proxy,score", *(row.replace(",", ",mine,") for row in [*rows, rows[5]])])
    )
    ended = nasinit("correlate", scores, "--table", own, "--column", "accuracy", "--resamples", 20)
    assert ended.code == 0, ended.err
    assert f"more than one row of a proxy, with equal scores, one of which is kept: 1\n    {cells[5]}\n" in ended.out
    assert f"more than one row of accuracy, with equal values, one of which is kept: 1\n    {cells[2]}\n" in ended.out
    scores.write_text(scores.read_text() + f"\n{cells[5]},mine,77")
    ended = nasinit("correlate", scores, "--table", own, "--column", "accuracy")
    assert ended.code == 2
    assert f"1 scores stand twice and differ, the first is mine for {cells[5]} (5 and 77)" in ended.err


def test_file_names_hold_no_character_that_a_folder_could_trip_over(
    nasinit: Run, cells: list[str], store: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.csv"
    rows = [f"{cell},{place},{place % 5}" for place, cell in enumerate(cells)]
    own.write_text("\n".join(["architecture,top 1/accuracy,top_1 accuracy", *rows]))
    ended = nasinit(
        "correlate", store, "--table", own, "--column", "top 1/accuracy", "--column", "top_1 accuracy",
        "--resamples", 20, "--csv", tmp_path / "made" / "r.csv",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert sorted(file.name for file in (tmp_path / "made").iterdir()) == [
        "r_top_1_accuracy.csv",
        "r_top_1_accuracy.csv.json",
        "r_top_1_accuracy_2.csv",
        "r_top_1_accuracy_2.csv.json",
    ]


def test_darts_is_ranked_as_any_space(nasinit: Run, darts_scores: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    turned = [re.sub(r"\[(\([^)]*\)), (\([^)]*\))", r"[\2, \1", text, count=1) for text in GENOTYPES]
    assert set(turned).isdisjoint(GENOTYPES)
    errors = [2.5, 3.1, 2.4, 3.0, 2.2, 2.9]
    pd.DataFrame({"architecture": turned, "cifar10_error_pct": errors}).to_csv(own, index=False)
    ended = nasinit(
        "correlate", darts_scores, "--table", own, "--column", "cifar10_error_pct", "--resamples", 20,
        "--csv", tmp_path / "r.csv",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    frame = pd.read_csv(tmp_path / "r.csv").set_index("proxy")
    assert frame["n"].tolist() == [6, 6, 6]
    assert list(frame.index) == ["mine", "params", "flops"]
    assert frame.loc["mine", "spearman"] == pytest.approx(-1.0)
    assert frame.loc["mine", "best_accuracy"] == 2.2
    assert frame.loc["mine", "best_percentile"] == pytest.approx(100 * 5.5 / 6)


def test_a_space_without_a_default_column_lists_what_there_is(nasinit: Run, darts_scores: Path) -> None:
    ended = nasinit("correlate", darts_scores)
    assert ended.code == 2
    assert ended.err.startswith("nasinit: give --column, a column of these tables of the space darts:\n")
    assert "\n    darts-published: cifar10_test_600ep_error_pct" in ended.err
    assert "\n    darts-random214 is not here: " in ended.err
    assert "nasbench201" not in ended.err


def test_a_store_says_its_space(nasinit: Run, tiny: tuple[str, ...], tmp_path: Path) -> None:
    store, genotypes, own = tmp_path / "s.sqlite", tmp_path / "genotypes.txt", tmp_path / "own.csv"
    genotypes.write_text("\n".join(GENOTYPES))
    pd.DataFrame({"architecture": GENOTYPES, "accuracy_pct": range(90, 96)}).to_csv(own, index=False)
    ended = nasinit(
        "score", "--space", "darts", "--architectures", genotypes, "--proxies", "params", "--store", store, *tiny
    )
    assert ended.code == 0, ended.err
    assert read_scores(store).space == "darts"
    assert read_scores(own).space is None
    assert "of the space darts:" in nasinit("correlate", store).err
    ended = nasinit("correlate", store, "--table", own, "--column", "accuracy_pct", "--resamples", 20)
    assert ended.code == 0, ended.err
    assert "accuracy" in section(ended.out, "accuracy_pct")


def test_a_named_table_without_a_default_column_lists_its_own(nasinit: Run, darts_scores: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    pd.DataFrame({"architecture": GENOTYPES, "speed": 1.0, "seeds": 1}).to_csv(own, index=False)
    ended = nasinit("correlate", darts_scores, "--table", own)
    assert ended.code == 2
    assert re.search(r"\n    own\S*: speed", ended.err)
    assert "darts-published" not in ended.err


def test_scores_of_no_space_are_refused(nasinit: Run, table: Path, tmp_path: Path) -> None:
    scores = tmp_path / "scores.csv"
    scores.write_text("architecture,proxy,score\n64:64:64:64,mine,1\n")
    ended = nasinit("correlate", scores, "--table", table)
    assert ended.code == 2
    assert "the first architecture of the scores is of no space that is known. nasbench201: malformed" in ended.err


def test_published_columns_of_three_tables_join_on_one_key(
    nasinit: Run, store: Path, published_data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Oracle: the raw files, read by pandas alone."""
    files = ("nasbench201_official.csv.gz", "nasbench201_hardware.csv.gz", "nasbench201_robustness_cifar10.csv.gz")
    for file in files:
        if not (published_data / file).exists():
            pytest.skip(f"{file} is not in {published_data}")
    monkeypatch.setenv("NASINIT_DATA", str(published_data))
    columns = [ACCURACY, "hwnas_cifar10_edgegpu_latency_ms", "cifar10half_test_200ep_fgsm_linf_eps1_pct"]
    ended = nasinit(
        "correlate", store, *(word for column in columns for word in ("--column", column)), "--resamples", 20,
        "--csv", tmp_path / "r.csv",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    with harness.Store(store) as opened:
        frame = opened.frame()
    params = frame[frame["proxy"] == "params"].set_index("architecture")["score"]
    for column, file, raw in zip(
        columns, files, [ACCURACY, "hwnas_c10_edgegpu_latency", "fgsm@Linf_eps-1.0"], strict=True
    ):
        values = pd.read_csv(published_data / file, index_col="architecture")[raw]
        found = pd.read_csv(tmp_path / f"r_{column}.csv").set_index("proxy").loc["params", "spearman"]
        assert found == pytest.approx(params.corr(values.loc[params.index], method="spearman"))
