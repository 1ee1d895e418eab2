"""`nasinit correlate` with evidence beside the ranking, `plot critical-difference`, `stability` and `transfer`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks import open_table
from harness.evaluation.beyond_size import beyond_size
from harness.evaluation.comparison import compare
from harness.evaluation.ranking import correlate
from harness.evaluation.top import top
from harness.spaces import open_space
from tests.cli.columns import ACCURACY

Run = Callable[..., Any]


@pytest.fixture
def seeded(cells: list[str], tmp_path: Path) -> Path:
    """A table with three seeds of every cell and their mean."""
    generator = np.random.default_rng(0)
    seeds = 50 + np.arange(len(cells)) + generator.normal(0, 1, size=(3, len(cells)))
    columns = {f"{ACCURACY}_seed{place}": seed for place, seed in enumerate(seeds)}
    path = tmp_path / "seeded.csv"
    pd.DataFrame({"architecture": cells, ACCURACY: seeds.mean(axis=0), **columns}).to_csv(path, index=False)
    return path


@pytest.fixture
def scores(cells: list[str], tmp_path: Path) -> Path:
    path = tmp_path / "scores.csv"
    rows = [
        pd.DataFrame({"architecture": cells, "proxy": name, "score": sign * np.arange(float(len(cells)))})
        for name, sign in (("up", 1), ("down", -1))
    ]
    pd.concat(rows).to_csv(path, index=False)
    return path


def test_everything_at_once_is_printed_and_written(nasinit: Run, scores: Path, seeded: Path, tmp_path: Path) -> None:
    ended = nasinit(
        "correlate", scores, "--table", seeded, "--column", ACCURACY, "--resamples", 50, "--interval", "bca",
        "--against", "params", "--beyond-size", "--top", "--ceiling", "--csv", tmp_path / "out" / "r.csv", "--latex",
        tmp_path / "out" / "r.tex", "--markdown", tmp_path / "out" / "r.md",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    for title in (
        "Rank correlation with",
        "Proxies against params",
        "Beyond size",
        "The highest scores",
        "The first k by rank",
        "Spearman among",
    ):
        assert title in ended.out
    assert "Against the ceiling" in ended.out
    kinds = ("", "_against", "_beyond_size", "_top", "_ceiling")
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "r.md", *(f"r{kind}.{suffix}" for kind in kinds for suffix in ("csv", "csv.json", "tex")),
    }  # fmt: skip
    ranking = correlate(pd.read_csv(scores), open_table(str(seeded)), ACCURACY, resamples=50, interval="bca")
    for kind, frame in (
        ("", ranking.frame),
        ("_against", compare(ranking, resamples=50).frame.replace("", np.nan)),
        ("_beyond_size", beyond_size(ranking, resamples=50).frame),
        ("_top", top(ranking).frame),
    ):
        written = pd.read_csv(tmp_path / "out" / f"r{kind}.csv")
        pd.testing.assert_frame_equal(written, frame, check_dtype=False)
    markdown = (tmp_path / "out" / "r.md").read_text()
    assert markdown.count("\n\n| proxy |") == 7, "three of them of --top"
    words = compare(ranking, resamples=50).words
    assert [sentence.split(" ")[0] for sentence in words] == ["better", "not", "worse"]
    against, beyond = markdown.index("**Proxies against params"), markdown.index("**Beyond size")
    for sentence in words:
        assert against < markdown.index(f"\n\n{sentence}\n\n") < beyond
    assert "A score may in principle exceed that" in markdown[markdown.index("**Against the ceiling") :]
    assert "seeded.csv: cifar10_test_200ep_pct_seed2" in ended.out.replace("\n", " ")


def test_the_default_output_is_the_ranking_alone(nasinit: Run, scores: Path, seeded: Path) -> None:
    ended = nasinit("correlate", scores, "--table", seeded, "--column", ACCURACY, "--resamples", 20)
    assert ended.code == 0, ended.err
    for title in ("Proxies against", "Beyond size", "The highest scores", "ceiling"):
        assert title not in ended.out


def test_verdicts_are_said_in_words(nasinit: Run, scores: Path, seeded: Path) -> None:
    ended = nasinit("correlate", scores, "--table", seeded, "--column", ACCURACY, "--against", "up", "--resamples", 50)
    assert ended.code == 0, ended.err
    assert "worse than up: " in ended.out
    assert "down" in ended.out.split("worse than up: ")[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--against", "parms"], "unknown proxy of these scores 'parms'. Did you mean 'params'?"),
        (["--interval", "bc"], "unknown interval 'bc'. Did you mean 'bca'?"),
    ],
)
def test_bad_options_are_answered(nasinit: Run, scores: Path, seeded: Path, options: list[str], message: str) -> None:
    ended = nasinit("correlate", scores, "--table", seeded, "--column", ACCURACY, "--resamples", 5, *options)
    assert ended.code == 2
    assert message in ended.err


def test_a_ceiling_of_one_training_is_refused(nasinit: Run, scores: Path, table: Path) -> None:
    ended = nasinit("correlate", scores, "--table", table, "--column", "cifar100_test_200ep_pct", "--ceiling")
    assert ended.code == 2
    assert "the ceiling needs two trainings of the same architectures" in ended.err


def test_the_critical_difference_figure_is_written(nasinit: Run, scores: Path, seeded: Path, tmp_path: Path) -> None:
    out = tmp_path / "cd.svg"
    ended = nasinit(
        "plot", "critical-difference", scores, "--table", seeded, "--column", ACCURACY, "--resamples", 50, "--out", out
    )
    assert ended.code == 0, ended.err
    assert "worse than params: down" in ended.out
    source = out.read_text()
    assert "not distinguishable from params" in source or "better than params" in source
    assert "corrected for all" in source


def test_the_critical_difference_figure_names_what_is_left_out(
    nasinit: Run, scores: Path, seeded: Path, tmp_path: Path
) -> None:
    out = tmp_path / "cd.svg"
    frame = pd.read_csv(scores)
    up = frame[frame["proxy"] == "up"]
    others = [up.assign(proxy=name, score=score) for name, score in (("flat", 1), ("no", ""))]
    pd.concat([frame, *others]).to_csv(scores, index=False)
    given = ["--table", seeded, "--column", ACCURACY, "--resamples", 20]
    ended = nasinit("plot", "critical-difference", scores, *given, "--out", out)
    assert ended.code == 0, ended.err
    sentence = "Left out, with a score for fewer than half of the architectures or always the same: flat, no."
    assert f"\n{sentence}\n" in ended.out
    small_print = " ".join(re.findall(r">([^<>]*)</(?:text|tspan)>", out.read_text()))
    assert sentence in " ".join(small_print.split())


def test_stability_of_several_files(nasinit: Run, scores: Path, cells: list[str], tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    frame = pd.read_csv(scores)
    frame["score"] *= np.where(frame["proxy"] == "up", -2, 2)
    frame.to_csv(other, index=False)
    ended = nasinit("stability", scores, other, "--resamples", 20, "--csv", tmp_path / "s.csv")
    assert ended.code == 0, ended.err
    written = pd.read_csv(tmp_path / "s.csv").set_index("proxy")
    assert written["mean"].to_dict() == pytest.approx({"up": -1, "down": 1})
    ended = nasinit("stability", scores, other, "--proxy", "up", "--resamples", 20)
    assert "up with itself, Spearman, 12 architectures" in ended.out
    assert nasinit("stability", scores, scores).code == 2
    assert "given twice" in nasinit("stability", scores, scores).err
    assert "at least 2 settings" in nasinit("stability", scores).err


def test_runs_of_a_store_are_settings(nasinit: Run, store: Path) -> None:
    ended = nasinit("stability", f"{store}@1", store, "--resamples", 5)
    assert ended.code == 0, ended.err
    assert "sizes@1" in ended.out
    assert "params" in ended.out


def test_transfer_of_several_inputs(nasinit: Run, scores: Path, seeded: Path, table: Path, tmp_path: Path) -> None:
    ended = nasinit(
        "transfer", scores, "--table", table, "--column", ACCURACY, "--column", "cifar100_test_200ep_pct",
        "--resamples", 5, "--csv", tmp_path / "t.csv",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    written = pd.read_csv(tmp_path / "t.csv")
    assert written[["inputs", "column"]].drop_duplicates().to_numpy().tolist() == [
        ["scores", ACCURACY],
        ["scores", "cifar100_test_200ep_pct"],
    ]
    assert set(written["proxy"]) == {"up", "down", "params", "flops"}


def test_proxies_that_one_setting_lacks_are_named_below_the_table(
    nasinit: Run, scores: Path, seeded: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.csv"
    frame = pd.read_csv(scores)
    frame.loc[frame["proxy"] == "down", "score"] = np.nan
    frame.to_csv(other, index=False)
    ended = nasinit("stability", scores, other, "--resamples", 5)
    assert ended.code == 0, ended.err
    assert ended.out.endswith("\n\nLeft out, with scores in scores only: down.\n")
    ended = nasinit("stability", scores, other, "--resamples", 5, "--proxy", "down")
    assert ended.code == 2
    assert "down has scores in scores only: its stability needs 2 settings" in ended.err
    ended = nasinit("transfer", scores, other, "--table", seeded, "--column", ACCURACY, "--resamples", 5)
    assert ended.code == 0, ended.err
    assert ended.out.endswith("\n\nWithout scores on other: down.\n")


def test_scores_of_another_space_are_refused_by_their_file(
    nasinit: Run, scores: Path, seeded: Path, tmp_path: Path
) -> None:
    darts = tmp_path / "genotypes.csv"
    genotypes = [str(genotype) for genotype in open_space("darts").sample(4, seed=0)]
    pd.DataFrame({"architecture": genotypes, "proxy": "up", "score": range(4)}).to_csv(darts, index=False)
    for arguments, other in (
        (["stability", scores, darts], f"{scores} about nasbench201"),
        (["transfer", darts, "--table", seeded, "--column", ACCURACY], "table seeded.csv about nasbench201"),
    ):
        ended = nasinit(*arguments)
        assert ended.code == 2
        assert f"{darts} is about the space darts, {other}" in ended.err
        assert "malformed" not in ended.err


def test_the_best_few_per_cent_say_how_many_they_are(nasinit: Run, scores: Path, seeded: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.csv"
    ended = nasinit(
        "correlate", scores, "--table", seeded, "--column", ACCURACY, "--resamples", 5, "--top", "--csv", out
    )
    assert ended.code == 0, ended.err
    shown = ended.out.split("Spearman among")[1]
    assert "(n 3)" in shown
    rows = [line.split() for line in shown.splitlines() if line.startswith(("up", "down"))]
    assert [row[1:] for row in rows] == [["–"] * 4] * 2, "three of twelve at most"
    assert "A dash: fewer than 10" in " ".join(shown.split())
    assert pd.read_csv(tmp_path / "r_top.csv")["spearman_top_25"].notna().any()


def test_combined_scores_are_ranked_next_to_their_parts(nasinit: Run, scores: Path, seeded: Path) -> None:
    given = ["correlate", scores, "--table", seeded, "--column", ACCURACY, "--resamples", 5]
    ended = nasinit(*given, "--combine", "log_rank_sum:up+down,libra", "--proxies", "up")
    assert ended.code == 0, ended.err
    assert "log_rank_sum:up+down: up, down, among 12 architectures that have all of them" in ended.out
    words = " ".join(ended.out.split())
    assert f"{ACCURACY}: libra combines up, " in words
    assert "its coefficient is too high for others" in words
    rows = {line.split()[0] for line in ended.out.split("Rank correlation")[1].splitlines() if line.strip()}
    assert {"up", "log_rank_sum:up+down", "libra", "params"} <= rows
    assert "down" not in rows
    ended = nasinit(*given, "--combine", "az_nas")
    assert ended.code == 2
    assert "az_nas needs scores of az_expressivity" in ended.err
