"""The committed outcome of the study of LA-DARTS follows from its own files, and these from the tables."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import open_table
from harness.report.tables.claims import claims_sheet
from harness.report.tables.latency import (
    genotypes_sheet,
    over_columns_sheet,
    savings_sheet,
    sweep_sheet,
    volumes_sheet,
)
from harness.report.tables.sheet import sheet_markdown
from harness.spaces import open_space
from harness.stats.pareto import pareto_front
from harness.studies.searches.claims import claims_frame
from harness.studies.searches.kept import check_key
from harness.studies.searches.latency.claims import Parts, over_columns, study_claims
from harness.studies.searches.latency.errors import Sizes, means_frame
from harness.studies.searches.latency.genotypes import (
    FILE,
    FILES,
    KEY_FILE,
    SIZES,
    SPACE,
    WALL_FILE,
    Timing,
    genotype_errors_frame,
    genotype_means_frame,
    genotype_noise_frame,
    read_timed,
)
from harness.studies.searches.latency.searched import COLUMN, DEVICES, SEEDS, TARGETS, WEIGHTS

FOLDER = Path(__file__).parents[2] / "results" / "la-darts"


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{name}.csv", float_precision="round_trip")


def test_the_claims_and_the_means_follow_from_the_frames() -> None:
    means = means_frame(read("errors"))
    pd.testing.assert_frame_equal(read("means"), means)
    parts = Parts(means, *(read(name) for name in Parts._fields[1:]))
    pd.testing.assert_frame_equal(read("claims").fillna(""), claims_frame(study_claims(parts)))


def test_the_tables_are_those_of_the_frames() -> None:
    text = (FOLDER / "tables.md").read_text(encoding="utf-8")
    sheets = [
        claims_sheet(read("claims")), over_columns_sheet(over_columns(read("means"))), sweep_sheet(read("sweep")),
        volumes_sheet(read("volumes")), savings_sheet(read("savings")),
        genotypes_sheet(read("genotype_means"), read("genotype_noise")),
    ]  # fmt: skip
    for sheet in sheets:
        assert sheet_markdown(sheet) in text


def test_the_study_is_whole() -> None:
    record = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))
    assert not record["quick"]
    sweep, errors = read("sweep"), read("errors")
    assert len(sweep) == len(DEVICES) * (len(WEIGHTS) + len(TARGETS)) * SEEDS
    sizes = Sizes()
    for model in ("linear", "pairwise", "mlp"):
        counts, splits = sizes.of(model)
        part = errors[(errors["model"] == model) & (errors["column"] == DEVICES[0])]
        assert sorted(part["training_cells"]) == sorted(counts * splits)
    assert errors["column"].nunique() == read("transfer")["device"].nunique() == 40


@pytest.mark.slow
def test_the_errors_on_genotypes_follow_from_the_timings() -> None:
    timed, timing, errors = read_timed(FOLDER / FILE), Timing(), read("genotype_errors")
    noise = genotype_noise_frame(timed, read_timed(FOLDER / WALL_FILE))
    pd.testing.assert_frame_equal(read("genotype_noise"), noise)
    pd.testing.assert_frame_equal(read("genotype_means"), genotype_means_frame(errors))
    few = timing._replace(splits=2, mlp_splits=0)
    again = genotype_errors_frame(timed, few, 0)
    of_these = errors[(errors["seed"] < 2) & (errors["model"] != "mlp")].reset_index(drop=True)
    pd.testing.assert_frame_equal(of_these, again)
    assert len(errors) == len(timing.training) * (5 * timing.splits + timing.mlp_splits)
    one = timing._replace(splits=0, mlp_splits=1, training=timing.training[:1])
    perceptron = errors[(errors["model"] == "mlp") & (errors["seed"] == 0)].iloc[0]["mean_relative_error"]
    assert genotype_errors_frame(timed, one, 0)["mean_relative_error"].item() == pytest.approx(perceptron, rel=0.05)


def test_the_key_of_the_timings_is_that_of_the_study() -> None:
    """So that `nasinit study la-darts` goes on in this folder."""
    check_key(FOLDER / KEY_FILE, tuple(FILES), {"seed": 0, **Timing()._asdict()})


@pytest.mark.parametrize("file", FILES)
def test_the_timings_are_of_the_sample_and_say_their_machine(file: str) -> None:
    table, timing, space = open_table(FOLDER / file), Timing(), open_space(SPACE)
    count = timing.genotypes if file == FILE else timing.wall
    assert table.keys == tuple(map(str, space.sample(count, 0)))
    macs = [space.sizes(space.parse(key), SIZES).macs for key in table.keys]
    assert table.values(table.keys, "macs").tolist() == macs
    clock = f"clock '{FILES[file]}'"
    for part in ("Latencies measured by nasinit on ", clock, "threads 1", "batch size 1", f"repeats {timing.repeats}"):
        assert part in table.facts.note


def test_the_front_and_the_latencies_are_those_of_the_table(published_data: Path) -> None:
    path = published_data / "nasbench201_hardware.csv.gz"
    if not path.is_file():
        pytest.skip(f"{path.name} is not in {published_data}")
    hardware, front, sweep = open_table(path), read("front"), read("sweep")
    for device, part in sweep.groupby("device"):
        true = hardware.values(list(part["architecture"]), str(device))
        np.testing.assert_allclose(part["true_ms"], true)
        of_device = front[front["device"] == device]
        assert len(pareto_front(of_device["true_ms"], of_device[COLUMN])) == len(of_device)
        for row in part.to_dict("records"):  # no found cell is beyond the exact front
            within = of_device[of_device["true_ms"] <= row["true_ms"]]
            assert row[COLUMN] <= within[COLUMN].max()
