"""The trilevel space. Oracles: sizes of six architectures computed apart from this code, and networks built by hand."""

from __future__ import annotations

import math
import re

import pytest
import torch
from torch import nn
from torch.nn import functional

from benchmarks.keys import space_of_key
from harness.errors import SettingError, SpaceError
from harness.measurements import sample_rows
from harness.measurements.known_rows import rows_are_known
from harness.measurements.preserve import preserved
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.listed import all_architectures
from harness.spaces.trilevel.nearby import IDENTITY, without_identities
from harness.spaces.trilevel.notation import CellChoices, parse, paths
from harness.spaces.trilevel.widths import channels_of

TRILEVEL = open_space("trilevel")
SEARCHED = {
    "A 000101 01001/4000 33312/1140 00103/4421 11011/0411": (321_987, 77.6),
    "A 0000011 33333/3042 01313/4440 33323/1122 33322/2242 13332/2000": (661_891, 88.6),
    "B 000 30333/1102 30131/0300 20000/4000": (232_016, 15.2),
    "B 000001 00330/1040 32311/1232 10103/4401 33113/4300 31111/1440": (504_976, 33.1),
    "B 0011 00020/2033 33110/4310": (264_496, 17.3),
    "A 0000011 33332/1130 32001/0110 00000/0000 33332/1300 00000/0000": (389_475, 70.7),
}
"""Architectures that the authors' code names: parameters, and 10^9 multiply-adds for small images of 256 x 256."""


@pytest.mark.parametrize("text", SEARCHED)
def test_sizes_are_those_computed_apart(text):
    architecture = parse(text)
    assert str(architecture) == text
    parameters, billions = SEARCHED[text]
    sizes = TRILEVEL.sizes(architecture, image_size=256)
    assert sizes.parameters == parameters
    assert sizes.macs / 1e9 == pytest.approx(billions, abs=0.1)


def test_a_convolution_in_each_idle_skip_would_add_what_the_documentation_says():
    channels, shares = channels_of(64), []
    for text, (parameters, _) in SEARCHED.items():
        steps = [step for cell in parse(text).cells for step in cell.steps()]
        added = sum(channels[before] ** 2 for kind, before, after in steps if kind == 0 and before == after)
        shares.append(100 * added / parameters)
    assert (min(shares), round(max(shares), 1)) == (0, 4.2)


def test_an_architecture_is_counted_once_for_all_paths_and_choices():
    cells = 4**5 * 5**4
    form_a = sum(math.comb(extra + 2, 2) * cells ** (extra + 1) for extra in range(5))
    form_b = sum((1 + (extra + 1) + math.comb(extra + 2, 2)) * cells ** (extra + 1) for extra in range(5))
    assert TRILEVEL.count == form_a + form_b
    assert (len(paths("A")), len(paths("B"))) == (35, 55)
    complete = [path for path in paths("B") if (path.count(0), path.count(1)) == (5, 2)]
    assert len(complete) == 15
    assert set(paths("A")) < set(paths("B"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("C 0011 00020/2033 33110/4310", "the form is A or B, got 'C'"),
        ("A 001 00020/2033 33110/4310", "the path 001 of form A has 1 upsamplings; form A has 2"),
        ("B 10 00020/2033", "must begin with a cell"),
        ("B 000000 00020/2033", "has 6 cells and 0 upsamplings; allowed are up to 5 and 2"),
        ("B 00111 00020/2033 33110/4310", "has 2 cells and 3 upsamplings"),
        ("B 0021 00020/2033 33110/4310", "a path has cells, 0, and upsamplings, 1"),
        ("B 0011 00020/2033", "has 2 cells, but there are choices for 1"),
        ("B 0 00040/2033", "operations of a cell are numbers from 0 to 3"),
        ("B 0 00020/2053", "widths of a cell are numbers from 0 to 4"),
        ("B 0 0002/2033", "a cell has 5 operations"),
        ("B 0 00020/203", "a cell has 4 widths"),
        ("B 0 000202033", "a cell reads 00020/2033"),
        ("B 0 0002x/2033", "operations are written as digits, got '0002x'"),
        ("B 0", "it has a form, a path and the choices of each cell"),
    ],
)
def test_what_is_wrong_with_a_text_is_said(text, why):
    with pytest.raises(SpaceError, match=re.escape(why)):
        parse(text)


def test_a_key_is_known_by_its_form():
    for architecture in TRILEVEL.sample(20):
        assert space_of_key(str(architecture)) == "trilevel"


def test_widths_are_the_published_ones_and_always_differ():
    assert channels_of(64) == (24, 32, 40, 56, 64)
    assert channels_of(16) == (6, 8, 10, 14, 16)
    for width in range(8, 200):
        found = channels_of(width)
        assert sorted(set(found)) == list(found)
        assert found[-1] == width


class ByHand:
    """The forward pass from the weights in their order, as the layers are defined; width 8."""

    def __init__(self, network: nn.Module):
        self.weights = iter(network.parameters())
        self.channels = channels_of(8)

    def convolved(self, values, groups=1, bias=False):
        weight = next(self.weights)
        shift = next(self.weights) if bias else None
        return functional.conv2d(values, weight, shift, padding=weight.shape[-1] // 2, groups=groups)

    def operation(self, kind, values, before, after):
        if kind == 0:
            return values if before == after else self.convolved(values).relu()
        main = self.convolved(values).relu()
        if kind == 1:
            return main
        if kind == 3:
            main = self.convolved(main, groups=main.shape[1]).relu()
        main = self.convolved(main)
        return (main + (values if before == after else self.convolved(values))).relu()

    def cell(self, choices, start):
        values, widths = start, [8, *(self.channels[ratio] for ratio in choices.ratios), 8]
        for place, kind in enumerate(choices.operations):
            values = self.operation(kind, values, widths[place], widths[place + 1])
        return start + 0.2 * values

    def upsampling(self, form, values):
        if form == "B":
            return self.convolved(values, bias=True)
        repeated = values.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        return functional.leaky_relu(self.convolved(repeated, bias=True), 0.2)

    def outputs(self, architecture, inputs):
        values, cells = self.convolved(inputs, bias=True), iter(architecture.cells)
        for step in architecture.path:
            values = self.upsampling(architecture.form, values) if step else self.cell(next(cells), values)
        values = self.convolved(values, bias=True)
        if architecture.form == "B":
            count, _, height, width = values.shape
            parts = values.reshape(count, 3, 4, 4, height, width)
            values = parts.permute(0, 1, 4, 2, 5, 3).reshape(count, 3, 4 * height, 4 * width)
        assert next(self.weights, None) is None
        return (values.tanh() + 1) / 2


@pytest.mark.parametrize("text", [*SEARCHED, "B 01 23010/4024"])
def test_the_network_is_the_one_written_by_hand(text):
    architecture = parse(text)
    network = TRILEVEL.build(architecture, width=8).double()
    inputs = torch.rand(2, 3, 3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    outputs = network(inputs)
    assert outputs.shape == (2, 3, 12, 16)
    torch.testing.assert_close(outputs, ByHand(network).outputs(architecture, inputs), rtol=0, atol=1e-12)


def test_operations_that_do_nothing_go_behind_the_others():
    cell = CellChoices((0, 1, 0, 2, 0), (4, 2, 2, 4))
    moved = without_identities(cell)
    assert str(moved) == "12000/2444"
    assert without_identities(CellChoices((0,) * 5, (4,) * 4)) == IDENTITY
    narrow = CellChoices((0, 0, 0, 0, 0), (4, 2, 2, 4))
    assert str(without_identities(narrow)) == "00000/2444"


def test_the_canonical_form_is_the_same_network():
    architecture = parse("B 001 01020/4224 00311/4400")
    canonical = TRILEVEL.canonical(architecture)
    assert canonical != architecture
    own, other = (TRILEVEL.build(each, width=8).double() for each in (architecture, canonical))
    names = [name for name, _ in own.named_parameters()]
    for (name, weight), (_, same) in zip(own.named_parameters(), other.named_parameters(), strict=True):
        assert weight.shape == same.shape, name
        same.data.copy_(weight)
    assert len(names) > 4
    inputs = torch.randn(2, 3, 4, 4, dtype=torch.float64)
    torch.testing.assert_close(own(inputs), other(inputs), rtol=0, atol=1e-12)
    assert TRILEVEL.key(architecture) == str(canonical)


def test_neighbours_are_all_single_changes():
    own = parse("B 0011 00000/4444 33110/4310")
    found = {str(each) for each in TRILEVEL.neighbours(own)}
    cells = {text for text in found if text.startswith("B 0011 ")}
    assert len(cells) == 2 * (5 * 3 + 4 * 4)
    assert found - cells == {
        "A 0011 00000/4444 33110/4310",
        "B 0101 00000/4444 33110/4310",
        "B 001 00000/4444 33110/4310",
        "B 011 33110/4310",
        "B 00011 00000/4444 00000/4444 33110/4310",
        "B 00011 00000/4444 33110/4310 00000/4444",
        "B 00101 00000/4444 33110/4310 00000/4444",
        "B 00110 00000/4444 33110/4310 00000/4444",
    }


def test_all_architectures_can_be_drawn_from_their_numbers():
    first, last = TRILEVEL._numbered(0), TRILEVEL._numbered(TRILEVEL.count - 1)
    assert (str(first), first.form) == ("A 011 00000/0000", "A")
    assert (last.form, last.path.count(0)) == ("B", 5)
    with pytest.raises(SpaceError):
        TRILEVEL._numbered(TRILEVEL.count)
    assert len({TRILEVEL._numbered(number * 7919) for number in range(500)}) == 500


def test_photographs_are_drawn_with_their_small_images():
    pytest.importorskip("skimage")
    from harness.restoration.resize import shrunk

    setting = Setting(input="photographs", labels="true", batch_size=3, image_size=5)
    batch = TRILEVEL.batch(setting)
    assert batch.inputs.shape == (3, 3, 5, 5)
    assert batch.targets.shape == (3, 3, 20, 20)
    large = (255 * batch.targets[1].movedim(0, 2)).round().byte().numpy()
    small = (255 * batch.inputs[1].movedim(0, 2)).round().byte().numpy()
    assert (shrunk(large, 4) == small).all()
    grey = TRILEVEL.batch(Setting(input="photographs", labels="true", batch_size=3, image_size=5, channels=1))
    assert grey.inputs.shape == (3, 1, 5, 5)
    assert TRILEVEL.shape_of(grey) == {"channels": 1, "image_size": 5}
    with pytest.raises(SettingError, match="1 channel"):
        TRILEVEL.batch(Setting(input="photographs", image_size=5, channels=2))
    with pytest.raises(SettingError, match="crops of 400 x 400 pixels do not fit"):
        TRILEVEL.batch(Setting(input="photographs", image_size=100))


def test_rows_are_known_to_be_samples_and_the_trial_agrees(monkeypatch):
    batch = TRILEVEL.batch(Setting(batch_size=4, image_size=4))
    for text in ("A 011 30123/0124", "B 001 01020/4224 23311/4400"):
        network = TRILEVEL.build(parse(text), width=8)
        assert rows_are_known(network, batch)
        with preserved(network, bn="train", seed=0), monkeypatch.context() as patch:
            patch.setattr(sample_rows, "rows_are_known", lambda *_: False)
            tried = sample_rows.sample_rows(network, batch, Setting(batch_size=4), sample_rows.READ_GRADIENTS)
        assert not tried.parameters
        assert tried.activations == ""


def test_it_is_too_large_to_be_listed():
    with pytest.raises(SpaceError, match=r"has more than 9.22e\+18 architectures, too many to list"):
        all_architectures(TRILEVEL)


def test_a_batch_with_other_targets_is_refused():
    import harness

    inputs = torch.zeros(2, 3, 4, 4)
    with pytest.raises(SettingError, match="sides are 4 times as long"):
        TRILEVEL.shape_of(harness.Batch(inputs, torch.zeros(2, 3, 8, 8)))
    with pytest.raises(SettingError, match="labels 'true' need images"):
        TRILEVEL.batch(Setting(labels="true"))
