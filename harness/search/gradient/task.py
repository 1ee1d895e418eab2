"""The fixed inputs of a search from the arguments of `run_search`, checked before its first step."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from harness.errors import SearchError, check_whole
from harness.problem import NODE_CLASSIFICATION
from harness.search.gradient.adversarial import check_pixels
from harness.search.gradient.data import Images, split_images, with_images
from harness.search.gradient.graphs import OF_IMAGES, GraphParts, read_split
from harness.search.gradient.memory_bound import MemoryBound
from harness.search.gradient.method import Method
from harness.search.gradient.options import check_options, reason_not_on_table, with_options
from harness.search.gradient.pairs import images_for
from harness.search.gradient.registry import find_method
from harness.search.gradient.setting import SearchSetting, checkpoint_seconds
from harness.search.gradient.state import SearchTask
from harness.search.gradient.table_supernet import TableLosses, without_images
from harness.spaces.node_split import NodeSplit
from harness.spaces.simplifiable import simplifiable
from harness.spaces.space import searchable

if TYPE_CHECKING:
    from harness.prediction.predictor import Predictor
    from harness.spaces.space import SearchableSpace, Space

__all__ = ["checkpoint_seconds", "search_task"]


def search_task(
    space: Space,
    method: str | Method,
    setting: SearchSetting | None,
    *,
    preset: str,
    data: str | Path | Images | TableLosses | NodeSplit | None,
    seed: int,
    device: str,
    autocast: bool,
    record_costs: int = 0,
    predictor: Predictor | None = None,
) -> SearchTask:
    """The fixed inputs of a search; arguments and errors are those of `harness.search.run_search`."""
    chosen = find_method(method) if isinstance(method, str) else method
    setting = setting or chosen.setting(space, preset)
    check_whole("seed", seed, 0, SearchError)
    check_method(chosen, space, setting, data, autocast=autocast)
    check_whole("record_costs", record_costs, 0, SearchError)
    chosen = with_options(chosen, setting, predictor)
    if predictor is not None and predictor.space != space.name:
        raise SearchError(f"the predictor of {predictor.column} is for {predictor.space}, not for {space.name}")
    if isinstance(data, NodeSplit) or space.problem is NODE_CLASSIFICATION:
        check_graph(space, setting, data, autocast=autocast, record_costs=record_costs)
        parts = GraphParts(read_split(space, data, seed))
        return SearchTask(searchable(space), chosen, setting, parts, seed, _device(device), False, predictor=predictor)
    _check_recorded(record_costs, space, data)
    table = data if isinstance(data, TableLosses) else None
    if isinstance(data, TableLosses):
        setting = without_images(setting)
        data = data.images(setting)
    if not isinstance(data, Images):
        at_most = setting.images in {each.images for each in chosen.presets_in(space).settings.values()}
        data = images_for(space, chosen.data if data is None else data, setting, seed, at_most=at_most)
    if chosen.policy is not None and data.pixels.is_floating_point():
        raise SearchError(f"{chosen.name} augments images of whole numbers from 0 to 255, which {data.name} has not")
    if table is None:
        check_pixels(data, setting)
    setting, split = with_images(setting, data), split_images(data, setting.validation_share, seed)
    where = _device(device)
    bound = None if setting.memory_mb is None else MemoryBound(setting.memory_mb)
    if autocast:
        _check_bfloat16(where)
    task = SearchTask(
        searchable(space), chosen, setting, split, seed, where, autocast, bound, table, record_costs, predictor
    )
    split.steps(setting)  # refuses parts of less than a batch
    return task


def check_method(method: Method, space: Space, setting: SearchSetting, data: object, *, autocast: bool) -> None:
    """Refuse what a method cannot search, before any image is read.

    Raises:
        SearchError: for a space, a setting or autocast that the method does not take, or, on a table's losses, a method
            of untrained networks or of augmentations, or an option that needs weights.
        SpaceError: for a space without a supernet.
    """
    if reason := method.reason_not_in(searchable(space)):
        raise SearchError(f"{method.name} cannot search {space.name}: {reason}")
    check_options(method, setting)
    if setting.simplify:
        _check_simplifies(searchable(space), method, data)
    if method.in_turn and not setting.alpha_warm_up and not isinstance(data, TableLosses):
        raise SearchError(f"{method.name} trains its supernet in the epochs of alpha_warm_up, which must be at least 1")
    if method.check is not None:
        method.check(setting, autocast)
    if setting.memory_mb is not None:
        _check_bounded(method, data, autocast=autocast)
    if isinstance(data, TableLosses):
        _check_on_table(method, setting, data)


def _check_recorded(record_costs: int, space: Space, data: object) -> None:
    """Refuse to record costs where nothing is classified.

    Raises:
        SearchError: for restored images and for the losses of a table.
    """
    if record_costs and not space.problem.classes:
        raise SearchError("record_costs needs predictions of classes, which restored images are not")
    if record_costs and isinstance(data, TableLosses):
        raise SearchError("record_costs needs predictions of images, which the losses of a table are not")


def _check_on_table(method: Method, setting: SearchSetting, losses: TableLosses) -> None:
    """Refuse a method that needs images or untrained networks, which a table's losses have not.

    Raises:
        SearchError: naming the table.
    """
    if not method.classifies:
        raise SearchError(f"{method.name} restores images, and {losses.name} has none")
    _check_robust(method, setting, losses)
    if not method.trains_weights:
        raise SearchError(
            f"{method.name} measures untrained networks, and {losses.name} has none: take digits, noise or CIFAR-10"
        )
    if method.policy is not None:
        raise SearchError(f"{method.name} augments images, and {losses.name} has none: take digits or CIFAR-10")
    if reason := reason_not_on_table(setting):
        raise SearchError(f"{method.name} cannot search {losses.name}: {reason}")


def check_graph(space: Space, setting: SearchSetting, data: object, *, autocast: bool, record_costs: int = 0) -> None:
    """Refuse what a search on a graph does not read.

    Raises:
        SearchError: for a graph in a space of images, a field of the setting that differs from its default, autocast or
            recorded costs.
    """
    if isinstance(data, NodeSplit) and space.problem is not NODE_CLASSIFICATION:
        raise SearchError(f"the space {space.name} is of images, and {data.name} is a graph")
    plain = SearchSetting()
    for name, why in OF_IMAGES.items():
        if getattr(setting, name) != getattr(plain, name):
            raise SearchError(f"{name} has no effect in {space.name}: {why}")
    if autocast:
        raise SearchError(f"autocast has no effect in {space.name}: its sums over neighbours are in float32")
    if record_costs:
        raise SearchError(f"record_costs needs predictions of images, which the nodes of {space.name} are not")


def _check_robust(method: Method, setting: SearchSetting, losses: TableLosses) -> None:
    """Refuse a robust loss that the table's losses lack, and one that the search does not look at.

    Raises:
        SearchError: naming the table and the objective.
    """
    wanted = "robust" in setting.mgda and "mgda" in method.reads
    if wanted and losses.robust is None:
        raise SearchError(
            f"mgda 'robust': {losses.name} is one column; name the one under attack after a comma, table:COLUMN,ROBUST"
        )
    if losses.robust is not None and not wanted:
        raise SearchError(
            f"{losses.name}: the second column is of mgda 'robust', which this search of {method.name} does not take"
        )


def _check_bounded(method: Method, data: object, *, autocast: bool) -> None:
    """Refuse a bound on memory where what a step keeps is not what is counted.

    Raises:
        SearchError: for a method that keeps more than one pass does, a table, or autocast.
    """
    if not method.bounded:
        raise SearchError(f"memory_mb: a step of {method.name} keeps more than one pass does, and is not counted")
    if isinstance(data, TableLosses):
        raise SearchError(f"memory_mb: {data.name} is a table, whose steps keep nothing")
    if autocast:
        raise SearchError("memory_mb: passes are counted in float32, and autocast computes in bfloat16")


def _check_simplifies(space: SearchableSpace, method: Method, data: object) -> None:
    """Refuse a simplified supernet where none can be made, or nothing of it would be trained.

    Raises:
        SearchError: naming the space, the table or the method.
    """
    if not simplifiable(space):
        raise SearchError(f"simplify: the supernet of {space.name} cannot share modules between its paths")
    if isinstance(data, TableLosses):
        raise SearchError(f"simplify: {data.name} is a table, which has no modules to share")
    if not method.trains_weights:
        raise SearchError(f"simplify: {method.name} looks at weights as they are drawn, and trains no shared module")
    if method.one_path or method.in_turn:
        raise SearchError(f"simplify: {method.name} trains one path at a time, which has nobody to share modules with")


def _device(name: str) -> torch.device:
    if re.fullmatch(r"cpu|cuda(:[0-9]+)?", name) is None:
        raise SearchError(f"device must be 'cpu', 'cuda' or 'cuda:1', got {name!r}")
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise SearchError(f"device {name!r} was asked for, but torch sees no CUDA device here: use 'cpu'")
    device = torch.device(name)
    if device.index is not None and device.index >= torch.cuda.device_count():
        last = torch.cuda.device_count() - 1
        raise SearchError(f"device {name!r} was asked for, but the last CUDA device here is 'cuda:{last}'")
    return device


def _check_bfloat16(device: torch.device) -> None:
    """Refuse autocast where PyTorch has no kernels in bfloat16 for the device.

    Raises:
        SearchError: naming the device.
    """
    if device.type == "cuda":
        can, what = torch.cuda.is_bf16_supported(including_emulation=False), torch.cuda.get_device_name(device)
    else:
        can, what = torch.ops.mkldnn._is_mkldnn_bf16_supported(), "this processor"
    if not can:
        raise SearchError(f"autocast was asked for, but PyTorch has no kernels in bfloat16 for {what}: leave it out")
