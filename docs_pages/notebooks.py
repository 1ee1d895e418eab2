"""Notebooks as pages: their cells are run, and what they print and return stands below them."""

from __future__ import annotations

import ast
import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs_pages.surroundings import empty_folder


def page(path: Path, *, run: bool = True) -> str:
    """A notebook as Markdown.

    Args:
        path: the notebook's file.
        run: whether to run its cells, in an empty folder and without the user's own data; otherwise they stand alone.
    """
    return "\n\n".join(_shown(cell, output) for cell, output in (executed(path) if run else _unrun(path)))


def cells(path: Path) -> list[dict[str, Any]]:
    """The cells of a notebook."""
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found


def executed(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Each cell of a notebook with its output as Markdown; the code cells run in order and share their names.

    Raises:
        Exception: whatever a cell raises.
    """
    names: dict[str, Any] = {"__name__": "notebook"}
    with empty_folder():
        for cell in cells(path):
            yield cell, _run("".join(cell["source"]), path.name, names) if cell["cell_type"] == "code" else ""


def _unrun(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    return ((cell, "") for cell in cells(path))


def _run(source: str, name: str, names: dict[str, Any]) -> str:
    """What a cell prints, and the value of its last line if that is an expression, as a notebook shows it."""
    tree = ast.parse(source, name)
    last = ast.Expression(tree.body[-1].value) if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    if last is not None:
        tree.body.pop()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        exec(compile(tree, name, "exec"), names)
        value = None if last is None else eval(compile(last, name, "eval"), names)
    parts = [_text(printed.getvalue())] if printed.getvalue() else []
    if value is not None:
        parts.append(value._repr_html_() if hasattr(value, "_repr_html_") else _text(repr(value)))
    return "\n\n".join(parts)


def _text(output: str) -> str:
    return f"```text\n{output.rstrip()}\n```"


def _shown(cell: dict[str, Any], output: str) -> str:
    source = "".join(cell["source"])
    return f"```python\n{source}\n```\n\n{output}".rstrip() if cell["cell_type"] == "code" else source
