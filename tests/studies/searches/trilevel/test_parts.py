"""The parts of the study of the trilevel search. Oracles: sums by hand, Student's t of scipy, all windows."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from harness.restoration.image_sets import NamedImage
from harness.studies.options import StudyOptions
from harness.studies.searches.claims import NOT_FINISHED, NOT_SHOWN, SHOWN
from harness.studies.searches.restored.images import StudyImages
from harness.studies.searches.restored.pictures import busiest, rows_of
from harness.studies.searches.restored.searches import Search
from harness.studies.searches.restored.summary import comparison_frame, differences_frame
from harness.studies.searches.restored.trainings import ANEW, COLUMNS, FOUND, LONGER, PLAIN, RANDOM
from harness.studies.searches.trilevel.searched import Found, sparsity_frame
from harness.studies.searches.trilevel.sizes import searches_of, sizes_of, small_space
from harness.studies.searches.trilevel.summary import study_claims
from harness.studies.searches.trilevel.trained import BICUBIC, KINDS, equal_time, trainings_of
from harness.training.plain import plain_parameters

SPACE = small_space()
ARCHITECTURE = SPACE.parse("B 001 30123/0124 12030/3210")


def options(tmp_path, **changes):
    return StudyOptions(tmp_path, lambda line: None, **changes)


@pytest.fixture
def sizes(tmp_path):
    return sizes_of(options(tmp_path))


def found(logits=None, seconds=100.0):
    return Found(ARCHITECTURE, {}, logits or {}, seconds, 0.02)


def test_the_main_arm_has_all_seeds_and_the_others_change_one_value(sizes, tmp_path):
    searches = searches_of(sizes, 5)
    assert [(each.arm, each.seed) for each in searches[:3]] == [("sparsestmax", seed) for seed in (5, 6, 7)]
    own = searches[0].setting
    changed = {each.arm: (each.seed, each.setting.difference(own)) for each in searches[3:]}
    assert changed == {
        "sparsemax": (5, {"sparsity": ("sparsestmax", "sparsemax")}),
        "softmax": (5, {"sparsity": ("sparsestmax", "softmax")}),
        "order 0": (5, {"order_weight": (1e-5, 0.0)}),
        "order 0.01": (5, {"order_weight": (1e-5, 0.01)}),
    }
    assert len({each.name for each in searches}) == 7
    assert len(searches_of(sizes_of(options(tmp_path, runs=1)), 0)) == 5


def test_each_network_of_a_seed_is_trained_alike_and_the_plain_one_is_as_large(sizes, tmp_path):
    search = searches_of(sizes, 0)[0]
    randoms = SPACE.sample(3)
    wanted = trainings_of(search, found(), randoms, sizes, tmp_path)
    assert [each.kind for each in wanted] == [FOUND, ANEW, PLAIN, RANDOM, RANDOM, RANDOM]
    assert {each.setting for each in wanted} == {sizes.training}
    assert [each.text for each in wanted if each.kind == RANDOM] == list(map(str, randoms))
    (plain,) = (each for each in wanted if each.kind == PLAIN)
    width, needed = int(plain.text.removeprefix("width ")), SPACE.sizes(ARCHITECTURE).parameters
    assert plain_parameters(SPACE.problem, width - 1) < needed <= plain_parameters(SPACE.problem, width)
    assert sum(weight.numel() for weight in plain.begin().parameters()) == plain_parameters(SPACE.problem, width)
    assert len({each.folder(tmp_path) for each in wanted}) == 6


@pytest.mark.parametrize(("plain", "epochs"), [(30.0, 50), (31.0, 49), (1.0, 250), (900.0, 10)])
def test_equal_time_is_that_of_search_and_training(sizes, plain, epochs):
    """100 s of the search and 50 s of the training are five times 30 s; 25 times is the most, and once the least."""
    search = searches_of(sizes, 0)[0]
    training = equal_time(search, found(), sizes, {FOUND: 50.0, PLAIN: plain})
    assert (training.kind, training.setting.epochs) == (LONGER, epochs)
    assert training.setting.steps == sizes.training.steps


def made_quality():
    """Two seeds, two random architectures each, on one set."""
    values = {
        FOUND: {0: [36.0], 1: [36.6]},
        RANDOM: {0: [35.0, 35.4], 1: [35.5, 35.9]},
        PLAIN: {0: [36.2], 1: [36.3]},
    }
    rows = [(BICUBIC, -1, BICUBIC, 0, 0, 0.0, "Set5", image, 33.66, 0.93) for image in ("Set5/baby", "mean")]
    for kind, by_seed in values.items():
        for seed, several in by_seed.items():
            for place, value in enumerate(several):
                for image in ("Set5/baby", "mean"):
                    off = 5.0 if image == "Set5/baby" else 0.0
                    rows.append((kind, seed, f"{kind} {place}", 100, 7, 60.0, "Set5", image, value + off, 0.95))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def test_means_and_differences_are_those_by_hand():
    frame = comparison_frame(made_quality(), KINDS).set_index("kind")
    assert list(frame.index) == [BICUBIC, RANDOM, PLAIN, FOUND]
    assert frame.loc[FOUND, "psnr_db"] == pytest.approx(36.3)
    low, high = stats.t.interval(0.95, 1, loc=36.3, scale=stats.sem([36.0, 36.6]))
    assert (frame.loc[FOUND, "psnr_db_low"], frame.loc[FOUND, "psnr_db_high"]) == pytest.approx((low, high))
    assert frame.loc[RANDOM, ["psnr_db", "seeds", "networks"]].tolist() == pytest.approx([(35.2 + 35.7) / 2, 2, 4])
    assert math.isnan(frame.loc[BICUBIC, "psnr_db_low"])
    differences = differences_frame(made_quality(), KINDS).set_index("against")
    assert differences.loc[RANDOM, "difference_db"] == pytest.approx((0.8 + 0.9) / 2)
    assert differences.loc[PLAIN, "difference_db"] == pytest.approx((-0.2 + 0.3) / 2)
    assert differences.loc[BICUBIC, "difference_db"] == pytest.approx(36.3 - 33.66)
    low, high = stats.t.interval(0.95, 1, loc=0.85, scale=stats.sem([0.8, 0.9]))
    assert (differences.loc[RANDOM, "low"], differences.loc[RANDOM, "high"]) == pytest.approx((low, high))


def searches_rows(gap=1e-6, softmax_gap=0.5):
    rows = [("sparsestmax", "sparsestmax", 1e-5, seed, 2, 1, gap) for seed in (0, 1)]
    rows += [("softmax", "softmax", 1e-5, 0, 3, 1, softmax_gap)]
    rows += [("order 0", "sparsestmax", 0.0, 0, 3, 1, gap), ("order 0.01", "sparsestmax", 0.01, 0, 1, 0, gap)]
    names = ["arm", "sparsity", "order_weight", "seed", "cells", "upsamplings", "gap_db"]
    return pd.DataFrame(rows, columns=names)


def told(claim):
    """A claim without the words that it is our own; each of them has these."""
    assert claim.claim.endswith(" (our own question)")
    assert not claim.published
    return claim.claim.removesuffix(" (our own question)")


def test_claims_follow_from_the_numbers():
    differences = differences_frame(made_quality(), KINDS)
    claims = {told(claim): claim for claim in study_claims(searches_rows(), differences, seeds=2)}
    by_words = {words: claim.verdict for words, claim in claims.items()}
    assert by_words["With sparsestmax the supernet is the derived network at the end of the search"] == SHOWN
    assert by_words["With softmax what is derived is another network than the supernet"] == SHOWN
    assert by_words["With sparsemax what is derived is another network than the supernet"] == NOT_FINISHED
    assert by_words["What was found is better than the mean of random architectures on Set5"] == SHOWN
    assert by_words["What was found is better than a plain network of its size on Set5"] == NOT_SHOWN
    assert by_words["A larger order weight gives a shorter path"] == SHOWN
    ours = claims["A larger order weight gives a shorter path"].ours
    assert ours == "4.0 steps at 0, 3.0 steps at 1e-05, 1.0 steps at 0.01"
    other = {told(claim): claim.verdict for claim in study_claims(searches_rows(gap=0.1), differences, seeds=3)}
    assert other["With sparsestmax the supernet is the derived network at the end of the search"] == NOT_FINISHED
    assert other["What was found is better than the mean of random architectures on Set5"] == NOT_FINISHED
    wide = {told(claim): claim.verdict for claim in study_claims(searches_rows(gap=0.1), differences, seeds=2)}
    assert wide["With sparsestmax the supernet is the derived network at the end of the search"] == NOT_SHOWN


def test_supports_and_entropies_are_of_the_same_logits(sizes):
    search = Search("sparsestmax", sizes.search.changed({"epochs": 3, "alpha_warm_up": 1}), 4)
    table = torch.tensor([[0.2, 0.15, 0.1, -0.05]], dtype=torch.float64)
    logits = {"nodes": table.repeat(3, 1, 1), "operations": table.repeat(3, 1, 1)}
    frame = sparsity_frame({search: found(logits), search._replace(arm="softmax"): found(logits)})
    assert len(frame) == 3 * 2 * 3
    nodes = frame[frame["group"] == "nodes"].set_index(["function", "epoch"])
    assert nodes.loc["sparsestmax", "radius"].tolist() == [0, 1, 1]
    assert nodes.loc["sparsestmax", "support"].tolist() == [4, 1, 1]
    assert nodes.loc["sparsemax", "support"].tolist() == [4, 4, 4]
    exponents = np.exp(table.numpy()[0])
    assert nodes.loc[("softmax", 1), "entropy_nats"] == pytest.approx(stats.entropy(exponents / exponents.sum()))
    assert nodes.loc[("sparsemax", 2), "entropy_nats"] == pytest.approx(stats.entropy([0.35, 0.3, 0.25, 0.1]))


def test_the_shown_part_has_most_detail():
    pixels = np.random.default_rng(1).integers(256, size=(40, 33)).astype(np.uint8)
    pixels[:16] //= 4

    def detail(top, left):
        values = pixels.astype(float)
        down = np.abs(np.diff(values, axis=0, prepend=values[:1]))
        right = np.abs(np.diff(values, prepend=values[:, :1]))
        return (down + right)[top : top + 16, left : left + 16].sum()

    places = [(top, left) for top in range(0, 25, 8) for left in range(0, 18, 8)]
    assert busiest(pixels, 16) == max(places, key=lambda place: detail(*place))


def test_tiles_are_the_same_part_of_each_image():
    pytest.importorskip("torchmetrics", reason="torchmetrics is not installed (the extra restoration has it)")
    pixels = np.random.default_rng(2).integers(256, size=(80, 72)).astype(np.uint8)
    images = StudyImages("made", (), {"made": (NamedImage("made/noise", pixels),)})
    twice = lambda small: small.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)  # noqa: E731
    ((name, tiles),) = rows_of(images, {"repeated": twice}, SPACE.problem, ("noise",))
    assert (name, [tile.name for tile in tiles]) == ("noise", ["input", "repeated", "truth"])
    small, repeated, truth = (tile.pixels for tile in tiles)
    assert (small.shape, repeated.shape, truth.shape) == ((32, 32), (64, 64), (64, 64))
    rounded = np.floor(np.clip(small, 0, 255) + 0.5)
    assert np.array_equal(repeated[::2, ::2], rounded)
    top, left = busiest(pixels, 64)
    assert np.array_equal(truth, pixels[top : top + 64, left : left + 64])
    assert [tile.psnr is None for tile in tiles] == [True, False, True]
