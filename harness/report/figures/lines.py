"""Text broken into lines that fit, by the widths of its letters; legends of as many columns as fit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from harness.report.figures.style import STYLE

_POINTS_PER_INCH = 72
LABEL_POINTS = float(STYLE["font.size"])
LABEL_LINE_INCHES = 1.2 * 1.17 * LABEL_POINTS / _POINTS_PER_INCH
"""Height of a line of a label; a line of DejaVu Sans is taller than its size."""
_HINTED = 1.08  # a picture of pixels draws small letters up to this much wider
_SHARES = [step / 24 for step in range(23, 0, -1)]
_LEGEND_HANDLE_INCHES = 0.55  # of an entry: its line, and the gaps around it


@lru_cache(maxsize=4096)
def inches_of(text: str, points: float = LABEL_POINTS, weight: str = "normal") -> float:
    """Width of a line of text in inches."""
    font = FontProperties(family=STYLE["font.sans-serif"], size=points, weight=weight)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, False)
    return _HINTED * float(width) / _POINTS_PER_INCH


def wrapped(text: str, width: float, points: float = LABEL_POINTS, weight: str = "normal") -> str:
    """The text in lines that fit a width in inches.

    Lines break between words; a word that is wider than a line breaks after its underscores, or where the line ends.
    """
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if inches_of(joined, points, weight) <= width:
            lines[-1] = joined
        elif inches_of(word, points, weight) <= width:
            lines.append(word)
        else:
            lines += _torn(word, width, points, weight)
    return "\n".join(lines if lines[0] else lines[1:])


def _torn(word: str, width: float, points: float, weight: str) -> Iterator[str]:
    """Lines of a word that is wider than a line, after underscores where there are any."""
    line = ""
    for piece in re.findall(r"[^_]*_+|[^_]+", word):
        if line and inches_of(line + piece, points, weight) > width:
            yield line
            line = ""
        for letter in piece:
            if line and inches_of(line + letter, points, weight) > width:
                yield line
                line = ""
            line += letter
    yield line


def balanced(text: str, width: float, points: float = LABEL_POINTS) -> str:
    """Wrapped text in lines of about the same length, so that no unit stands alone on the last."""
    best = wrapped(text, width, points)
    for share in _SHARES if "\n" in best else ():
        narrower = wrapped(text, share * width, points)
        if narrower.count("\n") > best.count("\n"):
            break
        best = narrower
    return best


def most_lines(texts: Sequence[str]) -> int:
    """Number of lines of the text that has most of them."""
    return 1 + max((text.count("\n") for text in texts), default=0)


class LegendLayout(NamedTuple):
    """A legend that fits: its labels in lines, in so many columns, and its height in inches."""

    labels: list[str]
    columns: int
    inches: float


def legend_layout(labels: Sequence[str], width: float, most: int) -> LegendLayout:
    """The labels of a legend in as many columns, up to `most`, as fit the width in inches; long ones in lines."""
    columns, room = 1, width - _LEGEND_HANDLE_INCHES
    for columns in range(min(most, len(labels)), 0, -1):
        room = width / columns - _LEGEND_HANDLE_INCHES
        if columns == 1 or all(inches_of(label) <= room for label in labels):
            break
    lines = [wrapped(label, room) for label in labels]
    # matplotlib fills column after column
    down = max(1, -(-len(lines) // columns))
    counts = [1 + label.count("\n") for label in lines]
    tallest = max((sum(counts[start : start + down]) for start in range(0, len(counts), down)), default=0)
    return LegendLayout(lines, columns, 0.1 + LABEL_LINE_INCHES * tallest)
