"""Recorded steps: into a file and out of it, from folders of searches, and what is refused."""

import numpy as np
import pytest
import torch

import harness
from harness.errors import CheckpointError, SearchError
from harness.report.files import write_csv
from harness.search import METHODS
from harness.studies.searches.nasi.steps import STEPS_FILE, Steps, merged, read_steps, steps_frame

SPACE = harness.open_space("nasbench201")
TINY = {"epochs": 2, "steps_per_epoch": 2, "width": 4, "depth": 1, "batch_size": 8, "image_size": 8, "without": ()}


def setting(**changes):
    return METHODS["nasi-ada"].setting("nasbench201", "paper").changed({**TINY, **changes})


def made(seed, count=3):
    generator = np.random.default_rng(seed)
    gradients, weights = (generator.random((count, 6, 5), dtype=np.float32).astype(float) for _ in range(2))
    return Steps(seed, generator.random(count), gradients, weights)


def assert_equal(one, other):
    assert one.seed == other.seed
    for first, second in zip(one[1:], other[1:], strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    folder = tmp_path_factory.mktemp("searched") / "out"
    harness.run_searches(SPACE, "nasi-ada", setting(), seeds=[0, 2], data="noise", out=folder)
    return folder


def test_a_file_gives_back_every_bit(tmp_path):
    steps = [made(3), made(5)]
    write_csv(steps_frame(steps), tmp_path / STEPS_FILE)
    found, notes = read_steps(tmp_path / STEPS_FILE)
    assert notes == []
    for one, other in zip(found, steps, strict=True):
        assert_equal(one, other)


def test_weights_that_were_not_kept_stay_unknown(tmp_path):
    write_csv(steps_frame([made(3)._replace(weights=None), made(5)]), tmp_path / STEPS_FILE)
    without, within = read_steps(tmp_path / STEPS_FILE)[0]
    assert without.weights is None
    assert within.weights is not None


def test_windows_follow_each_other_and_are_whole():
    steps = made(0, count=7)
    windows = steps.windows(3)
    assert [traces.tolist() for traces, _ in windows] == [steps.traces[:3].tolist(), steps.traces[3:6].tolist()]
    assert steps.windows(8) == []


def test_later_steps_of_a_seed_replace_earlier_ones():
    found = merged([made(4), made(1)], [made(4, count=5), made(2)])
    assert [(one.seed, len(one.traces)) for one in found] == [(1, 3), (2, 3), (4, 5)]


@pytest.mark.slow
def test_a_folder_gives_what_its_searches_kept(searched):
    found, notes = read_steps(searched)
    assert notes == []
    assert [one.seed for one in found] == [0, 2]
    alone = harness.run_search(SPACE, "nasi-ada", setting(), data="noise", seed=2).memory
    np.testing.assert_allclose(found[1].traces, alone["trace_by_step"].numpy(), rtol=1e-5)
    np.testing.assert_allclose(found[1].weights, alone["weights_by_step/cell"].numpy(), rtol=1e-6)


def test_a_search_that_is_not_finished_is_left_out(searched, tmp_path):
    for seed, epoch in ((0, 2), (2, 1)):
        content = torch.load(searched / f"seed_{seed}" / "checkpoint.pt", weights_only=True)
        (tmp_path / f"seed_{seed}").mkdir()
        torch.save({**content, "epoch": epoch}, tmp_path / f"seed_{seed}" / "checkpoint.pt")
    found, notes = read_steps(tmp_path)
    assert [one.seed for one in found] == [0]
    assert notes == ["seed 2 is not finished (1 of 2 epochs) and left out"]
    (tmp_path / "seed_0" / "checkpoint.pt").unlink()
    with pytest.raises(SearchError, match="no finished search of nasinit search --seeds: seed 2 is not finished"):
        read_steps(tmp_path)


@pytest.mark.parametrize(
    ("method", "changes", "message"),
    [
        ("nasi-ada", {"without": ("none",)}, "left operations out; the steps must be of the whole space"),
        ("gdas", {}, "is a search by gdas in nasbench201; they must be NASI's in nasbench201"),
        ("nasi-ada", {"nu": 7.0}, "has another setting than .*seed_0"),
    ],
)
def test_another_search_is_refused(searched, tmp_path, method, changes, message):
    other = tmp_path / "other"
    harness.run_search(SPACE, method, setting(images=64, **changes), data="noise", out=other / "seed_7")
    (other / "seed_0").symlink_to(searched / "seed_0")
    with pytest.raises(SearchError, match=message):
        read_steps(other)


def test_what_is_no_steps_is_refused(tmp_path):
    with pytest.raises(SearchError, match="neither a folder of nasinit search --seeds nor a file of steps"):
        read_steps(tmp_path / "nothing")
    with pytest.raises(SearchError, match=r"has no finished search of nasinit search --seeds$"):
        read_steps(tmp_path)
    (tmp_path / "seed_1").mkdir()
    (tmp_path / "seed_1" / "checkpoint.pt").write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match="cannot be read as a checkpoint"):
        read_steps(tmp_path)
    file = tmp_path / "a.csv"
    for content, message in (
        ("a,b\n1,2\n", "it has no column 'seed'"),
        ("", "cannot be read as a file of NASI's steps"),
        (steps_frame([made(0)]).assign(trace="x").to_csv(index=False), "each value must be a finite number"),
        (steps_frame([made(0)]).assign(trace=np.inf).to_csv(index=False), "each value must be a finite number"),
    ):
        file.write_text(content)
        with pytest.raises(SearchError, match=message):
            read_steps(file)
    torn = tmp_path / "torn.csv.gz"
    write_csv(steps_frame([made(0)]), torn)
    torn.write_bytes(torn.read_bytes()[:200])
    with pytest.raises(SearchError, match="cannot be read as a file of NASI's steps"):
        read_steps(torn)
