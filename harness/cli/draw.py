"""`nasinit draw`: draw an architecture as a graph."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import offered, options
from harness.cli.outputs import save_figures
from harness.errors import SpaceError, unknown

if TYPE_CHECKING:
    from harness.spaces.space import Architecture, Space

_EXAMPLES = 5
_ALIKE = 0.3
_LONGEST, _SHOWN = 2000, 46
_INDEX = re.compile(r"[0-9]{1,18}")
_NAME = re.compile(r"[^\W\d][\w-]*")
_WORDS = re.compile(r"[^\W\d]+|\d+|[^\w\s]")


def draw(
    architecture: Annotated[
        str,
        typer.Argument(
            help="a cell or genotype in any form that a space reads, a published name such as DARTS_V2, or a number: "
            "the official index of a benchmark"
        ),
    ],
    space: Annotated[
        str | None,
        typer.Option(
            help=f"space to read it in; by default each, and for a number {options.DEFAULT_SPACE}",
            autocompletion=offered.SPACES,
        ),
    ] = None,
    out: options.FiguresOption = [Path("architecture.svg")],  # noqa: B006 — typer copies it
) -> None:
    """Draw an architecture: the cell of NAS-Bench-201, or the normal and the reduction cell of a DARTS genotype.

    A line says which architecture it is, with the index or the name that was given. The graphs run from left to right.
    The name of every operation stands on its edge; edges of `none` are faint. Put the architecture in quotes, because |
    and ( have a meaning for the shell.
    """
    from harness.report.drawing.figure import draw as draw_architecture

    of_space, found = named_or_parsed(architecture, space)
    figure = draw_architecture(of_space, found)
    print(f"{of_space.name}{_given(architecture)}: {found}")
    save_figures(figure, out)


def _given(text: str) -> str:
    """The index or the name that was given; of an architecture that was written out, nothing."""
    text = text.strip()
    if _INDEX.fullmatch(text):
        return f" {int(text)}"
    return f" {text}" if _NAME.fullmatch(text) else ""


def named_or_parsed(text: str, space: str | None = None) -> tuple[Space, Architecture]:
    """The space and the architecture of a text: an official index, a published name, or a form that a space reads.

    Args:
        text: the index, name or form.
        space: name of the only space to read it in; None for all, and for the default space of an index.

    Raises:
        SpaceError: an unknown name or index, or a text that no space reads, with the reason of the space whose own
            texts are most like it or, where none are, with a text of each.
        TableError: an index of a space whose official order only a table knows, which is not here.
    """
    from harness.evaluation import published_architectures
    from harness.evaluation.official_index import architecture_at
    from harness.spaces import open_space, openable_spaces

    only = None if space is None else open_space(space)
    if _INDEX.fullmatch(text.strip()):
        of_space = only or open_space(options.DEFAULT_SPACE)
        return of_space, architecture_at(of_space, int(text))
    published = published_architectures()
    if _NAME.fullmatch(text.strip()):
        if text.strip() not in published:
            raise SpaceError(unknown("published architecture", text.strip(), published))
        text = published[text.strip()]
    if only is not None:
        return only, only.parse(text)
    reasons: dict[str, SpaceError] = {}
    alike: dict[str, float] = {}
    for one in openable_spaces():
        try:
            return one, one.parse(text)
        except SpaceError as error:
            reasons[one.name] = error
            alike[one.name] = max(_likeness(text, str(own)) for own in one.sample(_EXAMPLES))
    nearest = max(alike, key=alike.__getitem__)
    if alike[nearest] >= _ALIKE:
        raise SpaceError(f"no space reads this architecture. {nearest}: {reasons[nearest]}")
    examples = [f"{one.name} {str(one.sample(1)[0])[:_SHOWN]}" for one in openable_spaces()]
    raise SpaceError(
        f"no space reads this architecture. They read, in quotes (these may be cut): {'; '.join(examples)}"
    )


def _likeness(text: str, other: str) -> float:
    """How alike a text and as much of another are, 0 to 1, by their words and marks."""
    given = _WORDS.findall(text[:_LONGEST])
    return SequenceMatcher(None, given, _WORDS.findall(other)[: len(given)], autojunk=False).ratio() if given else 0.0
