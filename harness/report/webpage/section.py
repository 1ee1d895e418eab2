"""A section of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Section:
    """One section.

    Args:
        name: of its template, `templates/NAME.html`, and its address in the page, `#NAME`.
        title: heading, and entry of the page's contents.
        values: what the template reads.
        data: what the scripts read, under `page.NAME`.
    """

    name: str
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
