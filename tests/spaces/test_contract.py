"""Every space, ours and a toy that is nothing like them, keeps the contract of `harness.spaces.space.Space`."""

from __future__ import annotations

from typing import ClassVar

import pytest

from harness.conformance.spaces import SpaceConformance
from harness.spaces import _BUILT_IN, list_spaces, open_space
from tests.spaces.toy_graphs import ToyGraphs


class TestNasBench201(SpaceConformance):
    space = open_space("nasbench201")
    shape: ClassVar = {"width": 4, "depth": 1, "image_size": 8, "classes": 3}


class TestDarts(SpaceConformance):
    space = open_space("darts")
    shape: ClassVar = {"width": 4, "depth": 3, "image_size": 8, "classes": 3}


class TestNatsBenchSizes(SpaceConformance):
    space = open_space("natsbench-sizes")
    shape: ClassVar = {"image_size": 8, "classes": 3}


class TestToyGraphs(SpaceConformance):
    space = ToyGraphs()
    shape: ClassVar = {"nodes": 9, "hidden": 4}


def test_no_space_escapes() -> None:
    held = {case.space.name for case in SpaceConformance.__subclasses__()}
    assert held == {*_BUILT_IN, "toy-graphs"}


def test_the_toy_is_found_once_it_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    import harness.spaces

    monkeypatch.setattr(harness.spaces, "_registered", {})
    harness.spaces.register_space(ToyGraphs())
    assert open_space("toy-graphs").parse("mean>sum>none").aggregators == ("mean", "sum", "none")
    assert list_spaces()["toy-graphs"] == "Stacks of three graph convolutions."
