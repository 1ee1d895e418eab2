"""The LaTeX table: its structure to the letter, and a compilation where there is a LaTeX."""

import re
import shutil
import subprocess

import pytest

from harness.errors import ScoresError
from harness.report.tables.ranking import ranking_latex


def body(source: str) -> list[list[str]]:
    """The cells of all rows between the rules."""
    rows = re.findall(r"^(.+) \\\\$", source, flags=re.MULTILINE)
    return [row.split(" & ") for row in rows]


def test_a_bare_table_to_the_letter(ranking):
    source = ranking_latex(ranking[ranking["proxy"].isin(["zen", "params"])])
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
    ranking["proxy"] = ranking["proxy"].replace({"nasi_trace": r"a_b & 50% #{x}$\y~^<1>"})
    first = body(ranking_latex(ranking))[1][0:2]
    assert " & ".join(first) == (
        r"a\_b \& 50\% \#\{x\}\$\textbackslash{}y\textasciitilde{}\textasciicircum{}$<$1$>$" + " & " + first[1]
    )


def test_every_row_has_every_cell_and_baselines_follow_a_rule(ranking):
    source = ranking_latex(ranking)
    assert {len(row) for row in body(source)} == {9}
    assert source.count(r"\midrule") == 2
    assert re.search(r"jacob\\_cov.*\n\\midrule\nparams.*\nflops.*\n\\bottomrule", source)


def test_best_of_each_coefficient_is_bold_as_printed(ranking):
    ranking.loc[ranking["proxy"] == "flops", "spearman"] = 0.7521  # prints like the best, 0.75
    rows = {row[0]: row for row in body(ranking_latex(ranking))}
    assert [name for name, row in rows.items() if "textbf" in row[1]] == ["params", "flops"]
    assert [name for name, row in rows.items() if "textbf" in row[2]] == ["params"]


def test_where_lower_values_are_better_the_lowest_coefficient_is_bold(ranking):
    source = ranking_latex(ranking, higher_is_better=False)
    bold = [row[0] for row in body(source) if row[1].startswith(r"\textbf")]
    assert bold == ["zen"]
    assert body(ranking_latex(ranking)) != body(source)


def test_nan_is_a_dash_and_never_best(ranking):
    ranking.loc[ranking["proxy"] == "params", ["pearson", "pearson_low", "pearson_high", "best_accuracy"]] = float(
        "nan"
    )
    rows = {row[0]: row for row in body(ranking_latex(ranking))}
    assert rows["params"][4:6] == ["--", "--"]
    assert "textbf" in rows["flops"][4]
    ranking["pearson"] = float("nan")
    assert {row[4] for row in body(ranking_latex(ranking))[1:]} == {"--"}


def test_failures_have_a_column_if_there_are_any(ranking):
    assert "Failed" not in ranking_latex(ranking)
    ranking.loc[ranking["proxy"] == "zen", "failed"] = 0.0234
    rows = {row[0]: row for row in body(ranking_latex(ranking))}
    assert rows["Proxy"][-1] == r"Failed (\%)"
    assert rows["zen"][-1] == "2.3"


def test_caption_and_label_make_a_float(ranking):
    source = ranking_latex(ranking, caption="Ranks of $f$", label="tab:ranks")
    assert source.startswith(
        "\\begin{table}\n\\centering\n\\caption{Ranks of $f$}\n\\label{tab:ranks}\n\\begin{tabular}"
    )
    assert source.endswith("\\end{tabular}\n\\end{table}\n")
    assert ranking_latex(ranking, label="tab:ranks").startswith("\\begin{table}")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not on this machine")
def test_latex_accepts_it(ranking, tmp_path):
    document = (
        "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\n"
        f"{ranking_latex(ranking, 'A caption', 'tab:ranks')}\\end{{document}}\n"
    )
    (tmp_path / "table.tex").write_text(document)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0


def test_a_missing_column_is_named(ranking):
    with pytest.raises(ScoresError, match="lacks: top10_best"):
        ranking_latex(ranking.drop(columns="top10_best"))
