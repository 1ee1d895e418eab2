"""What the README, the site and the notebooks say is what the code does."""

from __future__ import annotations

import json
import logging
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import benchmarks
import harness
from benchmarks import open_table
from docs_pages import notebooks
from docs_pages.commands import every_command
from harness.measurements import registry as measurements
from harness.proxies import registry
from harness.report.tables.ranking import ranking_sheet
from harness.report.tables.text import sheet_text
from tests.workers import worker_processes, worker_threads

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST_HOUR = (ROOT / "docs" / "first_hour.md").read_text(encoding="utf-8")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LONG = [path for path in NOTEBOOKS if path.stem == "a_papers_table"]
SHORT = [path for path in NOTEBOOKS if path not in LONG]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NEEDS = {"restoration": "torchmetrics"}
"""Packages of extras without which the Python of a page does not run."""
OF_PROCESSES = "cluster"
"""The page whose Python starts processes here too; that of the others and of the notebooks has threads for them."""
PAGES = [path for path in DOCUMENTS if "```python" in path.read_text(encoding="utf-8")]


def commands_in(page: Path) -> list[str]:
    """The lines of the page's blocks of code that call nasinit."""
    return re.findall(r"^(?: {4}| {12})(nasinit .*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)


WITH_COMMANDS = [path for path in DOCUMENTS if commands_in(path)]
DEMO = ROOT / "results" / "demo"


@pytest.fixture
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies of the registries, so that what a document registers is gone afterwards."""
    registry.load_builtin()
    for one in (registry, measurements):
        monkeypatch.setattr(one, "_REGISTRY", dict(one._REGISTRY))


@pytest.fixture
def own_logging() -> Iterator[None]:
    """Handlers and levels that a document sets are gone afterwards."""
    loggers = [logging.getLogger(name) for name in (None, "harness", "benchmarks")]
    before = [(logger, logger.level, list(logger.handlers)) for logger in loggers]
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_python_of_a_page_runs(
    page: Path, own_registry: None, own_logging: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its blocks in order, in an empty folder, without data and without the blocks of other pages."""
    if page.stem in NEEDS:
        pytest.importorskip(NEEDS[page.stem])
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    monkeypatch.delenv("NASINIT_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    with worker_processes() if page.stem == OF_PROCESSES else worker_threads():
        exec(compile("\n".join(blocks), page.name, "exec"), {"__name__": "page"})


def test_the_version_is_the_same_everywhere() -> None:
    setup = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    version = re.findall(r"^version = (.+)$", setup, flags=re.MULTILINE)
    released = re.findall(r"^date-released: (.+)$", citation, flags=re.MULTILINE)
    assert re.findall(r"^version: (.+)$", citation, flags=re.MULTILINE) == version
    changes = re.search(r"^## \[(.+)\] - (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert changes is not None
    assert [changes[1], changes[2]] == [*version, *released]


def test_the_readme_is_a_screen_or_two() -> None:
    assert len(README.splitlines()) < 150


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_commands_of_a_page_exist_with_their_options(page: Path) -> None:
    known = {
        path: {option for part in command.params for option in (*part.opts, *part.secondary_opts)}
        for path, command in every_command()
    }
    for line in commands_in(page):
        words = shlex.split(line, comments=True)
        path = " ".join(words[:3] if words[1] in ("plot", "store", "measure") else words[:2])
        assert path in known, line
        assert {word for word in words if word.startswith("--")} <= known[path], line


@pytest.mark.parametrize(
    "notebook", [*SHORT, *(pytest.param(one, marks=pytest.mark.slow) for one in LONG)], ids=lambda path: path.stem
)
def test_a_notebook_runs_and_its_page_shows_what_came_out(notebook: Path, own_registry: None) -> None:
    """Notebooks are committed without outputs; the site runs them."""
    code = [cell for cell in notebooks.cells(notebook) if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] for cell in code)
    with worker_threads():
        page = notebooks.page(notebook)
    assert page.count("```python") == len(code)
    assert "<table" in page
    assert notebooks.page(notebook, run=False).count("<table") == 0


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_name_nothing_that_is_not_public(notebook: Path) -> None:
    """Neither in code nor in words: users copy both."""
    text = "".join(
        line for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"] for line in cell["source"]
    )
    assert set(re.findall(r"\bharness\.(\w+)", text)) <= set(harness.__all__)
    assert set(re.findall(r"\bbenchmarks\.(\w+)", text)) <= set(benchmarks.__all__)
    assert not re.search(r"from (harness|benchmarks)\b|\._\w", text)


@pytest.mark.parametrize("bn", ["train", "eval"])
def test_the_demos_tables_follow_from_its_scores(bn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = json.loads((DEMO / "demo.json").read_text(encoding="utf-8"))
    table = open_table(facts["table"]["name"])
    assert table.facts.sha256 == facts["table"]["sha256"]
    ranking = harness.correlate(pd.read_csv(DEMO / f"scores_bn_{bn}.csv"), table, column=facts["column"])
    committed = pd.read_csv(DEMO / f"ranking_bn_{bn}.csv")
    pd.testing.assert_frame_equal(ranking.frame, committed, check_dtype=False, rtol=1e-9)
    text = sheet_text(ranking_sheet(ranking, facts["titles"][bn]), 100)
    assert (DEMO / f"ranking_bn_{bn}.txt").read_text(encoding="utf-8") == text + "\n"
    assert "\n".join(line.rstrip() for line in text.splitlines()) in FIRST_HOUR


def test_the_demos_setting_is_the_one_that_its_scores_are_of() -> None:
    facts = json.loads((DEMO / "demo.json").read_text(encoding="utf-8"))
    assert facts["command"].startswith("nasinit demo")
    for bn, setting in facts["settings"].items():
        assert harness.Setting(**setting).bn == bn
        scores = pd.read_csv(DEMO / f"scores_bn_{bn}.csv")
        cells = harness.open_space("nasbench201").sample(facts["sample"], setting["seed"])
        assert list(dict.fromkeys(scores["architecture"])) == [str(cell) for cell in cells]
