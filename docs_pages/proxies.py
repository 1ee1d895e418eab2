"""The page of the proxies and measurements, from their registries."""

from __future__ import annotations

from docs_pages.markdown import code, escaped, table
from docs_pages.proxy_latex import FORMULAS
from harness.measurements import MEASUREMENTS, NO_PASS
from harness.proxies.bibliography import SOURCES
from harness.proxies.registry import Proxy, list_proxies


def built_in() -> list[Proxy]:
    """The proxies that are part of the package, by name."""
    return sorted(
        (entry for entry in list_proxies() if entry.function.__module__.startswith("harness.")),
        key=lambda entry: entry.name,
    )


def proxies() -> str:
    """The table of all built-in proxies: what each reads, what it costs, and whether `all` includes it."""
    return table(
        ["proxy", "reads", "passes in addition to the shared forward", "in `all`", "version"],
        [
            [
                f"[{code(entry.name)}](#{entry.name})",
                ", ".join(map(code, entry.needs)),
                escaped(_passes(entry)),
                "no" if entry.exhaustive else "yes",
                entry.version,
            ]
            for entry in built_in()
        ],
    )


def measurements() -> str:
    """The table of all measurements that a proxy may read, with the built-in proxies that read them."""
    readers = {name: [entry.name for entry in built_in() if name in entry.needs] for name in MEASUREMENTS}
    return table(
        ["measurement", "yields", "passes", "read by"],
        [
            [code(name), escaped(found.yields), escaped(found.passes), ", ".join(map(code, readers[name])) or "–"]
            for name, found in MEASUREMENTS.items()
        ],
    )


def proxy_formulas() -> str:
    """For each built-in proxy its formula, its source and the text of its function."""
    return "\n\n".join(map(_section, built_in()))


def _passes(entry: Proxy) -> str:
    each = [MEASUREMENTS[need].passes for need in entry.needs]
    return ", ".join([text for text in each if text != NO_PASS] or [NO_PASS])


def _section(entry: Proxy) -> str:
    formula = FORMULAS[entry.name]
    legend = f"where {formula.legend}.\n\n" if formula.legend else ""
    place = f"{entry.function.__module__}.{entry.function.__name__}"
    options = {"show_root_heading": "false", "show_root_toc_entry": "false", "show_signature": "false"}
    shown = "\n".join(f"      {name}: {value}" for name, value in options.items())
    return (
        f"### {entry.name}\n\n\\[{formula.latex}\\]\n\n{legend}"
        f"Source: {escaped(SOURCES[entry.source])}.\n\n::: {place}\n    options:\n{shown}"
    )
