"""Errors on timed genotypes, beside their noise: planted latencies, whose models and noise are known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from harness.errors import SettingError
from harness.evaluation.searches.latency import relative_errors
from harness.report.figures.genotype_latency import genotype_figure
from harness.report.tables.latency import genotypes_sheet
from harness.report.tables.text import sheet_text
from harness.spaces import open_space
from harness.studies.options import StudyOptions
from harness.studies.searches import finished, kept
from harness.studies.searches.kept import check_key
from harness.studies.searches.latency import genotypes
from harness.studies.searches.latency.genotypes import (
    KEY_FILE,
    LATENCY,
    MODELS,
    QUICK,
    SIZES,
    Timing,
    genotype_errors_frame,
    genotype_means_frame,
    genotype_noise_frame,
    timed_genotypes,
)
from harness.studies.searches.latency.study import run_latency

SPACE = open_space("darts")
SMALL = Timing(training=(40, 80), test=20, splits=2, mlp_splits=0)
WITHOUT_MLP = MODELS[:-1]  # its training takes seconds: the committed outcome has one


@pytest.fixture(scope="module")
def timed():
    """Latencies of 3 ms and 1 ms for each 10^6 multiply-adds, without noise; the second medians are 2 % off."""
    cells = SPACE.sample(100, seed=0)
    macs = np.array([SPACE.sizes(cell, SIZES).macs for cell in cells])
    first = 3 + macs / 1e6
    again = np.where(np.arange(100) < 10, first * 1.02, np.nan)
    return pd.DataFrame({"architecture": map(str, cells), LATENCY: first, "again_ms": again, "macs": macs})


@pytest.fixture(scope="module")
def errors(timed):
    return genotype_errors_frame(timed, SMALL, seed=0)


def test_errors_are_those_of_genotypes_that_no_model_has_seen(timed, errors):
    assert tuple(dict.fromkeys(errors["model"])) == WITHOUT_MLP
    assert len(errors) == 5 * 2 * 2
    by_macs = errors[errors["model"] == "macs"]
    assert (by_macs["mean_relative_error"] < 1e-3).all()  # they are a line of multiply-adds
    assert (by_macs["spearman"] > 0.999).all()
    order = np.random.default_rng(1).permutation(100)
    values = timed[LATENCY].to_numpy()
    mean = values[order[20:60]].mean()
    row = errors[(errors["model"] == "constant") & (errors["seed"] == 1) & (errors["training_genotypes"] == 40)]
    assert row["mean_relative_error"].item() == pytest.approx(
        relative_errors(np.full(20, mean), values[order[:20]]).mean()
    )
    counted = errors[(errors["model"] == "counts") & (errors["training_genotypes"] == 80)]["mean_relative_error"]
    assert (counted < 0.03).all()  # nearly a sum over the operations


def test_noise_is_the_difference_of_two_medians(timed):
    row, wall = genotype_noise_frame(timed, timed[:20]).to_dict("records")
    assert (row["clock"], wall["clock"], wall["genotypes"]) == ("thread", "wall", 20)
    assert (row["genotypes"], row["timed_again"]) == (100, 10)
    assert row["noise_floor"] == pytest.approx(0.02 / 1.01) == pytest.approx(row["mean_difference"])
    assert row["spearman"] == pytest.approx(1)
    assert row["spread"] > row["noise_floor"]


def test_the_table_and_the_figure_have_every_model(timed, errors):
    means, noise = genotype_means_frame(errors), genotype_noise_frame(timed, timed[:20])
    text = sheet_text(genotypes_sheet(means, noise))
    assert all(model in text for model in WITHOUT_MLP)
    assert "differ by 2.0 %" in " ".join(text.split())
    figure = genotype_figure(means, noise, timed)
    panel, scatter = figure.axes
    assert [line.get_label() for line in panel.lines][: len(WITHOUT_MLP)] == list(WITHOUT_MLP)
    assert len(scatter.collections[0].get_offsets()) == 10


def test_timings_are_kept_in_the_folder(tmp_path, monkeypatch):
    """In small, with networks of two channels: counts and names alone, no number of seconds."""
    monkeypatch.setattr(genotypes, "SIZES", {"width": 2, "depth": 1, "image_size": 8})
    said = []
    options = StudyOptions(tmp_path, said.append, quick=True)
    found = timed_genotypes(options)
    assert (len(found.thread), len(found.wall)) == (QUICK.genotypes, QUICK.wall)
    assert found.thread["again_ms"].notna().sum() == QUICK.again
    assert found.thread.columns[1] == LATENCY
    assert found.wall.columns[1] == "latency_cpu_ms"
    assert set(found.wall["architecture"]) <= set(found.thread["architecture"])
    facts = found.facts["thread"]
    assert (facts["sizes"]["width"], facts["repeats"], facts["threads"]) == (2, QUICK.repeats, 1)
    again = timed_genotypes(options)
    assert again.thread.equals(found.thread)
    assert again.facts == found.facts
    assert len(said) == 2
    with pytest.raises(SettingError, match=r"genotypes.csv.gz and genotypes_wall.csv.gz with another seed: give"):
        timed_genotypes(replace(options, seed=1))
    with pytest.raises(SettingError, match=r"with another genotypes, repeats, .*: give another --out"):
        timed_genotypes(replace(options, quick=False))
    assert timed_genotypes(options).thread.equals(found.thread)
    (tmp_path / KEY_FILE).unlink()
    with pytest.raises(SettingError, match=r"without the genotypes.json that names their seed"):
        timed_genotypes(options)


@pytest.mark.parametrize(("made", "wanted"), [((0, True), (1, True)), ((0, True), (0, False))])
def test_timings_of_another_study_are_refused_before_anything_is_made(
    made, wanted, tmp_path, published_data, monkeypatch
):
    """A full study after `--quick`, and another seed, in one folder."""
    if not (path := published_data / "nasbench201_hardware.csv.gz").is_file():
        pytest.skip(f"{path.name} is not in {published_data}")
    monkeypatch.setenv("NASINIT_DATA", str(published_data))
    seed, quick = made
    timing = QUICK if quick else Timing()
    check_key(tmp_path / KEY_FILE, (), {"seed": seed, **timing._asdict()})
    for module, name in ((finished, "searched"), (genotypes, "_time"), (kept, "kept_frames")):
        monkeypatch.setattr(module, name, lambda *_, **__: pytest.fail("the study went on"))
    seed, quick = wanted
    with pytest.raises(SettingError, match="give another --out"):
        run_latency(StudyOptions(tmp_path, print, seed=seed, quick=quick, table="analognasbench"))
