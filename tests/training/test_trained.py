"""Trainings: once through and interrupted to the same bits, against a plain loop, and what is refused."""

import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from harness.errors import CheckpointError, DivergedError, SettingError
from harness.search.gradient.data import Images
from harness.setting import derived_seed
from harness.spaces import open_space
from harness.training import trained as module
from harness.training.setting import TrainingSetting
from harness.training.trained import FILE, Augmentation, is_trained, train

SPACE = open_space("nasbench201")
CELL = SPACE.parse("|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|none~0|avg_pool_3x3~1|nor_conv_3x3~2|")
SETTING = TrainingSetting(epochs=3, batch_size=16, width=4, depth=1)


def images(count=70, seed=0, side=8):
    """Images whose class shows in the brightness of a corner; 70 are four batches and six that are left out."""
    source = torch.Generator().manual_seed(seed)
    labels = torch.randint(10, (count,), generator=source)
    pixels = torch.randint(60, (count, 3, side, side), generator=source, dtype=torch.uint8)
    pixels[:, :, :3, :3] += (15 * labels).to(torch.uint8)[:, None, None, None]
    return Images("brightness", pixels, labels, natural=True)


IMAGES = images()


def weights(found):
    return found.network.state_dict()


def equal(one, other):
    return all(torch.equal(value, weights(other)[name]) for name, value in weights(one).items())


def test_a_training_is_the_same_once_through_and_interrupted(tmp_path, monkeypatch):
    before = torch.get_rng_state()
    through = train(SPACE, CELL, IMAGES, SETTING, seed=3)
    assert torch.equal(torch.get_rng_state(), before)
    epoch, done = module._epoch, []

    def interrupted(*arguments):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(1)
        return epoch(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(module, "_epoch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(SPACE, CELL, IMAGES, SETTING, seed=3, out=tmp_path)
    assert not is_trained(tmp_path, SETTING)
    torch.rand(3)  # the global state does not matter
    again = train(SPACE, CELL, IMAGES, SETTING, seed=3, out=tmp_path)
    assert again.resumed_from == 2
    assert equal(through, again)
    assert [row["training_loss"] for row in through.rows] == [row["training_loss"] for row in again.rows]
    assert is_trained(tmp_path, SETTING)


def test_a_finished_training_is_read(tmp_path, monkeypatch):
    first = train(SPACE, CELL, IMAGES, SETTING, out=tmp_path)
    monkeypatch.setattr(module, "_epoch", None)
    again = train(SPACE, CELL, IMAGES, SETTING, out=tmp_path)
    assert (again.resumed_from, again.rows) == (3, first.rows)
    assert equal(first, again)
    assert not again.network.training


def test_the_steps_are_those_of_a_plain_loop():
    """SGD written out, with Nesterov's momentum as PyTorch defines it, without augmentation."""
    setting = replace(SETTING, epochs=2, augment=False)
    found = train(SPACE, CELL, IMAGES, setting, seed=1)
    network = SPACE.build(CELL, width=4, depth=1, seed=derived_seed(1, "training", "weights"))
    scaled = IMAGES.pixels.double() / 255
    channels = scaled.transpose(0, 1).flatten(1)
    mean, deviation = (value.float().view(1, 3, 1, 1) for value in (channels.mean(dim=1), channels.std(dim=1)))
    velocity, step = {name: 0 for name, _ in network.named_parameters()}, 0
    for epoch in range(2):
        source = torch.Generator().manual_seed(derived_seed(1, "training", "order", str(epoch)))
        order = torch.randperm(70, generator=source)
        for first in range(0, 64, 16):
            places = order[first : first + 16]
            logits = network((IMAGES.pixels[places].float() / 255 - mean) / deviation)
            network.zero_grad()
            functional.cross_entropy(logits, IMAGES.labels[places]).backward()
            rate = 0.1 * (1 + math.cos(math.pi * step / 8)) / 2
            with torch.no_grad():
                for name, weight in network.named_parameters():
                    slope = weight.grad + 5e-4 * weight
                    velocity[name] = 0.9 * velocity[name] + slope
                    weight -= rate * (slope + 0.9 * velocity[name])
            step += 1
    for name, value in network.state_dict().items():
        torch.testing.assert_close(weights(found)[name], value, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_a_training_learns():
    found = train(SPACE, CELL, images(400), replace(SETTING, epochs=8, augment=False))
    test = images(200, seed=9)
    right = (found.predictions(test).argmax(dim=1) == test.labels).double().mean()
    assert float(right) > 0.4
    assert found.rows[-1]["training_loss"] < 0.6 * found.rows[0]["training_loss"]
    assert found.rows[-1]["epoch"] == 8


def test_a_seed_and_an_augmentation_make_another_training():
    one = train(SPACE, CELL, IMAGES, replace(SETTING, epochs=1))
    assert not equal(one, train(SPACE, CELL, IMAGES, replace(SETTING, epochs=1), seed=1))
    plain = train(SPACE, CELL, IMAGES, replace(SETTING, epochs=1, augment=False))
    assert not equal(one, plain)
    assert equal(plain, train(SPACE, CELL, replace(IMAGES, natural=False), replace(SETTING, epochs=1)))


def test_another_training_in_the_folder_is_refused(tmp_path):
    short = replace(SETTING, epochs=1)
    train(SPACE, CELL, IMAGES, short, out=tmp_path)
    with pytest.raises(CheckpointError, match="is of another training: its seed is 0, asked for is 1"):
        train(SPACE, CELL, IMAGES, short, seed=1, out=tmp_path)
    (tmp_path / FILE).write_bytes(b"torn")
    with pytest.raises(CheckpointError, match="cannot be read as a training"):
        train(SPACE, CELL, IMAGES, short, out=tmp_path)


def test_what_cannot_be_trained_is_refused(monkeypatch):
    with pytest.raises(SettingError, match="70 images are less than one batch of 128"):
        train(SPACE, CELL, IMAGES, replace(SETTING, batch_size=128))
    with pytest.raises(SettingError, match="epochs must be a whole number from 1, got 0"):
        TrainingSetting(epochs=0)
    with pytest.raises(SettingError, match="learning_rate must be a number above 0, got nan"):
        TrainingSetting(learning_rate=math.nan)
    with pytest.raises(DivergedError, match="the loss of a training is nan at epoch 1, step 1"):
        train(SPACE, CELL, replace(IMAGES, pixels=torch.full((70, 3, 8, 8), math.nan)), SETTING)


def test_an_augmentation_changes_each_step_and_belongs_to_the_training(tmp_path):
    seen = []

    def darker(pixels, generator):
        seen.append((float(pixels.max()), len(pixels)))
        assert 0 <= float(torch.rand((), generator=generator)) < 1
        return pixels * 0.5

    plain = replace(SETTING, augment=False, epochs=1)
    dark = train(SPACE, CELL, IMAGES, plain, seed=1, augmentation=Augmentation("darker", darker), out=tmp_path)
    assert [count for _, count in seen] == [16] * 4
    assert max(most for most, _ in seen) <= 1
    assert not equal(dark, train(SPACE, CELL, IMAGES, plain, seed=1))
    kept = train(SPACE, CELL, IMAGES, plain, seed=1, augmentation=Augmentation("nothing", lambda pixels, _: pixels))
    assert equal(kept, train(SPACE, CELL, IMAGES, plain, seed=1))
    with pytest.raises(CheckpointError, match="its augmentation is darker, asked for is "):
        train(SPACE, CELL, IMAGES, plain, seed=1, out=tmp_path)
