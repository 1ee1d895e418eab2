"""What the README says is what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

import benchmarks
import harness
from benchmarks import open_table
from harness.measurements import MEASUREMENTS
from harness.measurements import registry as measurements
from harness.proxies import registry
from harness.report.tables.ranking import ranking_sheet
from harness.report.tables.text import sheet_text
from harness.studies.study import STUDIES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DEMO = ROOT / "results" / "demo"


@pytest.fixture
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies of the registries, so that what a document registers is gone afterwards."""
    registry.load_builtin()
    for one in (registry, measurements):
        monkeypatch.setattr(one, "_REGISTRY", dict(one._REGISTRY))


def test_the_readmes_python_runs(
    own_registry: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NASINIT_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(blocks) >= 3
    exec(compile("\n".join(blocks), "README.md", "exec"), {"__name__": "readme"})
    printed = capsys.readouterr().out
    assert " ok\n" in printed
    assert "largest_gradient" in printed


@pytest.mark.parametrize("notebook", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_run(notebook: Path, own_registry: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their code cells in order, in an empty folder; they are committed without outputs."""
    monkeypatch.delenv("NASINIT_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    cells = [cell for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert cells
    assert not any(cell["outputs"] for cell in cells)
    names: dict[str, object] = {"__name__": "notebook"}
    for cell in cells:
        exec(compile("".join(cell["source"]), notebook.name, "exec"), names)
    assert "ranking" in names


@pytest.mark.parametrize("notebook", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_name_nothing_that_is_not_public(notebook: Path) -> None:
    """Neither in code nor in words: users copy both."""
    text = "".join(
        line for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"] for line in cell["source"]
    )
    assert set(re.findall(r"\bharness\.(\w+)", text)) <= set(harness.__all__)
    assert set(re.findall(r"\bbenchmarks\.(\w+)", text)) <= set(benchmarks.__all__)
    assert not re.search(r"from (harness|benchmarks)\b|\._\w", text)


def test_the_readmes_table_of_studies_is_all_of_them() -> None:
    section = README.split("\n## Studies")[1].split("\n## ")[0]
    firsts = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert sorted(name for first in firsts for name in re.findall("`([^`]+)`", first)) == sorted(STUDIES)


def proxy_row(entry: registry.Proxy) -> str:
    reads = ", ".join(f"`{need}`" for need in entry.needs)
    each = [MEASUREMENTS[need].passes for need in entry.needs]
    passes = ", ".join([text for text in each if text != "no pass"] or ["no pass"])
    inside = "no" if entry.exhaustive else "yes"
    return f"| `{entry.name}` | {entry.source} | {reads} | {passes} | {inside} | {entry.version} |"


def test_the_readmes_table_of_proxies_is_the_registry() -> None:
    built_in = [entry for entry in harness.list_proxies() if entry.function.__module__.startswith("harness.")]
    section = README.split("\n## Proxies\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    # sorted, since a module that another test imported by itself is registered before the others
    assert sorted(rows) == sorted(proxy_row(entry) for entry in built_in)


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
    assert "\n".join(line.rstrip() for line in text.splitlines()) in README


def test_the_demos_setting_is_the_one_that_its_scores_are_of() -> None:
    facts = json.loads((DEMO / "demo.json").read_text(encoding="utf-8"))
    assert facts["command"].startswith("nasinit demo")
    for bn, setting in facts["settings"].items():
        assert harness.Setting(**setting).bn == bn
        scores = pd.read_csv(DEMO / f"scores_bn_{bn}.csv")
        cells = harness.open_space("nasbench201").sample(facts["sample"], setting["seed"])
        assert list(dict.fromkeys(scores["architecture"])) == [str(cell) for cell in cells]
