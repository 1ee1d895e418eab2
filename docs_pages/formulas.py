"""Formulas as MathML, written when the site is built: browsers draw it themselves, without a script or a font."""

from __future__ import annotations

import html
import re

_FORMULA = re.compile(r'<(span|div) class="arithmatex">(.*?)</\1>', re.DOTALL)
_TABLE = re.compile(r"<table>.*?</table>", re.DOTALL)


def in_mathml(page: str) -> str:
    r"""The page's HTML with each `\(...\)` and `\[...\]` of the Markdown extension arithmatex as MathML."""
    return _FORMULA.sub(_drawn, page)


def _drawn(found: re.Match[str]) -> str:
    from latex2mathml.converter import convert

    display = found.group(1) == "div"
    latex = html.unescape(found.group(2)).strip()[2:-2]
    formula = convert(latex, display="block" if display else "inline")
    return f'<div class="formula">{formula}</div>' if display else formula
