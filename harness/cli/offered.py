"""What a shell offers for the values of options and arguments; it never raises, and loads nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.evaluation import Listing

Offer = Callable[[str], list[str]]
"""What begins with the text that is there."""


def of(names: Callable[[], Iterable[str]]) -> Offer:
    """Offer those of some names that begin as the text does; nothing where they cannot be found."""

    def offer(incomplete: str) -> list[str]:
        try:
            return [name for name in names() if name.startswith(incomplete)]
        except Exception:  # a shell shows no message, and a traceback would stand in the line that is being typed
            return []

    return offer


def several_of(names: Callable[[], Iterable[str]]) -> Offer:
    """Offer the names for the last part of a text with commas, without those that are in it."""

    def offer(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        there = before.split(",")
        return [f"{before}{comma}{name}" for name in of(names)(last) if name not in there]

    return offer


def those(*names: str) -> Offer:
    """Offer these names."""
    return of(lambda: names)


def _spaces() -> Iterable[str]:
    from harness.spaces import list_spaces

    return list_spaces()


def _proxies() -> list[str]:
    from harness.proxies.registry import list_proxies

    return [proxy.name for proxy in list_proxies()]


def _proxies_or_all() -> list[str]:
    return ["all", *_proxies()]


def _tables() -> list[str]:
    return [listing.name for listing in _listings()]


def _columns() -> Iterable[str]:
    there = (listing for listing in _listings() if listing.available and listing.measures)
    return dict.fromkeys(column.name for listing in there for column in listing.columns)


def _listings() -> Iterable[Listing]:
    from harness.evaluation import list_tables

    return list_tables()


def _studies() -> Iterable[str]:
    from harness.studies.study import STUDIES

    return STUDIES


def _searches() -> Iterable[str]:
    from harness.search.gradient.names import NAMES

    return NAMES


def _losses() -> Iterable[str]:
    from harness.problem import CLASSIFICATION

    return CLASSIFICATION.losses


def _queries() -> list[str]:
    from harness.search.query.names import NAMES

    return ["all", *NAMES]


def _predictors() -> Iterable[str]:
    from harness.evaluation.predictors import PREDICTORS

    return PREDICTORS


def _combinations() -> list[str]:
    from harness.evaluation.libra import LIBRA
    from harness.proxies.combiners import COMBINERS

    return [*COMBINERS, LIBRA]


SPACES, TABLES, COLUMNS, STUDIES, SEARCHES = map(of, (_spaces, _tables, _columns, _studies, _searches))
QUERIES, LOSSES, PREDICTORS = of(_queries), of(_losses), of(_predictors)
PROXY, NAMED, PROXIES = of(_proxies), several_of(_proxies), several_of(_proxies_or_all)
COMBINATIONS = several_of(_combinations)
