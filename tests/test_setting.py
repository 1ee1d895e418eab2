"""The setting and the seeds that follow from it. Oracles: the documented limits of each field, SHA-256 by hashlib."""

import hashlib
import json
import re
from dataclasses import FrozenInstanceError, asdict, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import SettingError
from harness.setting import BN_MODES, DTYPES, INITS, INPUTS, LABELS, LOSSES, Setting, derived_seed

CHOICES = {
    "input": (*INPUTS, "given"),
    "labels": LABELS,
    "init": INITS,
    "bn": BN_MODES,
    "loss": LOSSES,
    "dtype": DTYPES,
}
SMALLEST = {
    "batch_size": 2,
    "classes": 2,
    "width": 1,
    "depth": 1,
    "image_size": 4,
    "channels": 1,
    "probes": 2,
    "seed": 0,
}
UNCHECKED = {"batch_digest"}

SETTINGS = st.builds(
    Setting,
    input=st.sampled_from(["cifar10", "given"]),
    **{name: st.sampled_from(allowed) for name, allowed in CHOICES.items() if name != "input"},
    **{name: st.integers(smallest, 10**20) for name, smallest in SMALLEST.items()},
    device=st.sampled_from(["cpu", "cuda", "cuda:0", "cuda:13"]),
    batch_digest=st.text(),
)


def test_every_field_is_under_test_here():
    assert {field.name for field in fields(Setting)} == {*CHOICES, *SMALLEST, "device", *UNCHECKED}


def test_the_defaults_are_cifar_10s():
    setting = Setting()
    assert (setting.classes, setting.channels, setting.image_size) == (10, 3, 32)


def test_the_size_is_the_spaces_own_where_it_is_left_open():
    assert (Setting().width, Setting().depth) == (None, None)
    assert Setting().sized(16, 8) == Setting(width=16, depth=8)
    assert Setting(width=4).sized(16, 8) == Setting(width=4, depth=8)
    assert Setting(depth=2, bn="eval").sized(16, 8) == Setting(width=16, depth=2, bn="eval")
    assert "width" not in Setting().describe()


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in CHOICES for value in CHOICES[name]])
def test_every_named_choice_is_taken(name, value):
    changes = {"input": "cifar10"} if value == "true" else {}
    assert getattr(Setting(**{**changes, name: value}), name) == value


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
        ("input", "gausian", "gaussian"),
        ("labels", "True", "true"),
        ("init", "kaiming_fanin", "kaiming_fan_in"),
        ("bn", "training", "train"),
        ("loss", "crossentropy", "cross_entropy"),
        ("dtype", "float46", "float64"),
    ],
)
def test_a_choice_spelt_wrong_is_refused_with_the_nearest(name, value, nearest):
    with pytest.raises(SettingError, match=f"unknown {name} '{value}'. Did you mean '{nearest}'\\?"):
        Setting(**{name: value})


@pytest.mark.parametrize("name", SMALLEST)
def test_the_smallest_number_is_taken_and_one_less_refused(name):
    smallest = SMALLEST[name]
    assert getattr(Setting(**{name: smallest}), name) == smallest
    with pytest.raises(SettingError, match=f"^{name} must be at least {smallest}, got {smallest - 1}$"):
        Setting(**{name: smallest - 1})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (name, value)
        for name in SMALLEST
        for value in (True, False, 8.0, "8", None, float("nan"))
        if not (value is None and name in ("width", "depth"))  # left open: the space's own
    ],
)
def test_what_is_no_whole_number_is_refused(name, value):
    with pytest.raises(SettingError, match=f"^{name} must be a whole number, got {re.escape(repr(value))}$"):
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


@pytest.mark.parametrize("noise", ["gaussian", "uniform"])
def test_noise_has_no_true_labels(noise):
    with pytest.raises(SettingError, match=f"labels 'true' need images: input '{noise}' is noise and has none"):
        Setting(input=noise, labels="true")


def test_an_unknown_field_is_refused_by_name():
    with pytest.raises(TypeError, match="'widht'"):
        Setting(widht=3)


def test_a_setting_is_frozen_and_equal_by_value():
    setting = Setting(width=4)
    with pytest.raises(FrozenInstanceError):
        setting.width = 5
    assert setting == Setting(width=4) != Setting(width=5)
    assert len({setting, Setting(width=4), Setting(width=5)}) == 2


@given(setting=SETTINGS)
def test_json_gives_the_setting_back(setting):
    text = setting.json()
    assert Setting.from_json(text) == setting
    assert json.loads(text) == asdict(setting)
    assert "\n" not in text


def test_json_is_sorted_and_the_same_for_equal_settings():
    # Literal: it identifies a setting in a store, and a change would orphan what is stored.
    assert Setting().sized(16, 5).json() == (
        '{"batch_digest": "", "batch_size": 64, "bn": "train", "channels": 3, "classes": 10, "depth": 5, '
        '"device": "cpu", "dtype": "float32", "image_size": 32, "init": "pytorch", "input": "gaussian", '
        '"labels": "random", "loss": "cross_entropy", "probes": 4, "seed": 0, "width": 16}'
    )
    assert replace(Setting(seed=1), seed=0).json() == Setting().json()


@pytest.mark.parametrize("name", [field.name for field in fields(Setting)])
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
    }
    base = Setting(input="given")
    assert replace(base, **{name: other.get(name, 99)}).json() != base.json()


def test_json_with_a_field_of_another_version_is_refused_with_the_nearest_name():
    text = Setting().json().replace('"width"', '"widht"')
    with pytest.raises(SettingError, match=r"unknown field of a setting 'widht'\. Did you mean 'width'\?"):
        Setting.from_json(text)


def test_json_of_an_older_version_takes_the_defaults():
    assert Setting.from_json('{"width": 8}') == Setting(width=8)


def test_json_of_a_bad_value_is_refused():
    with pytest.raises(SettingError, match="width must be at least 1"):
        Setting.from_json('{"width": 0}')


def test_the_description_names_what_users_ask_for_and_what_differs():
    text = "input gaussian, batch_size 64, width 16, depth 5, init pytorch, bn train, seed 0"
    assert Setting().sized(16, 5).describe() == text
    assert "classes 100" in Setting(classes=100).describe()
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
