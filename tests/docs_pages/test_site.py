"""The site: its pages and its navigation agree, it builds in strict mode, and it reads no file of another host."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import benchmarks
import harness
from docs_pages import hooks
from harness.studies.study import STUDIES
from tests.sampling import one_in

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
SOURCES = [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
LOADED = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src"}
"""Attributes by which a page makes a browser fetch a file."""


NAVIGATION = re.findall(
    r"([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8").split("\nnav:")[1], re.MULTILINE
)


def test_the_navigation_has_every_page_once() -> None:
    made = ["changelog.md", *(f"notebooks/{path.stem}.md" for path in (ROOT / "notebooks").glob("*.ipynb"))]
    results = [path.relative_to(ROOT).as_posix() for path in (ROOT / "results").glob("*/README.md")]
    written = [path.relative_to(DOCS).as_posix() for path in PAGES]
    assert sorted(NAVIGATION) == sorted(written + made + results)
    studies = [page.split("/")[1] for page in NAVIGATION if page.startswith("results/")]
    with_results = [name for name in STUDIES if name != "natsbench-sizes"]
    assert studies == [*with_results, "darts", "nasbench201-all"]


def test_every_name_of_the_reference_imports() -> None:
    named = [
        name for page in PAGES for name in re.findall(r"^::: (\S+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert len(named) > 40
    for name in named:
        module, _, attribute = name.rpartition(".")
        found = importlib.import_module(module)
        assert hasattr(found, attribute) or importlib.import_module(name), name


@pytest.mark.parametrize("package", [harness, benchmarks], ids=lambda package: package.__name__)
def test_the_reference_has_every_public_name_with_an_example(package: Any) -> None:
    text = (DOCS / "reference" / f"{package.__name__}.md").read_text(encoding="utf-8")
    for name in package.__all__:
        after = text.split(f"::: {package.__name__}.{name}\n")[1]
        assert "```python" in after.partition(":::")[0], f"{name} has no example"


def test_every_part_that_is_made_from_the_code_is_used_and_known() -> None:
    texts = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    marks = re.findall(r"^<!-- made from the code: (.*) -->$", texts, flags=re.MULTILINE)
    assert sorted(marks) == sorted(hooks.TABLES)
    assert "made from the code" not in hooks.filled(f"<!-- made from the code: {marks[0]} -->")


def test_addresses_of_other_hosts_are_well_formed() -> None:
    """They are not opened: a test needs no network."""
    for source in SOURCES:
        for address in re.findall(r"\]\((\w+:[^)]*)\)", source.read_text(encoding="utf-8")):
            parts = urlsplit(address)
            assert parts.scheme == "https", (source.name, address)
            assert re.fullmatch(r"[\w-]+(\.[\w-]+)+", parts.netloc), (source.name, address)


def test_the_links_of_the_readme_lead_to_files() -> None:
    for source in (ROOT / "README.md", ROOT / "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(([^)#:]+)[^)]*\)", source.read_text(encoding="utf-8")):
            assert (ROOT / target).exists(), (source.name, target)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built in strict mode: a broken link inside it is an error. Notebooks run in tests of their own."""
    for module in ("mkdocs", "material", "mkdocstrings", "latex2mathml"):
        pytest.importorskip(module, reason=f"{module} is not installed (the extra docs has it)")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        env=os.environ | {"NASINIT_DOCS_RUN": "false"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


class _Fetched(HTMLParser):
    """Collects what a page makes a browser fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get(LOADED.get(tag, ""))
        if address:
            self.addresses.append(address)


def test_the_site_fetches_nothing_from_another_host_and_misses_no_file(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > len(NAVIGATION)
    for page in pages:
        found = _Fetched()
        found.feed(page.read_text(encoding="utf-8"))
        for address in found.addresses:
            assert not urlsplit(address).netloc, (page.name, address)
            if page.name != "404.html":  # its addresses are those of a server
                assert (page.parent / urlsplit(address).path).exists() or address.startswith("data:"), (page, address)


def test_formulas_are_drawn_and_pictures_are_there(site: Path) -> None:
    proxies = (site / "numbers" / "proxies.html").read_text(encoding="utf-8")
    assert proxies.count('<div class="formula"><math') > 30
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert 'class="arithmatex"' not in text, page
        for formula in re.findall(r"<math.*?</math>", text, flags=re.DOTALL):
            assert "\\" not in formula, "a command that is not known stays as it is"
    assert (site / "results" / "demo" / "scatter.png").is_file()


WIDTHS = {"desktop": 1280, "phone": 390}
LOOKED_AT = ("index", "first_hour", "numbers/proxies", "numbers/statistics", "studies", "tables", "reference/harness")


@pytest.mark.parametrize("width", one_in(2, [pytest.param(width, id=name) for name, width in WIDTHS.items()], at=1))
def test_no_page_is_wider_than_its_window(site: Path, browser: Any, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 850})
    context.set_offline(True)
    page = context.new_page()
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    for name in LOOKED_AT:
        page.goto((site / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    context.close()
    assert heard == []


def test_the_search_works_in_a_site_opened_from_the_disk(site: Path, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 850})
    context.set_offline(True)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto((site / "index.html").as_uri())
    page.click("input.md-search__input")
    page.keyboard.type("attenuation", delay=20)
    page.wait_for_selector("a.md-search-result__link[href*='ceilings']")
    context.close()
