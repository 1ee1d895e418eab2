"""The parts of the study of MoD-NAS. Oracles: shares counted by hand, Student's t of scipy, built networks."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from harness.errors import SettingError
from harness.restoration.image_sets import NamedImage
from harness.studies.options import StudyOptions
from harness.studies.searches.claims import NOT_FINISHED, NOT_SHOWN, NOT_TESTABLE, SHOWN
from harness.studies.searches.mod_nas.searched import COLLAPSE, Found, collapse_frame
from harness.studies.searches.mod_nas.sizes import (
    GUIDED,
    HAND_MADE,
    UNGUIDED,
    images_of,
    searches_of,
    sizes_of,
    space_of,
)
from harness.studies.searches.mod_nas.summary import study_claims
from harness.studies.searches.mod_nas.trained import HAND, KINDS, WITHOUT, at_sigma, equal_time, trainings_of
from harness.studies.searches.restored.images import StudyImages, check_images
from harness.studies.searches.restored.trainings import ANEW, FOUND, LONGER, PLAIN, RANDOM
from harness.training.plain import plain_parameters

SPACE = space_of(GUIDED)
ARCHITECTURE = SPACE.parse("conv_3x3~0@4 skip_connect~0+residual_3x3~1@2")
NOTHING = pd.DataFrame(columns=["set", "against", "seeds", "difference_db", "low", "high"])


@pytest.fixture
def sizes(tmp_path):
    return sizes_of(StudyOptions(tmp_path, lambda line: None))


def found(log=None, seconds=100.0):
    return Found(ARCHITECTURE, {}, pd.DataFrame() if log is None else log, seconds, 0.002)


def both(sizes):
    return {search: found() for search in searches_of(sizes, 4)[:2]}


def test_both_arms_are_searched_alike_under_each_seed(sizes):
    searches = searches_of(sizes, 4)
    assert [(each.arm, each.seed) for each in searches] == [
        (arm, seed) for seed in (4, 5, 6) for arm in (GUIDED, UNGUIDED)
    ]
    assert {each.setting for each in searches} == {sizes.search}
    assert len({each.name for each in searches}) == 6


def test_each_network_of_a_seed_is_trained_alike(sizes, tmp_path):
    randoms = SPACE.sample(3)
    wanted = trainings_of(4, both(sizes), randoms, sizes, tmp_path)
    assert [each.kind for each in wanted] == [FOUND, PLAIN, WITHOUT, ANEW, HAND, RANDOM, RANDOM, RANDOM]
    assert {each.setting for each in wanted} == {sizes.training}
    assert {each.seed for each in wanted} == {4}
    assert {LONGER, *(each.kind for each in wanted)} < set(KINDS)
    by_kind = {each.kind: each for each in wanted}
    needed = SPACE.sizes(ARCHITECTURE).parameters
    width = int(by_kind[PLAIN].text.removeprefix("width "))
    assert plain_parameters(SPACE.problem, width - 1) < needed <= plain_parameters(SPACE.problem, width)
    hand = by_kind[HAND].begin()
    assert sum(weight.numel() for weight in hand.parameters()) == SPACE.sizes(SPACE.parse(HAND_MADE)).parameters
    assert len({each.folder(tmp_path) for each in wanted}) == len(wanted)


def test_at_other_noise_the_same_networks_are_trained_for_it(sizes, tmp_path):
    wanted = at_sigma(4, both(sizes), sizes, 50, tmp_path)
    assert [(each.kind, each.name) for each in wanted] == [
        (FOUND, "found-sigma-50"), (PLAIN, "plain-sigma-50"), (WITHOUT, "unguided-sigma-50"),
    ]  # fmt: skip


@pytest.mark.parametrize(("plain", "epochs"), [(30.0, 50), (1.0, 100), (900.0, 10)])
def test_equal_time_is_that_of_search_and_training(sizes, plain, epochs):
    """100 s of the search and 50 s of the training are five times 30 s; 10 times is the most, and once the least."""
    training = equal_time(4, found(), sizes, {FOUND: 50.0, PLAIN: plain})
    assert (training.kind, training.setting.epochs) == (LONGER, epochs)


def test_what_skips_is_counted(sizes):
    """Ten edges: three with `skip_connect` as the largest weight, two with `none`."""
    largest = [5, 5, 5, 0, 0, 1, 1, 2, 3, 4]
    table = [[0.5 if place == most else 0.1 for place in range(6)] for most in largest]
    log = pd.DataFrame({"epoch": [1], "operation_weights": [json.dumps({"operations": table})]})
    search = searches_of(sizes, 4)[0]
    ((arm, seed, epoch, *values),) = collapse_frame({search: found(log)}).to_numpy().tolist()
    assert (arm, seed, epoch) == (GUIDED, 4, 1)
    assert values == pytest.approx([0.3, 0.2, (3 * 0.5 + 7 * 0.1) / 10, (2 * 0.5 + 8 * 0.1) / 10])


def ended(guided, unguided):
    rows = []
    for arm, shares in ((GUIDED, guided), (UNGUIDED, unguided)):
        for seed, share in enumerate(shares):
            rows += [(arm, seed, 1, 0.9, 0.0, 0.5, 0.1), (arm, seed, 2, share, 0.1, 0.5, 0.1)]
    return pd.DataFrame(rows, columns=list(COLLAPSE))


@pytest.mark.parametrize(
    ("guided", "unguided", "seeds", "expected"),
    [
        ((0.1, 0.2, 0.1), (0.6, 0.6, 0.7), 3, SHOWN),
        ((0.1, 0.7, 0.1), (0.2, 0.6, 0.7), 3, NOT_SHOWN),
        ((0.6, 0.6, 0.7), (0.1, 0.2, 0.1), 3, NOT_SHOWN),
        ((0.1, 0.2), (0.6, 0.6), 3, NOT_FINISHED),
        ((0.1,), (), 3, NOT_FINISHED),
    ],
)
def test_the_claim_on_collapse_follows_from_the_last_epoch(guided, unguided, seeds, expected):
    first, *_, last = study_claims(ended(guided, unguided), NOTHING, seeds)
    assert (first.verdict, last.verdict) == (expected, NOT_TESTABLE)
    if len(guided) == len(unguided) == 3:
        pairs = [one - other for one, other in zip(guided, unguided, strict=True)]
        low, high = stats.t.interval(0.95, 2, loc=sum(pairs) / 3, scale=stats.sem(pairs))
        assert f"{sum(pairs) / 3:+.2f} [{low:+.2f}, {high:+.2f}] over 3 of 3 seeds" in first.ours


def test_every_kind_has_its_words():
    rows = [("Set12, sigma 25", kind, 3, 0.2, 0.1, 0.3) for kind in KINDS if kind != FOUND]
    claims = study_claims(ended((0.1,), (0.2,)), pd.DataFrame(rows, columns=list(NOTHING)), 3)
    assert [claim.verdict for claim in claims[1:-1]] == [SHOWN] * (len(KINDS) - 1)


def test_a_folder_without_the_images_is_refused(tmp_path):
    with pytest.raises(SettingError, match="holds no folder Train400, nor does its folder restoration"):
        images_of(tmp_path, quick=False)


def test_a_folder_of_other_images_is_refused(tmp_path):
    image = NamedImage("made/one", np.zeros((4, 4), dtype=np.uint8))
    images = StudyImages("made", (image,), {"made": (image,)})
    check_images(images, tmp_path)
    check_images(images, tmp_path)
    other = NamedImage("made/one", np.ones((4, 4), dtype=np.uint8))
    with pytest.raises(SettingError, match="give another --out"):
        check_images(images._replace(tests={"made": (other,)}), tmp_path)
