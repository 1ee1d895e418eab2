"""Records of committed results name no folder of the machine that made them."""

import re
from pathlib import Path

import pytest

RESULTS = Path(__file__).parents[2] / "results"
RECORDS = sorted(path for path in RESULTS.glob("*/*") if path.suffix in (".json", ".md", ".csv"))
_ABSOLUTE = re.compile(r"(?<![\w.:/])/(home|root|work|tmp|Users|mnt|data|usr|var)/|[A-Z]:\\\\")


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_record_has_no_absolute_path(path: Path) -> None:
    found = _ABSOLUTE.search(path.read_text(encoding="utf-8"))
    assert found is None, found


def test_an_absolute_path_would_be_found() -> None:
    assert _ABSOLUTE.search('"to": "/home/someone/results"')
    assert not _ABSOLUTE.search("https://github.com/home/x and results/home/x.csv")
