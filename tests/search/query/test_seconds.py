"""The model of seconds: least squares over the three genuine records, here from the numbers, there from the release."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from harness.search.query.seconds import TRAINING, VALIDATION, training_seconds, validation_seconds

# nats_bench's `get_more_info(index, "cifar10-valid", hp="12")`: train-per-time and valid-per-time
MACS = np.array([15.64737, 113.95137, 11.71521]) * 1e6
EPOCH = np.array([86.65311598777771, 149.54468154907227, 58.509532451629635]) / 12
PASS = np.array([2.5489792369661, 4.151251713434855, 2.3894934852918])


def test_the_coefficients_are_those_of_least_squares():
    for found, seconds in ((TRAINING, EPOCH), (VALIDATION, PASS)):
        line = stats.linregress(MACS / 1e6, seconds)
        np.testing.assert_allclose(found, [line.intercept, line.slope], rtol=1e-5)


def test_its_error_on_them_is_what_is_said():
    off = training_seconds(MACS, epochs=1, images=25_000) / EPOCH - 1
    np.testing.assert_allclose(off, [-0.148, 0.003, 0.210], atol=5e-4)
    np.testing.assert_allclose(validation_seconds(MACS, images=25_000), PASS, rtol=0.02)


def test_seconds_grow_with_epochs_and_images():
    once = training_seconds(MACS, epochs=12, images=25_000)
    np.testing.assert_allclose(training_seconds(MACS, epochs=200, images=50_000), once * 200 / 12 * 2, rtol=1e-12)


@pytest.mark.filterwarnings("ignore")
def test_the_numbers_are_the_releases(published_data: Path):
    import nats_bench

    folder = published_data / "NATS-tss-v1_0-3ffb9-simple"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")
    api = nats_bench.create(str(folder), "tss", fast_mode=True, verbose=False)
    for index, epoch, once in zip((0, 11, 284), EPOCH, PASS, strict=True):
        for dataset, images, evaluated in (("cifar10-valid", 25_000, 25_000), ("cifar100", 50_000, 5_000)):
            info = api.get_more_info(index, dataset, hp="12", is_random=False)
            assert info["train-per-time"] == pytest.approx(epoch * images / 25_000, rel=1e-6)
            assert info["valid-per-time"] == pytest.approx(once * evaluated / 25_000, rel=1e-6)
