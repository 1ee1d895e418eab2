"""Studies of rank correlation as data: what they score, and how scores of two conditions agree."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import harness
from harness.errors import ScoresError, SettingError
from harness.evaluation.published import BesidePublished, ConditionsAgreement
from harness.proxies.registry import resolve
from harness.report.figures.beside_published import beside_published
from harness.report.tables.beside_published import conditions_sheet
from harness.report.tables.sheet import sheet_markdown
from harness.scoring.store.merging import merge_stores
from harness.setting import Setting
from harness.spaces import open_space
from harness.studies import samples
from harness.studies.kinds import DATASETS, Claim, Condition, RankStudy
from harness.studies.options import StudyOptions
from harness.studies.rank import az_nas_table_1, hnas_metrics, nas_bench_suite_zero, nasi_figure_1, te_nas_kernel
from harness.studies.rank.agreement import agreement_of
from harness.studies.rank.rank_study import COMBINED
from harness.studies.study import STUDIES, make
from tests.studies.ranked import RANKED

RESULTS = Path(__file__).parents[3] / "results"


@pytest.mark.parametrize("name", RANKED)
def test_a_study_scores_proxies_that_there_are_and_compares_what_it_scores(name: str) -> None:
    study = RANKED[name]
    proxies = {entry.name for entry in resolve(list(study.proxies))}
    assert {item.proxy for item in study.published} <= {*proxies, *COMBINED}
    for combination in study.combined:
        assert set(COMBINED[combination]) <= proxies
    assert ("scores" in STUDIES[name].takes) is (len(study.conditions) == 1)
    for condition in study.conditions.values():
        setting = condition.setting(3)
        assert setting.seed == 3
        if not study.release:
            assert (setting.shape["width"], setting.shape["depth"]) == (16, 5)


def test_published_numbers_are_split_by_source() -> None:
    assert {item.proxy for item in nas_bench_suite_zero.STUDY.published} == {
        "plain", "l2_norm", "nwot", "epe_nas", "zen", "params", "flops",
    }  # fmt: skip
    assert {item.proxy for item in az_nas_table_1.STUDY.published} == {"az_nas", "gradsign", "zico"}
    assert {item.proxy for item in te_nas_kernel.STUDY.published} == {"te_nas_condition", "te_nas_regions"}


def frame(values: dict[str, list[float]]) -> pd.DataFrame:
    rows = [
        {"architecture": str(place), "proxy": proxy, "score": value}
        for proxy, column in values.items()
        for place, value in enumerate(column)
    ]
    return pd.DataFrame(rows)


def test_agreement_is_over_the_cells_that_both_conditions_score() -> None:
    one = {"a": [1.0, 2.0, 3.0, 9.0, np.nan], "constant": [1.0] * 5, "few": [np.nan, np.nan, np.nan, 1.0, 2.0]}
    other = {"a": [1.0, 3.0, 2.0, np.nan, 7.0], "constant": [1.0, 2.0, 3.0, 4.0, 5.0], "few": [1.0] * 5}
    (row,) = agreement_of({"x": frame(one), "y": frame(other)}).frame.to_dict("records")
    assert (row["proxy"], row["first"], row["second"], row["n"]) == ("a", "x", "y", 3)
    assert row["pearson"] == pytest.approx(stats.pearsonr([1, 2, 3], [1, 3, 2]).statistic)
    assert row["spearman"] == pytest.approx(stats.spearmanr([1, 2, 3], [1, 3, 2]).statistic)
    text = sheet_markdown(conditions_sheet(ConditionsAgreement(pd.DataFrame([row]), {"x": "first", "y": "second"})))
    assert text.splitlines()[2].startswith("| `a` | first | second | 3 | 0.500 [")
    with pytest.raises(ScoresError, match="no agreement to show"):
        conditions_sheet(ConditionsAgreement(pd.DataFrame(), {}))


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [
        ((0.95, 0.91, 0.99), "holds"),
        ((0.92, 0.85, 0.95), "holds, our interval reaches beyond"),
        ((0.89, 0.8, 0.95), "does not hold, our interval reaches it"),
        ((0.7, 0.5, 0.89), "does not hold"),
        ((1.0, 0.9, 1.0), "holds"),
    ],
)
def test_a_claim_is_held_against_the_estimate_and_its_interval(ends: tuple[float, float, float], verdict: str) -> None:
    assert Claim("a", "x", "y", "> 0.9", 0.9, 1.0, "a paper").verdict(*ends) == verdict


def test_what_a_paper_says_of_the_agreement_stands_beside_it() -> None:
    values = np.random.default_rng(0).normal(size=40)
    one, other = frame({"a": [*values], "b": [*values]}), frame({"a": [*-values], "b": [*values]})
    claims = [Claim("a", "x", "y", "> 0.9", 0.9, 1.0, "a paper"), Claim("b", "y", "x", "≈ 1", 0.995, 1.0, "turned")]
    found = agreement_of({"x": one, "y": other}, claims, {"x": "images", "y": "noise"})
    assert found.frame["verdict"].tolist() == ["does not hold", ""]
    first, second = sheet_markdown(conditions_sheet(found)).splitlines()[2:]
    assert first.endswith("| > 0.9: does not hold | a paper |")
    assert first.split("|")[6].strip() == "−1.000"
    assert second.endswith("| – | – |")


def test_pearson_of_the_rest_leaves_out_the_highest_twentieth() -> None:
    generator = np.random.default_rng(1)
    one, other = generator.normal(size=(2, 40))
    one[7] = other[7] = 1e6
    found = agreement_of({"x": frame({"a": [*one]}), "y": frame({"a": [*other]})}).frame.loc[0]
    kept = np.sort(np.argsort(one)[:38])
    assert found["pearson"] > 0.999
    assert found["pearson_of_the_rest"] == pytest.approx(stats.pearsonr(one[kept], other[kept]).statistic, abs=1e-12)


@pytest.mark.slow
def test_a_study_between_conditions_leaves_their_agreement(tmp_path: Path) -> None:
    small = {"width": 4, "depth": 1, "image_size": 8, "batch_size": 8}
    study = RankStudy(
        "both modes",
        {mode: Condition(f"mode {mode}", {**small, "bn": mode}) for mode in ("train", "eval")},
        ("nasi_trace", "params"),
        quick=8,
        between=True,
        transfer=True,
    )
    said: list[str] = []
    make(study, StudyOptions(tmp_path, said.append, "analognasbench", quick=True, workers=1))
    agreement = pd.read_csv(tmp_path / "agreement.csv").set_index("proxy")
    assert agreement.loc["params", "pearson"] == pytest.approx(1)
    assert agreement.loc["nasi_trace", "spearman"] < 1
    assert "## Agreement of scores" in (tmp_path / "tables.md").read_text()
    assert set(json.loads((tmp_path / "study.json").read_text())["settings"]) == {"train", "eval"}
    wide = [pd.read_csv(tmp_path / f"scores_{mode}.csv.gz") for mode in ("train", "eval")]
    again = agreement_of(dict(zip(("train", "eval"), wide, strict=True))).frame.set_index("proxy")
    pd.testing.assert_frame_equal(again, agreement.fillna(""), check_dtype=False)
    transferred = pd.read_csv(tmp_path / "transfer.csv").set_index(["proxy", "inputs"])
    ranking = pd.read_csv(tmp_path / "ranking_eval_cifar10.csv").set_index("proxy")
    assert transferred.loc[("nasi_trace", "mode eval"), "spearman"] == ranking.loc["nasi_trace", "spearman"]
    assert "## Transfer" in (tmp_path / "tables.md").read_text()


@pytest.mark.slow
def test_a_study_in_shards_is_made_from_the_merged_store_and_computes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = {"width": 4, "depth": 1, "image_size": 8, "batch_size": 8}
    study = RankStudy("small", {"train": Condition("training", small)}, ("nasi_trace", "params"), quick=8)
    stores = [tmp_path / f"{number}.sqlite" for number in (1, 2)]
    said: list[str] = []
    for number, store in enumerate(stores, start=1):
        out = tmp_path / f"shard {number}"
        given = {"quick": True, "workers": 1, "store": store, "shard": (number, 2)}
        make(study, StudyOptions(out, said.append, "analognasbench", **given))
        assert list(out.iterdir()) == [], "a shard has no results"
        assert str(store) in said[-1]
    merge_stores(stores, tmp_path / "merged.sqlite")
    given = {"quick": True, "workers": 1}
    make(study, StudyOptions(tmp_path / "whole", said.append, "analognasbench", **given))
    monkeypatch.setattr("harness.scoring.runner._score_missing", lambda *_: pytest.fail("something was scored"))
    given["store"] = tmp_path / "merged.sqlite"
    make(study, StudyOptions(tmp_path / "out", said.append, "analognasbench", **given))
    for name in ("comparison.csv", "tables.md", "ranking_train_cifar10.csv"):
        if name.startswith("ranking"):  # whose seconds are the machine's
            one, other = (pd.read_csv(tmp_path / folder / name) for folder in ("whole", "out"))
            kept = [column for column in one if "seconds" not in column]
            pd.testing.assert_frame_equal(one[kept], other[kept], check_exact=True)
        else:
            assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_without_images_a_study_of_images_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "run", lambda *_, **__: pytest.fail("something was scored"))
    with pytest.raises(SettingError, match="nothing of this study can be done without CIFAR-10"):
        make(te_nas_kernel.STUDY, StudyOptions(tmp_path / "out", print, "analognasbench"))
    assert not (tmp_path / "out").exists()


def test_scores_made_before_stand_in_for_scoring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "run", lambda *_, **__: pytest.fail("something was scored"))
    cells = [str(cell) for cell in open_space("nasbench201").sample(40)]
    generator = np.random.default_rng(0)
    parts = [
        pd.DataFrame({"architecture": cells, "proxy": name, "score": generator.normal(size=40)})
        for name in ("m_grad", "m_trace", "synflow")
    ]
    scores = tmp_path / "scores.csv"
    pd.concat(parts).assign(status="ok").to_csv(scores, index=False)
    options = StudyOptions(tmp_path / "out", lambda _: None, "analognasbench", scores=scores)
    make(hnas_metrics.STUDY, options)
    comparison = pd.read_csv(tmp_path / "out" / "comparison.csv")
    assert set(comparison["proxy"]) == {"m_grad", "m_trace", "params", "flops"}, "synflow is not of this study"
    assert not (tmp_path / "out" / "scores_gaussian.csv.gz").exists()
    for changes, message in (
        ({"quick": True}, "not both"),
        ({"sample": 5}, "not both"),
        ({"shard": (1, 2)}, "--shard"),
    ):
        with pytest.raises(SettingError, match=message):
            make(hnas_metrics.STUDY, StudyOptions(tmp_path / "x", print, "analognasbench", scores=scores, **changes))
    with pytest.raises(ScoresError, match="must hold scores of nasbench201 by some of te_nas_condition"):
        make(te_nas_kernel.STUDY, StudyOptions(tmp_path / "x", print, "analognasbench", scores=scores))
    assert not (tmp_path / "x").exists()
    assert "scores" not in STUDIES["bn-mode"].takes, "two conditions"


@pytest.mark.slow
def test_scores_made_before_are_of_the_studys_setting(tmp_path: Path) -> None:
    space, small = open_space("nasbench201"), {"width": 4, "depth": 1, "image_size": 8, "batch_size": 8}
    study = RankStudy("noise", {"noise": Condition("noise", small)}, ("m_grad", "params"))
    store, said = tmp_path / "scores.sqlite", []
    for bn in ("train", "eval"):
        setting = Setting(bn=bn, seed=3, **small)
        harness.run(space, space.sample(8), ["m_grad", "params"], setting=setting, store=store)
        options = StudyOptions(tmp_path / bn, said.append, "analognasbench", scores=store)
        if bn == "eval":
            with pytest.raises(
                ScoresError, match=r"scores.sqlite were made with bn eval, seed 3; .* with bn train, seed 0"
            ):
                make(study, options)
            assert not options.out.exists()
            continue
        make(study, options)
        assert any("they were made with seed 3, the study's own with seed 0" in line for line in said)
        facts = json.loads((options.out / "study.json").read_text())
        assert (facts["settings"]["noise"]["seed"], facts["scores_setting"]) == (3, "as the store has it")
    genotypes = [str(genotype) for genotype in open_space("darts").sample(3)]
    pd.DataFrame({"architecture": genotypes, "proxy": "m_grad", "score": 1.0}).to_csv(tmp_path / "g.csv", index=False)
    with pytest.raises(ScoresError, match=r"g\.csv must hold scores of nasbench201: "):
        make(study, StudyOptions(tmp_path / "x", print, "analognasbench", scores=tmp_path / "g.csv"))


@pytest.mark.parametrize("conditions", [1, 2, 4])
def test_the_legend_lies_within_the_figure_and_names_what_is_drawn(conditions: int) -> None:
    words = dict(list({**nasi_figure_1.STUDY.words, "x": "one more"}.items())[:conditions])
    rows = [
        {"proxy": proxy, "column": DATASETS[0], "coefficient": "spearman", "ours": 0.5, "low": 0.4,
         "high": 0.6, "published": np.nan, "condition": name}
        for name in words for proxy in ("a", "b")
    ]  # fmt: skip
    figure = beside_published(BesidePublished(pd.DataFrame(rows), words))
    figure.draw_without_rendering()
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width
    assert [text.get_text() for text in legend.get_texts()] == [f"ours, {name}" for name in words.values()]
    heights = [float(np.asarray(line.get_ydata())[0]) for line in figure.axes[0].get_lines() if line.get_marker() == "o"
               and len(np.asarray(line.get_ydata()))]  # fmt: skip
    assert max(abs(height - round(height)) for height in heights) < 0.5, "a proxy's dots stay in its row"
