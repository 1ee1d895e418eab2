"""What made it all, and what failed."""

from __future__ import annotations

from typing import Any

from harness.report.cells import number, percentage
from harness.report.webpage.content import Content
from harness.report.webpage.section import Section

_NAMED = 5


def setting_section(content: Content) -> Section | None:
    """The setting, the scores, the table and the command, term by term."""
    if not content.facts:
        return None
    return Section("setting", "What made it", {"groups": {name: list(terms) for name, terms in content.facts.items()}})


def failures_section(content: Content) -> Section:
    """Scores that are missing, by proxy and status, and architectures that were left out."""
    rows: list[dict[str, Any]] = []
    for (proxy, status), group in content.failures.groupby(["proxy", "status"], sort=False):
        messages = group["message"].value_counts()
        common = next((text for text in messages.index if text), "")
        rows.append(
            {
                "proxy": proxy,
                "status": str(status).replace("_", " "),
                "count": number(len(group), 0),
                "share": percentage(len(group) / content.asked[str(proxy)]) if proxy in content.asked else "",
                "message": common,
                "others": max(len(messages) - 1, 0),
                "architectures": list(group["architecture"].head(_NAMED)),
                "more": max(len(group) - _NAMED, 0),
            }
        )
    left_out = [(reason, len(names), list(names[:_NAMED])) for reason, names in content.left_out.items() if names]
    return Section("failures", "What failed", {"rows": rows, "left_out": left_out})
