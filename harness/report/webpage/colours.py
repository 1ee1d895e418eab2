"""Colours of the page: parameters in both themes, coefficients from minus one to one."""

from __future__ import annotations

import math

from matplotlib import colormaps
from matplotlib.colors import to_hex, to_rgb

from harness.report.figures.style import SEQUENTIAL

_STEPS = 24
_DARK_FROM = 0.28  # what is below is lost on a dark page
_PALE_ENDS = 0.84  # of the diverging colours: beyond, no text can be read
_DARK_TEXT, _LIGHT_TEXT = "#000000", "#FFFFFF"
_AS_READABLE = 0.179  # luminance at which black and white text have one contrast, 4.6 : 1


def sequential(*, dark: bool) -> list[str]:
    """Colours from few to many, for a light or a dark page."""
    start = _DARK_FROM if dark else 0.0
    colours = colormaps["viridis"] if dark else SEQUENTIAL
    return [str(to_hex(colours(start + (1 - start) * step / (_STEPS - 1)))) for step in range(_STEPS)]


def coefficient_colours(value: float) -> tuple[str, str] | None:
    """Background and text of a coefficient: blue for 1, white for 0, red for -1; None for NaN.

    The two ends are told apart by colour-blind readers; the number stands there too.
    """
    if math.isnan(value):
        return None
    background = to_hex(colormaps["RdBu"](0.5 + 0.5 * _PALE_ENDS * value))
    return str(background), _LIGHT_TEXT if _luminance(background) < _AS_READABLE else _DARK_TEXT


def for_dark_page(colour: str) -> str:
    """The colour, halfway to white: a line of it can be seen on a dark page."""
    red, green, blue = (0.5 + 0.5 * part for part in to_rgb(colour))
    return str(to_hex((red, green, blue)))


def _luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
