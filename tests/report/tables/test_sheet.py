"""Sheets in their three forms, and the sheets of evidence, read back from what they print."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from harness.errors import ScoresError
from harness.report.cells import p_value
from harness.report.tables.evidence import beyond_size_sheet, ceiling_sheet, comparison_sheet, top_sheets
from harness.report.tables.ranking import ranking_sheet
from harness.report.tables.sheet import PROXY, Cell, Heading, Sheet, sheet_latex, sheet_markdown, sheet_text
from harness.report.tables.stability import matrix_sheet, stability_sheet, transfer_sheet

SHEET = Sheet.of(
    "Some_title",
    (PROXY, "best\nof 5", "τ"),
    (("grad_norm", "-0.50 [-0.60, 0.10]", "93 ± 2"), ("params", "–", "5 %")),
    ruled_above=(1,),
    notes=("A note & more.",),
)


def texts(sheet):
    """The cells as they read in text."""
    return tuple(tuple(map(str, row)) for row in sheet.rows)


def headings(sheet):
    return tuple(heading.text for heading in sheet.headings)


def test_text():
    lines = sheet_text(SHEET, width=60).split("\n")
    assert lines[0] == "Some_title"
    assert lines[4].split() == ["proxy", "of", "5", "τ"] or lines[3].split() == ["proxy", "of", "5", "τ"]
    assert sum(line.startswith("───") for line in lines) == 2
    assert lines[-1] == "A note & more."


def test_markdown():
    assert sheet_markdown(SHEET).split("\n") == [
        "**Some_title**",
        "",
        "| proxy | best of 5 | τ |",
        "| --- | ---: | ---: |",
        "| `grad_norm` | -0.50 [-0.60, 0.10] | 93 ± 2 |",
        "| `params` | – | 5 % |",
        "",
        "A note & more.",
    ]


def test_latex():
    lines = sheet_latex(SHEET).split("\n")
    assert r"\caption{Some\_title. A note \& more.}" in lines
    assert r"\begin{tabular}{lrr}" in lines
    assert r"grad\_norm & $-$0.50 [$-$0.60, 0.10] & 93 $\pm$ 2 \\" in lines
    assert lines[lines.index(r"params & -- & 5 \% \\") - 1] == r"\midrule"
    assert r"proxy & best of 5 & $\tau$ \\" in lines
    p = Sheet.of("p > 0", (PROXY, "p"), (("a", "< 0.001"),))
    assert r"a & $<$ 0.001 \\" in sheet_latex(p).split("\n")
    assert r"\caption{p $>$ 0.}" in sheet_latex(p).split("\n")
    assert "NAS-Bench-201 in 2-3" in sheet_latex(Sheet.of("NAS-Bench-201 in 2-3", (PROXY,), (("a",),))), (
        "no minus there"
    )


WIDE = Sheet.of(
    "Wide",
    (PROXY, Heading("ρ", "point", r"$\rho$"), Heading("τ", "point"), "n"),
    (
        ("a", Cell("0.50", "[0.40, 0.60]", best=True), Cell("−0.25", "[−0.30, 0.10]"), Cell("7", latex="seven")),
        ("b", Cell("0.25", rest=" ± 0.10*"), "–", ""),
    ),
    gives_way=("τ", "n", "τ"),
    caption="A $caption$",
)
GROUPED = Sheet.of(
    "",
    (Heading("search", "left", ""), "accuracy"),
    (("A|B", "93 ± 2"), ("  A, published", Cell("94 ± 1", rest=" (−1.00)*")), ("C", "–")),
    grouped=True,
    notes=("one\ntwo",),
)


def test_intervals_are_small_and_the_best_bold_in_latex():
    assert sheet_latex(WIDE, "tab:wide").split("\n") == [
        r"\begin{table}",
        r"\centering",
        r"\caption{A $caption$}",
        r"\label{tab:wide}",
        r"\begin{tabular}{lllr}",
        r"\toprule",
        r"proxy & $\rho$ & $\tau$ & n \\",
        r"\midrule",
        r"a & \textbf{0.50} {\scriptsize [0.40, 0.60]} & $-$0.25 {\scriptsize [$-$0.30, 0.10]} & seven \\",
        r"b & 0.25 $\pm$ 0.10$^*$ & -- &  \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
        "",
    ]


def test_columns_give_way_in_the_order_that_the_sheet_states():
    assert sheet_text(WIDE, 48).split("\n")[2:] == [
        "proxy  ρ                  τ                    n",
        "────────────────────────────────────────────────",
        "a      0.50 [0.40, 0.60]  −0.25 [−0.30, 0.10]  7",
        "b      0.25 ± 0.10*        –",
    ]
    heads = [sheet_text(WIDE, width).split("\n")[2] for width in (47, 33, 30)]
    assert [" ".join(head.split()) for head in heads] == ["proxy ρ τ n", "proxy ρ τ", "proxy ρ"]
    assert "[−0.30" not in sheet_text(WIDE, 40)
    assert sheet_text(WIDE, 26).endswith("Left out at this width: n,\nτ.")
    assert "0.50 [0.40, 0.60]" in sheet_text(WIDE, 5), "what does not give way stays"


def test_a_column_of_points_has_room_for_a_sign_in_text_only():
    lines = sheet_text(WIDE, 80).split("\n")
    assert lines[-2].index("−0.25") == lines[-1].index("–") - 1
    assert lines[-2].index("0.50") == lines[-1].index("0.25")
    assert "| 0.50 [0.40, 0.60] | −0.25 [−0.30, 0.10] | 7 |" in sheet_markdown(WIDE)


def test_a_group_is_set_in():
    assert sheet_markdown(GROUPED).split("\n") == [
        "| search | accuracy |",
        "| --- | ---: |",
        "| **A\\|B** | 93\u00a0±\u00a02 |",
        "| &emsp;A, published | 94\u00a0±\u00a01 (−1.00)* |",
        "| **C** | – |",
        "",
        "one",
        "two",
    ]
    assert sheet_text(GROUPED, 50).split("\n")[-3:] == ["", "one", "two"]
    lines = sheet_latex(GROUPED).split("\n")
    assert lines[lines.index(r"C & -- \\") - 1] == r"\addlinespace"
    assert lines.count(r"\addlinespace") == 1


def test_without_a_caption_it_is_a_bare_tabular():
    bare = sheet_latex(replace(SHEET, caption=""))
    assert bare.startswith(r"\begin{tabular}")
    assert bare.endswith("\\end{tabular}\n")


def test_columns_can_be_left_out():
    assert headings(WIDE.without("τ", "n")) == ("proxy", "ρ")
    assert texts(WIDE.without("τ", "n")) == (("a", "0.50 [0.40, 0.60]"), ("b", "0.25 ± 0.10*"))


def test_a_sheet_without_rows_is_refused():
    with pytest.raises(ScoresError, match="Nothing: there is nothing to show"):
        Sheet.of("Nothing", (PROXY,), ())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0004, "< 0.001"), (0.0312, "0.031"), (0.5, "0.50"), (1, "1.00"), (math.nan, "–"),
        (0.0494, "0.049"), (0.0497, "0.0497"), (0.04999, "0.0499"), (0.05, "0.050"), (0.0503, "0.050"),
    ],
)  # fmt: skip
def test_p_values(value, text):
    assert p_value(value) == text


def test_the_comparisons_rows():
    frame = pd.DataFrame(
        {
            "proxy": ["nwot", "params"], "spearman": [0.8, 0.7], "spearman_low": [0.7, 0.6],
            "spearman_high": [0.9, 0.8], "difference": [0.1, 0.0],
            "difference_low": [0.05, 0.0], "difference_high": [0.15, 0.0], "p": [0.001, 1.0], "p_holm": [0.01, 1.0],
            "verdict": ["better", ""],
        }
    )  # fmt: skip
    sheet = comparison_sheet(
        frame, "accuracy", against="params", coefficient="spearman", n=1234, pairs=1, left_out=["flat"],
        higher_is_better=False,
    )  # fmt: skip
    assert texts(sheet) == (
        ("nwot", "0.80 [0.70, 0.90]", "0.10 [0.05, 0.15]", "0.010", "better"),
        ("params", "0.70 [0.60, 0.80]", "–", "–", "–"),
    )
    assert "1,234 architectures" in sheet.notes[0]
    assert "flat" in sheet.notes[1]
    assert "turned round" in sheet.notes[2]


def test_the_other_sheets():
    ends = ("", "_low", "_high")
    beyond = {
        f"{name}{end}": [0.5, math.nan]
        for name in ("given_params", "given_flops", "given_both", "among_equals")
        for end in ends
    }
    frame = pd.DataFrame(
        {"proxy": ["nwot", "params"], "spearman": [0.8, 0.7], **beyond, "pairs": [7, 9], "classes": [2, 3]}
    )
    sheet = beyond_size_sheet(frame, "accuracy")
    assert texts(sheet)[1] == ("params", "0.70", "–", "–", "–", "–")
    assert sheet.ruled_above == (1,)
    assert "9 pairs in 3 classes" in sheet.notes[0]
    top = {"proxy": ["nwot"], "spearman_top_1": [-0.67], "n_top_1": [5], "spearman_top_5": [0.25], "n_top_5": [25]}
    for k in (1, 10, 100):
        names = ("best_of", "regret_of", "precision_at", "ndcg_at", "sample")
        top |= {f"{name}_{k}": [k + place / 10] for place, name in enumerate(names)} | {f"sample_{k}_std": [0.5]}
    picks, among = top_sheets(pd.DataFrame(top), "accuracy", higher_is_better=False)
    assert texts(picks) == (
        ("nwot", "1.00", "10.00", "100.00", "10.10", "10.20", "10.30", "10.40 ± 0.50", "100.40 ± 0.50"),
    )
    assert headings(among) == ("proxy", "best 1 %\n(n 5)", "best 5 %\n(n 25)")
    assert texts(among) == (("nwot", "–", "0.25"),), "five architectures say nothing"
    assert "A dash: fewer than 10" in among.notes[0]
    frame = pd.DataFrame(
        {
            "proxy": ["nwot"], "spearman": [0.8], "kendall_tau_b": [0.6], "spearman_share": [0.816],
            "kendall_share": [0.66], "spearman_corrected": [0.81],
        }
    )  # fmt: skip
    sheet = ceiling_sheet(frame, "accuracy", spearman=0.98, kendall_tau_b=0.91, trainings=["a", "b"], n=5)
    assert texts(sheet) == (("nwot", "0.80", "82 %", "0.81", "0.60", "66 %"),)
    assert "Spearman 0.980, Kendall 0.910" in sheet.notes[0]
    assert "A score may in principle exceed that: one training against another is no bound." in sheet.notes[0]


def test_proxies_on_different_architectures_have_a_span_of_counts_among_the_best():
    counts = {
        f"{name}_{k}": [1.0, 1.0]
        for name in ("best_of", "regret_of", "precision_at", "ndcg_at", "sample", "sample_std")
        for k in (1, 10)
    }
    counts |= {f"sample_{k}_std": [0.5, 0.5] for k in (1, 10)}
    frame = pd.DataFrame({"proxy": ["nwot", "few"], "spearman_top_10": [0.25, 0.5], "n_top_10": [1200, 9], **counts})
    among = top_sheets(frame, "accuracy")[1]
    assert headings(among) == ("proxy", "best 10 %\n(n 9 to 1,200)")
    assert texts(among) == (("nwot", "0.25"), ("few", "–"))
    whole = top_sheets(frame[:1], "accuracy")[1]
    assert headings(whole) == ("proxy", "best 10 %\n(n 1,200)")
    assert "dash" not in whole.notes[0]


def test_the_ranking_as_a_sheet(ranking):
    sheet = ranking_sheet(ranking, "Title")
    assert [row[0] for row in texts(sheet)][-2:] == ["params", "flops"]
    assert sheet.ruled_above == (3,)
    assert texts(sheet.without("failed"))[0][-1] == "15,625"


def test_settings():
    frame = pd.DataFrame(
        {
            "proxy": ["nwot"],
            "settings": [3],
            "n": [1500],
            "mean": [0.9],
            "mean_low": [0.8],
            "mean_high": [0.95],
            "least": [0.85],
        }
    )
    assert texts(stability_sheet(frame, coefficient="spearman")) == (
        ("nwot", "0.90 [0.80, 0.95]", "0.85", "3", "1,500"),
    )
    sheet = matrix_sheet(np.array([[1, 0.5], [0.5, 1]]), ["a", "b"], proxy="nwot", coefficient="pearson", n=7)
    assert texts(sheet) == (("a", "1.00", "0.50"), ("b", "0.50", "1.00"))
    frame = pd.DataFrame(
        {
            "proxy": ["nwot"] * 4, "inputs": ["x", "x", "y", "y"], "column": ["one", "two"] * 2, "n": [5] * 4,
            "spearman": [0.1, 0.2, 0.3, 0.4], "spearman_low": [0.0] * 4, "spearman_high": [1.0] * 4,
        }
    )  # fmt: skip
    sheet = transfer_sheet(frame)
    assert texts(sheet)[1] == ("nwot", "y", "0.30 [0.00, 1.00]", "0.40 [0.00, 1.00]", "5")
