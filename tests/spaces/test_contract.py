"""Every space, ours and a toy that is nothing like them, keeps the contract of `harness.spaces.space.Space`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from torch import nn

from harness.conformance.spaces import SpaceConformance
from harness.scoring.models import model_list
from harness.spaces import _BUILT_IN, _UNLISTED, list_spaces, open_space
from harness.spaces.space import Architecture
from tests.spaces.toy_graphs import ToyGraphs
from tests.workers import worker_threads


@pytest.fixture(scope="module", autouse=True)
def _worker_threads() -> Iterator[None]:
    with worker_threads():
        yield


class SlowProxies(SpaceConformance):
    """A space on whose networks all proxies together take seconds."""

    @pytest.mark.slow
    def test_every_proxy_has_a_score_or_says_why_not(self, tmp_path: Path) -> None:
        super().test_every_proxy_has_a_score_or_says_why_not(tmp_path)


class TestNasBench201(SpaceConformance):
    space = open_space("nasbench201")
    shape: ClassVar = {"width": 4, "depth": 1, "image_size": 8, "classes": 3}


class TestDarts(SpaceConformance):
    space = open_space("darts")
    shape: ClassVar = {"width": 4, "depth": 3, "image_size": 8, "classes": 3}


@pytest.mark.slow
class TestDartsWithNone(SpaceConformance):
    space = open_space("darts-none")
    shape: ClassVar = {"width": 4, "depth": 3, "image_size": 8, "classes": 3}


@pytest.mark.slow
class TestNasBench201Large(SpaceConformance):
    space = open_space("nasbench201-large")
    shape: ClassVar = {"width": 4, "depth": 1, "image_size": 8, "classes": 3}


@pytest.mark.slow
class TestMinimalCells(SpaceConformance):
    space = open_space("wiring-minimal")
    shape: ClassVar = {"width": 4, "depth": 2, "image_size": 8, "classes": 3}


@pytest.mark.slow
class TestFullCells(SpaceConformance):
    space = open_space("wiring-full")
    shape: ClassVar = {"width": 3, "depth": 1, "image_size": 8, "classes": 3}


class TestNatsBenchSizes(SlowProxies):
    space = open_space("natsbench-sizes")
    shape: ClassVar = {"image_size": 8, "classes": 3}


class TestTransNasMicro(SlowProxies):
    space = open_space("transnas-micro")
    shape: ClassVar = {"width": 4, "depth": 1, "image_size": 16, "classes": 3}


@pytest.mark.slow
class TestTransNasMicroJigsaw(SpaceConformance):
    space = open_space("transnas-micro-jigsaw")
    shape: ClassVar = {"width": 2, "depth": 1, "image_size": 48, "classes": 3}


@pytest.mark.slow
class TestTransNasMicroRoomLayout(SpaceConformance):
    space = open_space("transnas-micro-room-layout")
    shape: ClassVar = {"width": 4, "depth": 1, "image_size": 16, "classes": 3}


@pytest.mark.slow
class TestTransNasMicroAutoencoder(SpaceConformance):
    space = open_space("transnas-micro-autoencoder")
    shape: ClassVar = {"width": 4, "depth": 1, "image_size": 32}


@pytest.mark.slow
class TestTransNasMicroNormal(SpaceConformance):
    space = open_space("transnas-micro-normal")
    shape: ClassVar = {"width": 4, "depth": 1, "image_size": 32}


@pytest.mark.slow
class TestTransNasMicroSegmentation(SpaceConformance):
    space = open_space("transnas-micro-segmentation")
    shape: ClassVar = {"width": 4, "depth": 1, "image_size": 32, "classes": 3}


class TestTrilevel(SlowProxies):
    space = open_space("trilevel")
    shape: ClassVar = {"image_size": 2, "channels": 1, "width": 8}

    def few(self) -> list[Architecture]:
        """Short paths of both forms, which are rare in a sample."""
        texts = ("B 0 23010/4024", "A 011 30123/0124", "B 001 01020/4224 00311/4400", "B 01 00000/4444")
        return [self.space.parse(text) for text in texts]


class TestModNas(SpaceConformance):
    space = open_space("mod-nas")
    shape: ClassVar = {"image_size": 3, "channels": 1, "width": 4, "depth": 2}

    def few(self) -> list[Architecture]:
        """Blocks of one to four nodes, one of which nothing reads."""
        texts = (
            "skip_connect~0@4", "conv_3x3~0@1 residual_3x3~0+skip_connect~1@3",
            "dil_conv_3x3~0@2 sep_conv_3x3~0+conv_3x3~1@4 skip_connect~0+residual_3x3~1@1",
            "skip_connect~0@3 sep_conv_3x3~0+dil_conv_3x3~1@2 conv_3x3~0+skip_connect~2@1 "
            "residual_3x3~1+skip_connect~3@4",
        )  # fmt: skip
        return [self.space.parse(text) for text in texts]


@pytest.mark.slow
class TestUnguidedModNas(SpaceConformance):
    space = open_space("mod-nas-unguided")
    shape = TestModNas.shape
    few = TestModNas.few


@pytest.mark.slow
class TestSmallTrilevel(SpaceConformance):
    space = open_space("trilevel-small")
    shape: ClassVar = {"image_size": 2, "channels": 1, "width": 8}

    def few(self) -> list[Architecture]:
        """Short paths, which are rare in a sample."""
        texts = ("B 0 23010/4024", "B 01 30123/0124", "B 001 01020/4224 00311/4400", "B 0 00000/4444")
        return [self.space.parse(text) for text in texts]


class TestNasBenchGraph(SlowProxies):
    space = open_space("nasbench-graph")
    shape: ClassVar = {"nodes": 24, "features": 6, "classes": 3, "hidden": 8}

    @pytest.fixture(autouse=True)
    def _with_torch_geometric(self) -> None:
        pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")


class TestSane(SlowProxies):
    space = open_space("sane")
    shape: ClassVar = {"nodes": 24, "features": 6, "classes": 3, "hidden": 8}

    @pytest.fixture(autouse=True)
    def _with_torch_geometric(self) -> None:
        pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")


@pytest.mark.slow
class TestSaneCode(SpaceConformance):
    space = open_space("sane-code")
    shape: ClassVar = TestSane.shape

    @pytest.fixture(autouse=True)
    def _with_torch_geometric(self) -> None:
        pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")


class TestAgnn(SpaceConformance):
    space = open_space("agnn")
    shape: ClassVar = {"nodes": 24, "features": 6, "classes": 3}

    @pytest.fixture(autouse=True)
    def _with_torch_geometric(self) -> None:
        pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")

    def few(self) -> list[Architecture]:
        """Small networks that have every attention function, aggregate, combination and activation."""
        texts = (
            "8:gat:8:sum:identity:relu||8:gcn:4:mean:mlp:elu", "8:sym-gat:2:max:mlp:relu6||8:const:1:sum:identity:tanh",
            "8:cos:1:mean:identity:softplus||8:linear:4:sum:mlp:leaky_relu",
            "8:gene-linear:2:sum:identity:sigmoid||8:gat:1:max:identity:identity",
        )  # fmt: skip
        return [self.space.parse(text) for text in texts]


def _classifier(*layers: nn.Module) -> nn.Module:
    """Layers that give eight channels of an image, then a mean over space and a linear layer."""
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))


class TestModels(SpaceConformance):
    space = model_list(
        {
            "plain": lambda: _classifier(nn.Conv2d(3, 8, 3), nn.ReLU()),
            "normed | 8": lambda: _classifier(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU()),
            "=deep": lambda: _classifier(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 8, 3), nn.ReLU()),
            "(linear)": lambda: _classifier(nn.Conv2d(3, 8, 1)),
        }
    )
    shape: ClassVar = {"image_size": 8}


class TestToyGraphs(SpaceConformance):
    space = ToyGraphs()
    shape: ClassVar = {"nodes": 9, "hidden": 4}


def test_no_space_escapes() -> None:
    cases = {*SpaceConformance.__subclasses__(), *SlowProxies.__subclasses__()} - {SlowProxies}
    held = {case.space.name for case in cases}
    assert held == {*_BUILT_IN, *_UNLISTED, "toy-graphs"}


def test_the_toy_is_found_once_it_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    import harness.spaces

    monkeypatch.setattr(harness.spaces, "_registered", {})
    harness.spaces.register_space(ToyGraphs())
    assert open_space("toy-graphs").parse("mean>sum>none").aggregators == ("mean", "sum", "none")
    assert list_spaces()["toy-graphs"] == "Stacks of three graph convolutions."
