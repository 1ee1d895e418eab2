"""The page's text: templates, style and scripts put together into one file that loads nothing."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harness.report.webpage.content import Content
from harness.report.webpage.packing import json_for_script
from harness.report.webpage.sections import SECTIONS

SCRIPTS = (
    "data.js",
    "axes.js",
    "cells.js",
    "tables.js",
    "scatter.js",
    "dots.js",
    "pointing.js",
    "curves.js",
    "page.js",
)
"""Files of `assets/`, in the order in which they are put together."""
_STYLE = "page.css"


def page(content: Content, *, title: str) -> str:
    """The whole page as HTML.

    Everything that comes from a user's file is escaped, and the page's own policy (Content-Security-Policy) lets no
    script run but its own, by its hash, and nothing be loaded from anywhere.

    Args:
        content: what it shows.
        title: of the page.
    """
    environment = Environment(
        loader=PackageLoader("harness.report.webpage"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sections = [section for make in SECTIONS if (section := make(content)) is not None]
    script = "\n".join(["'use strict';", "{", *(_asset(name) for name in SCRIPTS), "}"])
    return environment.get_template("page.html").render(
        title=title,
        sections=[
            (section, Markup(environment.get_template(f"{section.name}.html").render(**section.values)))
            for section in sections
        ],
        content=content,
        data=json_for_script({section.name: section.data for section in sections if section.data}),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        style=Markup(_asset(_STYLE)),
    )


def _asset(name: str) -> str:
    return (files("harness.report.webpage") / "assets" / name).read_text(encoding="utf-8")
