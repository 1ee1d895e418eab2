"""The study nasi-explained in small: it writes its files, goes on, and takes steps that exist already."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from harness.report.files import write_csv
from harness.studies.options import StudyOptions
from harness.studies.searches.nasi import explained, variant_runs
from harness.studies.searches.nasi.sources import searches_setting, study_steps
from harness.studies.searches.nasi.steps import STEPS_FILE, Steps, read_steps, steps_frame

TABLE = "analognasbench"
FILES = {
    *("nasi_steps.csv.gz", "nasi_bounds.csv", "summary.csv", "variants.csv", "variant_steps.csv.gz", "traces.csv"),
    *("relaxed_traces.csv", "traces.png", "traces.svg", "tables.md", "study.json", "searches", "scores.sqlite"),
}


def made(seed, count=100):
    generator = np.random.default_rng(seed)
    return Steps(seed, generator.exponential(100, count), generator.normal(size=(count, 6, 5)).astype(np.float32))


def test_the_searches_are_the_papers_size_in_the_whole_space():
    setting = searches_setting(quick=False)
    assert (setting.width, setting.depth, setting.batch_size, setting.image_size) == (16, 5, 64, None)
    assert setting.epochs * setting.steps_per_epoch == 400
    assert (setting.without, setting.nu, setting.mu, setting.adaptive) == ((), 1000.0, 1.0, True)


@pytest.mark.slow
def test_the_quick_study_writes_everything_and_goes_on(tmp_path, monkeypatch):
    said: list[str] = []
    options = StudyOptions(tmp_path, said.append, TABLE, quick=True, workers=2)
    explained.run_nasi_explained(options)
    assert {path.name for path in tmp_path.iterdir()} == FILES
    facts = json.loads((tmp_path / "study.json").read_text())
    assert (facts["quick"], facts["steps_of_seeds"]) == (True, [0])
    assert read_steps(tmp_path / STEPS_FILE)[0][0].weights is not None
    variants = pd.read_csv(tmp_path / "variants.csv")
    assert set(variants["variant"]) == set(explained.QUICK_VARIANTS)
    before = {name: (tmp_path / name).read_bytes() for name in ("variants.csv", "traces.csv", "nasi_bounds.csv")}
    monkeypatch.setattr(variant_runs, "_make", lambda *_: pytest.fail("a variant was made again"))
    explained.run_nasi_explained(options)
    for name, content in before.items():
        assert (tmp_path / name).read_bytes() == content, name
    assert any(line.startswith("the steps are those of ") for line in said)


def test_given_steps_replace_those_of_the_same_seed(tmp_path):
    out, given = tmp_path / "out", tmp_path / "given.csv.gz"
    write_csv(steps_frame([made(1), made(2)]), out / STEPS_FILE)
    newer = made(2)._replace(traces=made(7).traces)
    write_csv(steps_frame([newer]), given)
    options = StudyOptions(out, print, TABLE, steps=given)
    found, notes = study_steps(options, read_steps(given))
    assert [one.seed for one in found] == [1, 2]
    np.testing.assert_array_equal(found[0].traces, made(1).traces)
    np.testing.assert_array_equal(found[1].traces, newer.traces)
    assert notes[0] == "Steps of 2 of 5 searches are there (seeds 1, 2)."
    assert notes[1].startswith("The Gumbel weights of seeds 1, 2 were not kept")


@pytest.mark.slow
def test_a_torn_file_of_a_variant_is_made_again(tmp_path):
    arguments = {"data": None, "workers": 1, "count": 1, "say": print, "names": ["base", "images"]}
    first = variant_runs.run_variants(tmp_path, [0], **arguments)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for content in (whole[:100], b""):
        file.write_bytes(content)
        again = variant_runs.run_variants(tmp_path, [0], **arguments)
        np.testing.assert_array_equal(again["base"][0].traces, first["base"][0].traces)
    other = variant_runs.run_variants(tmp_path, [0], **{**arguments, "count": 2})
    assert len(other["base"][0].traces) == 2, "the steps of another number are not taken"
    assert set(first) == {"base"}, "images need CIFAR-10"
