"""The sections of the page, in order: each a function of the content that gives its text and data, or None."""

from __future__ import annotations

from collections.abc import Callable

from harness.report.webpage.agreement import agreement_section, columns_section, stability_section
from harness.report.webpage.content import Content, Section
from harness.report.webpage.known import known_section
from harness.report.webpage.plot import plot_section
from harness.report.webpage.ranking import ranking_section
from harness.report.webpage.record import failures_section, setting_section
from harness.report.webpage.top import top_section

SECTIONS: tuple[Callable[[Content], Section | None], ...] = (
    ranking_section,
    known_section,
    plot_section,
    top_section,
    columns_section,
    agreement_section,
    stability_section,
    failures_section,
    setting_section,
)
