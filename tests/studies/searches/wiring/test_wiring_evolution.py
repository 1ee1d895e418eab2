"""The study wiring-evolution: its readings and verdicts by hand, and the study in small."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from harness.search.gradient.costs import COLUMNS
from harness.studies.options import StudyOptions
from harness.studies.searches.claims import NOT_FINISHED, NOT_SHOWN, NOT_TESTABLE, SHOWN
from harness.studies.searches.runs import Run
from harness.studies.searches.wiring.claims import (
    CLAIMS,
    NOT_HERE,
    Frames,
    _holds,
    collapse_table,
    study_claims,
)
from harness.studies.searches.wiring.readings import (
    convolutions_and_skips,
    cost_sums,
    edge_costs,
    edge_shares,
    operation_costs,
)
from harness.studies.searches.wiring.runs import ARMS, BILEVEL, GROWTH, TABLED, UNIFORM, runs_of
from harness.studies.searches.wiring.study import run_wiring_evolution

EDGES = ((2, 0), (2, 1), (3, 0), (3, 1), (3, 2))
FILES = {
    *("claims.csv", "costs.csv.gz", "searches.csv.gz", "searches", "tables.md", "study.json"),
    *(f"{name}.{kind}" for name in ("edges", "excess", "costs", "nasbench201") for kind in ("png", "svg")),
}


def cost_rows(arm, costs, *, seed=0, epoch=1, part="training", images="all", steps=4, excess=0.0, edges=EDGES):
    """A row for each edge and each (operation, mean cost, number of steps)."""
    rows = []
    for target, source in edges:
        for operation, cost, *own in costs(target, source):
            entries = (
                epoch,
                part,
                images,
                "cell",
                target,
                source,
                operation,
                *(own or [steps]),
                cost,
                0.5,
                2.0,
                excess,
                1,
            )
            rows.append({"arm": arm, "seed": seed, **dict(zip(COLUMNS, entries, strict=True))})
    return rows


def log_rows(arm, nones, *, seed=0, space="wiring-minimal", skips=0):
    """A row for each epoch, whose weight of `none` on the edges is given."""
    rows = []
    for epoch, weights in enumerate(nones, start=1):
        table = [[none, *[(1 - none) / 7] * 7] for none in weights]
        rows.append(
            {
                "arm": arm, "seed": seed, "space": space, "epoch": epoch, "skip_connections": skips,
                "architecture": "text", "cpu_seconds": 1.0, "operation_weights": json.dumps({"cell": table}),
            }
        )  # fmt: skip
    return rows


def test_an_edge_keeps_what_none_leaves():
    shares = edge_shares(pd.DataFrame(log_rows(GROWTH, [[0.1, 0.2, 0.9, 0.05, 0.5]])))
    np.testing.assert_allclose(shares["share"], [0.9, 0.8, 0.1, 0.95, 0.5])
    assert shares["chosen"].tolist() == [True, False, False, True, False], "0.2 is above 0.8 / 7"
    assert list(zip(shares["target"], shares["source"], strict=True)) == list(EDGES)


def test_a_drawn_operation_counts_by_its_share_of_the_steps():
    """Drawn 3 times at 2 and once at −6: 0 a step. Computed together in each of 4 steps: 2 − 6."""
    together = cost_rows(BILEVEL, lambda *_: [("a", 2.0), ("b", -6.0)])
    drawn = cost_rows(UNIFORM, lambda *_: [("a", 2.0, 3), ("b", -6.0, 1)])
    costs = edge_costs(pd.DataFrame([*together, *drawn]))
    assert costs.groupby("arm")["cost_nats"].unique().map(list).to_dict() == {BILEVEL: [-4.0], UNIFORM: [0.0]}
    sums = cost_sums(pd.DataFrame(together)).iloc[0]
    assert (sums["cost_nats"], sums["cross_entropy_minus_entropy_nats"]) == (-20, 0)


def test_operations_are_pooled_over_edges_by_their_steps():
    rows = cost_rows(UNIFORM, lambda target, source: [("a", float(source), source + 1)])
    found = operation_costs(pd.DataFrame(rows)).iloc[0]
    counts = np.array([source + 1 for _, source in EDGES])
    assert found["cost_nats"] == pytest.approx(np.average(counts - 1, weights=counts))
    assert found["cost_deviation"] == pytest.approx(math.sqrt(0.5)), "all edges have the variance 0.5"


def test_convolutions_and_skips_are_those_of_the_search_half():
    def costs(target, source):
        return [("nor_conv_1x1", 1.0), ("nor_conv_3x3", 3.0), ("skip_connect", -1.0), ("avg_pool_3x3", 9.0)]

    rows = [*cost_rows("darts", costs, part="validation"), *cost_rows("darts", lambda *_: [("skip_connect", 99.0)])]
    found = convolutions_and_skips(pd.DataFrame(rows)).iloc[0]
    assert (found["convolutions_nats"], found["skips_nats"], found["difference_nats"]) == (2, -1, 3)


@pytest.mark.parametrize(
    ("sign", "low", "high", "expected"),
    [
        (1, 0.1, 2, True), (1, -0.1, 2, False), (1, -2, -1, False), (-1, -2, -1, True),
        (-1, -2, 0.1, False), (0, 0, 0, True), (0, -1, 1, False),
    ],
)  # fmt: skip
def test_a_statement_is_shown_where_the_interval_lies_on_its_side(sign, low, high, expected):
    assert _holds(sign, low, high) == expected


def made(sign):
    """Searches of three seeds in which every statement holds (1) or none does (−1), with a little noise."""
    logs, costs = [], []
    for seed in range(3):
        noise = 0.01 * seed
        falling = [[0.3 + noise] * 5, [0.9] * 5, [0.02, 0.02, 0.02, 0.02, 0.9]]
        flat = [[0.01 + noise] * 5, [0.02] * 5, [0.9, 0.9, 0.9, 0.9, 0.01]]
        logs += log_rows(GROWTH, falling if sign > 0 else flat, seed=seed)
        logs += log_rows(BILEVEL, [[0.9 if sign > 0 else 0.01] * 5] * 3, seed=seed)
        logs += log_rows(UNIFORM, [[1 / 8] * 5] * 3, seed=seed)
        for epoch in (1, 2, 3):
            for part in ("training", "validation"):
                for images in ("all", "correct", "wrong"):
                    late = -1 if epoch == 3 and part == "training" else 1
                    excess = sign * (-1 if images == "correct" else 1) * (1 + noise)

                    def uniform(target, source, late=late, noise=noise):
                        return [("none", 0.0), ("sep_conv_3x3", sign * (late + 0.5 * (source == 2) + noise))]

                    def bilevel(target, source, part=part, noise=noise):
                        return [("skip_connect", sign * (1 + noise) * (1 if part == "validation" else -1))]

                    options = {"seed": seed, "epoch": epoch, "part": part, "images": images, "excess": excess}
                    costs += cost_rows(UNIFORM, uniform, **options) + cost_rows(BILEVEL, bilevel, **options)
        for arm in TABLED:
            skips = 6 if (arm == "darts") == (sign > 0) else 1
            logs += log_rows(arm, [[0.1] * 6], seed=seed, space="nasbench201", skips=skips)
            dear = 1.0 if arm == "darts" else -1.0
            costs += cost_rows(
                arm, lambda *_, dear=dear: [("nor_conv_3x3", dear), ("skip_connect", 0.0)], seed=seed, part="validation"
            )
    return Frames(pd.DataFrame(logs), pd.DataFrame(costs))


@pytest.mark.parametrize(("sign", "expected"), [(1, SHOWN), (-1, NOT_SHOWN)])
def test_every_verdict_can_be_either(sign, expected):
    table = study_claims(made(sign))
    assert len(table) == len(CLAIMS) + 1 + len(NOT_HERE)
    verdicts = table["verdict"].tolist()
    assert verdicts == [expected] * (len(CLAIMS) + 1) + [NOT_TESTABLE] * len(NOT_HERE), table[["claim", "mean"]]


def test_collapse_is_told_by_the_sign_of_the_early_costs():
    found = collapse_table(made(1))
    assert (found["predicted"] == found["collapsed"]).all()
    assert set(found.loc[found["collapsed"], "arm"]) == {"darts"}


def test_the_arms_fit_their_spaces_and_the_first_seed_comes_first():
    runs = runs_of(StudyOptions(out=None, say=print))
    assert len(runs) == 3 * len(ARMS)
    assert [run.seed for run in runs] == sorted(run.seed for run in runs)
    assert len({run.folder for run in runs}) == len(runs)
    assert all(isinstance(run, Run) and run.record_costs >= 1 for run in runs)


@pytest.mark.slow
def test_the_quick_study_writes_everything_and_goes_on(tmp_path):
    said: list[str] = []
    options = StudyOptions(tmp_path, said.append, "analognasbench", quick=True, workers=1)
    run_wiring_evolution(options)
    assert {path.name for path in tmp_path.iterdir()} == FILES
    claims = pd.read_csv(tmp_path / "claims.csv")
    assert set(claims["verdict"][: len(CLAIMS)]) <= {NOT_FINISHED, NOT_TESTABLE}, "one seed tests nothing"
    assert set(json.loads((tmp_path / "study.json").read_text())["searches"]) == set(ARMS)
    before = {path: path.read_bytes() for path in tmp_path.glob("*.csv*")}
    checkpoints = {path: path.stat().st_mtime_ns for path in tmp_path.glob("searches/*/*/checkpoint.pt")}
    assert len(checkpoints) == len(ARMS)
    run_wiring_evolution(StudyOptions(tmp_path, said.append, "analognasbench", quick=True, workers=1, finished=True))
    assert {path: path.read_bytes() for path in before} == before
    assert {path: path.stat().st_mtime_ns for path in checkpoints} == checkpoints, "no search was run again"


def test_where_no_search_is_finished_each_claim_says_so(tmp_path):
    run_wiring_evolution(StudyOptions(tmp_path, print, "analognasbench", finished=True))
    claims = pd.read_csv(tmp_path / "claims.csv")
    assert claims["verdict"].tolist() == [NOT_FINISHED] * (len(CLAIMS) + 1) + [NOT_TESTABLE] * len(NOT_HERE)
    assert claims["ours"][: len(CLAIMS) + 1].str.contains("no search is finished").all()
    assert {path.name for path in tmp_path.iterdir()} == {"claims.csv", "tables.md", "study.json"}
