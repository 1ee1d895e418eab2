"""`nasinit search` and `nasinit list searches`, on digits and a tiny supernet."""

import json

import pandas as pd
import pytest

import harness
from harness.search import METHODS

SMALL = (
    *("--data", "digits", "--width", 4, "--depth", 1, "--batch-size", 8, "--images", 64, "--image-size", 8),
    *("--epochs", 2, "--steps-per-epoch", 1),
)
FILES = {"architecture.txt", "checkpoint.pt", "curves.png", "curves.svg", "log.csv", "setting.json"}
RECORD = "cifar10_test_200ep_pct_for_the_record"


@pytest.fixture(scope="module")
def searched(nasinit, tmp_path_factory):
    folder = tmp_path_factory.mktemp("searched") / "out"
    return folder, nasinit("search", "darts", "--out", folder, *SMALL)


def test_a_search_leaves_its_files(searched):
    folder, ended = searched
    assert ended.code == 0, ended.err
    assert {path.name for path in folder.iterdir()} == FILES
    text = (folder / "architecture.txt").read_text().strip()
    assert str(harness.open_space("nasbench201").parse(text)) == text
    assert text in ended.out
    log = pd.read_csv(folder / "log.csv")
    assert log["architecture"].iloc[-1] == text
    assert log["epoch"].tolist() == [1, 2]


def test_the_accuracies_are_joined_after_the_search(searched):
    """The searches themselves cannot import a table: an import contract says so."""
    from benchmarks import open_table

    folder, ended = searched
    log, table = pd.read_csv(folder / "log.csv"), open_table("nasbench201")
    expected = table.values(log["architecture"].tolist(), "cifar10_test_200ep_pct")
    assert log[RECORD].tolist() == pytest.approx(expected.tolist())
    assert "for the record, cifar10_test_200ep_pct of the architecture: " in ended.out


def test_what_the_preset_changes_is_said_and_kept(searched):
    folder, ended = searched
    assert "against the published setting: epochs 50 -> 2, batch_size 64 -> 8, width 16 -> 4, depth 5 -> 1" in ended.out
    facts = json.loads((folder / "setting.json").read_text())
    assert facts["command"].startswith("nasinit search darts --out ")
    assert facts["setting"]["epochs"] == 2
    assert facts["changed_from_paper"]["epochs"] == [50, 2]
    assert facts["changed_from_paper"]["data"] == ["cifar10", "digits"]
    assert "data cifar10 -> digits\n" in ended.out
    assert "on 64 images of digits, 8 × 8 pixels, seed 0" in ended.out
    assert facts["images_used"] == 64
    assert facts["not_as_published"] == ""
    assert facts["source"] == METHODS["darts"].source
    assert set(facts["environment"]) >= {"python", "torch", "threads"}


def test_a_presets_images_are_as_many_as_there_are(nasinit, tmp_path):
    """The laptop preset has room for 4,096; digits are 1,797. And RSPS has no published setting for this space."""
    small = ("--width", 4, "--depth", 1, "--batch-size", 8, "--image-size", 8, "--epochs", 1, "--steps-per-epoch", 1)
    ended = nasinit("search", "rsps", "--out", tmp_path, *small)
    assert ended.code == 0, ended.err
    assert "on 1,797 images of digits" in ended.out
    assert "image_size the data's own -> 8, images all -> 1797" in ended.out
    note = METHODS["rsps"].presets["nasbench201"].note
    assert f"the preset paper is not as published: {note}\nagainst the preset paper: epochs 250 -> 1" in ended.out
    assert "published setting" not in ended.out
    facts = json.loads((tmp_path / "setting.json").read_text())
    assert (facts["images_used"], facts["setting"]["images"], facts["not_as_published"]) == (1797, 1797, note)


def test_the_same_command_goes_on_and_another_is_refused(searched, nasinit):
    folder, _ = searched
    before = (folder / "log.csv").read_bytes()
    again = nasinit("search", "darts", "--out", folder, *SMALL)
    assert again.code == 0
    assert "went on after epoch 2 from the checkpoint" in again.out
    assert (folder / "log.csv").read_bytes() == before
    other = nasinit("search", "gdas", "--out", folder, *SMALL)
    assert (other.code, other.out.count("Traceback")) == (2, 0)
    assert "is of another search: its method is darts, asked for is gdas" in other.err


def test_the_darts_space_has_no_record_by_default(nasinit, tmp_path):
    ended = nasinit("search", "rsps", "--space", "darts", "--out", tmp_path, *SMALL)
    assert ended.code == 0, ended.err
    assert not any(name.endswith("_for_the_record") for name in pd.read_csv(tmp_path / "log.csv").columns)
    assert (tmp_path / "architecture.txt").read_text().startswith("Genotype(")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("dart",), 2, "unknown search 'dart'. Did you mean 'darts'?"),
        (("darts", "--space", "nasbench101"), 2, "unknown space 'nasbench101'"),
        (("darts", "--preset", "papers"), 2, "unknown preset 'papers'. Did you mean 'paper'?"),
        (("darts", "--epochs", 0), 2, "epochs must be a whole number from 1, got 0"),
        (("nasi", "--trace-gradient", "one"), 2, "unknown trace_gradient 'one'"),
        (("darts", "--data", "."), 2, "no data_batch_*.bin in ."),
        (("darts", "--device", "cuda:x"), 2, "device"),
        (("darts", "--images", 1798), 2, "images must be at most 1,797, as many as digits has; got 1,798"),
        (("nasi", "--autocast"), 2, "Take trace_gradient double_backward"),
        (("pc-darts", "--epochs", 2), 2, "alpha_warm_up must be less than"),
        (("drnas-progressive", "--epochs", 4), 2, "alpha_warm_up must be less than"),
        (("darts", *SMALL, "--weight-lr", 1e30, "--epochs", 9), 1, "the loss is nan at epoch"),
    ],
)
def test_bad_input_ends_in_one_message_and_the_right_code(nasinit, tmp_path, arguments, code, message):
    ended = nasinit("search", *arguments, "--out", tmp_path / "out")
    assert ended.code == code, ended.err
    assert message in ended.err
    assert "Traceback" not in ended.err


def test_an_unknown_column_is_refused_before_the_search(nasinit, tmp_path):
    ended = nasinit("search", "darts", "--out", tmp_path / "out", *SMALL, "--column", "cifar10_tst_200ep_pct")
    assert ended.code == 2
    assert not (tmp_path / "out").exists()
    assert "cifar10_test_200ep_pct" in ended.err


def test_all_searches_are_listed_with_source_and_presets(nasinit):
    ended = nasinit("list", "searches")
    assert ended.code == 0
    for name, method in METHODS.items():
        assert f"{name}: {method.summary}\n    {method.source}" in ended.out
        assert all(f"not as published: {own.note}\n" in ended.out for own in method.presets.values() if own.note)
    assert "darts: paper (width 36, depth 20, batch 64, 50 epochs)" in ended.out
