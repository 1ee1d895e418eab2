"""Several rankings next to each other."""

from dataclasses import replace

from harness.report.tables.matrix import matrix_sheet
from harness.report.tables.text import sheet_text
from tests.report.sheets import headings, texts


def test_coefficients_of_all_columns_stand_side_by_side(ranking):
    frame = ranking.frame.assign(spearman=-ranking.frame["spearman"])
    other = replace(ranking, frame=frame, column="hwnas_cifar10_edgegpu_latency_ms")
    lines = sheet_text(matrix_sheet([ranking, other]), 100).splitlines()
    assert lines[:2] == ["Spearman of every proxy with every column", ""]
    rows = [line.split() for line in lines[2:] if line.split()[1:2] and line.split()[-1][-1].isdigit()]
    assert rows[-5:] == [
        ["nasi_trace", "0.60", "-0.60"],
        ["zen", "-0.36", "0.36"],
        ["jacob_cov", "0.73", "-0.73"],
        ["params", "0.75", "-0.75"],
        ["flops", "0.74", "-0.74"],
    ]
    assert sum(set(line) == {"─"} for line in lines) == 2


def test_a_proxy_that_one_column_lacks_has_a_dash(ranking):
    without = replace(ranking, frame=ranking.frame[ranking.frame["proxy"] != "zen"], column="a")
    sheet = matrix_sheet([without, replace(ranking, column="b")])
    assert texts(sheet)[2:] == (("zen", "–", "-0.36"), ("params", "0.75", "0.75"), ("flops", "0.74", "0.74"))
    assert headings(sheet) == ("proxy", "a", "b")
    assert sheet.ruled_above == (3,)


def test_columns_that_do_not_fit_come_in_blocks(ranking):
    text = sheet_text(matrix_sheet([replace(ranking, column=f"column_{place}") for place in range(9)]), 60)
    assert max(map(len, text.splitlines())) <= 60
    heads = [line.split() for line in text.splitlines() if line.startswith("proxy")]
    assert len(heads) > 1
    assert [name for head in heads for name in head[1:]] == [f"column_{place}" for place in range(9)]
    assert text.count("nasi_trace") == len(heads)


def test_a_single_wide_column_is_printed_whole(ranking):
    named = replace(ranking, column="a_very_long_name_of_a_column_that_has_no_end")
    assert "0.60" in sheet_text(matrix_sheet([named]), 10)


def test_only_proxies_or_only_baselines_have_no_rule_between(ranking):
    for name in ("zen", "params"):
        assert matrix_sheet([replace(ranking, frame=ranking.frame[ranking.frame["proxy"] == name])]).ruled_above == ()
