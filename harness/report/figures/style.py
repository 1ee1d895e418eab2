"""The one look of all figures, for use with `matplotlib.rc_context(STYLE)`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from matplotlib import colormaps
from matplotlib.colors import ListedColormap

COLUMN_WIDTH_INCHES = 3.3
PAGE_WIDTH_INCHES = 6.9
SMALL_POINTS = 6.5
LINE_SPACING = 1.25
LINE_POINTS = SMALL_POINTS * LINE_SPACING * 1.1  # a line of DejaVu Sans is taller than its size

# Okabe and Ito's, told apart by colour-blind readers.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")

_GREY = "#555555"

# The keys are Any since matplotlib 3.11 spells each of them out in its types, and earlier ones do not.
STYLE: Mapping[Any, Any] = MappingProxyType(
    {
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": 8.0,
        "axes.titlesize": 8.0,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.labelsize": 8.0,
        "xtick.labelsize": 8.0,
        "ytick.labelsize": 8.0,
        "legend.fontsize": 8.0,
        "figure.titlesize": 8.0,
        "figure.labelsize": 8.0,
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "savefig.facecolor": "white",
        "axes.linewidth": 0.5,
        "axes.edgecolor": _GREY,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.unicode_minus": True,
        "axes.prop_cycle": f"cycler('color', {list(COLOURS)})",
        "xtick.color": _GREY,
        "ytick.color": _GREY,
        "xtick.labelcolor": "black",
        "ytick.labelcolor": "black",
        "xtick.major.width": 0.5,
        "ytick.major.width": 0.5,
        "xtick.minor.width": 0.4,
        "ytick.minor.width": 0.4,
        "xtick.major.size": 2.5,
        "ytick.major.size": 2.5,
        "xtick.minor.size": 1.5,
        "ytick.minor.size": 1.5,
        "lines.linewidth": 1.0,
        "grid.color": "#DDDDDD",
        "grid.linewidth": 0.4,
        "mathtext.fontset": "dejavusans",
    }
)

# Viridis without its palest end, which is lost on white: even to colour-blind readers and in grey.
SEQUENTIAL = ListedColormap([colormaps["viridis"](step / 255 * 0.93) for step in range(256)], name="viridis_on_white")
