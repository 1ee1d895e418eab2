"""The three renderers of a sheet."""

from dataclasses import replace

import pytest

from harness.errors import ScoresError
from harness.report.tables.sheet import PROXY, Cell, Heading, Sheet, named, sheet_latex, sheet_markdown
from harness.report.tables.text import sheet_text, terminal_width
from tests.report.sheets import headings, texts

SHEET = Sheet.of(
    "Some_title",
    (PROXY, "best\nof 5", "τ"),
    (("grad_norm", "-0.50 [-0.60, 0.10]", "93 ± 2"), ("params", "–", "5 %")),
    ruled_above=(1,),
    notes=("A note & more.",),
)


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
        "| `grad_norm` | −0.50 [−0.60, 0.10] | 93\u00a0±\u00a02 |",
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
    assert r"Proxy & Best of 5 & $\tau$ \\" in lines
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
        ("a", Cell("0.50", "[0.40, 0.60]", best=True), Cell("-0.25", "[-0.30, 0.10]"), Cell("7", latex="seven")),
        ("b", Cell("0.25", rest=" ± 0.10*"), "–", ""),
    ),
    gives_way=("τ", "n", "τ"),
    caption="A $caption$",
)
GROUPED = Sheet.of(
    "",
    (Heading("search", "left", ""), "accuracy"),
    (("A|B", "93 ± 2"), ("  A, published", Cell("94 ± 1", rest=" (-1.00)*")), ("C", "–")),
    grouped=True,
    notes=("one\ntwo",),
)


def test_intervals_are_small_and_the_best_bold_in_latex():
    assert sheet_latex(WIDE, "tab:wide").split("\n") == [
        r"\begin{table}",
        r"\centering",
        r"\caption{A $caption$. In brackets: bootstrap intervals; bold: our best in each column.}",
        r"\label{tab:wide}",
        r"\begin{tabular}{lllr}",
        r"\toprule",
        r"Proxy & $\rho$ & $\tau$ & n \\",
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
        "a      0.50 [0.40, 0.60]  -0.25 [-0.30, 0.10]  7",
        "b      0.25 ± 0.10*        –",
    ]
    heads = [sheet_text(WIDE, width).split("\n")[2] for width in (47, 33, 30)]
    assert [" ".join(head.split()) for head in heads] == ["proxy ρ τ n", "proxy ρ τ", "proxy ρ"]
    assert "[-0.30" not in sheet_text(WIDE, 40)
    assert sheet_text(WIDE, 26).endswith("Left out at this width: n,\nτ.")
    assert "0.50 [0.40, 0.60]" in sheet_text(WIDE, 5), "what does not give way stays"


def test_a_column_of_points_has_room_for_a_sign_in_text_only():
    lines = sheet_text(WIDE, 80).split("\n")
    assert lines[-2].index("-0.25") == lines[-1].index("–") - 1
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


def test_a_plain_table_prints_its_cells_literally():
    rows = (("[red]x[/red]", "1"), ("y", "10"))
    sheet = Sheet.of("", (Heading("name", "left"), "[b]n[/b]"), rows, ruled_above=(1,))
    assert sheet_text(sheet).split("\n") == [
        "name          [b]n[/b]",
        "──────────────────────",
        "[red]x[/red]         1",
        "──────────────────────",
        "y                   10",
    ]


def test_the_width_is_the_given_one_or_the_terminals(monkeypatch):
    monkeypatch.setenv("COLUMNS", "72")
    assert (terminal_width(), terminal_width(33)) == (72, 33)


def test_columns_that_do_not_fit_stand_in_blocks():
    names = tuple(f"column_{place}" for place in range(5))
    rows = (("a", *"12345"), ("b", *"67890"))
    sheet = Sheet.of("Five", (PROXY, *names), rows, ruled_above=(1,), in_blocks=True)
    text = sheet_text(sheet, 30)
    assert max(map(len, text.split("\n"))) <= 30
    heads = [line.split() for line in text.split("\n") if line.startswith("proxy")]
    assert heads == [["proxy", *names[:2]], ["proxy", *names[2:4]], ["proxy", names[4]]]
    assert [line.split()[1:] for line in text.split("\n") if line.startswith("b ")] == [["6", "7"], ["8", "9"], ["0"]]
    assert sum(set(line) == {"─"} for line in text.split("\n")) == 6
    assert sheet_text(sheet, 200).count("proxy") == 1
    assert sheet_text(sheet, 3).count("proxy") == 5, "a single column is printed whole"


def test_a_heading_begins_with_a_capital_in_latex_unless_it_is_a_name():
    names = ("best of\nfirst 10", "cifar10_\ntest", "p (Holm)", "τ-b", Heading("zen", latex="zen"), named("nwot"))
    sheet = Sheet.of("", names, [["1"] * 6])
    assert r"Best of first 10 & cifar10\_test & p (Holm) & $\tau$-b & zen & nwot \\" in sheet_latex(sheet).split("\n")
    assert sheet_markdown(sheet).startswith("| best of first 10 | cifar10_test | p (Holm) | τ-b | zen | nwot |")
