"""Hooks of MkDocs: they add the pages and pictures that are made from the code, and turn formulas into MathML."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from docs_pages import commands, formulas, notebooks, proxies, studies, tables

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
TABLES = {
    "commands": commands.commands,
    "measurements": proxies.measurements,
    "proxies": proxies.proxies,
    "proxy-formulas": proxies.proxy_formulas,
    "studies": studies.studies,
    "study-pictures": studies.study_pictures,
    "tables": tables.tables,
    "written-by-default": commands.written_by_default,
}
"""What a line such as `<!-- made from the code: proxies -->` in a page stands for."""

_MARK = re.compile(r"^<!-- made from the code: ([\w-]+) -->$", re.MULTILINE)


def filled(markdown: str) -> str:
    """The page with the parts that are made from the code; KeyError for a part that there is not."""
    return _MARK.sub(lambda mark: TABLES[mark.group(1)](), markdown)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the results of the studies as they lie in the repository, the notebooks and the list of changes."""
    from mkdocs.structure.files import File

    for path in sorted((ROOT / "results").rglob("*")):
        if path.is_file():
            name = path.relative_to(ROOT).as_posix()
            files.append(File.generated(config, name, abs_src_path=str(path)))
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        text = notebooks.page(path, run=bool(config.extra["run_notebooks"]))
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=text))
    files.append(File.generated(config, "changelog.md", abs_src_path=str(ROOT / "CHANGELOG.md")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in what is made from the code; the long tables of the results are left out of the search."""
    if page.file.src_uri.endswith(("/tables.md", "/table.md")):
        page.meta["search"] = {"exclude": True}
    return filled(markdown)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn formulas into MathML, which browsers draw by themselves, and let wide tables scroll."""
    return formulas.in_mathml(html)
