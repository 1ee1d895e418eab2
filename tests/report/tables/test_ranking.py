"""The ranking: in a terminal what it says and what gives way, in LaTeX its structure to the letter."""

import os
import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from harness.errors import ScoresError
from harness.report.tables.ranking import ranking_sheet
from harness.report.tables.sheet import sheet_latex
from harness.report.tables.text import sheet_text

TITLE = "CIFAR-10 test accuracy [%] :smile: [bold]"


def text_of(ranking, width=None):
    return sheet_text(ranking_sheet(ranking, TITLE), width)


def latex_of(ranking):
    """A bare table."""
    return sheet_latex(ranking_sheet(ranking, caption=""))


def some(ranking, names):
    """The ranking of these proxies alone."""
    return replace(ranking, frame=ranking.frame[ranking.frame["proxy"].isin(names)])


def test_a_wide_table_says_everything(ranking):
    text = text_of(ranking, 150)
    assert text.startswith(TITLE)
    assert "Left out" not in text
    line = next(line for line in text.splitlines() if line.startswith("nasi_trace"))
    assert line.split("  ")[0] == "nasi_trace"
    for cell in ("0.60 [0.53, 0.66]", "0.59 [0.52, 0.65]", "0.58 [0.51, 0.64]", "0.57 [0.50, 0.63]"):
        assert cell in line
    assert line.split()[-4:] == ["93.50", "97.2", "94.10", "15,625"]


def test_baselines_stand_below_a_line_of_their_own(ranking):
    lines = text_of(ranking, 150).splitlines()
    starts = [line.split()[0] if line.strip("─ ") else "rule" for line in lines if line]
    assert starts[-7:] == ["rule", "nasi_trace", "zen", "jacob_cov", "rule", "params", "flops"]


@pytest.mark.parametrize("names", [["nasi_trace", "zen"], ["params", "flops"], ["zen"]])
def test_one_kind_alone_needs_no_second_line(ranking, names):
    lines = text_of(some(ranking, names), 150).splitlines()
    assert sum(set(line) == {"─"} for line in lines) == 1


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 140])
def test_no_line_is_wider_than_asked_and_no_row_is_wrapped(ranking, width):
    text = text_of(ranking, width)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    for proxy in ranking.frame["proxy"]:
        (line,) = [line for line in lines if line.startswith(f"{proxy} ")]
        assert line.count("[") == line.count("]") >= 1
    assert text == "\n".join(line.rstrip() for line in lines)


def test_columns_give_way_in_order_of_importance_and_are_named(ranking):
    at_100 = text_of(ranking, 100)
    assert "-0.37 [-0.44, -0.31]" in at_100  # Kendall's interval stays, top 10 beside it
    assert "94.10" in at_100
    assert "Left out at this width: Pearson, n." in at_100
    at_80 = text_of(ranking, 80)
    assert "-0.36 [-0.43, -0.30]" in at_80
    assert "94.10" in at_80
    assert "weighted τ" in at_80.split("Left out at this width:")[1].replace("\n", " ")


def test_names_and_spearman_stay_however_narrow(ranking):
    text = text_of(ranking, 10)
    assert "nasi_trace  0.60 [0.53, 0.66]" in text.replace("   0.60", "  0.60")


def test_nan_is_an_en_dash(ranking):
    empty = ["pearson", "pearson_low", "pearson_high", "best_accuracy"]
    ranking.frame.loc[ranking.frame["proxy"] == "zen", empty] = None
    line = next(line for line in text_of(ranking, 150).splitlines() if line.startswith("zen"))
    assert line.count("–") == 2
    assert "nan" not in line.lower()


def test_the_share_of_failures_is_shown_where_there_are_some(ranking):
    assert "failed" not in text_of(ranking, 150)
    ranking.frame.loc[ranking.frame["proxy"] == "zen", "failed"] = 0.0234
    rows = {line.split()[0]: line.split() for line in text_of(ranking, 170).splitlines() if line}
    assert rows["accuracy"][-1] == "failed"
    assert (rows["zen"][-1], rows["params"][-1]) == ("2.3", "0.0")


def test_no_colour_codes_even_where_the_environment_asks_for_them(ranking, monkeypatch):
    plain = text_of(ranking, 100)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert text_of(ranking, 100) == plain
    assert "\x1b" not in plain


def test_width_is_the_terminals_or_100(ranking, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert text_of(ranking) == text_of(ranking, 80)
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((0, 0)))
    assert text_of(ranking) == text_of(ranking, 100)


def test_brackets_in_a_name_are_no_markup(ranking):
    ranking.frame["proxy"] = ranking.frame["proxy"].replace("zen", "[red]zen[/red]")
    assert "\n[red]zen[/red] " in text_of(ranking, 150)


def test_an_empty_ranking_is_an_error(ranking):
    with pytest.raises(ScoresError, match="there is nothing to show"):
        ranking_sheet(some(ranking, []))


def test_the_heading_says_what_was_measured(ranking):
    value = replace(ranking, value_name="value")
    lines = text_of(value, 200).splitlines()
    assert "value" in lines[2]
    assert "accuracy" not in "\n".join(lines[1:])
    assert "accuracy" in text_of(ranking, 200).splitlines()[2]
    assert "value of first" in " ".join(text_of(value, 60).split())


def test_the_title_says_what_was_ranked_by_where_none_is_given(ranking):
    assert sheet_text(ranking_sheet(ranking), 150).startswith("Rank correlation with cifar10_test_200ep_pct\n")


# --- LaTeX ---


def body(source: str) -> list[list[str]]:
    """The cells of all rows between the rules."""
    rows = re.findall(r"^(.+) \\\\$", source, flags=re.MULTILINE)
    return [row.split(" & ") for row in rows]


def test_a_bare_table_to_the_letter(ranking):
    source = latex_of(some(ranking, ["zen", "params"]))
    assert source == (
        r"\begin{tabular}{lllllrrrr}"
        "\n"
        r"\toprule"
        "\n"
        r"Proxy & Spearman $\rho$ & Kendall $\tau_b$ & Weighted $\tau$ & Pearson $r$ & First & Perc. & Top 10 & $n$ \\"
        "\n"
        r"\midrule"
        "\n"
        r"zen & $-$0.36 {\scriptsize [$-$0.43, $-$0.30]} & $-$0.37 {\scriptsize [$-$0.44, $-$0.31]}"
        r" & $-$0.38 {\scriptsize [$-$0.45, $-$0.32]} & $-$0.39 {\scriptsize [$-$0.46, $-$0.33]}"
        r" & 93.50 & 97.2 & 94.10 & 15,625 \\"
        "\n"
        r"\midrule"
        "\n"
        r"params & \textbf{0.75} {\scriptsize [0.68, 0.81]} & \textbf{0.74} {\scriptsize [0.67, 0.80]}"
        r" & \textbf{0.73} {\scriptsize [0.66, 0.79]} & \textbf{0.72} {\scriptsize [0.65, 0.78]}"
        r" & 93.50 & 97.2 & 94.10 & 15,625 \\"
        "\n"
        r"\bottomrule"
        "\n"
        r"\end{tabular}"
        "\n"
    )


def test_names_are_escaped(ranking):
    ranking.frame["proxy"] = ranking.frame["proxy"].replace({"nasi_trace": r"a_b & 50% #{x}$\y~^<1>"})
    first = body(latex_of(ranking))[1][0:2]
    assert " & ".join(first) == (
        r"a\_b \& 50\% \#\{x\}\$\textbackslash{}y\textasciitilde{}\textasciicircum{}$<$1$>$" + " & " + first[1]
    )


def test_every_row_has_every_cell_and_baselines_follow_a_rule(ranking):
    source = latex_of(ranking)
    assert {len(row) for row in body(source)} == {9}
    assert source.count(r"\midrule") == 2
    assert re.search(r"jacob\\_cov.*\n\\midrule\nparams.*\nflops.*\n\\bottomrule", source)


def test_best_of_each_coefficient_is_bold_as_printed(ranking):
    ranking.frame.loc[ranking.frame["proxy"] == "flops", "spearman"] = 0.7521  # prints like the best, 0.75
    rows = {row[0]: row for row in body(latex_of(ranking))}
    assert [name for name, row in rows.items() if "textbf" in row[1]] == ["params", "flops"]
    assert [name for name, row in rows.items() if "textbf" in row[2]] == ["params"]


def test_where_lower_values_are_better_the_lowest_coefficient_is_bold(ranking):
    source = latex_of(replace(ranking, higher_is_better=False))
    bold = [row[0] for row in body(source) if row[1].startswith(r"\textbf")]
    assert bold == ["zen"]
    assert body(latex_of(ranking)) != body(source)


def test_nan_is_a_dash_and_never_best(ranking):
    ranking.frame.loc[
        ranking.frame["proxy"] == "params", ["pearson", "pearson_low", "pearson_high", "best_accuracy"]
    ] = float("nan")
    rows = {row[0]: row for row in body(latex_of(ranking))}
    assert rows["params"][4:6] == ["--", "--"]
    assert "textbf" in rows["flops"][4]
    ranking.frame["pearson"] = float("nan")
    assert {row[4] for row in body(latex_of(ranking))[1:]} == {"--"}


def test_failures_have_a_column_if_there_are_some(ranking):
    assert "Failed" not in latex_of(ranking)
    ranking.frame.loc[ranking.frame["proxy"] == "zen", "failed"] = 0.0234
    rows = {row[0]: row for row in body(sheet_latex(ranking_sheet(ranking)))}
    assert rows["Proxy"][-1] == r"Failed (\%)"
    assert rows["zen"][-1] == "2.3"


def test_the_caption_is_given_or_says_what_was_ranked_by(ranking):
    source = sheet_latex(ranking_sheet(ranking, caption="Ranks of $f$"), "tab:ranks")
    said = "First: accuracy of the architecture with the highest score; "
    assert source.startswith(f"\\begin{{table}}\n\\centering\n\\caption{{Ranks of $f$. {said}")
    assert source.endswith("\\end{tabular}\n\\end{table}\n")
    assert latex_of(ranking).startswith(r"\begin{tabular}")
    said = "\\caption{Rank correlation of training-free proxies with cifar10\\_test\\_200ep\\_pct"
    assert f"{said}, with 95\\,\\% bootstrap intervals. First: " in sheet_latex(ranking_sheet(ranking))
    lower = sheet_latex(ranking_sheet(replace(ranking, higher_is_better=False)))
    assert f"{said}, of which less is better, with 95" in lower


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not on this machine")
def test_latex_accepts_it(ranking, tmp_path):
    document = (
        "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\n"
        f"{sheet_latex(ranking_sheet(ranking), 'tab:ranks')}\\end{{document}}\n"
    )
    (tmp_path / "table.tex").write_text(document)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0
