"""`nasinit search trilevel`: a search of restoring networks on photographs, and what it refuses."""

import json

import pytest

import harness

TINY = ("--epochs", 2, "--alpha-warm-up", 1, "--steps-per-epoch", 1, "--batch-size", 2, "--images", 8, "--width", 8)


def test_a_search_on_photographs_is_written(nasinit, tmp_path):
    pytest.importorskip("skimage", reason="scikit-image is not installed (the extra restoration has it)")
    options = ("--space", "trilevel-small", "--image-size", 4, "--order-weight", -0.5, "--sparsity", "sparsemax")
    ended = nasinit("search", "trilevel", *options, *TINY, "--out", tmp_path / "out")
    assert ended.code == 0, ended.err
    assert "in trilevel-small on 8 images of photographs, 4 × 4 pixels, seed 0" in ended.out
    assert "data DIV2K and Flickr2K -> photographs" in ended.out
    text = (tmp_path / "out" / "architecture.txt").read_text().strip()
    assert str(harness.open_space("trilevel-small").parse(text)) == text
    setting = json.loads((tmp_path / "out" / "setting.json").read_text())["setting"]
    assert (setting["order_weight"], setting["sparsity"], setting["mac_weight"]) == (-0.5, "sparsemax", 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("trilevel",), "trilevel cannot search nasbench201: it searches restoring networks, and the space is for"),
        (("darts", "--space", "trilevel"), "darts cannot search trilevel: it searches image classifiers"),
        (("darts", "--order-weight", 1), "--order-weight has no effect on darts: it is read by trilevel"),
        (("trilevel", "--space", "trilevel", "--mac-weight", -1), "mac_weight must be a number from 0, got -1.0"),
        (("trilevel", "--space", "trilevel", "--sparsity", "entmax"), "unknown sparsity 'entmax'"),
        (("trilevel", "--space", "trilevel", "--data", "digits"), "--data takes photographs, or a set of images as"),
    ],
)
def test_what_it_cannot_search_is_one_line(nasinit, tmp_path, options, message):
    refused = nasinit("search", *options, "--out", tmp_path / "out")
    assert (refused.code, message in refused.err) == (2, True), refused.err
    assert not (tmp_path / "out").exists()
