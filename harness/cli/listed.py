"""What `nasinit list --json` prints: spaces, proxies, measurements, searches and tables as values of JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

Record = dict[str, Any]


def spaces() -> list[Record]:
    """The spaces that can be opened, with the problem that their networks are trained for."""
    from harness.spaces import list_spaces, openable_spaces

    summaries = list_spaces()
    return [
        {
            "name": space.name, "summary": summaries[space.name], "problem": space.problem.name,
            "judged_by": space.problem.metric,
        }
        for space in openable_spaces()
    ]  # fmt: skip


def proxies() -> list[Record]:
    """The proxies, with what they read, and what that costs."""
    from harness.proxies.bibliography import citation
    from harness.proxies.readable import cost
    from harness.proxies.registry import list_proxies

    return [
        {
            "name": proxy.name, "version": proxy.version, "summary": proxy.summary, "source": citation(proxy.source),
            "reads": {need: cost(need, proxy) for need in proxy.needs}, "in_all": not proxy.exhaustive,
        }
        for proxy in list_proxies()
    ]  # fmt: skip


def measurements() -> list[Record]:
    """The measurements, with the proxies that read them."""
    from harness.proxies.readable import list_measurements

    return [asdict(each) for each in list_measurements()]


def searches() -> list[Record]:
    """The searches by gradients, with their settings by space."""
    from harness.search import METHODS

    return [
        {
            "name": method.name, "summary": method.summary, "source": method.source,
            "spaces": {space: asdict(presets) for space, presets in method.presets.items()},
        }
        for method in METHODS.values()
    ]  # fmt: skip


def tables(name: str | None = None) -> list[Record]:
    """The tables, or the one of that name or path."""
    from harness.evaluation import Listing, list_tables, open_table

    listings = list_tables()
    if name is not None:
        named = [listing for listing in listings if listing.name == name]
        listings = tuple(named or [Listing.of(open_table(name))])
    return [asdict(listing) for listing in listings]
