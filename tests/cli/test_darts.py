"""`nasinit` on the DARTS space: scoring, and ranking against a table of genotypes."""

from __future__ import annotations

import pandas as pd
import pytest

from harness.spaces import open_space
from harness.spaces.darts import forms

SPACE = open_space("darts")
TINY = ("--width", "4", "--depth", "3", "--batch-size", "4", "--image-size", "8", "--classes", "3")


@pytest.mark.slow
def test_genotypes_are_scored_and_ranked_against_a_table_in_another_form(nasinit, tmp_path):
    genotypes = SPACE.sample(6, seed=5)
    table = pd.DataFrame(
        {
            "architecture": [str(forms.to_configuration(genotype)) for genotype in genotypes],
            "cifar10_test_600ep_pct": [97.1, 96.0, 97.4, 95.2, 96.6, 97.0],
        }
    )
    table.to_csv(tmp_path / "mine.csv", index=False)
    file = tmp_path / "genotypes.txt"
    file.write_text("\n".join(map(str, genotypes)))
    store, out = tmp_path / "scores.sqlite", tmp_path / "ranking.csv"
    scored = nasinit(
        "score", "--space", "darts", "--architectures", file, "--proxies", "nasi_trace,params", "--store", store, *TINY
    )
    assert scored.code == 0, scored.err
    assert "scoring 6 architectures of darts by nasi_trace, params" in scored.out
    ranked = nasinit(
        "correlate", store, "--table", tmp_path / "mine.csv", "--column", "cifar10_test_600ep_pct", "--csv", out
    )
    assert ranked.code == 0, ranked.err
    frame = pd.read_csv(out).set_index("proxy")
    assert frame.loc["nasi_trace", "n"] == 6
    sizes = [SPACE.sizes(genotype, classes=3, width=4, depth=3).parameters for genotype in genotypes]
    expected = pd.Series(sizes).corr(table["cifar10_test_600ep_pct"], method="spearman")
    assert frame.loc["params", "spearman"] == pytest.approx(expected)


def test_the_networks_have_the_size_of_the_search_unless_another_is_asked_for(nasinit, tmp_path):
    ended = nasinit(
        "score", "--space", "darts", "--sample", "2", "--proxies", "params", "--store", tmp_path / "s.sqlite",
        "--out", tmp_path / "s.csv",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "width 16, depth 8" in ended.out
    expected = [float(SPACE.sizes(genotype).parameters) for genotype in SPACE.sample(2, seed=0)]
    assert pd.read_csv(tmp_path / "s.csv")["score"].tolist() == expected


def test_the_architectures_of_a_table_are_scored_in_its_own_space(nasinit, tmp_path):
    ended = nasinit(
        "score", "--table", "darts-published", "--proxies", "params", "--store", tmp_path / "s.sqlite",
        "--width", "36", "--depth", "20", "--out", tmp_path / "s.csv",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "architectures of darts by params" in ended.out
    assert 3_349_342 in pd.read_csv(tmp_path / "s.csv")["score"].tolist()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--space", "darts", "--all"], "the DARTS space has 1.08e+18 genotypes"),
        (["--space", "dart", "--sample", "2"], "unknown space 'dart'. Did you mean 'darts'"),
        (["--space", "darts", "--sample", "2", "--width", "15"], "width must be even"),
        (["--table", "darts-publishd"], "unknown table 'darts-publishd'. Did you mean 'darts-published'"),
        (
            ["--space", "nasbench201", "--table", "darts-published"],
            "is of the space 'darts', not of --space nasbench201",
        ),
    ],
)
def test_what_the_space_does_not_have_is_one_message(nasinit, tmp_path, arguments, complaint):
    ended = nasinit("score", *arguments, "--store", tmp_path / "s.sqlite", "--proxies", "params")
    assert ended.code == 2
    assert complaint in ended.err
    assert "Traceback" not in ended.err


def test_a_malformed_genotype_names_its_line(nasinit, tmp_path):
    file = tmp_path / "genotypes.txt"
    file.write_text(f"{SPACE.sample(1)[0]}\n{str(SPACE.sample(1)[0]).replace('normal_concat', 'normal_cat')}\n")
    ended = nasinit("score", "--space", "darts", "--architectures", file, "--store", tmp_path / "s.sqlite")
    assert ended.code == 2
    assert "line 2: malformed DARTS genotype" in ended.err
    assert "unknown field 'normal_cat'. Did you mean 'normal_concat'" in ended.err
