"""The setting and the seeds that follow from it. Oracles: the documented limits of each field, SHA-256 by hashlib."""

import hashlib
import json
import pickle
import re
from dataclasses import FrozenInstanceError, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import SettingError
from harness.setting import BN_MODES, DTYPES, INITS, LABELS, Setting, Shape, derived_seed, device_kind

CHOICES = {"labels": LABELS, "init": INITS, "bn": BN_MODES, "dtype": DTYPES}
SMALLEST = {"batch_size": 2, "probes": 2, "seed": 0}
NAMES = {"input", "loss"}
"""What a space has of its own: it checks them (`tests/spaces/test_contract.py`)."""
UNCHECKED = {"batch_digest"}
SIZES = {"width": 16, "depth": 5, "classes": 10, "channels": 3, "image_size": 32}

SETTINGS = st.builds(
    Setting,
    input=st.sampled_from(["gaussian", "cifar10", "given", "cora"]),
    loss=st.sampled_from([None, "cross_entropy", "mean_squared_error"]),
    **{name: st.sampled_from(allowed) for name, allowed in CHOICES.items()},
    **{name: st.integers(smallest, 10**20) for name, smallest in SMALLEST.items()},
    device=st.sampled_from(["cpu", "cuda", "cuda:0", "cuda:13"]),
    batch_digest=st.text(),
    shape=st.dictionaries(st.sampled_from([*SIZES, "hidden"]), st.integers(1, 10**20)),
)


def test_every_field_is_under_test_here():
    assert {field.name for field in fields(Setting)} == {*CHOICES, *SMALLEST, *NAMES, "device", "shape", *UNCHECKED}


def test_what_a_space_decides_is_left_open():
    setting = Setting()
    assert (dict(setting.shape), setting.loss) == ({}, None)


def test_a_size_is_given_by_its_name_or_in_the_shape():
    assert Setting(width=8, depth=2) == Setting(shape={"depth": 2, "width": 8}) != Setting(width=8)
    assert Setting(shape={"width": 8, "depth": 2}, width=4).shape == {"width": 4, "depth": 2}
    assert Setting(width=8, depth=None).shape == {"width": 8}
    assert Setting(shape={"width": 8, "depth": None}, width=None).shape == {"width": 8}
    assert replace(Setting(width=8, bn="eval"), depth=3) == Setting(width=8, depth=3, bn="eval")


@pytest.mark.parametrize("shape", [3, [("width", 3)], {3: 4}, "width"])
def test_a_shape_that_is_no_mapping_of_names_is_refused(shape):
    with pytest.raises(SettingError, match="shape must give sizes by name"):
        Setting(shape=shape)


def test_a_shape_is_a_value():
    assert len({Shape({"width": 8, "depth": 2}), Shape({"depth": 2, "width": 8}), Shape({"width": 8})}) == 2
    assert pickle.loads(pickle.dumps(Setting(width=8))) == Setting(width=8)
    with pytest.raises(TypeError, match="does not support item assignment"):
        Shape({"width": 8})["width"] = 4
    given = {"width": 8}
    setting = Setting(shape=given)
    given["width"] = 4
    assert setting.shape == {"width": 8}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in CHOICES for value in CHOICES[name]])
def test_every_named_choice_is_taken(name, value):
    assert getattr(Setting(**{name: value}), name) == value


@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.parametrize("value", ["", "Gaussian!", None, 3, ("train",), ["train"]])
def test_another_choice_is_refused_with_those_there_are(name, value):
    with pytest.raises(SettingError) as error:
        Setting(**{name: value})
    assert str(error.value).startswith(f"unknown {name} {str(value)!r}.")
    assert str(error.value).endswith(f"Known: {', '.join(sorted(CHOICES[name]))}")


@pytest.mark.parametrize(
    ("name", "value", "nearest"),
    [
        ("labels", "True", "true"),
        ("init", "kaiming_fanin", "kaiming_fan_in"),
        ("bn", "training", "train"),
        ("dtype", "float46", "float64"),
    ],
)
def test_a_choice_spelt_wrong_is_refused_with_the_nearest(name, value, nearest):
    with pytest.raises(SettingError, match=f"unknown {name} '{value}'. Did you mean '{nearest}'\\?"):
        Setting(**{name: value})


@pytest.mark.parametrize("name", ["input", "loss"])
@pytest.mark.parametrize("value", ["", 3, ("gaussian",)])
def test_a_name_of_a_space_is_text(name, value):
    with pytest.raises(SettingError, match=f"^{name} must be a name, got {re.escape(repr(value))}$"):
        Setting(**{name: value})


@pytest.mark.parametrize(("name", "smallest"), [*SMALLEST.items(), *((name, 1) for name in SIZES)])
def test_the_smallest_number_is_taken_and_one_less_refused(name, smallest):
    setting = Setting(**{name: smallest})
    assert {**setting.values(), **setting.shape}[name] == smallest
    for value in (smallest - 1, -(10**20)):
        with pytest.raises(SettingError, match=f"^{name} must be a whole number from {smallest}, got {value}$"):
            Setting(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (name, value)
        for name in (*SMALLEST, *SIZES)
        for value in (True, False, 8.0, "8", None, float("nan"))
        if not (value is None and name in SIZES)  # left open: the space's own
    ],
)
def test_what_is_no_whole_number_is_refused(name, value):
    with pytest.raises(SettingError, match=f"^{name} must be a whole number from [012], got {re.escape(repr(value))}$"):
        Setting(**{name: value})


@pytest.mark.parametrize("device", ["cpu", "cuda", "cuda:0", "cuda:12"])
def test_every_device_is_taken(device):
    assert Setting(device=device).device == device


@pytest.mark.parametrize(
    "device", ["", "CPU", "cpu:0", "cuda:", "cuda:x", "cuda:-1", "cuda:٣", "mps", "cpu\n", None, 0]
)
def test_another_device_is_refused(device):
    message = f"device must be 'cpu', 'cuda' or 'cuda:1', got {device!r}"
    with pytest.raises(SettingError, match=f"^{re.escape(message)}$"):
        Setting(device=device)


def test_a_setting_is_frozen_and_equal_by_value():
    setting = Setting(width=4)
    with pytest.raises(FrozenInstanceError):
        setting.bn = "eval"
    assert setting == Setting(width=4) != Setting(width=5)
    assert len({setting, Setting(width=4), Setting(width=5)}) == 2


@given(setting=SETTINGS)
def test_json_gives_the_setting_back(setting):
    text = setting.json()
    assert Setting.from_json(text) == replace(setting, device=device_kind(setting.device))
    assert json.loads(text) == {**setting.values(), "device": device_kind(setting.device)}
    assert "\n" not in text


def test_json_is_sorted_and_the_same_for_equal_settings():
    # Literal: it identifies a setting in a store, and a change would orphan what is stored.
    assert Setting(loss="cross_entropy", **SIZES).json() == (
        '{"batch_digest": "", "batch_size": 64, "bn": "train", "device": "cpu", "dtype": "float32", '
        '"init": "pytorch", "input": "gaussian", "labels": "random", "loss": "cross_entropy", "probes": 4, "seed": 0, '
        '"shape": {"channels": 3, "classes": 10, "depth": 5, "image_size": 32, "width": 16}}'
    )
    assert replace(Setting(seed=1), seed=0).json() == Setting().json()


@pytest.mark.parametrize("name", [*(field.name for field in fields(Setting)), *SIZES])
def test_every_field_changes_the_identity(name):
    other = {
        "input": "cifar10",
        "labels": "true",
        "init": "xavier",
        "bn": "eval",
        "loss": "mean_squared_error",
        "dtype": "float64",
        "device": "cuda",
        "batch_digest": "ab",
        "shape": {"hidden": 3},
    }
    base = Setting(input="given")
    assert replace(base, **{name: other.get(name, 99)}).json() != base.json()


def test_json_with_a_field_of_another_version_is_refused_with_the_nearest_name():
    text = Setting().json().replace('"probes"', '"prodes"')
    with pytest.raises(SettingError, match=r"unknown field of a setting 'prodes'\. Did you mean 'probes'\?"):
        Setting.from_json(text)


def test_json_that_leaves_fields_out_takes_the_defaults():
    assert Setting.from_json('{"shape": {"width": 8}}') == Setting(width=8)


def test_json_of_a_bad_value_is_refused():
    with pytest.raises(SettingError, match="width must be a whole number from 1"):
        Setting.from_json('{"shape": {"width": 0}}')


def test_the_description_names_what_users_ask_for_and_what_differs():
    text = "input gaussian, batch_size 64, width 16, depth 5, init pytorch, bn train, seed 0"
    usual = {**SIZES, "loss": "cross_entropy"}
    assert Setting(**usual).describe(usual) == text
    assert "classes 100" in Setting(classes=100).describe(usual)
    assert "loss" not in Setting(loss="cross_entropy").describe(usual)
    assert "loss mean_squared_error" in Setting(loss="mean_squared_error").describe(usual)
    assert "device" not in Setting(classes=100).describe()


def test_a_derived_seed_is_the_first_63_bits_of_a_sha256():
    digest = hashlib.sha256(b"7\x1fweights\x1fkey").hexdigest()
    assert derived_seed(7, "weights", "key") == int(digest[:16], 16) // 2


def test_derived_seeds_stay_what_they_were():
    # Literals: a change would change every score.
    assert derived_seed(0, "batch") == 9_213_144_467_561_692_217
    assert derived_seed(1, "weights", "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|") == 6_768_941_573_605_946_186


@given(seed=st.integers(0, 2**70), labels=st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=3))
def test_a_derived_seed_is_one_that_torch_takes(seed, labels):
    value = derived_seed(seed, *labels)
    assert 0 <= value < 2**63
    assert derived_seed(seed, *labels) == value


def test_derived_seeds_of_other_purposes_differ():
    labels = [("batch",), ("weights", "a"), ("weights", "b"), ("weightsa",), ("a", "weights"), ()]
    seeds = {derived_seed(seed, *label) for seed in range(100) for label in labels}
    assert len(seeds) == 600
    assert derived_seed(1, "1") != derived_seed(11)
