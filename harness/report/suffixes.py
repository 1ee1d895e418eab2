"""Endings of the files that are written; nothing heavy is loaded, so that a wrong one is refused at once."""

from __future__ import annotations

from pathlib import Path

from harness.errors import HarnessError

CSV = (".csv", ".csv.gz")
"""Endings that `harness.report.files.write_csv` writes."""
PARQUET = (".parquet",)
"""The ending that `write_described_parts` writes."""
PAGES = (".html", ".htm")
"""Endings that `report_page` writes."""
FIGURES = (".png", ".svg", ".pdf")
"""Endings that `save_figure` writes."""


def check_suffix(path: Path, kind: str, allowed: tuple[str, ...]) -> Path:
    """The path itself; `HarnessError` naming what is allowed if its name ends otherwise."""
    if not path.suffix or not path.name.lower().endswith(allowed):
        raise HarnessError(
            f"{kind} is written as {', '.join(allowed)}; got {str(path)!r} with suffix {path.suffix or 'none'!r}"
        )
    return path
