"""A ranking and an opened page that the report's tests share."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.evaluation.ranking import Ranking
from harness.report.webpage.content import Content
from harness.report.webpage.rendering import page
from tests.report.rankings import ranking_of, ranking_row


@pytest.fixture
def ranking() -> Ranking:
    """Three proxies and the baselines, on all cells of NAS-Bench-201."""
    values = {"nasi_trace": 0.60, "zen": -0.36, "jacob_cov": 0.73, "params": 0.75, "flops": 0.74}
    return ranking_of(pd.DataFrame([ranking_row(proxy, value, 15_625) for proxy, value in values.items()]))


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens a page of some content; afterwards nothing was requested but the file, and the console is silent."""
    contexts, heard = [], []

    def visited(content: Content, **options: Any) -> Any:
        file = tmp_path / "page.html"
        file.write_text(page(content, title="Proxies"), encoding="utf-8")
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
        context.set_offline(True)
        contexts.append(context)
        opened = context.new_page()
        opened.set_default_timeout(10_000)
        opened.on("console", lambda message: heard.append(f"console: {message.text}"))
        opened.on("pageerror", lambda error: heard.append(f"error: {error}"))
        opened.on("dialog", lambda dialog: heard.append(f"dialog: {dialog.message}"))
        opened.on("request", lambda request: request.url == file.as_uri() or heard.append(f"request: {request.url}"))
        opened.goto(file.as_uri())
        opened.wait_for_selector("#plot-architecture code")
        return opened

    yield visited
    for context in contexts:
        context.close()
    assert heard == []
