"""What the web page shows in a browser."""

from __future__ import annotations

from typing import Any


def shown(opened: Any) -> str:
    """The architecture in the panel, once the next frame is drawn."""
    opened.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return str(opened.locator("#plot-architecture").get_attribute("data-architecture"))
