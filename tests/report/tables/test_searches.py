"""The table of searches: every number where it belongs, line by line."""

import pandas as pd
import pytest

from harness.errors import ScoresError
from harness.evaluation.searches.table_searches import TableSearches
from harness.report.tables.searches import searches_sheet, seeds_sheet
from harness.report.tables.sheet import sheet_latex, sheet_markdown
from harness.report.tables.text import sheet_text
from harness.search import SearchSeeds

NAN = float("nan")


def row(search, mean, *, published="", seconds=NAN, queries=NAN):
    there = bool(published)
    return {
        "search": search,
        "cifar10_test_200ep_pct_mean": mean,
        "cifar10_test_200ep_pct_std": 0.456,
        "mine_pct_mean": mean / 2,
        "mine_pct_std": 12.3,
        "seconds": seconds,
        "queries": queries,
        "published": published,
        "published_source": "A paper, table 3" if there else "",
        "published_cifar10_test_200ep_pct_mean": 93.7 if there else NAN,
        "published_cifar10_test_200ep_pct_std": 0.36 if there else NAN,
        "published_mine_pct_mean": NAN,
        "published_mine_pct_std": NAN,
        "published_seconds": 12_000 if there else NAN,
    }


def found(*rows):
    return TableSearches(pd.DataFrame(rows), {}, {}, ())


def text_of(*rows):
    return sheet_text(searches_sheet(found(*rows)), 100)


OURS = row("random_search", 93.751, published="RS", seconds=11_943.2, queries=111.24)


def test_the_lines():
    lines = text_of(row("random", 87.056), OURS).split("\n")
    assert lines[0].split() == ["search", "CIFAR-10", "mine_pct", "seconds", "queries"]
    assert set(lines[1]) == {"─"}
    assert lines[2].split() == ["random", "87.06", "±", "0.46", "43.53", "±", "12.30", "–", "–"]
    assert lines[3].split() == ["random_search", "93.75", "±", "0.46", "46.88", "±", "12.30", "11,943", "111.2"]
    assert lines[4].split() == ["RS,", "published", "93.70", "±", "0.36", "–", "12,000"]
    assert lines[4].startswith("  RS")
    assert lines[5:] == ["", "published by A paper, table 3: RS"]


def test_a_single_run_has_no_deviation():
    assert "93.70  " in text_of({**row("random_search", 93.7), "cifar10_test_200ep_pct_std": NAN})


def test_without_published_rows_there_are_no_sources():
    assert text_of(row("random", 87.0)).endswith("–        –")


def test_sources_stand_below_each_other():
    other = row("reinforce", 93.0, published="RE") | {"published_source": "Another paper"}
    assert text_of(OURS, other).split("\n")[-3:] == [
        "", "published by A paper, table 3: RS", "published by Another paper: RE",
    ]  # fmt: skip


def test_in_markdown_and_latex_a_published_row_is_set_in():
    sheet = searches_sheet(found(row("random", 87.056), OURS))
    lines = sheet_markdown(sheet).split("\n")
    assert lines[3].startswith("| **random_search** | 93.75\u00a0±\u00a00.46 | ")
    assert lines[4].startswith("| &emsp;RS, published | 93.70\u00a0±\u00a00.36 | – | 12,000 |")
    lines = sheet_latex(sheet).split("\n")
    start = next(place for place, line in enumerate(lines) if line.startswith(r"random\_search & 93.75 $\pm$ 0.46"))
    assert lines[start - 1] == r"\addlinespace"
    assert lines[start + 1].startswith(r"\quad RS, published & 93.70 $\pm$ 0.36 & --")


@pytest.mark.parametrize("frame", [pd.DataFrame(), pd.DataFrame({"search": ["a"]})])
def test_a_frame_without_searches_or_accuracies_is_refused(frame):
    with pytest.raises(ScoresError, match="there are no searches to show"):
        searches_sheet(TableSearches(frame, {}, {}, ()))


def seed_log(seed, accuracy, loss):
    return pd.DataFrame(
        {
            "epoch": [1, 2], "training_loss": 2.0, "validation_loss": [9.0, loss], "entropy_nats": [1.6, 1.5],
            "skip_connections": [0, seed], "architecture": ["first", f"cell {seed}"], "seconds": [1.0, 2.0],
            "seed": seed,
            "cifar10_test_200ep_pct_for_the_record": [1.0, accuracy],
        }
    )  # fmt: skip


def test_seeds_stand_above_their_mean_and_deviation():
    log = pd.concat([seed_log(0, 90.0, 1.5), seed_log(3, 94.0, 1.0)])
    found = SearchSeeds("darts", log, {5: "darts: the loss is nan at epoch 1"})
    assert found.frame["seed"].tolist() == [0, 3]
    assert found.frame["architecture"].tolist() == ["cell 0", "cell 3"]
    assert found.frame["seconds"].tolist() == [3.0, 3.0]
    assert "epoch" not in found.frame
    lines = sheet_markdown(seeds_sheet(found)).replace("\N{NO-BREAK SPACE}", " ").split("\n")
    assert lines[0] == "**darts, 2 of 3 searches ended**"
    assert lines[4] == "| 0 | 90.00 | 1.500 | 1.500 | 0.0 | 3.0 | cell 0 |"
    assert lines[6] == "| all 2 | 92.00 ± 2.83 | 1.250 ± 0.354 | 1.500 ± 0.000 | 1.5 ± 2.1 | 3.0 ± 0.0 |  |"
    assert any("seed 5 failed: darts: the loss is nan at epoch 1" in line for line in lines)


def test_a_mean_over_seeds_of_which_one_is_not_known_is_a_dash():
    """And a single seed has no deviation, so it has no row of means."""
    log = pd.concat([seed_log(0, NAN, NAN), seed_log(1, 94.0, NAN)])
    last = sheet_markdown(seeds_sheet(SearchSeeds("nasi", log))).split("\n")[-1]
    assert last.startswith("| all 2 | – | – | 1.500")
    assert "all 1" not in sheet_markdown(seeds_sheet(SearchSeeds("nasi", seed_log(0, 90.0, NAN))))


def latency_log(seed, predicted, tabulated):
    name = "hwnas_cifar10_edgegpu_latency_ms"
    return seed_log(seed, 90.0, 1.5).assign(**{f"{name}_predicted": predicted, f"{name}_for_the_record": tabulated})


def test_a_predicted_latency_stands_beside_the_tabulated_one():
    """With their unit, in every format; the caption calls the accuracy alone an accuracy."""
    found = SearchSeeds("darts", pd.concat([latency_log(0, 5.25, 7.35), latency_log(1, 5.75, NAN)]))
    sheet = seeds_sheet(found)
    lines = sheet_markdown(sheet).replace("\N{NO-BREAK SPACE}", " ").split("\n")
    assert lines[2].startswith("| seed | CIFAR-10 | predicted (ms) | tabulated (ms) | validation loss |")
    assert lines[4].startswith("| 0 | 90.00 | 5.250 | 7.350 | 1.500 |")
    assert lines[6].startswith("| all 2 | 90.00 ± 0.00 | 5.500 ± 0.354 | – |")
    said = "redicted and tabulated: hwnas_cifar10_edgegpu_latency_ms; the searches saw the prediction alone"
    assert f"p{said}" in lines[-1]
    narrow = sheet_text(sheet, 60)
    assert "predicted" in narrow
    assert "tabulated" in narrow
    caption = " ".join(sheet_latex(sheet).split())
    assert "CIFAR-10: tabulated accuracy (\\%), which no search saw. Predicted and tabulated: hwnas" in caption
    assert "edgegpu\\_latency\\_ms: tabulated accuracy" not in caption


def test_a_latency_for_the_record_is_no_accuracy():
    log = seed_log(0, 90.0, 1.5).assign(a_latency_ms_for_the_record=7.0, skips_for_the_record=1.0)
    caption = " ".join(sheet_latex(seeds_sheet(SearchSeeds("darts", log))).split())
    assert r"CIFAR-10: tabulated accuracy (\%), which" in caption
    assert r"a\_latency\_ms: tabulated value (ms), which" in caption
    assert "skips: tabulated value, which" in caption
