"""The sheets of what stands behind a ranking."""

import math

import pandas as pd

from harness.evaluation.beyond_size import BeyondSize
from harness.evaluation.ceiling import Ceiling
from harness.evaluation.top import Top
from harness.report.tables.evidence import beyond_size_sheet, ceiling_sheet, comparison_sheet, top_sheets
from tests.report.rankings import comparison_of, ranking_of, ranking_row
from tests.report.sheets import headings, texts

RANKING = ranking_of(pd.DataFrame([ranking_row("nwot", 0.5, 5)]))
LOWER = ranking_of(RANKING.frame, column="latency_ms", higher_is_better=False)


def test_the_comparisons_rows():
    frame = pd.DataFrame(
        {
            "proxy": ["nwot", "params"], "spearman": [0.8, 0.7], "spearman_low": [0.7, 0.6],
            "spearman_high": [0.9, 0.8], "difference": [0.1, 0.0],
            "difference_low": [0.05, 0.0], "difference_high": [0.15, 0.0], "p": [0.001, 1.0], "p_holm": [0.01, 1.0],
            "verdict": ["better", ""],
        }
    )  # fmt: skip
    comparison = comparison_of(frame, left_out=("flat",), ranking=LOWER)
    sheet = comparison_sheet(comparison)
    assert sheet.title == "Proxies against params, latency_ms"
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
    sheet = beyond_size_sheet(BeyondSize(frame, RANKING))
    assert texts(sheet)[1] == ("params", "0.70", "–", "–", "–", "–")
    assert sheet.ruled_above == (1,)
    assert "9 pairs in 3 classes" in sheet.notes[0]
    top = {"proxy": ["nwot"], "spearman_top_1": [-0.67], "n_top_1": [5], "spearman_top_5": [0.25], "n_top_5": [25]}
    for k in (1, 10, 100):
        names = (
            "best_of",
            "regret_of",
            "precision_at",
            "ndcg_at",
            "sample",
            "kendall_at",
            "best_rank_at",
            "worst_rank_at",
        )
        top |= {f"{name}_{k}": [k + place / 10] for place, name in enumerate(names)} | {f"sample_{k}_std": [0.5]}
    top |= {"ndcg_of_powers": [math.nan], "ndcg_of_powers_k": [1000]}
    picks, by_rank, among = top_sheets(Top(pd.DataFrame(top), LOWER))
    assert texts(picks) == (
        ("nwot", "1.00", "10.00", "100.00", "10.10", "10.20", "10.30", "10.40 ± 0.50", "100.40 ± 0.50"),
    )
    assert headings(by_rank) == ("proxy", *(f"{name}@{k}" for k in (10, 100) for name in ("P", "KT", "BR", "WR")))
    assert texts(by_rank)[0][:5] == ("nwot", "10.200", "10.500", "10.600", "10.700")
    assert "nDCG" not in by_rank.notes[0], "a latency is no percentage"
    percent = top_sheets(Top(pd.DataFrame(top | {"ndcg_of_powers": [0.6714]}), RANKING))[1]
    assert (headings(percent)[-1], texts(percent)[0][-1]) == ("nDCG\n(P 1,000)", "0.671")
    assert headings(among) == ("proxy", "best 1 %\n(n 5)", "best 5 %\n(n 25)")
    assert texts(among) == (("nwot", "–", "0.25"),), "five architectures say nothing"
    assert "A dash: fewer than 10" in among.notes[0]
    assert "turned round" in among.notes[1]
    frame = pd.DataFrame(
        {
            "proxy": ["nwot"], "spearman": [0.8], "kendall_tau_b": [0.6], "spearman_share": [0.816],
            "kendall_share": [0.66], "spearman_corrected": [0.81],
        }
    )  # fmt: skip
    found = Ceiling(
        frame, spearman=0.98, kendall_tau_b=0.91, pearson=0.99, reliability=0.98, trainings=("a", "b"), pairs=1, n=5,
        ranking=RANKING,
    )  # fmt: skip
    sheet = ceiling_sheet(found)
    assert texts(sheet) == (("nwot", "0.80", "82 %", "0.81", "0.60", "66 %"),)
    assert "Spearman 0.980, Kendall 0.910" in sheet.notes[0]
    assert "A score may in principle exceed that: one training against another is no bound." in sheet.notes[0]


def test_proxies_on_different_architectures_have_a_span_of_counts_among_the_best():
    counts = {
        f"{name}_{k}": [1.0, 1.0]
        for name in ("best_of", "regret_of", "precision_at", "ndcg_at", "kendall_at", "best_rank_at", "worst_rank_at")
        for k in (1, 10)
    }
    counts |= {f"sample_{k}": [1.0, 1.0] for k in (1, 10)} | {"ndcg_of_powers": [0.5, 0.5], "ndcg_of_powers_k": [9, 9]}
    counts |= {f"sample_{k}_std": [0.5, 0.5] for k in (1, 10)}
    frame = pd.DataFrame({"proxy": ["nwot", "few"], "spearman_top_10": [0.25, 0.5], "n_top_10": [1200, 9], **counts})
    among = top_sheets(Top(frame, RANKING))[2]
    assert headings(among) == ("proxy", "best 10 %\n(n 9 to 1,200)")
    assert texts(among) == (("nwot", "0.25"), ("few", "–"))
    whole = top_sheets(Top(frame[:1], RANKING))[2]
    assert headings(whole) == ("proxy", "best 10 %\n(n 1,200)")
    assert "dash" not in whole.notes[0]
