"""Batches that are drawn: noise and labels from a seed, and images of CIFAR-10.

Oracles: the moments of the distributions, CIFAR-10's binary format (Krizhevsky 2009) read here by numpy alone, and its
channel means and deviations.
"""

import random
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

from harness.errors import SettingError
from harness.setting import Setting
from harness.spaces.image_batches import draw_images, read_cifar10

RECORD = 3073
CIFAR10 = Setting(input="cifar10", labels="true")

# Mean and deviation of the 50,000 training images' channels, as everywhere in the field.
MEANS, DEVIATIONS = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)


def same(first, second):
    return torch.equal(first.inputs, second.inputs) and torch.equal(first.labels, second.labels)


@pytest.mark.parametrize("kind", ["gaussian", "uniform"])
def test_the_same_setting_gives_the_same_batch_and_another_seed_another(kind):
    setting = Setting(input=kind, batch_size=8, image_size=8)
    assert same(draw_images(setting), draw_images(replace(setting)))
    other = draw_images(replace(setting, seed=1))
    assert not torch.equal(other.inputs, draw_images(setting).inputs)
    assert not torch.equal(other.labels, draw_images(replace(setting, seed=2)).labels)


def test_what_is_not_about_the_batch_does_not_change_it():
    setting = Setting(batch_size=8, image_size=8)
    other = replace(setting, width=3, depth=1, init="xavier", bn="eval", loss="mean_squared_error", probes=9)
    assert same(draw_images(setting), draw_images(other))


def test_a_batch_has_the_shape_that_the_setting_asks_for():
    batch = draw_images(Setting(batch_size=5, channels=2, image_size=9, classes=3))
    assert batch.inputs.shape == (5, 2, 9, 9)
    assert batch.inputs.dtype == torch.float32
    assert (batch.labels.shape, batch.labels.dtype) == ((5,), torch.int64)


@pytest.mark.parametrize(("kind", "law"), [("gaussian", stats.norm()), ("uniform", stats.uniform())])
def test_noise_has_its_distribution(kind, law):
    values = draw_images(Setting(input=kind)).inputs.flatten().double().numpy()
    assert len(values) == 64 * 3 * 32 * 32
    # 196,608 values: the mean is known to std / 443, five times that is allowed.
    assert abs(values.mean() - law.mean()) < 5 * law.std() / len(values) ** 0.5
    assert abs(values.std() / law.std() - 1) < 0.01
    assert stats.kstest(values, law.cdf).pvalue > 1e-3


def test_uniform_noise_lies_between_zero_and_one():
    inputs = draw_images(Setting(input="uniform")).inputs
    assert 0 <= inputs.min() < 1e-3
    assert 1 - 1e-3 < inputs.max() < 1


@pytest.mark.parametrize("classes", [2, 10, 120])
def test_random_labels_are_uniform_over_the_classes(classes):
    labels = draw_images(Setting(batch_size=12_000, image_size=4, channels=1, classes=classes)).labels
    counts = torch.bincount(labels, minlength=classes).numpy()
    assert len(counts) == classes
    assert stats.chisquare(counts).pvalue > 1e-3


@pytest.mark.parametrize("kind", ["gaussian", "uniform"])
def test_no_global_random_state_matters_to_a_batch_or_moves(kind):
    batches = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
        batches.append(draw_images(Setting(input=kind, batch_size=4, image_size=8)))
        assert (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()) == before
    assert same(*batches)


def test_a_given_batch_cannot_be_drawn():
    with pytest.raises(SettingError, match=r"needs its batch: pass batch=harness\.Batch"):
        draw_images(Setting(input="given"))


# CIFAR-10, in folders written here


def write(folder: Path, name: str, labels, seed=0) -> np.ndarray:
    """A batch file of random images with the given labels; returns its records."""
    records = np.random.default_rng(seed).integers(0, 256, size=(len(labels), RECORD), dtype=np.uint8)
    records[:, 0] = labels
    (folder / name).write_bytes(records.tobytes())
    return records


@pytest.fixture
def small(tmp_path):
    """A folder of two training files of six and four images and a test file, and the training records."""
    write(tmp_path, "test_batch.bin", [9] * 5, seed=9)
    second = write(tmp_path, "data_batch_2.bin", [6, 7, 8, 9], seed=2)
    first = write(tmp_path, "data_batch_1.bin", [0, 1, 2, 3, 4, 5], seed=1)
    return tmp_path, np.concatenate([first, second])


def normalised(records):
    """Inputs [M, 3, 32, 32] of records, in float64."""
    planes = [records[:, 1 + 1024 * channel : 1025 + 1024 * channel].reshape(-1, 32, 32) for channel in range(3)]
    return np.stack([(plane / 255.0 - m) / s for plane, m, s in zip(planes, MEANS, DEVIATIONS, strict=True)], axis=1)


def test_training_files_are_read_in_order_and_the_test_file_is_not(small):
    folder, records = small
    images, labels = read_cifar10(folder)
    assert (images.shape, images.dtype) == ((10, 3, 32, 32), torch.uint8)
    assert labels.tolist() == list(range(10))
    # Channel 1, row 2, column 3 of image 7 is byte 1 + 1024 + 64 + 3 of its record.
    assert images[7, 1, 2, 3] == records[7, 1 + 1024 + 64 + 3]
    np.testing.assert_array_equal(images.numpy().reshape(10, -1), records[:, 1:])


def test_a_whole_draw_is_every_image_once_normalised_with_its_own_label(small):
    folder, records = small
    batch = draw_images(replace(CIFAR10, batch_size=10), folder)
    order = batch.labels.tolist()
    assert sorted(order) == list(range(10)) != order
    np.testing.assert_allclose(batch.inputs.numpy(), normalised(records)[order], rtol=1e-5, atol=1e-6)


def test_an_images_batch_follows_from_the_seed(small):
    folder, _ = small
    setting = replace(CIFAR10, batch_size=4)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = draw_images(setting, folder)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert same(first, draw_images(setting, folder))
    assert not torch.equal(first.labels, draw_images(replace(setting, seed=1), folder).labels)


def test_random_labels_stand_beside_the_same_images(small):
    folder, _ = small
    true, drawn = (draw_images(replace(CIFAR10, batch_size=8, labels=labels), folder) for labels in ("true", "random"))
    assert torch.equal(true.inputs, drawn.inputs)
    assert not torch.equal(true.labels, drawn.labels)
    few = draw_images(replace(CIFAR10, batch_size=8, labels="random", classes=2), folder)
    assert set(few.labels.tolist()) <= {0, 1}


@pytest.mark.parametrize("size", [1, RECORD - 1, RECORD + 1, 3 * RECORD - 1, 0])
def test_a_truncated_file_is_refused_by_name_and_size(small, size):
    folder, _ = small
    file = folder / "data_batch_2.bin"
    file.write_bytes(file.read_bytes()[:size])
    message = f"{file} has {size:,} bytes, not a multiple of 3,073: it is truncated, or not a binary batch of CIFAR-10"
    with pytest.raises(SettingError, match=re.escape(message)):
        draw_images(replace(CIFAR10, batch_size=4), folder)


@pytest.mark.parametrize("label", [10, 200, 255])
def test_a_label_that_cifar10_does_not_have_is_refused(small, label):
    folder, _ = small
    write(folder, "data_batch_3.bin", [0, label, 1])
    with pytest.raises(SettingError, match=re.escape(f"{folder} holds a label {label}: CIFAR-10 has 0 to 9")):
        draw_images(replace(CIFAR10, batch_size=4), folder)


def test_more_samples_than_images_are_refused(small):
    folder, _ = small
    message = f"batch_size 11 is more than the 10 training images in {folder}"
    with pytest.raises(SettingError, match=re.escape(message)):
        draw_images(replace(CIFAR10, batch_size=11), folder)


@pytest.mark.parametrize("name", ["", "absent"])
def test_a_folder_without_the_files_is_refused(tmp_path, name):
    write(tmp_path, "test_batch.bin", [1, 2])
    folder = tmp_path / name
    message = f"no data_batch_*.bin in {folder}: expected the folder of CIFAR-10's binary version"
    with pytest.raises(SettingError, match=re.escape(message)):
        draw_images(CIFAR10, folder)


def test_images_without_a_folder_are_refused_with_what_to_do():
    with pytest.raises(SettingError, match="give --data FOLDER, or set NASINIT_DATA"):
        draw_images(CIFAR10)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"channels": 1}, "CIFAR-10 images are 3 x 32 x 32; the setting asks for 1 channels and image_size 32"),
        ({"image_size": 16}, "CIFAR-10 images are 3 x 32 x 32; the setting asks for 3 channels and image_size 16"),
        ({"classes": 9}, "CIFAR-10 has 10 classes; the setting's network has only 9 outputs"),
    ],
)
def test_a_setting_that_the_images_do_not_fit_is_refused(small, changes, complaint):
    with pytest.raises(SettingError, match=re.escape(complaint)):
        draw_images(replace(CIFAR10, batch_size=4, **changes), small[0])


# CIFAR-10 itself


@pytest.fixture(scope="module")
def cifar10(published_data):
    folder = published_data / "cifar-10-batches-bin"
    if not folder.exists():
        pytest.skip(f"{folder.name} is not in {published_data}")
    return folder


def test_a_batch_of_cifar10_is_images_of_the_raw_files(cifar10):
    raw = b"".join((cifar10 / f"data_batch_{number}.bin").read_bytes() for number in range(1, 6))
    records = np.frombuffer(raw, dtype=np.uint8).reshape(-1, RECORD)
    assert len(records) == 10_000
    batch = draw_images(CIFAR10, cifar10)
    assert batch.inputs.shape == (64, 3, 32, 32)
    deviations = np.array(DEVIATIONS).reshape(1, 3, 1, 1)
    pixels = (batch.inputs.double().numpy() * deviations + np.array(MEANS).reshape(1, 3, 1, 1)) * 255
    assert abs(pixels - pixels.round()).max() < 1e-3
    row_of = {record[1:].tobytes(): row for row, record in enumerate(records)}
    rows = [row_of[image.tobytes()] for image in pixels.round().astype(np.uint8)]
    assert len(set(rows)) == 64
    assert batch.labels.tolist() == records[rows, 0].tolist()
    np.testing.assert_allclose(batch.inputs.numpy(), normalised(records[rows]), rtol=1e-5, atol=1e-6)


def test_the_normalisation_gives_cifar10_mean_zero_and_deviation_one(cifar10):
    # A fifth of the training set: its own moments are within 0.02 of all 50,000 images'.
    inputs = draw_images(replace(CIFAR10, batch_size=2000), cifar10).inputs.double()
    assert inputs.mean((0, 2, 3)).abs().max() < 0.05
    assert (inputs.std((0, 2, 3)) - 1).abs().max() < 0.05
