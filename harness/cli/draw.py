"""`nasinit draw`: draw an architecture as a graph."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options
from harness.cli.outputs import check_figures, save_figures
from harness.errors import SpaceError, unknown

if TYPE_CHECKING:
    from harness.spaces.space import Architecture, Space


def draw(
    architecture: Annotated[
        str,
        typer.Argument(help="a cell or genotype in any form that a space reads, or a published name such as DARTS_V2"),
    ],
    out: options.FiguresOption = [Path("architecture.svg")],  # noqa: B006 — typer copies it
) -> None:
    """Draw an architecture: the cell of NAS-Bench-201, or the normal and the reduction cell of a DARTS genotype.

    The graphs run from left to right. The name of every operation stands on its edge; edges of `none` are faint. Put
    the architecture in quotes, because | and ( have a meaning for the shell.
    """
    from harness.report.drawing.figure import draw as draw_architecture

    check_figures(out)
    save_figures(draw_architecture(*named_or_parsed(architecture)), out)


def named_or_parsed(text: str) -> tuple[Space, Architecture]:
    """The space and the architecture of a text: a published name, or a form that one of the spaces reads.

    Raises:
        SpaceError: an unknown name, or a text that no space reads, with the reason of every space.
    """
    from harness.evaluation import published_architectures
    from harness.spaces import list_spaces, open_space

    published = published_architectures()
    if re.fullmatch(r"\w[\w-]*", text.strip()):
        if text.strip() not in published:
            raise SpaceError(unknown("published architecture", text.strip(), published))
        text = published[text.strip()]
    reasons = []
    for name in list_spaces():
        try:
            space = open_space(name)
            return space, space.parse(text)
        except SpaceError as error:
            reasons.append(f"{name}: {error}")
    raise SpaceError(f"no space reads this architecture. {'. '.join(reasons)}")
