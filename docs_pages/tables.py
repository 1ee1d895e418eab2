"""The facts and columns of the published tables, from their registry."""

from __future__ import annotations

from benchmarks import Listing, list_tables
from docs_pages.markdown import code, definitions, escaped
from docs_pages.surroundings import without_data


def tables() -> str:
    """Every published table: its facts, its limits and its columns. Where a file lies on this machine is left out."""
    with without_data():
        listings = list_tables()
    return "\n\n".join(_section(listing) for listing in listings if not listing.opens)


def _section(listing: Listing) -> str:
    facts = listing.facts
    rows = "unknown" if facts.rows is None else f"{facts.rows:,}"
    entries = [
        ("source", facts.source),
        ("licence", facts.licence),
        ("split", facts.splits),
        ("epochs", facts.epochs),
        ("seeds", facts.seeds),
        ("rows", f"{rows}, of {facts.space_in_words}"),
        ("note", facts.note),
    ]
    said = "\n".join(f"- **{name}:** {escaped(text)}" for name, text in entries if text)
    columns = definitions((code(column.name), escaped(column.description)) for column in listing.columns)
    count = len(listing.columns)
    return (
        f'### {facts.name}\n\n{escaped(facts.title)}.\n\n{said}\n\n??? note "{count} columns"\n\n{_indented(columns)}'
    )


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())
