"""The web page's tables, lists and curves in a headless Chromium: sorted, walked through, chosen from."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import harness
from harness.report.webpage.content import Content
from harness.stats import COEFFICIENTS
from tests.report.rankings import comparison_of
from tests.report.webpage.browsing import shown
from tests.report.webpage.pages import ceiling_at, compared, keys_of, made, ordinary
from tests.sampling import one_in


def test_sorting_sorts(visit: Callable[..., Any]) -> None:
    content = ordinary()
    opened = visit(content)
    names = opened.locator("#ranking-table tbody tr")

    def rows() -> list[str]:
        return [name for name in names.evaluate_all("(rows) => rows.map((row) => row.dataset.proxy)")]

    assert rows() == content.frame["proxy"].tolist()
    ranking = content.frame.set_index("proxy")
    assert opened.locator("[aria-sort]").all_inner_texts() == ["Spearman"]
    assert opened.locator("[aria-sort]").get_attribute("aria-sort") == "other", "best first, but the baselines last"
    heading = opened.get_by_role("columnheader", name="Kendall")
    for descending in (True, False):
        heading.get_by_role("button").click()
        assert heading.get_attribute("aria-sort") == ("descending" if descending else "ascending")
        values = [ranking.loc[name, "kendall_tau_b"] for name in rows()]
        assert values == sorted(values, reverse=descending)
        assert set(rows()) == set(ranking.index)
    opened.get_by_role("button", name="proxy").first.focus()
    opened.keyboard.press("Enter")
    assert rows() == sorted(ranking.index)


def test_the_column_against_params_sorts_and_says_its_verdict(visit: Callable[..., Any]) -> None:
    frame = compared().frame.set_index("proxy")
    opened = visit(ordinary(comparison=compared()))
    heading = opened.get_by_role("columnheader", name="against params")
    for order in (["good", "params", "wide", "signed"], ["signed", "wide", "params", "good"]):
        heading.get_by_role("button").click()
        rows = opened.locator("#ranking-table tbody tr")
        found = rows.evaluate_all("(rows) => rows.map((row) => row.dataset.proxy)")
        assert found[:4] == order
        assert set(found[4:]) == {"failing", "flops"}, "what was not compared is last"
    verdicts = opened.locator("#ranking-table .verdict").all_inner_texts()
    assert verdicts == [frame.loc[name, "verdict"] for name in found if name in frame.index and name != "params"]


def test_what_is_undefined_is_sorted_last(visit: Callable[..., Any]) -> None:
    values = np.arange(12.0)
    scores = {"constant": [1.0] * 12, "down": -values, "params": values}
    opened = visit(made(scores, values, keys_of("nasbench201", 12)))
    for _ in range(2):
        opened.get_by_role("columnheader", name="Spearman").get_by_role("button").click()
        last = opened.locator("#ranking-table tbody tr").last
        assert last.get_attribute("data-proxy") == "constant"


def test_a_proxy_is_chosen_by_keyboard_everywhere(visit: Callable[..., Any]) -> None:
    content = ordinary()
    opened = visit(content)
    assert opened.locator("#plot-x").input_value() == content.frame["proxy"][0]
    opened.get_by_role("button", name="signed").focus()
    opened.keyboard.press("Enter")
    assert opened.locator("#plot-x").input_value() == "signed"
    assert shown(opened) == content.scores["signed"].idxmax()
    assert opened.locator("#ranking-table tr.chosen").get_attribute("data-proxy") == "signed"
    assert opened.locator("#top-chosen").inner_text() == "signed"
    assert opened.locator(".curve.chosen").get_attribute("data-name") == "signed"


def test_the_heat_map_is_walked_through_and_chooses_two(visit: Callable[..., Any]) -> None:
    content = ordinary()
    opened = visit(content)
    names = [content.ranking.column, *content.frame["proxy"]]
    cells = opened.locator("#agreement-table tbody td")
    assert opened.locator("#agreement-table td[tabindex='0']").count() == 1
    cells.first.focus()
    opened.keyboard.press("ArrowDown")
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("ArrowRight")
    assert opened.locator("#agreement-table-readout").inner_text().startswith(f"{names[1]} and {names[2]}: ")
    opened.keyboard.press("Enter")
    assert opened.locator("#plot-x").input_value() == names[2]
    assert opened.locator("#plot-y").input_value() == names[1]
    cells.nth(3).click()
    assert (opened.locator("#plot-x").input_value(), opened.locator("#plot-y").input_value()) == (names[3], "")


def test_pointing_at_a_curve_names_it(visit: Callable[..., Any]) -> None:
    content = ordinary()
    opened = visit(content)
    curves = opened.locator("#top-curves")
    curves.scroll_into_view_if_needed()
    box = curves.bounding_box()
    opened.mouse.move(box["x"] + 0.97 * box["width"], box["y"] + 0.1 * box["height"])
    best = content.architectures["accuracy"].max()
    assert re.fullmatch(rf".+: the best of the first 60 is {best:.2f}", opened.locator("#top-readout").inner_text())


def test_the_theme_changes_and_print_is_light(visit: Callable[..., Any]) -> None:
    opened = visit(ordinary(), color_scheme="dark")

    def paper() -> int:
        return sum(map(int, re.findall(r"\d+", opened.evaluate("getComputedStyle(document.body).backgroundColor"))))

    assert paper() < 200
    opened.locator("#theme").click()
    assert paper() == 3 * 255
    opened.locator("#theme").click()
    assert opened.locator("#theme").inner_text() == "Theme: dark"
    opened.emulate_media(media="print")
    assert paper() == 3 * 255
    assert not opened.locator("nav").is_visible()
    assert opened.locator("#ranking-table").is_visible()
    assert opened.locator("#top .printed td").first.is_visible()
    shown(opened)
    opened.emulate_media(media="screen")
    shown(opened)
    assert not opened.locator("#top .printed td").first.is_visible()
    assert opened.pdf().startswith(b"%PDF")
    assert not opened.locator("#top .printed td").first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_lines_and_borders_can_be_seen(visit: Callable[..., Any], scheme: str) -> None:
    """Contrast of WCAG 2 at least 3 : 1 with what is behind them; of words in colour 4.5 : 1."""
    opened = visit(ordinary(comparison=compared()), color_scheme=scheme, reduced_motion="reduce")

    def luminance(selector: str, name: str) -> float:
        found = opened.locator(selector).first.evaluate(f"(found) => getComputedStyle(found).{name}")
        parts = [int(part) / 255 for part in re.findall(r"\d+", found)[:3]]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    paper, raised = luminance("body", "backgroundColor"), luminance("#zoom-in", "backgroundColor")
    curve = ".curve:not(.chosen, .params, .random)"
    drawn = [(curve, "stroke"), (".key.others i", "borderTopColor"), ("#zoom-in", "borderTopColor")]
    for selector, name in [*drawn, ("#plot-x", "borderTopColor")]:
        for behind in (paper, raised):
            low, high = sorted((luminance(selector, name), behind))
            assert (high + 0.05) / (low + 0.05) >= 3, selector
    for verdict in (".better", ".worse", ".not"):
        low, high = sorted((luminance(f".verdict{verdict}", "color"), paper))
        assert (high + 0.05) / (low + 0.05) >= 4.5, verdict
    assert opened.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_a_proxy_is_chosen_in_the_table_of_other_columns(visit: Callable[..., Any]) -> None:
    ranking = ordinary().ranking
    opened = visit(ordinary(others=[replace(ranking, column="latency_ms")]))
    cells = opened.locator("#columns-table tbody td")
    assert cells.count() == 2 * len(ranking.frame)
    cells.nth(3).focus()
    readout = opened.locator("#columns-table-readout").inner_text()
    name, _, rest = readout.partition(", latency_ms: ")
    assert rest, readout
    opened.keyboard.press("Enter")
    assert opened.locator("#plot-x").input_value() == name


def every_proxy(seeds: tuple[str, ...], names: list[str]) -> Content:
    """All proxies against params and a ceiling, by three columns."""
    generator = np.random.default_rng(0)
    accuracies = generator.normal(90, 2, size=60).clip(60, 94.3)
    scores = {name: generator.choice([-1, 1]) * accuracies + generator.normal(size=60) * 4 for name in names}
    keys = keys_of("nasbench201", 60)
    first, *others = [
        made(scores, accuracies + generator.normal(size=60), keys, column=column, label=column, seeds=seeds)
        for column in ("cifar10_test_200ep_pct", "cifar100_test_200ep_pct", "imagenet16_120_test_200ep_pct")
    ]
    frame = first.frame
    if seeds:
        frame = frame.assign(**{f"{name}_std": 0.03 for name in COEFFICIENTS})
    proxies = frame["proxy"].tolist()
    verdicts = ["better", "not distinguishable", "worse"]
    comparison = comparison_of(
        pd.DataFrame(
            {
                "proxy": proxies, "difference": -0.123, "difference_low": -0.251, "difference_high": -0.102,
                "verdict": [verdicts[place % 3] for place, _ in enumerate(proxies)],
            }
        )
    )  # fmt: skip
    return replace(
        first, ranking=replace(first.ranking, frame=frame), others=[other.ranking for other in others],
        comparison=comparison, ceiling=ceiling_at(0.9),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("length", "seeds"),
    one_in(4, [pytest.param(length, seeds) for length in (0, 64) for seeds in ((), ("0", "1", "2"))], at=3),
)
def test_no_column_is_cut_at_1280_pixels_with_every_proxy(
    visit: Callable[..., Any], seeds: tuple[str, ...], length: int
) -> None:
    names = [proxy.name for proxy in harness.list_proxies()]
    assert len(names) >= 38
    if length:
        names[0] = ("my_own_proxy_of_networks_" * 9)[:length]
    opened = visit(every_proxy(seeds, names), viewport={"width": 1280, "height": 900})
    tables = opened.locator("table:visible").evaluate_all(
        "(tables) => tables.map((table) => [table.id, table.getBoundingClientRect().right])"
    )
    assert len(tables) >= 3
    wide = [(name, right) for name, right in tables if right > 1280 - 20]
    assert wide == []
    scrolled = opened.locator(".scroll:visible").evaluate_all(
        "(parts) => parts.filter((part) => part.scrollWidth > part.clientWidth).map((part) => part.ariaLabel)"
    )
    assert scrolled == []
    cut = opened.locator("th span, th button, td").evaluate_all(
        """(cells) => cells.filter((cell) => getComputedStyle(cell).overflow !== 'visible'
            && cell.scrollWidth > cell.clientWidth).map((cell) => cell.textContent)"""
    )
    assert cut == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= 1280
