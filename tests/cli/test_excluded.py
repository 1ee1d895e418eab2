"""Options that exclude each other are refused before anything heavy is imported."""

from __future__ import annotations

import pytest

from tests.cli.fresh import ended_in_one_process

REFUSED = {
    "study bn-mode --quick --sample 5": "--quick and --sample: each is a size of the sample",
    "study stability --quick --full": "--quick and --full: each is a size of the sample",
    "study proxy-identities --quick --scores x.csv": "--scores are taken as they are: give them or --quick",
    "study az-nas-table-1 --sample 9 --scores x.csv": "--scores are taken as they are: give them or --sample",
    "score --sample 3 --all": "got --sample and --all",
    "score --sample 3 --table nasbench201": "got --sample and --table",
    "score": "got none of them",
    "score --sample 3 --seed 1 --seeds 0-4": "--seed for one seed or --seeds for several, not both",
    "query random_search --metric m_trace": "--metric without --scores",
    "demo --sample 2": "--sample must be at least 3",
    "--quiet --verbose list proxies": "--quiet or --verbose, not both",
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, str, list[str]]]:
    """What became of each command; nothing is written."""
    folder = tmp_path_factory.mktemp("empty")
    found = ended_in_one_process(REFUSED, {"torch", "numpy", "pandas", "scipy", "matplotlib"}, folder)
    assert list(folder.iterdir()) == []
    return found


@pytest.mark.parametrize("line", REFUSED)
def test_they_are_refused_at_once(ended: dict[str, tuple[int, str, str, list[str]]], line: str) -> None:
    code, out, err, heavy = ended[line]
    assert (code, out, heavy) == (2, "", [])
    assert REFUSED[line] in err
    assert len(err.splitlines()) == 1
