"""Trainings of restoring networks: to the same bits in one go and in two, beside a plain loop, and what is refused."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch

from harness.errors import CheckpointError, DivergedError, SettingError
from harness.restoration.crops import Crops
from harness.restoration.image_sets import NamedImage
from harness.restoration.problems import denoising, super_resolution
from harness.restoration.resize import enlarged
from harness.setting import derived_seed
from harness.training import restored as module
from harness.training.plain import PlainNetwork, plain_network, plain_parameters, width_of
from harness.training.restored import RestorationSetting, is_restorer_trained, train_restorer

PROBLEM = super_resolution(2)
SETTING = RestorationSetting(epochs=3, steps=4, batch_size=2, image_size=6)


@pytest.fixture(scope="module")
def crops():
    """Smooth images, so that there is something to learn."""
    source = np.random.default_rng(0)
    images = [enlarged(source.uniform(30, 220, size=(6, 7)), 4).round().clip(0, 255).astype(np.uint8) for _ in range(3)]
    return Crops([NamedImage(f"made/{number}", image) for number, image in enumerate(images)], PROBLEM)


def weights(found):
    return found.network.state_dict()


def test_a_training_is_the_same_once_through_and_interrupted(crops, tmp_path, monkeypatch):
    network = plain_network(PROBLEM, 4, layers=3)
    before = copy.deepcopy(network.state_dict())
    state = torch.get_rng_state()
    through = train_restorer(network, crops, SETTING, seed=3)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    epoch, done = module._epoch, []

    def interrupted(*arguments):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(1)
        return epoch(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(module, "_epoch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train_restorer(network, crops, SETTING, seed=3, out=tmp_path)
    assert not is_restorer_trained(tmp_path, SETTING)
    resumed = train_restorer(network, crops, SETTING, seed=3, out=tmp_path)
    assert (through.resumed_from, resumed.resumed_from) == (0, 2)
    assert all(torch.equal(value, weights(resumed)[name]) for name, value in weights(through).items())
    assert [row["training_loss"] for row in through.rows] == [row["training_loss"] for row in resumed.rows]
    assert is_restorer_trained(tmp_path, SETTING)
    assert train_restorer(network, crops, SETTING, seed=3, out=tmp_path).resumed_from == 3


def test_the_steps_are_those_of_a_plain_loop(crops):
    network = plain_network(PROBLEM, 4, layers=3, seed=1).double()
    drawn = copy.deepcopy(network)
    adam = torch.optim.Adam(drawn.parameters(), 1.0)
    for epoch in range(3):
        inputs, targets = crops.drawn(8, 6, derived_seed(7, "training", "crops", str(epoch)))
        for step in range(4):
            done = (4 * epoch + step + 1) / 12
            share = done / 0.1 if done <= 0.1 else (1 + math.cos(math.pi * (done - 0.1) / 0.9)) / 2
            adam.param_groups[0]["lr"] = 3e-3 * share
            loss = (drawn(inputs[2 * step : 2 * step + 2].double()) - targets[2 * step : 2 * step + 2]).abs().mean()
            adam.zero_grad()
            loss.backward()
            adam.step()

    class Doubled:
        """Crops in float64."""

        problem, digest = PROBLEM, crops.digest

        def drawn(self, *arguments):
            return tuple(each.double() for each in crops.drawn(*arguments))

    found = train_restorer(network, Doubled(), SETTING, seed=7)
    for one, other in zip(found.network.parameters(), drawn.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-9)


def test_it_learns_to_enlarge_better_than_bicubic(crops):
    """Of smooth images that were enlarged bicubically, the bicubic enlargement of small ones is blurred."""
    network = plain_network(PROBLEM, 6, layers=3)
    inputs, targets = crops.drawn(50, 8, 99)
    loss = lambda one: float((one(inputs) - targets).square().mean().detach())  # noqa: E731
    found = train_restorer(network, crops, RestorationSetting(epochs=2, steps=60, batch_size=4, image_size=8))
    assert loss(found.network) < 0.7 * loss(network)
    assert found.seconds == pytest.approx(sum(row["seconds"] for row in found.rows))


def test_another_training_in_the_folder_is_refused(crops, tmp_path):
    network, setting = plain_network(PROBLEM, 4, layers=2), RestorationSetting(epochs=1, steps=1, image_size=4)
    train_restorer(network, crops, setting, out=tmp_path)
    with pytest.raises(CheckpointError, match="is of another training: its seed is 0, asked for is 1"):
        train_restorer(network, crops, setting, seed=1, out=tmp_path)
    with pytest.raises(CheckpointError, match="is of another training: its network is"):
        train_restorer(plain_network(PROBLEM, 4, layers=2, seed=5), crops, setting, out=tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs must be a whole number from 1"),
        ({"learning_rate": 0}, "learning_rate must be a number above 0, got 0"),
        ({"learning_rate": math.nan}, "learning_rate must be a number above 0"),
    ],
)
def test_what_no_training_can_be_set_to_is_refused(changes, message):
    with pytest.raises(SettingError, match=message):
        RestorationSetting(**changes)


def test_a_loss_that_is_not_finite_ends_the_training(crops):
    bad = RestorationSetting(epochs=1, steps=40, image_size=4, learning_rate=1e30)
    with pytest.raises(DivergedError, match=r"the loss of a training is (nan|inf) at epoch"):
        train_restorer(plain_network(PROBLEM, 4), crops, bad)
    with pytest.raises(SettingError, match="no_such_loss"):
        train_restorer(plain_network(PROBLEM, 4), crops, RestorationSetting(loss="no_such_loss"))


@pytest.mark.parametrize("problem", [super_resolution(2), super_resolution(4), denoising(25)])
@pytest.mark.parametrize(("width", "layers", "channels"), [(5, 2, 1), (16, 6, 1), (7, 4, 3)])
def test_plain_networks_have_the_counted_parameters(problem, width, layers, channels):
    network = PlainNetwork(problem, width, layers, channels)
    count = sum(weight.numel() for weight in network.parameters())
    assert plain_parameters(problem, width, layers=layers, channels=channels) == count
    assert width_of(problem, count, layers=layers, channels=channels) == width
    assert width_of(problem, count + 1, layers=layers, channels=channels) == width + 1
    inputs = torch.rand(1, channels, 4, 5)
    assert network(inputs).shape == (1, channels, 4 * problem.scale, 5 * problem.scale)


def test_a_plain_network_begins_as_the_enlargement():
    inputs = torch.rand(1, 1, 4, 5, dtype=torch.float64)
    found = plain_network(PROBLEM, 4).double()(inputs).detach()
    torch.testing.assert_close(found[0, 0], torch.from_numpy(enlarged(inputs[0, 0].numpy(), 2)), rtol=0, atol=1e-12)
