"""The two parts of the images, and how batches are drawn from them."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import SearchError
from harness.search.gradient.data import Images, cropped_and_flipped, read_images, resized, split_images, with_images
from tests.reference import search_steps as reference
from tests.search.gradient.searches import digits, tiny

SETTING = tiny("darts", "nasbench201", steps_per_epoch=None, images=None, image_size=None)


def numbered(count, side=4):
    """Images whose pixels are all the image's number."""
    pixels = torch.arange(count, dtype=torch.float32)[:, None, None, None].expand(-1, 3, side, side)
    return Images("test", pixels, torch.arange(count) % 10)


@settings(deadline=None, max_examples=30)
@given(st.integers(4, 60), st.integers(0, 5))
def test_the_parts_have_nothing_in_common(count, seed):
    split = split_images(numbered(count), 0.5, seed)
    training, validation = set(split.training.tolist()), set(split.validation.tolist())
    assert not training & validation
    assert len(training) == len(validation) == count // 2


@pytest.mark.parametrize(
    ("count", "share", "training", "validation"),
    [
        (10_000, 0.2, 8_000, 2_000),
        (10, 0.1, 9, 1),
        (10, 0.7, 3, 7),
        (1797, 0.2, 1437, 359),
        (7, 0.5, 3, 3),
        (100, 0.29, 71, 29),
    ],
)
def test_a_share_is_taken_as_it_is_written(count, share, training, validation):
    """In floating point, 0.7 of 10 is below 7, 0.29 of 100 below 29, and 1 - 0.9 above 0.1."""
    split = split_images(numbered(count), share, 3)
    assert (len(split.training), len(split.validation)) == (training, validation)
    assert len({*split.training.tolist(), *split.validation.tolist()}) == training + validation


def test_an_epoch_has_the_batches_of_the_weights_part_and_the_other_is_used_again():
    split = split_images(numbered(80), 0.2, seed=1)
    assert split.steps(SETTING) == 8
    seen = [batch.inputs[:, 0, 0, 0] for batch in split.batches("validation", SETTING, 1, 0, 8)]
    for first, second in zip(seen[::2], seen[1::2], strict=True):
        assert sorted(torch.cat([first, second]).long().tolist()) == sorted(split.validation.tolist())


def test_an_epoch_goes_through_its_part_once_in_a_new_order():
    split = split_images(numbered(64), 0.5, seed=1)
    steps = split.steps(SETTING)
    assert steps == 4
    orders = []
    for epoch in (0, 1, 0):
        batches = list(split.batches("training", SETTING, 1, epoch, steps))
        seen = torch.cat([batch.inputs[:, 0, 0, 0] for batch in batches]).long()
        assert sorted(seen.tolist()) == sorted(split.training.tolist())
        assert torch.equal(torch.cat([batch.labels for batch in batches]), seen % 10)
        orders.append(seen.tolist())
    assert orders[0] == orders[2] != orders[1]


def test_more_steps_than_images_begin_again():
    split = split_images(numbered(16), 0.5, seed=1)
    seen = torch.cat([batch.inputs[:, 0, 0, 0] for batch in split.batches("validation", SETTING, 1, 0, 3)]).long()
    assert sorted(seen.tolist()) == sorted(split.validation.tolist() * 3)


def test_digits_are_scikit_learns_with_their_labels():
    from sklearn.datasets import load_digits

    images, loaded = read_images("digits", SETTING, 0), load_digits()
    assert images.pixels.shape == (1797, 3, 8, 8)
    np.testing.assert_allclose(images.pixels[:, 1].numpy(), loaded.images * 255 / 16, atol=0.5)
    assert torch.equal(images.pixels[:, 0], images.pixels[:, 2])
    np.testing.assert_array_equal(images.labels, loaded.target)
    split = digits(SETTING)
    inputs = split.batch(torch.arange(1797)).inputs
    assert inputs.mean() == pytest.approx(0, abs=1e-5)
    assert inputs.std() == pytest.approx(1, abs=1e-3)


def test_fewer_images_are_a_part_of_all_drawn_from_the_seed():
    every = {tuple(image.flatten().tolist()) for image in read_images("digits", SETTING, 0).pixels}
    one, same, other = (read_images("digits", SETTING.changed({"images": 100}), seed).pixels for seed in (0, 0, 1))
    assert len(one) == 100
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert {tuple(image.flatten().tolist()) for image in one} <= every


def test_more_images_than_there_are_is_an_error_unless_it_is_at_most():
    many = SETTING.changed({"images": 4096})
    with pytest.raises(SearchError, match="images must be at most 1,797, as many as digits has; got 4,096"):
        read_images("digits", many, 0)
    images = read_images("digits", many, 0, at_most=True)
    assert images.digest() == read_images("digits", SETTING, 0).digest()
    assert with_images(many, images).images == 1797
    assert with_images(SETTING, images) == SETTING


def test_noise_is_standard_normal_with_any_labels():
    noise = read_images("noise", SETTING.changed({"images": 200, "image_size": 16}), 3)
    assert noise.pixels.shape == (200, 3, 16, 16)
    assert noise.pixels.mean() == pytest.approx(0, abs=0.01)
    assert noise.pixels.std() == pytest.approx(1, abs=0.01)
    assert set(noise.labels.tolist()) == set(range(10))
    inputs = split_images(noise, 0.5, 3).batch(torch.arange(5)).inputs
    assert torch.equal(inputs, noise.pixels[:5]), "noise is not normalised by its own mean"


def test_smaller_images_are_averages_and_larger_ones_repeat():
    source = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (2, 3, 8, 8), generator=source, dtype=torch.uint8)
    images = Images("test", pixels, torch.zeros(2, dtype=torch.long))
    small = resized(images, 4).pixels.numpy()
    blocks = pixels.numpy().reshape(2, 3, 4, 2, 4, 2).astype(float).mean(axis=(3, 5))
    np.testing.assert_array_equal(small, np.round(blocks).astype(np.uint8))
    np.testing.assert_array_equal(resized(images, 16).pixels, np.kron(pixels, np.ones((1, 1, 2, 2), np.uint8)))
    with pytest.raises(SearchError, match="image_size must divide 8, the side of test, or be divided by it; got 6"):
        resized(images, 6)


def test_crops_and_mirrors_are_the_plain_ones():
    inputs = torch.randn(16, 2, 6, 6, generator=torch.Generator().manual_seed(1))
    found = cropped_and_flipped(inputs, torch.Generator().manual_seed(2))
    again = torch.Generator().manual_seed(2)
    corners = torch.randint(9, (16, 2), generator=again).tolist()
    mirrored = torch.randint(2, (16,), generator=again, dtype=torch.bool).tolist()
    assert 0 < sum(mirrored) < 16
    for image, got, (top, left), mirror in zip(inputs, found, corners, mirrored, strict=True):
        plain = reference.crop(image, top, left, 4)
        assert torch.equal(got, plain.flip(2) if mirror else plain)


@pytest.fixture
def cifar(tmp_path):
    """A folder of the official form with 60 random images."""
    records = np.random.default_rng(0).integers(0, 256, (60, 3073), dtype=np.uint8)
    records[:, 0] %= 10
    (tmp_path / "data_batch_1.bin").write_bytes(records.tobytes())
    return tmp_path


def test_natural_images_are_augmented_only_where_asked(cifar):
    setting = SETTING.changed({"augment": True})
    split = split_images(read_images(str(cifar), setting, 0), 0.5, 0)
    assert split.images.natural
    plain, changed, same = (
        torch.cat([batch.inputs for batch in split.batches("training", chosen, 0, 0, 2)])
        for chosen in (SETTING, setting, setting)
    )
    assert torch.equal(changed, same)
    assert not torch.equal(plain, changed)


def test_a_folder_that_is_not_cifars_is_named(tmp_path):
    with pytest.raises(SearchError, match=f"no data_batch_.*bin in {tmp_path}"):
        read_images(tmp_path, SETTING, 0)
    (tmp_path / "data_batch_1.bin").write_bytes(b"x" * 5000)
    with pytest.raises(SearchError, match=r"has 5,000 bytes, not a multiple of 3,073"):
        read_images(tmp_path, SETTING, 0)


def test_too_few_images_for_a_batch_are_refused():
    with pytest.raises(
        SearchError,
        match=r"a part of 5 images of test \(validation_share 0.5\) is less than one batch.*below 8, more",
    ):
        split_images(numbered(10), 0.5, 0).steps(SETTING)
    with pytest.raises(
        SearchError, match=r"a part of 6 images of test \(validation_share 0.1\) is less than one batch"
    ):
        split_images(numbered(60), 0.1, 0).steps(SETTING.changed({"validation_share": 0.1}))
