"""The web page in a headless Chromium: it opens, answers the pointer and the keys, and asks nobody for anything."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.report.drawing.looks import LOOKS
from harness.report.webpage.content import Content
from harness.report.webpage.rendering import page
from harness.spaces import open_space
from tests.report.webpage.browsing import shown
from tests.report.webpage.pages import compared, keys_of, made, ordinary
from tests.sampling import one_in

HOSTILE = "<img src=x onerror='window.hacked = true'>\"&</script><script>window.hacked = true</script>"
CORNERS = {(0, 0): 3, (1, 0): 8, (0, 1): 5, (1, 1): 10}
"""Place in the plot, from the lower left, to number of the cell whose dot lies there."""


def cornered() -> Content:
    """Four architectures in the corners of the plot, and others near its middle."""
    accuracies, scores = np.linspace(84, 86, 14), np.linspace(4.6, 5.4, 14)
    for (right, up), number in CORNERS.items():
        scores[number], accuracies[number] = (9.0 if right else 1.0), (90.0 if up else 80.0)
    return made({"mine": scores, "params": -scores}, accuracies, keys_of("nasbench201", 14))


def corner(opened: Any, right: int, up: int) -> tuple[float, float]:
    """Where the dot of a corner lies in the window: a little inside the frame of the plot."""
    box = opened.locator("#plot-canvas").bounding_box()
    left, across = box["x"] + 56, box["width"] - 56 - 14
    top, down = box["y"] + 12, box["height"] - 12 - 46
    share = 0.04 / 1.08
    return left + across * (1 - share if right else share), top + down * (share if up else 1 - share)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"color_scheme": "dark"},
        {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    ],
    ids=["light", "dark", "phone"],
)
def test_it_opens(visit: Callable[..., Any], options: dict[str, Any]) -> None:
    content = ordinary(
        settings={"seed 1": ordinary().ranking.points},
        comparison=compared(),
        facts={"Scores": {"file": "/a/long/" * 30}},
    )
    opened = visit(content, **options)
    assert opened.title() == "Proxies"
    assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
        "the page itself scrolls sideways"
    )
    drawn = "(c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((part) => part > 0)"
    assert opened.locator("#plot-canvas").evaluate(drawn)
    dark = options.get("color_scheme") == "dark"
    paper = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", paper))) < 200) == dark


def test_pointing_shows_the_architecture_with_its_graph(visit: Callable[..., Any]) -> None:
    content = cornered()
    opened = visit(content)
    opened.locator("#plot-canvas").scroll_into_view_if_needed()
    for (right, up), number in CORNERS.items():
        opened.mouse.move(*corner(opened, right, up))
        key = keys_of("nasbench201", 14)[number]
        assert shown(opened) == key
        assert opened.locator("#plot-architecture code").inner_text() == key
        labels = [LOOKS[name].label for name in open_space("nasbench201").parse(key).operations]
        assert opened.locator(".graph .op.box").count() == 6
        assert opened.locator(".graph text").all_text_contents()[:6] == labels
        terms = dict(
            zip(*(opened.locator(f"#plot-architecture {tag}").all_inner_texts() for tag in ("dt", "dd")), strict=True)
        )
        assert float(terms["accuracy"]) == content.architectures.loc[key, "accuracy"]
        assert terms["mine"].startswith("9 (rank 1 of 14)" if right else "1 (rank 1")
        assert terms["parameters"] == f"{50_000 + 1_000 * number:,}"


def test_zoom_moves_the_corners_out_and_back(visit: Callable[..., Any]) -> None:
    opened = visit(cornered())
    opened.locator("#plot-canvas").scroll_into_view_if_needed()
    keys = keys_of("nasbench201", 14)
    place = corner(opened, 1, 1)
    opened.mouse.move(*place)
    assert shown(opened) == keys[10]
    opened.locator("#plot-canvas").focus()
    box = opened.locator("#plot-canvas").bounding_box()
    opened.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    middle = shown(opened)
    assert middle not in [keys[number] for number in CORNERS.values()]
    opened.mouse.wheel(0, -300)
    shown(opened)
    opened.mouse.move(*place)
    assert shown(opened) == middle, "nothing lies in the corner any more"
    opened.keyboard.press("0")
    shown(opened)
    opened.mouse.move(place[0] - 2, place[1])
    assert shown(opened) == keys[10]
    opened.mouse.down()
    opened.mouse.move(place[0] - 202, place[1] + 100, steps=4)
    opened.mouse.up()
    opened.mouse.move(place[0] - 202, place[1] + 99)
    assert shown(opened) == keys[10], "the dot was dragged along"


@pytest.mark.slow
def test_every_scale_is_zoomed_out_of_to_its_ends_and_back(visit: Callable[..., Any]) -> None:
    """40 steps of 1.4 leave the numbers of a logarithmic scale, 2,500 those of a linear one."""
    ranks = np.linspace(-1, 1, 14)
    scores = {
        "linear": ranks,
        "log": 10.0 ** (3 * ranks),
        "symlog": np.sinh(12 * ranks),
        "far": 10.0 ** np.linspace(-270, 300, 14),
        "far both ways": np.sign(ranks) * 10.0 ** (280 * np.abs(ranks)),
        "params": ranks,
    }
    opened = visit(made(scores, 80 + ranks, keys_of("nasbench201", 14)))
    kinds = opened.evaluate(
        "JSON.parse(document.getElementById('page-data').textContent).plot.proxies.map((one) => [one.name, one.scale])"
    )
    expected = {"far": "log", "far both ways": "symlog", "params": "linear"}
    assert dict(kinds) == {name: expected.get(name, name) for name in scores}
    opened.set_default_timeout(20_000)
    opened.locator("#plot-canvas").scroll_into_view_if_needed()
    for name in scores:
        opened.locator("#plot-x").select_option(name)
        for steps, share in ((40, 0.0), (2500, 0.04)):
            opened.locator("#zoom-out").evaluate(
                """async (button, [steps, share]) => {
                    for (let step = 0; step < steps; step += 1) {
                        button.click();
                        if (!share || step > steps - 3) await new Promise(requestAnimationFrame);
                    }
                }""",
                [steps, share],
            )
            opened.locator("#plot-canvas").press("Shift+ArrowLeft")
            shown(opened)
        opened.locator("#zoom-reset").click()
        shown(opened)
        opened.mouse.move(*corner(opened, 1, 1))
        assert shown(opened) == keys_of("nasbench201", 14)[-1], name


def test_keys_walk_through_the_dots_and_keep_one(visit: Callable[..., Any]) -> None:
    content = cornered()
    opened = visit(content)
    canvas = opened.locator("#plot-canvas")
    canvas.focus()
    order = content.scores["mine"].sort_values(kind="stable").index.tolist()
    canvas.press("ArrowRight")
    first = shown(opened)
    walked = [first]
    for _ in range(3):
        canvas.press("ArrowRight")
        walked.append(shown(opened))
    at = order.index(first)
    assert walked == (order[at:] + [order[-1]] * 3)[:4]
    canvas.press("Enter")
    assert opened.locator("#plot-architecture h3").inner_text() == "Architecture, kept"


def test_genotypes_are_drawn_as_two_cells(visit: Callable[..., Any]) -> None:
    keys = keys_of("darts", 12)
    values = np.arange(12.0)
    opened = visit(made({"params": values}, values, keys, space="darts", column="accuracy", label="accuracy"))
    assert shown(opened) == keys[-1]
    assert opened.locator("#plot-architecture h4").all_inner_texts() == ["normal cell", "reduction cell"]
    drawn = opened.locator(".graph text").all_text_contents()
    genotype = open_space("darts").parse(keys[-1])
    assert drawn[:8] == [LOOKS[operation].label for operation, _ in genotype.normal]
    assert drawn[15:23] == [LOOKS[operation].label for operation, _ in genotype.reduce]


def test_hostile_text_stays_text(visit: Callable[..., Any]) -> None:
    values = np.arange(12.0)
    scores = {HOSTILE: values, "params": values[::-1]}
    opened = visit(made(scores, values, keys_of("nasbench201", 12), column=HOSTILE, higher_is_better=False))
    opened.get_by_role("button", name=HOSTILE).first.click()
    opened.locator("#plot-y").select_option("params")
    opened.locator("#agreement-table tbody td").first.hover()
    assert HOSTILE in opened.locator("#agreement-table-readout").inner_text()
    assert opened.evaluate("window.hacked") is None
    assert opened.locator("img").count() == 0


def test_the_pages_own_policy_stops_what_would_leave_it(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(page(ordinary(), title="Proxies"), encoding="utf-8")
    opened = browser.new_page()
    stopped: dict[str, str | None] = {}
    opened.goto(file.as_uri())
    opened.on("requestfailed", lambda request: stopped.update({request.url: request.failure}))
    opened.on("requestfinished", lambda request: stopped.update({request.url: None}))
    assert opened.evaluate("fetch('https://example.invalid/').then(() => 'sent', () => 'stopped')") == "stopped"
    opened.evaluate(
        """() => new Promise((done) => {
            const image = Object.assign(new Image(), { src: 'https://example.invalid/a.png', onerror: done });
            document.body.append(image);
        })"""
    )
    opened.evaluate("document.body.append(Object.assign(document.createElement('script'), { text: 'window.ran = 1' }))")
    assert opened.evaluate("window.ran") is None
    assert stopped
    assert set(stopped.values()) == {"csp"}
    opened.close()


@pytest.mark.parametrize("count", one_in(2, [12, 38]))
def test_a_whole_table_of_many_proxies_opens_and_answers(visit: Callable[..., Any], tmp_path: Path, count: int) -> None:
    """15,625 cells by 12 or 38 proxies: seconds to open and a fraction of one to answer, also when busy.

    Scores that are drawn at random are packed as doubles, eight bytes and a third each in the page, since some would be
    one number in float32.
    """
    cells = [str(cell) for cell in open_space("nasbench201")]
    generator = np.random.default_rng(0)
    accuracies = generator.normal(90, 2, size=len(cells)).clip(10, 94.3)
    scores = {
        f"proxy_{number}": accuracies + (1 + number) * generator.normal(size=len(cells)) for number in range(count - 2)
    }
    content = made(scores | {"params": accuracies, "flops": accuracies}, accuracies, cells)
    start = time.monotonic()
    opened = visit(content)
    assert (tmp_path / "page.html").stat().st_size < count * len(cells) * 8 * 4 / 3 + 2_500_000
    assert time.monotonic() - start < 60
    opened.locator("#plot-canvas").scroll_into_view_if_needed()
    seconds = opened.locator("#plot-canvas").evaluate(
        """async (canvas) => {
            const box = canvas.getBoundingClientRect();
            const start = performance.now();
            for (let step = 0; step < 50; step += 1) {
                const at = { clientX: box.left + 100 + 10 * step, clientY: box.top + 100 + 3 * step };
                canvas.dispatchEvent(new PointerEvent('pointermove', { ...at, bubbles: true }));
            }
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            return (performance.now() - start) / 1000;
        }"""
    )
    assert seconds < 2
    assert shown(opened) in cells
