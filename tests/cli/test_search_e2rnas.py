"""`nasinit search e2rnas`: on a table of two columns, and bad input in a line."""

import json

import pytest

from tests.sampling import one_in

CLEAN, ROBUST = "cifar10half_test_200ep_clean_pct", "cifar10half_test_200ep_pgd_linf_eps1_pct"
SHORT = ("--epochs", 2, "--steps-per-epoch", 3)


@pytest.fixture(autouse=True)
def _tables(published_data, monkeypatch):
    monkeypatch.setenv("NASINIT_DATA", str(published_data))
    if not (published_data / "nasbench201_robustness_cifar10.csv.gz").is_file():
        pytest.skip("nasbench201_robustness_cifar10.csv.gz is not in the data folder")


def test_three_objectives_on_the_columns_of_a_table(nasinit, tmp_path):
    out = tmp_path / "out"
    ended = nasinit(
        "search", "e2rnas", "--data", f"table:{CLEAN},{ROBUST}", "--mgda", "robust,size", "--mgda-gradients", "l2",
        "--width", 8, "--size-bound", 50_000, "--bound-form", "abs", "--out", out, *SHORT,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert f"{CLEAN} and {ROBUST} of nasbench201-robustness" in ended.out
    setting = json.loads((out / "setting.json").read_text())["setting"]
    assert setting["mgda"] == ["robust", "size"]
    assert (setting["adversarial"], setting["width"], setting["size_bound"]) == ("none", 8, 50_000)


REFUSED = [
    (("e2rnas", "--data", f"table:{CLEAN},{ROBUST[:-4]}", "--mgda", "robust"), f"Did you mean '{ROBUST}'"),
    (("e2rnas", "--data", f"table:{CLEAN[:-4]},{ROBUST}"), f"nearest: {CLEAN}"),
    (("e2rnas", "--data", f"table:{CLEAN}", "--mgda", "robust"), "is one column"),
    (("e2rnas", "--data", f"table:{CLEAN},{ROBUST}"), "does not take"),
    (("darts", "--data", f"table:{CLEAN},{ROBUST}"), "does not take"),
    (("e2rnas", "--mgda", "sise"), "Did you mean 'size'"),
    (("e2rnas", "--mgda", "size,"), "--mgda takes objectives with commas between them"),
    (("e2rnas", "--size-bound", -1), "size_bound must be a number above 0, got -1"),
    (("e2rnas", "--mgda", "nothing", "--size-bound", 1), "size_bound is of the objective 'size'"),
    (("e2rnas", "--bound-form", "abs"), "--bound-form has no effect on e2rnas: it is of --size-bound"),
    (("e2rnas", "--mgda", "nothing", "--mgda-gradients", "l2"), "it is of --mgda"),
    (("e2rnas", "--adversarial-epsilon", 0), "adversarial_epsilon must be a number above 0"),
    (("darts", "--mgda", "size"), "--mgda has no effect on darts: it is read by e2rnas"),
    (("darts", "--adversarial-epsilon", 2), "it is of --adversarial"),
    (("rsps", "--adversarial", "rfgsm"), "rsps takes no adversarial 'rfgsm'"),
    (("darts", "--data", f"table:{CLEAN}", "--adversarial", "rfgsm"), "--adversarial"),
    (("darts", "--data", f"table:{CLEAN}", "--width", 4), "--width"),
]


@pytest.mark.parametrize(
    ("options", "message"),
    one_in(2, [pytest.param(*each) for each in REFUSED]),
)
def test_bad_input_is_one_line(nasinit, tmp_path, options, message):
    ended = nasinit("search", *options, "--out", tmp_path / "out")
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
