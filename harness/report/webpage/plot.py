"""The scatter plot's data: every score, and every architecture as a graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.errors import SpaceError
from harness.report.drawing.layout import Layout, laid_out
from harness.report.drawing.looks import LOOKS, NONE, look_of
from harness.report.figures.accuracy_axis import accuracy_range
from harness.report.figures.score_axis import score_scale
from harness.report.webpage.colours import for_dark_page, sequential
from harness.report.webpage.content import Content, Section
from harness.report.webpage.packing import packed
from harness.spaces import open_space
from harness.spaces.graph import Wiring


def plot_section(content: Content) -> Section:
    """Score against value, a dot an architecture, to look into."""
    values = content.architectures["accuracy"].to_numpy()
    ranking = content.ranking
    shown = accuracy_range(values, ranking.higher_is_better)
    data: dict[str, Any] = {
        "column": ranking.column,
        "label": ranking.label,
        "measured": ranking.value_name,
        "higherIsBetter": ranking.higher_is_better,
        "range": {"low": shown.low, "high": shown.high, "fence": shown.fence, "edge": shown.edge},
        "architectures": list(content.architectures.index),
        "values": packed(values),
        "parameters": packed(content.architectures["parameters"].to_numpy().round().astype(np.int64)),
        "proxies": [
            {"name": proxy, "scores": packed(scores), **_scale(scores)}
            for proxy, scores in ((str(name), column.to_numpy()) for name, column in content.scores.items())
        ],
        "colours": {"light": sequential(dark=False), "dark": sequential(dark=True)},
        "cells": _cells(content),
    }
    shows = {"proxies": content.proxies, "column": ranking.column}
    return Section("plot", f"Score against {ranking.value_name}", shows, data)


def _scale(scores: np.ndarray[Any, Any]) -> dict[str, Any]:
    scale = score_scale(scores[~np.isnan(scores)])
    return {"scale": scale.kind, "linearWithin": scale.linear_within}


def _cells(content: Content) -> dict[str, Any] | None:
    """All drawings in few numbers: each layout once, and for each cell its layout and its operations.

    None for a space whose architectures have no drawing.
    """
    space = open_space(content.ranking.space)
    try:
        drawn = [space.graphs(space.parse(key)) for key in content.architectures.index]
    except SpaceError:
        return None
    wirings: dict[Wiring, int] = {}
    used = dict.fromkeys(name for cells in drawn for cell in cells for name in cell.operations)
    operations = {name: number for number, name in enumerate(dict.fromkeys([*LOOKS, *used]))}
    rows = [
        [
            number
            for cell in cells
            for number in (
                wirings.setdefault(cell.wiring, len(wirings)),
                *(operations[name] for name in cell.operations),
            )
        ]
        for cells in drawn
    ]
    return {
        "titles": [cell.title for cell in drawn[0]],
        "operationsACell": [len(cell.operations) for cell in drawn[0]],
        "layouts": [_as_data(wiring, laid_out(wiring)) for wiring in wirings],
        "looks": [
            {"label": look.label, "light": look.colour, "dark": for_dark_page(look.colour), "faint": name == NONE}
            for name, look in ((name, look_of(name)) for name in operations)
        ],
        "each": packed(np.array(rows)),
    }


def _as_data(wiring: Wiring, layout: Layout) -> dict[str, Any]:
    def rounded(numbers: tuple[float, ...]) -> list[float]:
        return [round(value, 1) for value in numbers]

    return {
        "size": rounded((layout.width, layout.height)),
        "labels": wiring.labels,
        "nodes": [rounded(rectangle) for rectangle in layout.nodes],
        "boxes": [rounded(rectangle) for rectangle in layout.boxes],
        "routes": [[rounded(point) for point in route] for route in layout.routes],
    }
