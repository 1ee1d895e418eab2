"""The terminal table: what it says, what gives way, and that it never wraps a cell."""

import os

import pytest

from harness.errors import ScoresError
from harness.report.tables.ranking import ranking_text

TITLE = "CIFAR-10 test accuracy [%] :smile: [bold]"


def test_a_wide_table_says_everything(ranking):
    text = ranking_text(ranking, TITLE, width=150)
    assert text.startswith(TITLE)
    assert "Left out" not in text
    line = next(line for line in text.splitlines() if line.startswith("nasi_trace"))
    assert line.split("  ")[0] == "nasi_trace"
    for cell in ("0.60 [0.53, 0.66]", "0.59 [0.52, 0.65]", "0.58 [0.51, 0.64]", "0.57 [0.50, 0.63]"):
        assert cell in line
    assert line.split()[-6:] == ["93.50", "97.2", "94.10", "15,625", "0.0", "%"]


def test_baselines_stand_below_a_line_of_their_own(ranking):
    lines = ranking_text(ranking, TITLE, width=150).splitlines()
    starts = [line.split()[0] if line.strip("─ ") else "rule" for line in lines if line]
    assert starts[-7:] == ["rule", "nasi_trace", "zen", "jacob_cov", "rule", "params", "flops"]


@pytest.mark.parametrize("names", [["nasi_trace", "zen"], ["params", "flops"], ["zen"]])
def test_one_kind_alone_needs_no_second_line(ranking, names):
    lines = ranking_text(ranking[ranking["proxy"].isin(names)], TITLE, width=150).splitlines()
    assert sum(set(line) == {"─"} for line in lines) == 1


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 140])
def test_no_line_is_wider_than_asked_and_no_row_is_wrapped(ranking, width):
    text = ranking_text(ranking, TITLE, width=width)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    for proxy in ranking["proxy"]:
        (line,) = [line for line in lines if line.startswith(f"{proxy} ")]
        assert line.count("[") == line.count("]") >= 1
    assert text == "\n".join(line.rstrip() for line in lines)


def test_columns_give_way_in_order_of_importance_and_are_named(ranking):
    at_100 = ranking_text(ranking, TITLE, width=100)
    assert "-0.37 [-0.44, -0.31]" in at_100  # Kendall's interval stays, top 10 beside it
    assert "94.10" in at_100
    assert "Left out at this width: Pearson, n, percentile of first" in at_100
    at_80 = ranking_text(ranking, TITLE, width=80)
    assert "-0.36 [-0.43, -0.30]" in at_80
    assert "94.10" in at_80
    assert "weighted τ" in at_80.split("Left out at this width:")[1].replace("\n", " ")


def test_names_and_spearman_stay_however_narrow(ranking):
    text = ranking_text(ranking, TITLE, width=10)
    assert "nasi_trace  0.60 [0.53, 0.66]" in text.replace("   0.60", "  0.60")


def test_nan_is_an_en_dash(ranking):
    ranking.loc[ranking["proxy"] == "zen", ["pearson", "pearson_low", "pearson_high", "best_accuracy", "failed"]] = None
    line = next(line for line in ranking_text(ranking, TITLE, width=150).splitlines() if line.startswith("zen"))
    assert line.count("–") == 3
    assert "nan" not in line.lower()
    assert not line.endswith("%")


def test_share_of_failures_is_shown(ranking):
    ranking.loc[ranking["proxy"] == "zen", "failed"] = 0.0234
    assert "2.3 %" in ranking_text(ranking, TITLE, width=150)


def test_no_colour_codes_even_where_the_environment_asks_for_them(ranking, monkeypatch):
    plain = ranking_text(ranking, TITLE, width=100)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert ranking_text(ranking, TITLE, width=100) == plain
    assert "\x1b" not in plain


def test_width_is_the_terminals_or_100(ranking, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert ranking_text(ranking, TITLE) == ranking_text(ranking, TITLE, width=80)
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((0, 0)))
    assert ranking_text(ranking, TITLE) == ranking_text(ranking, TITLE, width=100)


def test_brackets_in_a_name_are_no_markup(ranking):
    ranking["proxy"] = ranking["proxy"].replace("zen", "[red]zen[/red]")
    assert "\n[red]zen[/red] " in ranking_text(ranking, TITLE, width=150)


def test_an_empty_frame_is_an_error(ranking):
    with pytest.raises(ScoresError, match="empty"):
        ranking_text(ranking.iloc[:0], TITLE)


def test_the_heading_says_what_was_measured(ranking):
    lines = ranking_text(ranking, "t", width=200, measured="value").splitlines()
    assert "value" in lines[2]
    assert "accuracy" not in "\n".join(lines)
    assert "accuracy" in ranking_text(ranking, "t", width=200).splitlines()[2]
    narrow = ranking_text(ranking, "t", width=60, measured="value")
    assert "value of first" in " ".join(narrow.split())
