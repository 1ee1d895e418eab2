"""`nasinit search` and `nasinit list searches`, on digits and a tiny supernet."""

import json

import pandas as pd
import pytest
import torch

import harness
from harness import search as search_module
from harness.errors import SearchError
from harness.search import METHODS, SearchSeeds
from harness.search.gradient import loop as loop_module
from harness.studies.searches import seeds as seeds_module
from tests.scoring.cluster.daemons import local_cluster
from tests.workers import worker_processes

SMALL = (
    *("--data", "digits", "--width", 4, "--depth", 1, "--batch-size", 8, "--images", 64, "--image-size", 8),
    *("--epochs", 2, "--steps-per-epoch", 1),
)
FILES = {"architecture.txt", "checkpoint.pt", "curves.png", "curves.svg", "log.csv", "log.csv.json", "setting.json"}
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


@pytest.mark.slow
def test_costs_are_recorded_on_cells_of_wiring_experiments(nasinit, tmp_path):
    options = ("--space", "wiring-minimal", "--record-costs", 1, "--seeds", "3", "--out", tmp_path / "out")
    ended = nasinit("search", "dsnas", *options, *SMALL)
    assert ended.code == 0, ended.err
    costs = pd.read_csv(tmp_path / "out" / "seed_3" / "costs.csv")
    assert set(costs["epoch"]) == {1, 2}
    assert costs.loc[costs["images"] == "all"].groupby(["epoch", "part", "target", "source"])["steps"].sum().eq(1).all()
    assert json.loads((tmp_path / "out" / "setting.json").read_text())["record_costs"] == 1
    refused = nasinit("search", "dsnas", "--record-costs", -1, *SMALL)
    assert (refused.code, "record-costs must be a whole number from 0, got -1" in refused.err) == (2, True)


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


@pytest.fixture(scope="module")
def seeded(nasinit, tmp_path_factory):
    folder = tmp_path_factory.mktemp("seeded") / "out"
    with worker_processes():
        return folder, nasinit("search", "darts", "--out", folder, *SMALL, "--seeds", "0,2", "--workers", 2)


@pytest.mark.slow
def test_several_seeds_leave_a_folder_each_and_a_table(seeded):
    folder, ended = seeded
    assert ended.code == 0, ended.err
    files = {
        "log.csv",
        "log.csv.json",
        "seeds.csv",
        "seeds.csv.json",
        "seeds.md",
        "curves.png",
        "curves.svg",
        "setting.json",
        "seed_0",
        "seed_2",
    }
    assert {path.name for path in folder.iterdir()} == files
    assert "on 64 images of digits, 8 × 8 pixels, seeds 0, 2" in ended.out
    frame = pd.read_csv(folder / "seeds.csv")
    assert frame["seed"].tolist() == [0, 2]
    for seed, text in zip(frame["seed"], frame["architecture"], strict=True):
        assert (folder / f"seed_{seed}" / "architecture.txt").read_text() == f"{text}\n"
        assert pd.read_csv(folder / f"seed_{seed}" / "log.csv")["architecture"].iloc[-1] == text
    mean, deviation = frame[RECORD].mean(), frame[RECORD].std()
    assert f"{mean:.2f} ± {deviation:.2f}" in ended.out
    assert f"{mean:.2f} ± {deviation:.2f}" in (folder / "seeds.md").read_text().replace("\N{NO-BREAK SPACE}", " ")
    facts = json.loads((folder / "setting.json").read_text())
    assert (facts["seed"], facts["failed"], facts["environment"]["threads"]) == ([0, 2], {}, 1)


@pytest.mark.slow
def test_a_seed_of_several_is_the_search_of_that_seed(seeded, searched):
    logs = [pd.read_csv(folder / "log.csv") for folder in (seeded[0] / "seed_0", searched[0])]
    pd.testing.assert_frame_equal(
        *(log.drop(columns=["seconds", "cpu_seconds", RECORD], errors="ignore") for log in logs)
    )


@pytest.mark.slow
def test_the_seeds_that_are_there_are_read_and_others_are_added(seeded, nasinit):
    folder, _ = seeded
    before = (folder / "seed_2" / "checkpoint.pt").stat().st_mtime_ns
    again = nasinit("search", "darts", "--out", folder, *SMALL, "--seeds", "1-2")
    assert again.code == 0, again.err
    assert (folder / "seed_2" / "checkpoint.pt").stat().st_mtime_ns == before
    assert pd.read_csv(folder / "seeds.csv")["seed"].tolist() == [1, 2]


@pytest.mark.slow
def test_shards_run_their_seeds_and_the_whole_command_makes_the_table(seeded, nasinit, tmp_path):
    asked = ("search", "darts", "--out", tmp_path, *SMALL, "--seeds", "0,2")
    for number in (1, 2):
        ended = nasinit(*asked, "--shard", f"{number}/2")
        assert ended.code == 0, ended.err
        assert f"shard {number}/2: its searches are in {tmp_path}" in ended.out
    assert {path.name for path in tmp_path.iterdir()} == {"seed_0", "seed_2"}
    before = (tmp_path / "seed_2" / "checkpoint.pt").stat().st_mtime_ns
    assert nasinit(*asked).code == 0
    assert (tmp_path / "seed_2" / "checkpoint.pt").stat().st_mtime_ns == before
    frames = [
        pd.read_csv(folder / "log.csv").drop(columns=["seconds", "cpu_seconds"]) for folder in (tmp_path, seeded[0])
    ]
    expected = pd.concat([pd.read_csv(seeded[0] / f"seed_{seed}" / "log.csv").assign(seed=seed) for seed in (0, 2)])
    columns = [name for name in expected.columns if name in frames[0] and name not in ("seconds", "cpu_seconds")]
    assert frames[0][columns].equals(expected[columns].reset_index(drop=True))


@pytest.mark.slow
def test_searches_on_a_cluster_are_those_of_this_machine(seeded, nasinit, tmp_path):
    pytest.importorskip("distributed", reason="distributed is not installed (the extra cluster has it)")
    with local_cluster(1) as cluster:
        given = ("--seeds", "0,2", "--scheduler", cluster.scheduler_address)
        ended = nasinit("search", "darts", "--out", tmp_path, *SMALL, *given)
    assert ended.code == 0, ended.err
    assert f"Dask: 1 worker at {cluster.scheduler_address}" in ended.err
    for seed in (0, 2):
        logs = [pd.read_csv(folder / f"seed_{seed}" / "log.csv") for folder in (tmp_path, seeded[0])]
        pd.testing.assert_frame_equal(*(log.drop(columns=["seconds", "cpu_seconds"]) for log in logs), check_exact=True)


def test_a_search_has_one_thread_or_as_many_as_asked_for(nasinit, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(search_module, "run_search", lambda *_, **__: seen.append(torch.get_num_threads()) or stop())
    before = torch.get_num_threads()

    def stop():
        raise SearchError("stopped by the test")

    assert nasinit("search", "darts", "--out", tmp_path, *SMALL).err.count("stopped by the test") == 1
    nasinit("search", "darts", "--out", tmp_path, *SMALL, "--threads", before + 2)
    assert seen == [1, before + 2]
    assert torch.get_num_threads() == before, "the library's own number comes back"


@pytest.mark.slow
def test_the_interval_of_checkpoints_reaches_the_search(nasinit, tmp_path, monkeypatch):
    written = []
    save = loop_module.save
    monkeypatch.setattr(loop_module, "save", lambda *arguments: written.append(arguments) or save(*arguments))
    small = [*SMALL[:-1], 3]
    assert nasinit("search", "rsps", "--out", tmp_path / "often", *small, "--checkpoint-minutes", 0).code == 0
    assert len(written) == 2 * (3 + 1)
    written.clear()
    assert nasinit("search", "rsps", "--out", tmp_path / "by default", *small).code == 0
    assert len(written) == 2


def test_a_seed_that_fails_is_named_and_the_others_are_written(nasinit, tmp_path, searched, monkeypatch):
    log = pd.read_csv(searched[0] / "log.csv").assign(seed=0)
    found = SearchSeeds("rsps", log, {1: "cannot write log.csv"})
    monkeypatch.setattr(seeds_module, "run_searches", lambda *_, **__: found)
    ended = nasinit("search", "rsps", "--out", tmp_path, *SMALL, "--seeds", "0-1")
    assert ended.code == 1, ended.err
    assert "1 of 2 searches failed (seed 1); the table is of the others" in ended.err
    assert pd.read_csv(tmp_path / "seeds.csv")["seed"].tolist() == [0]
    assert "cannot write" in json.loads((tmp_path / "setting.json").read_text())["failed"]["1"]
    assert "seed 1 failed: cannot write log.csv" in ended.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("dart",), 2, "unknown search 'dart'. Did you mean 'darts'?"),
        (("darts", "--space", "nasbench101"), 2, "unknown space 'nasbench101'"),
        (("darts", "--preset", "papers"), 2, "unknown preset 'papers'. Did you mean 'paper'?"),
        (("darts", "--epochs", 0), 2, "epochs must be a whole number from 1, got 0"),
        (("darts", "--validation-share", 1), 2, "validation_share must be a number above 0 and below 1, got 1.0"),
        (("darts", "--validation-share", 0.01), 2, "(validation_share 0.01) is less than one batch"),
        (("drnas-progressive", "--preset", "reduced"), 2, "has no preset 'reduced' in nasbench201: take paper or lap"),
        (("nasi", "--trace-gradient", "one"), 2, "unknown trace_gradient 'one'"),
        (("darts", "--regularise", "proximty"), 2, "unknown regularise 'proximty'. Did you mean 'proximity'?"),
        (("darts", "--schedule", "dinamic"), 2, "unknown schedule 'dinamic'. Did you mean 'dynamic'?"),
        (("darts", "--activation", "cliped"), 2, "unknown activation 'cliped'. Did you mean 'clipped'?"),
        (("darts", "--rho", -1), 2, "rho must be a number from 0, got -1.0"),
        (("gdas", "--activation", "clipped"), 2, "gdas takes no activation 'clipped': it draws its operation weights"),
        (("rsps", "--schedule", "dynamic"), 2, "rsps takes no schedule 'dynamic': it trains no architecture paramet"),
        (("darts", "--data", "."), 2, "no data_batch_*.bin in ."),
        (("darts", "--device", "cuda:x"), 2, "device"),
        (("darts", "--images", 1798), 2, "images must be at most 1,797, as many as digits has; got 1,798"),
        (("nasi", "--autocast"), 2, "Take trace_gradient double_backward"),
        (("pc-darts", "--epochs", 2), 2, "alpha_warm_up must be less than"),
        (("drnas-progressive", "--epochs", 4), 2, "alpha_warm_up must be less than"),
        (("darts", "--seeds", "0-2", "--seed", 1), 2, "give --seed for one seed or --seeds for several, not both"),
        (("darts", "--seeds", "3-1"), 2, "--seeds 3-1: a range goes up"),
        (("darts", "--workers", 2), 2, "--workers without --seeds"),
        (("darts", "--shard", "1/2"), 2, "--shard without --seeds"),
        (("darts", "--scheduler", "tcp://x:1"), 2, "--scheduler without --seeds"),
        (("darts", "--seeds", "0-2", "--shard", "4/3"), 2, "such as 3/16, got '4/3'"),
        (("darts", "--seeds", "0-2", "--shard", "4/4"), 2, "the shard 4/4 has no search: there are 3"),
        (("darts", "--seeds", "0-2", "--scheduler", "x:1", "--workers", 2), 2, "give --workers or --scheduler, not bo"),
        (("darts", *SMALL, "--seeds", "0-2", "--scheduler", "nowhere"), 2, "takes an address, such as tcp://host:8786"),
        (("darts", "--seeds", "0-2", "--workers", 0), 2, "--workers must be at least 1, got 0"),
        (("darts", "--threads", 0), 2, "--threads must be at least 1, got 0"),
        (("darts", "--checkpoint-minutes", -1), 2, "checkpoint_minutes must be a number from 0, got -1"),
        (("darts", "--seeds", "0-2", "--checkpoint-minutes", "nan"), 2, "checkpoint_minutes must be a number from 0"),
        (("darts", "--seeds", "0-2", "--device", "cuda:x"), 2, "device"),
        (("darts", "--seeds", "0-2", "--images", 16), 2, "is less than one batch"),
        (("pc-darts", "--seeds", "0-2", "--width", 6), 2, "partial must divide the channels of the first stage"),
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


def test_the_preset_between_says_how_it_was_chosen_and_keeps_its_share(nasinit, tmp_path):
    ended = nasinit(
        "search", "gdas", "--preset", "reduced", "--out", tmp_path, *SMALL, "--alpha-warm-up", 0, "--images", 80
    )
    assert ended.code == 0, ended.err
    assert f"the preset reduced: {METHODS['gdas'].presets['nasbench201'].reduced_note}\n" in ended.out
    assert "validation_share 0.5 -> 0.2" in ended.out
    facts = json.loads((tmp_path / "setting.json").read_text())
    assert (facts["preset"], facts["setting"]["validation_share"]) == ("reduced", 0.2)
    assert (
        json.loads((tmp_path / "log.csv.json").read_text())["numbers"]["search"]["setting"]["validation_share"] == 0.2
    )


def test_all_searches_are_listed_with_source_and_presets(nasinit):
    ended = nasinit("list", "searches")
    assert ended.code == 0
    for name, method in METHODS.items():
        assert f"{name}: {method.summary}\n    {method.source}" in ended.out
        assert all(f"not as published: {own.note}\n" in ended.out for own in method.presets.values() if own.note)
        assert all(f"reduced: {own.reduced_note}\n" in ended.out for own in method.presets.values() if own.reduced)
    assert "darts: paper (width 36, depth 20, batch 64, 50 epochs)" in ended.out
    assert "reduced (width 8, depth 1, 32 pixels a side, batch 64, 160 epochs)" in ended.out


TABLE = ("--data", "table:cifar10_test_200ep_pct", "--epochs", 2, "--steps-per-epoch", 3)


@pytest.mark.slow
def test_a_table_supernet_is_said_and_kept_apart(nasinit, tmp_path):
    ended = nasinit("search", "darts", "--out", tmp_path / "one", *TABLE)
    assert ended.code == 0, ended.err
    assert "a table supernet, which trains no weights" in ended.out
    facts = json.loads((tmp_path / "one" / "setting.json").read_text())
    assert facts["data"] == "table:cifar10_test_200ep_pct"
    assert {path.name for path in (tmp_path / "one").iterdir()} == FILES
    several = nasinit("search", "darts", "--out", tmp_path / "several", "--seeds", "0,1", *TABLE)
    assert several.code == 0, several.err
    alone = pd.read_csv(tmp_path / "one" / "log.csv")["validation_loss"]
    log = pd.read_csv(tmp_path / "several" / "log.csv")
    assert log[log["seed"] == 0]["validation_loss"].tolist() == alone.tolist()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("darts", "--data", "table:no_such_column"), "no column 'no_such_column'"),
        (("darts", *TABLE, "--width", 4), "--width has no effect beside --data table:"),
        (("nasi", *TABLE), "measures untrained networks"),
        (("darts", "--space", "darts", "--data", "table:cifar10_test_600ep_error_pct"), "choices"),
        (("darts", "--data", "table:"), "no column ''"),
    ],
)
def test_a_table_supernet_that_cannot_be_is_refused_in_a_line(nasinit, tmp_path, words, reason):
    ended = nasinit("search", *words, "--out", tmp_path / "none")
    assert (ended.code, ended.out) == (2, "")
    assert reason in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("darts", "--nu", 5), "--nu has no effect on darts: it is read by nasi, nasi-ada"),
        (("drnas", "--penalty", 5), "--penalty has no effect on drnas: it is read by beta-darts"),
        (("gdas", "--fixed"), "--adaptive has no effect on gdas: it is read by nasi, nasi-ada"),
        (("nasi", "--weight-lr", 0.1), "--weight-lr has no effect on nasi: it trains no weights"),
        (("rsps", "--alpha-lr", 0.1), "--alpha-lr has no effect on rsps: it descends no architecture parameters"),
        (("te-nas", "--alpha-lr", 0.1), "--alpha-lr has no effect on te-nas: it descends no architecture parameters"),
        (("darts", "--rho", 0.1), "--rho has no effect on darts: it is the weight of a term of --regularise"),
        (("darts", "--schedule-steps", 3), "--schedule-steps has no effect on darts: it is of a --schedule"),
    ],
)
def test_an_option_that_the_search_does_not_read_is_refused(nasinit, tmp_path, words, reason):
    ended = nasinit("search", *words, "--out", tmp_path / "none")
    assert (ended.code, ended.out, ended.err) == (2, "", f"nasinit: {reason}\n")
    assert not (tmp_path / "none").exists()


def test_a_policy_is_printed_and_its_options_are_refused_by_other_searches(nasinit, tmp_path):
    pytest.importorskip("kornia", reason="kornia is not installed (the extra augment has it)")
    policy = ("--policy-operations", "rotate, invert,color", "--policy-magnitudes", "0.3,0.6", "--sub-batches", 2)
    ended = nasinit("search", "daas", "--out", tmp_path / "daas", *SMALL, *policy, "--policy-search", "joint")
    assert ended.code == 0, ended.err
    assert "the policy of augmentations, 8 sub-policies (0.125 each at first), the first:" in ended.out
    assert "its operations: " in ended.out
    assert (*json.loads(pd.read_csv(tmp_path / "daas" / "log.csv")["policy"].iloc[-1]),)[:2] == (
        "rotate 0.3 p 0.5 + invert p 0.5",
        "rotate 0.6 p 0.5 + invert p 0.5",
    )
    setting = json.loads((tmp_path / "daas" / "setting.json").read_text())["setting"]
    assert setting["policy_operations"] == ["rotate", "invert", "color"]
    for option, value in zip(policy[::2], policy[1::2], strict=True):
        refused = nasinit("search", "gdas", "--out", tmp_path / "gdas", *SMALL, option, value)
        assert (refused.code, "has no effect on gdas: it is read by daas" in refused.err) == (2, True)
    refused = nasinit("search", "daas", *SMALL, "--policy-search", "fixed", "--policy-lr", "0.1")
    assert (refused.code, refused.err) == (
        2, "nasinit: --policy-lr has no effect on daas: the policy of --policy-search fixed rests\n",
    )  # fmt: skip
    refused = nasinit("search", "daas", *SMALL, "--policy-magnitudes", "0.3,a")
    assert refused.code == 2
    assert "--policy-magnitudes takes numbers with commas between them, got '0.3,a'" in refused.err
