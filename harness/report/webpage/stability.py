"""Each proxy against itself in other settings."""

from __future__ import annotations

from harness.report.webpage.agreement import heat_rows
from harness.report.webpage.content import Content
from harness.report.webpage.numbers import stability
from harness.report.webpage.section import Section
from harness.stats.names import BASELINES


def stability_section(content: Content) -> Section | None:
    """How alike a proxy ranks in other settings of the store; nothing where there are none."""
    own = content.scores.drop(columns=list(BASELINES), errors="ignore")
    frame = stability(own, content.settings)
    if frame.empty:
        return None
    values = {"rows": heat_rows(frame), "columns": list(map(str, frame.columns))}
    return Section("stability", "The same proxy in other settings", values)
