"""The record of evidence: each part is what its own function gives, and nothing else is there."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from benchmarks import Column, Table
from harness.errors import ScoresError
from harness.evaluation.beyond_size import beyond_size
from harness.evaluation.ceiling import ceiling, tables_with_trainings
from harness.evaluation.comparison import compare
from harness.evaluation.evidence import Evidence, EvidenceOptions, gather_evidence
from harness.evaluation.ranking import correlate
from harness.evaluation.top import top
from tests.evaluation.ranked import ACCURACY, KEYS, rank, scored
from tests.evaluation.sized import LATENCY, frame_of, table_of

FEW = {"resamples": 20, "seed": 3}
PARTS = ("comparison", "beyond_size", "top", "ceiling")


def equal(one: object, other: object) -> bool:
    """Whether two results are the same to the bit, field by field."""
    return all(
        a.equals(b) if isinstance(a := getattr(one, entry.name), pd.DataFrame) else a == b
        for entry in fields(one)  # type: ignore[arg-type]
        for b in [getattr(other, entry.name)]
    )


def test_every_part_is_what_its_function_gives(table: Table, noisy: np.ndarray) -> None:
    ranking = rank(scored(noisy), table)
    requested = EvidenceOptions(against="params", beyond_size=True, top=True, ceiling=True, confidence=0.9, **FEW)
    found = gather_evidence(ranking, table, requested)
    assert found.ranking is ranking
    assert equal(found.comparison, compare(ranking, "params", confidence=0.9, **FEW))
    assert equal(found.beyond_size, beyond_size(ranking, confidence=0.9, **FEW))
    assert equal(found.top, top(ranking))
    assert equal(found.ceiling, ceiling(ranking, tables_with_trainings(ranking, table)))
    assert found.left_out == {}


@pytest.mark.parametrize("name", PARTS)
def test_only_what_is_asked_for_is_made(name: str, table: Table, noisy: np.ndarray) -> None:
    option = {"comparison": {"against": "params"}}.get(name, {name: True})
    found = gather_evidence(rank(scored(noisy), table), table, EvidenceOptions(**FEW, **option))
    assert [part for part in PARTS if getattr(found, part) is not None] == [name]


def test_what_is_not_possible_is_an_error_or_left_out_with_the_reason(table: Table, noisy: np.ndarray) -> None:
    column = Column("made_here_ms", None, None, None, "ms", "one", "made here", higher_is_better=False)
    once = Table(KEYS, [column], [table.values(KEYS, ACCURACY)], table.facts)
    ranking = rank(scored(noisy), once, column.name)
    wanted = {"against": "nothing", "ceiling": True, "top": True}
    with pytest.raises(ScoresError, match="unknown proxy of this ranking 'nothing'"):
        gather_evidence(ranking, once, EvidenceOptions(**FEW, against="nothing", top=True))
    with pytest.raises(ScoresError, match="the ceiling needs two trainings"):
        gather_evidence(ranking, once, EvidenceOptions(**FEW, **wanted))
    found = gather_evidence(ranking, once, EvidenceOptions(**FEW, **wanted, if_possible=True))
    assert (found.comparison, found.ceiling, found.beyond_size) == (None, None, None)
    assert found.top is not None
    assert list(found.left_out) == ["ceiling", "comparison"]
    assert found.left_out["ceiling"].startswith("the ceiling needs two trainings of the same architectures")
    assert {entry.name for entry in fields(Evidence)} == {"ranking", *PARTS, "known", "left_out"}


def test_where_lower_is_better_the_sign_is_turned(sized_scores, sized_accuracies):
    latencies = 200 - sized_accuracies
    table = table_of(**{LATENCY: latencies})
    ranking = correlate(frame_of(sized_scores), table, LATENCY, resamples=20)
    assert not ranking.higher_is_better
    found = compare(ranking, resamples=100).frame.set_index("proxy")
    assert found.loc["close", "spearman"] > 0.9
    assert found.loc["close", "verdict"] == "better"
    assert beyond_size(ranking, resamples=2).frame.set_index("proxy").loc["close", "given_both"] > 0.8
    best = top(ranking).frame.set_index("proxy")
    assert best.loc["close", "best_of_1"] == latencies[sized_scores["close"].argmax()]
    assert best.loc["close", "regret_of_1"] == pytest.approx(
        latencies[sized_scores["close"].argmax()] - latencies.min()
    )
    assert best["ndcg_of_powers"].isna().all(), "milliseconds are no percentages"
    assert best.loc["close", "best_rank_at_1"] < 0.2, "ranks are by the value that was turned round"
    again = table_of("again", **{LATENCY: latencies + np.random.default_rng(5).normal(0, 0.1, 60)})
    assert ceiling(ranking, [table, again]).frame.set_index("proxy").loc["close", "spearman_share"] > 0.9
