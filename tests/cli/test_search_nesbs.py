"""`nasinit search nesbs`: the drawn ensemble in words and files, alone and under several seeds."""

import json

import pytest

import harness

TABLE = ("--data", "table:cifar10_test_200ep_pct", "--epochs", 3, "--alpha-warm-up", 1, "--steps-per-epoch", 4)


def test_the_ensemble_is_printed_and_written(nasinit, tmp_path):
    ended = nasinit("search", "nesbs", "--members", 2, "--draw", "mc", "--out", tmp_path / "out", *TABLE)
    assert ended.code == 0, ended.err
    members = (tmp_path / "out" / "ensemble.txt").read_text().splitlines()
    space = harness.open_space("nasbench201")
    assert len(members) == 2
    assert all(str(space.parse(text)) == text and text in ended.out for text in members)
    assert "the ensemble of 2, and below it the most probable architecture:" in ended.out
    assert "checkpoint.pt, ensemble.txt" in ended.out
    setting = json.loads((tmp_path / "out" / "setting.json").read_text())["setting"]
    assert (setting["members"], setting["draw"]) == (2, "mc")


@pytest.mark.slow
def test_searches_under_seeds_leave_an_ensemble_each(nasinit, tmp_path):
    options = ("--diversity", 0.5, "--particle-std", 2, "--likelihood", 50)
    ended = nasinit("search", "nesbs", "--seeds", "4", *options, "--out", tmp_path / "out", *TABLE)
    assert ended.code == 0, ended.err
    assert len((tmp_path / "out" / "seed_4" / "ensemble.txt").read_text().splitlines()) == 3
    setting = json.loads((tmp_path / "out" / "setting.json").read_text())["setting"]
    assert (setting["diversity"], setting["particle_std"], setting["likelihood"]) == (0.5, 2, 50)


def test_options_without_effect_are_refused(nasinit, tmp_path):
    refused = nasinit("search", "darts", "--members", 3, "--data", "digits", "--out", tmp_path / "out")
    assert (refused.code, "--members has no effect on darts: it is read by nesbs" in refused.err) == (2, True)
    refused = nasinit("search", "nesbs", "--draw", "mc", "--diversity", 0.5, "--out", tmp_path / "out", *TABLE)
    assert (refused.code, "--diversity has no effect on nesbs: it is of --draw svgd" in refused.err) == (2, True)
    refused = nasinit("search", "nesbs", "--draw", "mc", "--particle-std", 2, "--out", tmp_path / "out", *TABLE)
    assert (refused.code, "--particle-std has no effect on nesbs: it is of --draw svgd" in refused.err) == (2, True)
    for option, value in (("--likelihood", 0), ("--particle-std", "nan")):
        refused = nasinit("search", "nesbs", option, value, "--out", tmp_path / "out", *TABLE)
        assert (refused.code, option[2:].replace("-", "_") in refused.err) == (2, True)
    refused = nasinit("search", "nesbs", "--draw", "mcmc", "--out", tmp_path / "out", *TABLE)
    assert (refused.code, "unknown draw 'mcmc'" in refused.err) == (2, True)
    assert not (tmp_path / "out").exists()
