"""Frames and a browser that the report's tests share."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.report.webpage.content import Content
from harness.report.webpage.rendering import page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NAMES = ("spearman", "kendall_tau_b", "weighted_tau", "pearson")


def ranking_row(proxy: str, value: float, n: int) -> dict[str, object]:
    row: dict[str, object] = {"proxy": proxy, "n": n, "failed": 0.0}
    for step, name in enumerate(NAMES):
        middle = value - step / 100
        row |= {name: middle, f"{name}_low": middle - 0.07, f"{name}_high": middle + 0.06}
    return row | {"best_accuracy": 93.5, "best_percentile": 97.25, "top10_best": 94.1}


@pytest.fixture
def ranking() -> pd.DataFrame:
    """Baselines first, so that a report has to move them."""
    values = {"params": 0.75, "flops": 0.74, "nasi_trace": 0.60, "zen": -0.36, "jacob_cov": 0.73}
    return pd.DataFrame([ranking_row(proxy, value, 15_625) for proxy, value in values.items()])


@pytest.fixture
def make_frames():
    """A points frame and its ranking frame, from scores by proxy; accuracies as on CIFAR-10 with a tail at 10."""

    def make(scores: dict[str, np.ndarray]) -> tuple[pd.DataFrame, pd.DataFrame]:
        n = len(next(iter(scores.values())))
        generator = np.random.default_rng(0)
        accuracies = np.where(np.arange(n) % 40 == 0, 10.0, generator.normal(90, 2, size=n).clip(60, 94.3))
        parameters = generator.choice([73_306, 344_346, 802_426, 1_531_546], size=n)
        points = [
            pd.DataFrame(
                {
                    "proxy": proxy,
                    "architecture": [f"a{index}" for index in range(n)],
                    "score": values,
                    "accuracy": accuracies,
                    "parameters": parameters,
                }
            )
            for proxy, values in scores.items()
        ]
        return pd.concat(points), pd.DataFrame([ranking_row(proxy, 0.6, n) for proxy in scores])

    return make


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (the extra dev has it)")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser is installed: none of {', '.join(BROWSERS)} is found")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()


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
