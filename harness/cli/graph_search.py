"""What `nasinit search` does differently in a space of graph networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.setting import NOISE

if TYPE_CHECKING:
    from harness.spaces.space import Space


def source_of(space: Space, source: str, *, given: bool) -> str:
    """The data of a search: in a space of graph networks the file of the graph that is named, by default the first.

    Raises:
        SettingError: a graph that is not here.
    """
    from harness.problem import NODE_CLASSIFICATION

    if space.problem is not NODE_CLASSIFICATION:
        return source
    graphs = [name for name in space.inputs if name not in NOISE]
    wanted = source if given else graphs[0]
    if wanted not in graphs:
        return wanted
    from harness import evaluation
    from harness.spaces.nasbench_graph.graphs import graph_file

    return str(graph_file(wanted, evaluation.data_folder()))


def of_images(changed: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the options given that a search on a graph does not read, by their names on the command line."""
    from harness.search.gradient.graphs import OF_IMAGES

    return {f"--{name.replace('_', '-')}": changed[name] for name in OF_IMAGES if name in changed}
