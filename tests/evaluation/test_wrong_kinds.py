"""What is given in the place of a frame, of a ranking or of a table's column is named in one line."""

import pytest

import harness
from benchmarks import TableError
from harness.errors import ScoresError
from tests.evaluation.ranked import ACCURACY, SEED_1, rank, scored

FRAME, RANKING = "scores are a frame, as .* got", "a ranking is what harness.correlate returns, got"


@pytest.mark.parametrize("given", [3, "scores.csv", None])
def test_what_is_no_ranking_is_named(table, given, tmp_path):
    named = f"{RANKING} {type(given).__name__}"
    for call in (
        harness.top,
        harness.beyond_size,
        harness.compare,
        lambda wrong: harness.ceiling(wrong, table),
        lambda wrong: harness.report_page(wrong, tmp_path / "page.html"),
        lambda wrong: harness.report_page([wrong], tmp_path / "page.html"),
    ):
        with pytest.raises(ScoresError, match=named):
            call(given)


@pytest.mark.parametrize("given", [3, "scores.csv", None])
def test_what_is_no_frame_is_named(table, given):
    gain = harness.Quantity(table, ACCURACY)
    for call in (
        lambda wrong: harness.correlate(wrong, table, ACCURACY),
        lambda wrong: harness.stability({"one": wrong, "two": wrong}),
        lambda wrong: harness.transfer({"one": wrong}, table, [ACCURACY]),
        lambda wrong: harness.trade_off(wrong, harness.Quantity(table, SEED_1), gain, ["mine"]),
    ):
        with pytest.raises(ScoresError, match=f"{FRAME} {type(given).__name__}"):
            call(given)


def test_a_frame_is_no_ranking_and_a_ranking_no_frame(table, noisy):
    frame = scored(noisy)
    with pytest.raises(ScoresError, match=f"{RANKING} DataFrame"):
        harness.compare(frame)
    with pytest.raises(ScoresError, match=f"{FRAME} Ranking"):
        harness.correlate(rank(frame, table), table, ACCURACY)
    for call in (lambda: harness.stability(frame), lambda: harness.transfer(frame, table, [ACCURACY])):
        with pytest.raises(ScoresError, match="a dictionary of frames, got DataFrame"):
            call()


def test_a_column_alone_is_no_side_of_a_trade_off(table, noisy):
    with pytest.raises(TableError, match=r"harness.Quantity\(table, column\), got str"):
        harness.trade_off(scored(noisy), ACCURACY, harness.Quantity(table, SEED_1), ["mine"])


def test_a_trade_off_carries_what_made_its_numbers(table, noisy):
    frame = scored(noisy)
    frame.attrs["provenance"] = {"space": "nasbench201"}
    cost, gain = harness.Quantity(table, SEED_1), harness.Quantity(table, ACCURACY)
    found = harness.trade_off(frame, cost, gain, ["mine"]).frame.attrs["provenance"]
    assert found["scores"] == {"space": "nasbench201"}
    assert (found["x"]["columns"], found["y"]["columns"]) == ([SEED_1], [ACCURACY])
    assert found["y"]["name"] == table.facts.name


def test_scores_are_not_read_from_numbers():
    with pytest.raises(ScoresError, match="by its path; got int"):
        harness.read_scores(3)
