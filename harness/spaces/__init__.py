"""Search spaces: encodings of architectures, and the networks that they describe.

A space is a class with the members of `harness.spaces.space.Space`. Spaces of installed distributions are found by the
entry point group `nasinit.spaces`:

    [options.entry_points]
    nasinit.spaces =
        my-space = my_package:MySpace
"""

from __future__ import annotations

import importlib
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, NamedTuple

from harness.errors import SpaceError, unknown
from harness.loading.plugins import PluginError, Plugins
from harness.text.shown import shown

if TYPE_CHECKING:
    from harness.spaces.space import Space


class _Listed(NamedTuple):
    """A space that is part of nasinit: its `module:class`, and a one-line summary."""

    target: str
    summary: str


_BUILT_IN = {
    "nasbench201": _Listed(
        "harness.spaces.nasbench201:NasBench201",
        "NAS-Bench-201 topology cells (Dong & Yang 2020): 4 nodes, 6 edges, 5 operations, 15,625 cells",
    ),
    "darts": _Listed(
        "harness.spaces.darts:Darts",
        "DARTS genotypes (Liu et al. 2019): a normal and a reduction cell, 4 nodes with 2 inputs, 7 operations",
    ),
    "natsbench-sizes": _Listed(
        "harness.spaces.natsbench_sizes:NatsBenchSizes",
        "NATS-Bench sizes (Dong et al. 2021): the channels of 5 layers from 8 to 64, one cell, 32,768 architectures",
    ),
    "nasbench201-large": _Listed(
        "harness.spaces.nasbench201_large:NasBench201Large",
        "NAS-Bench-201's graph with 21 operations (nasinit's own, of no paper): 6 edges, 85,766,121 cells",
    ),
    "transnas-micro": _Listed(
        "harness.spaces.transnas_micro:TransNasMicro",
        "TransNAS-Bench-101's micro cells (Duan et al. 2021): 4 nodes, 6 edges, 4 operations, 4,096 cells",
    ),
    "trilevel": _Listed(
        "harness.spaces.trilevel:Trilevel",
        "trilevel networks for super-resolution by 4 (Wu et al. 2021): paths, operations, widths, 3.9e30 architectures",
    ),
    "mod-nas": _Listed(
        "harness.spaces.mod_nas:ModNas",
        "unrolled denoisers (Ning et al. 2021, a reconstruction): operations, widths, depth, 360,602,020 architectures",
    ),
    "nasbench-graph": _Listed(
        "harness.spaces.nasbench_graph:NasBenchGraph",
        "NAS-Bench-Graph (Qin et al. 2022): graph networks of 4 nodes, 9 operations, 26,206 classes of architectures",
    ),
    "sane": _Listed(
        "harness.spaces.sane:Sane",
        "SANE (Zhao et al. 2021): graph networks of 3 layers, 11 node and 3 layer aggregators, 31,944 architectures",
    ),
    "agnn": _Listed(
        "harness.spaces.agnn:Agnn",
        "AGNN (Zhou et al. 2019; options our choice): graph networks of 2 layers, 6 choices each, 28,901,376 in all",
    ),
}
_UNLISTED = {
    "models": "harness.spaces.named:UnloadedModels",
    "trilevel-small": "harness.spaces.trilevel.small:SmallTrilevel",
    "transnas-micro-jigsaw": "harness.spaces.transnas_micro.tasks:TransNasMicroJigsaw",
    "transnas-micro-room-layout": "harness.spaces.transnas_micro.tasks:TransNasMicroRoomLayout",
    "transnas-micro-autoencoder": "harness.spaces.transnas_micro.image_tasks:TransNasMicroAutoencoder",
    "transnas-micro-normal": "harness.spaces.transnas_micro.image_tasks:TransNasMicroNormal",
    "transnas-micro-segmentation": "harness.spaces.transnas_micro.image_tasks:TransNasMicroSegmentation",
    "darts-none": "harness.spaces.darts.with_none:DartsWithNone",
    "wiring-minimal": "harness.spaces.darts.wiring:MinimalCells",
    "wiring-full": "harness.spaces.darts.wiring:FullCells",
    "sane-code": "harness.spaces.sane:SaneCode",
    "mod-nas-unguided": "harness.spaces.mod_nas:UnguidedModNas",
}
"""Spaces that are opened by their name alone: any text names a model; the others are parts or forms of listed ones."""
_MEMBERS = ("name", "shape", "problem", "inputs", "parse", "key", "minimal", "sample", "batch", "build", "sizes")
_registered: dict[str, Space] = {}
_opened: dict[str, Space] = {}


def list_spaces() -> dict[str, str]:
    """Names of the spaces with a one-line summary each, nasinit's own first. No space is imported."""
    own = {
        name: (type(space).__doc__ or "").partition("\n")[0]
        for name, space in _registered.items()
        if name not in _UNLISTED
    }
    points = _INSTALLED.points()
    found = {name: f"from {point.dist.name if point.dist else point.value}" for name, point in points.items()}
    return {name: listed.summary for name, listed in _BUILT_IN.items()} | found | own


def open_space(name: str) -> Space:
    """The space of that name.

    Raises:
        SpaceError: for an unknown name (with the nearest name), or an installed space that cannot be loaded (with its
            distribution).
    """
    if name in _registered:
        return _registered[name]
    if name in _opened:
        return _opened[name]
    targets = {name: listed.target for name, listed in _BUILT_IN.items()} | _UNLISTED
    if name in targets:
        module, _, kind = targets[name].partition(":")
        _opened[name] = getattr(importlib.import_module(module), kind)()
        return _opened[name]
    if name in _INSTALLED:
        try:
            return _INSTALLED.value(name)
        except PluginError as error:
            raise SpaceError(str(error)) from error
    raise SpaceError(unknown("space", name, list_spaces()))


def is_space(name: str) -> bool:
    """Whether `open_space` knows a space of that name."""
    return name in _UNLISTED or name in _BUILT_IN or name in _registered or name in _INSTALLED


def openable_spaces() -> list[Space]:
    """All spaces of `list_spaces`, but for installed ones that cannot be loaded, which are named in a warning."""
    installed = _INSTALLED.values()
    names = [name for name in list_spaces() if name in _BUILT_IN or name in _registered or name in installed]
    return [open_space(name) for name in names]


def register_space(space: Space) -> None:
    """Let `open_space` find a user's space by its name in this process; a second call replaces the first.

    Raises:
        SpaceError: for a value that is no space, or the name of a space that is part of nasinit.
    """
    lacking = [name for name in _MEMBERS if not hasattr(space, name)]
    if isinstance(space, type) or lacking:
        why = "the class, not a space of it" if isinstance(space, type) else f"it lacks {', '.join(lacking)}"
        raise SpaceError(f"{shown(space)} is no space ({why}); harness.spaces.space.Space says what one has")
    if space.name in _BUILT_IN:
        raise SpaceError(f"{space.name!r} is a space of nasinit: give yours another name")
    _registered[space.name] = space


def _loaded(point: EntryPoint) -> Space:
    space: Space = point.load()()
    if space.name != point.name:
        raise PluginError(f"it calls itself {space.name!r}: the entry point's name must be the same")
    return space


_INSTALLED = Plugins("nasinit.spaces", "space", _BUILT_IN.__contains__, _loaded)
