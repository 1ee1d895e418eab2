"""Checkpoints that are not this search's, or none, and losses that are no numbers."""

import dataclasses
import json
import math
import pickle

import pytest
import torch

from harness.errors import DivergedError, RunError, SearchError
from harness.search import METHODS, run_search
from harness.search.gradient.checkpoint import CHECKPOINT, load, save
from harness.search.gradient.state import initial_state
from harness.search.gradient.steps import one_step, steps_of_epoch
from harness.search.gradient.task import search_task
from tests.search.gradient.searches import SPACES, tiny

SPACE = SPACES["nasbench201"]
SETTING = tiny("rsps", "nasbench201", epochs=1)


def search(folder, *, space=SPACE, method="rsps", setting=SETTING, data="digits", seed=0):
    return run_search(space, method, setting, data=data, seed=seed, out=folder)


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    folder = tmp_path_factory.mktemp("begun")
    search(folder)
    return folder


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"method": "gdas"}, "its method is rsps, asked for is gdas"),
        ({"space": SPACES["darts"]}, "its space is nasbench201, asked for is darts"),
        ({"setting": SETTING.changed({"weight_lr": 0.5})}, "its weight_lr is 0.025, asked for is 0.5"),
        ({"setting": SETTING.changed({"epochs": 2})}, "its epochs is 1, asked for is 2"),
        ({"seed": 1}, "its seed is 0, asked for is 1"),
        ({"data": "noise"}, "its data is digits .*, asked for is noise"),
    ],
)
def test_a_checkpoint_of_another_search_is_refused(begun, other, message):
    with pytest.raises(SearchError, match=f"is of another search: {message}.*or another --out folder"):
        search(begun, **other)


class Evil:
    def __reduce__(self):
        return (pytest.fail, ("a checkpoint was unpickled",))


@pytest.mark.parametrize("kind", ["text", "truncated", "pickle", "another"])
def test_what_is_no_checkpoint_is_refused(begun, tmp_path, kind):
    whole = (begun / CHECKPOINT).read_bytes()
    path = tmp_path / CHECKPOINT
    if kind == "another":
        torch.save({"model": torch.zeros(2)}, path)
    else:
        path.write_bytes({"text": b"no", "truncated": whole[: len(whole) // 2], "pickle": pickle.dumps(Evil())}[kind])
    with pytest.raises(SearchError, match=r"checkpoint\.pt (cannot be read as|is no) (a )?checkpoint"):
        search(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"epoch,training_loss\n1,2.3\n", b"aaaaaaaaaa", b".", b"\x80\x02N."]
)
def test_a_file_of_any_bytes_is_no_checkpoint(tmp_path, content):
    (tmp_path / CHECKPOINT).write_bytes(content)
    with pytest.raises(SearchError, match=r"checkpoint\.pt (cannot be read as|is no) (a )?checkpoint"):
        load(tmp_path, {})


@pytest.mark.parametrize("content", [[1, 2], {"version": 1}, {"version": torch.ones(2)}, torch.ones(2)])
def test_what_torch_saved_for_others_is_no_checkpoint(tmp_path, content):
    torch.save(content, tmp_path / CHECKPOINT)
    with pytest.raises(SearchError, match=r"checkpoint\.pt is no checkpoint"):
        load(tmp_path, {})


@pytest.mark.parametrize(
    "field",
    [
        {"version": torch.ones(2)},
        {"version": 1},
        {"version": 3},
        {"identity": 3},
        {"more": 1},
        {"part": [1.0]},
        {"part": {"losses": [1.0]}},
    ],
)
def test_a_checkpoint_with_one_field_wrong_is_no_checkpoint(begun, tmp_path, field):
    whole = torch.load(begun / CHECKPOINT, weights_only=True)
    assert load(begun, whole["identity"]).epoch == 1
    torch.save({**whole, **field}, tmp_path / CHECKPOINT)
    with pytest.raises(SearchError, match=r"checkpoint\.pt is no checkpoint"):
        load(tmp_path, whole["identity"])


def test_a_checkpoint_of_the_version_without_parts_of_epochs_goes_on(begun, tmp_path):
    whole = torch.load(begun / CHECKPOINT, weights_only=True)
    assert whole["version"] == 2
    assert whole.pop("part") is None
    torch.save({**whole, "version": 1}, tmp_path / CHECKPOINT)
    assert search(tmp_path).resumed_from == 1


def test_a_checkpoint_from_before_a_field_of_the_setting_goes_on(begun, tmp_path):
    """As one whose two parts were halves in any case; with another share it is another search."""
    whole = torch.load(begun / CHECKPOINT, weights_only=True)
    setting = json.loads(whole["identity"]["setting"])
    del setting["validation_share"]
    whole["identity"] |= {"setting": json.dumps(setting, sort_keys=True)}
    torch.save(whole, tmp_path / CHECKPOINT)
    assert search(tmp_path).resumed_from == 1
    with pytest.raises(SearchError, match=r"its validation_share is 0\.5, asked for is 0\.25\. Give"):
        search(tmp_path, setting=SETTING.changed({"validation_share": 0.25}))


def test_a_part_of_an_epoch_from_before_processor_time_was_kept_goes_on(tmp_path):
    """The epoch's time is then not known; its losses are."""
    setting = tiny("rsps", "nasbench201", epochs=1, steps_per_epoch=3)
    whole = search(tmp_path / "whole", setting=setting)
    content = torch.load(tmp_path / "whole" / CHECKPOINT, weights_only=True)
    begun = search_task(SPACE, "rsps", setting, preset="", data="digits", seed=0, device="cpu", autocast=False)
    state = initial_state(begun)
    state.losses = [one_step(next(steps_of_epoch(begun, state, 3)), moves=False)]
    save(tmp_path, state.checkpoint(begun, (1.0, 0.5)))
    part = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    assert part["identity"] == content["identity"]
    del part["part"]["cpu_seconds"]
    torch.save(part, tmp_path / CHECKPOINT)
    again = search(tmp_path, setting=setting)
    assert again.resumed_steps == 1
    assert again.log["training_loss"].tolist() == whole.log["training_loss"].tolist()
    assert again.log["cpu_seconds"].isna().all()
    assert (whole.log["cpu_seconds"] > 0).all()


def test_the_same_numbers_in_another_notation_end_in_a_message(begun):
    identity = torch.load(begun / CHECKPOINT, weights_only=True)["identity"]
    with pytest.raises(SearchError, match="its setting is"):
        load(begun, {**identity, "setting": identity["setting"].replace(", ", ",")})


def test_a_folder_that_cannot_be_written_is_named_before_the_first_step(tmp_path):
    (tmp_path / "file").write_text("")
    method = dataclasses.replace(METHODS["nasi"], architecture_step=lambda step: pytest.fail("a step was made"))
    with pytest.raises(SearchError, match=r"--out .*folder: cannot make that folder: Not a directory"):
        search(tmp_path / "file" / "folder", method=method, setting=tiny("nasi", "nasbench201"))


def test_a_loss_that_is_no_number_ends_the_search_with_the_step_and_the_checkpoint(tmp_path):
    """One step of the second epoch gives NaN; the first epoch's checkpoint stays and is named."""
    calls = []

    def diverging(step):
        calls.append(step.moment)
        return math.nan if len(calls) == 4 else 1.0

    method = dataclasses.replace(METHODS["nasi"], architecture_step=diverging)
    setting = tiny("nasi", "nasbench201", epochs=3)
    with pytest.raises(DivergedError, match=r"the loss is nan at epoch 2, step 2; the last checkpoint is .*checkpoint"):
        search(tmp_path, method=method, setting=setting)
    assert torch.load(tmp_path / CHECKPOINT, weights_only=True)["epoch"] == 1
    assert issubclass(DivergedError, RunError), "the command line ends with the code of a run that failed"


def test_without_a_checkpoint_it_says_so(tmp_path):
    setting = tiny("darts", "nasbench201", epochs=1, weight_lr=1e30, gradient_clip=1e30)
    with pytest.raises(DivergedError, match=r"at epoch 1, step \d.*; there is no checkpoint"):
        search(None, method="darts", setting=setting)
    with pytest.raises(DivergedError, match="the first epoch was not over, so there is no checkpoint"):
        search(tmp_path, method="darts", setting=setting)
