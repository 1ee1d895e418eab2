"""The web page's text and data, without a browser: numbers against slow ones, escaping, what is there when."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from harness.evaluation.missing import MissingScores
from harness.report.drawing.looks import LOOKS
from harness.report.webpage.colours import coefficient_colours
from harness.report.webpage.packing import json_for_script, packed
from harness.report.webpage.rendering import page
from harness.scoring.store import RunRecord
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.darts.genotype import canonical
from tests.report.webpage.pages import Elements, array_of, ceiling_at, data_of, keys_of, made, ordinary

HOSTILE = "<img src=x onerror='window.hacked = true'>\"&</script><script>window.hacked = true</script>"
GENOTYPES = open_space("darts").sample(12)


def test_the_page_loads_nothing():
    text = page(ordinary(), title="A page")
    found = Elements(text)
    for tag, attributes in found.tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "form")
        assert not [name for name in attributes if name.startswith("on")]
        assert attributes.get("src") is None
        assert (attributes.get("href") or "#").startswith("#")
    assert len(found.scripts) == 2
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) == {"http://www.w3.org/2000/svg"}
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_ids_are_there_once_and_the_contents_lead_to_sections():
    found = Elements(page(ordinary(), title="A page"))
    ids = found.ids()
    assert len(set(ids)) == len(ids)
    leads = [attributes["href"][1:] for tag, attributes in found.tags if tag == "a"]
    assert set(leads) <= set(ids)
    assert leads == ["main", "ranking", "plot", "top", "agreement", "setting"]


def test_sections_are_there_when_there_is_something_to_say():
    missing = MissingScores(pd.DataFrame(columns=["proxy", "architecture", "status", "message"]), {})
    content = ordinary(missing=missing, settings={"seed 1": ordinary().ranking.points}, others=[ordinary().ranking])
    found = Elements(page(content, title="A page"))
    sections = [attributes["id"] for tag, attributes in found.tags if tag == "section"]
    assert sections == ["ranking", "plot", "top", "columns", "agreement", "stability", "failures", "setting"]
    keys = keys_of("nasbench201", 12)
    alone = made({"params": np.arange(12.0)}, np.arange(12.0), keys)
    found = Elements(page(alone, title="A page"))
    sections = [attributes["id"] for tag, attributes in found.tags if tag == "section"]
    assert sections == ["ranking", "plot", "top", "setting"]


def test_what_comes_from_files_is_only_text():
    values = np.arange(12.0)
    keys = keys_of("nasbench201", 12)
    failures = pd.DataFrame([{"proxy": HOSTILE, "architecture": HOSTILE, "status": HOSTILE, "message": HOSTILE}])
    content = made(
        {HOSTILE: values, "params": values[::-1]},
        values,
        keys,
        column=HOSTILE,
        label=HOSTILE,
        value_name=HOSTILE,
        source=HOSTILE,
        higher_is_better=False,
        unmatched=(HOSTILE,),
        comparison=HOSTILE,
        ceiling=ceiling_at(0.9),
        facts={HOSTILE: {HOSTILE: HOSTILE}},
        missing=MissingScores(failures, {HOSTILE: 12}),
        settings={HOSTILE: pd.DataFrame({"proxy": HOSTILE, "architecture": keys, "score": values})},
    )
    content = replace(content, others=[content.ranking])
    text = page(content, title=HOSTILE)
    found = Elements(text)
    assert [tag for tag, _ in found.tags if tag in ("img", "script")] == ["script", "script"]
    assert not [name for _, attributes in found.tags for name in attributes if name == "onerror"]
    assert "<img" not in text
    assert data_of(text)["plot"]["proxies"][0]["name"] in (HOSTILE, "params")
    assert found.scripts[1] == Elements(page(ordinary(), title="A page")).scripts[1]


def test_json_ends_no_script():
    text = str(json_for_script({"a": "</script><!-- & \u2028"}))
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"a": "</script><!-- & \u2028"}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0, 255], "u1"),
        ([256], "u2"),
        ([70_000], "u4"),
        ([2**32 - 1], "u4"),
        ([2**32], "f8"),
        ([0, 3 * 10**12], "f8"),
        ([1.0, 1.0 + 1e-9], "f8"),
        ([1.0, 1.0 + 1e-9, float("nan")], "f8"),
        ([1.5, 1.5, float("nan"), float("nan")], "f4"),
        ([1.5, -2e30, float("nan")], "f4"),
        ([1e39], "f8"),
        ([1e-40], "f8"),
        ([0.0], "f4"),
        ([], "f4"),
    ],
)
def test_arrays_are_packed_in_the_smallest_type_that_holds_them(values, kind):
    held = packed(np.array(values))
    assert held["type"] == kind
    np.testing.assert_allclose(array_of(held), values, rtol=1e-7)
    assert len(set(array_of(held)[~np.isnan(array_of(held))])) == len({value for value in values if value == value})


def test_the_plots_data_are_the_scores():
    content = ordinary()
    plot = data_of(page(content, title="A page"))["plot"]
    assert plot["architectures"] == list(content.architectures.index)
    np.testing.assert_array_equal(array_of(plot["values"]), content.architectures["accuracy"].astype("float32"))
    np.testing.assert_array_equal(array_of(plot["parameters"]), content.architectures["parameters"])
    assert [proxy["name"] for proxy in plot["proxies"]] == content.proxies
    for proxy in plot["proxies"]:
        scores = content.ranking.points[content.ranking.points["proxy"] == proxy["name"]].set_index("architecture")[
            "score"
        ]
        expected = scores.reindex(plot["architectures"]).astype("float32")
        np.testing.assert_array_equal(array_of(proxy["scores"]), expected)
    scales = {proxy["name"]: proxy["scale"] for proxy in plot["proxies"]}
    assert scales == {
        "good": "linear", "wide": "log", "signed": "symlog", "failing": "linear", "params": "linear", "flops": "linear",
    }  # fmt: skip


def test_every_architecture_has_its_own_operations():
    content = ordinary()
    plot = data_of(page(content, title="A page"))["plot"]
    rows = array_of(plot["cells"]["each"]).reshape(len(plot["architectures"]), -1)
    names = list(LOOKS)
    for key, row in zip(plot["architectures"], rows, strict=True):
        assert row[0] == 0
        assert [names[number] for number in row[1:]] == re.findall(r"(\w+)~", key)


def test_genotypes_share_the_layouts_of_their_wirings():
    keys = [str(canonical(genotype)) for genotype in GENOTYPES]
    values = np.arange(12.0)
    content = made({"params": values}, values, keys, space="darts", column="accuracy", label="accuracy")
    cells = data_of(page(content, title="A page"))["plot"]["cells"]
    rows = array_of(cells["each"]).reshape(12, -1)
    names = list(LOOKS)
    assert cells["titles"] == ["normal cell", "reduction cell"]
    assert len(cells["layouts"]) == len(set(rows[:, [0, 9]].ravel()))
    for genotype, row in zip(GENOTYPES, rows, strict=True):
        read = canonical(genotype)
        assert [names[number] for number in row[1:9]] == [operation for operation, _ in read.normal]
        assert [names[number] for number in row[10:]] == [operation for operation, _ in read.reduce]


def test_what_a_browser_would_trim_off_a_name_stays_in_the_plots_choices():
    values = np.arange(12.0)
    content = made({"two  blanks ": values, "params": -values}, values, keys_of("nasbench201", 12))
    options = [found["value"] for tag, found in Elements(page(content, title="A page")).tags if tag == "option"]
    assert options == ["two  blanks ", "params", "", "two  blanks ", "params"]


@pytest.mark.parametrize("ceiling", [-0.95, -0.3, 0.0, 0.9])
def test_the_ceiling_lies_in_the_picture_of_the_intervals(ceiling):
    found = Elements(page(ordinary(ceiling=ceiling_at(ceiling)), title="A page"))
    marks = [
        float(attributes["x1"] or "nan") for _, attributes in found.tags if attributes.get("class") == "ceiling-mark"
    ]
    assert len(marks) == 6
    assert all(0 <= mark <= 124 for mark in marks)


def test_the_ceiling_is_no_bound():
    text = page(ordinary(ceiling=ceiling_at(0.97)), title="A page")
    assert (
        "The dashed line at 0.970 is the ceiling: one training of these architectures against another, the mean over 3 "
        "pairs of trainings. A score may in principle exceed that: one training against another is no bound."
    ) in text
    assert "no bound" not in page(ordinary(), title="A page")


def test_where_lower_is_better_the_ceiling_is_turned_with_the_coefficients():
    text = page(ordinary(ceiling=ceiling_at(0.97), higher_is_better=False), title="A page")
    assert "The dashed line at -0.970 is the ceiling" in text


def test_small_values_keep_their_digits():
    values = np.linspace(0.0000123, 0.0000456, 12)
    text = page(made({"params": values}, values, keys_of("nasbench201", 12)), title="A page")
    top = data_of(text)["top"]
    np.testing.assert_allclose(top["values"][0], [values.max()] * len(top["counts"]), rtol=1e-6)
    assert "The best there is: 0.00004560." in text
    ticks = re.findall(r'text-anchor="end">([^<]+)</text>', text)
    assert len(set(ticks)) == len(ticks) > 2


def test_colours_can_be_read():
    """Contrast of WCAG 2 at least 4.5 : 1 between a coefficient and what is behind it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for value in np.linspace(-1, 1, 81):
        first, second = sorted(map(luminance, coefficient_colours(float(value)) or ()))
        assert (second + 0.05) / (first + 0.05) >= 4.5
    assert coefficient_colours(float("nan")) is None


def test_the_same_content_is_the_same_page():
    assert page(ordinary(), title="A page") == page(ordinary(), title="A page")


def test_other_columns_stand_next_to_the_first():
    content = ordinary()
    frame = content.ranking.frame.assign(spearman=[-0.5, -0.25, 0.0, 0.125, 0.5, float("nan")])
    other = replace(content.ranking, frame=frame, column="latency_ms", higher_is_better=False)
    text = page(replace(content, others=[other]), title="A page")
    table = text[text.index('id="columns-table"') :].split("</table>")[0]
    assert re.findall(r"<span>(\w+)</span>", table) == ["cifar10_test_200ep_pct", "latency_ms"]
    rows = {name: re.findall(r">([−.\d–]+)</td>", row) for name, row in re.findall(r'row">(\w+)</th>(.*)</tr>', table)}
    assert list(rows) == content.proxies
    assert {name: cells[1] for name, cells in rows.items()} == dict(
        zip(frame["proxy"], ["−.50", "−.25", "0", ".12", ".50", "–"], strict=True)
    )
    assert "Lower is better of <code>latency_ms</code>: there" in text


def test_how_it_was_made_is_told_in_order():
    run = RunRecord(
        3,
        "2026-01-02T03:04:05",
        1,
        "nasbench201",
        Setting(seed=7),
        "2.9",
        {"good": 2},
        frozenset(),
        {"a": "a", "b": "a"},
    )
    facts = {"Software": {"command": "nasinit report"}, "Scores": {"file": "a.sqlite"}, "Mine": {"who": "me"}}
    text = page(ordinary(run=run, facts=facts), title="A page")
    made_by = text[text.index('id="setting"') :].split("</section>")[0]
    assert re.findall("<h3>(.*?)</h3>", made_by) == ["Scores", "Setting", "Table", "Mine", "Software"]
    terms = dict(re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", made_by))
    assert list(terms)[:4] == ["file", "run", "space", "architectures"]
    assert (terms["architectures"], terms["different networks"]) == ("2", "1")
    assert (terms["proxies"], terms["seed"]) == ("good (version 2)", "7")
    assert (terms["column"], terms["command"]) == ("cifar10_test_200ep_pct", "nasinit report")
