"""Models of the user's own: scored like a space's networks, known by their names, never answered by former code."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torch import Tensor, nn

import benchmarks
import harness
import harness.spaces
from harness.errors import ModelError, NotApplicable, ScoresError, SettingError, SpaceError
from harness.evaluation.evidence import EvidenceOptions, gather_evidence
from harness.proxies.registry import registered
from harness.report.files import write_csv
from harness.scoring.files import read_scores
from harness.scoring.models import ModelList, model_list
from harness.setting import derived_seed
from harness.spaces.named import Model
from tests.vision_models import INPUTS, MODELS

WIDTHS = (2, 4, 6, 8)
NAMES = {2: "two", 4: "four, wide", 6: '=six "6"', 8: "acht|ß\n8"}


def perceptron(width: int) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(nn.Flatten(), nn.Linear(48, width), nn.ReLU(), nn.Linear(width, 3))


@pytest.fixture(autouse=True)
def _no_list_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness.spaces, "_registered", {})
    monkeypatch.setattr(harness.spaces, "_opened", {})


@pytest.fixture
def space() -> ModelList:
    return model_list({NAMES[width]: perceptron(width) for width in WIDTHS}, inputs=(3, 4, 4), classes=3)


@pytest.fixture
def options(tmp_path: Path) -> Iterator[dict[str, Any]]:
    with ThreadPoolExecutor(1) as executor:
        yield {"store": tmp_path / "s.sqlite", "executor": executor, "batch_size": 8}


def score_of(frame: pd.DataFrame, name: str, proxy: str) -> Any:
    return frame.set_index(["architecture", "proxy"]).loc[(name, proxy)]


# --- scores ---


def test_scores_are_those_of_the_networks_under_the_seed_of_their_weights(
    space: ModelList, options: dict[str, Any]
) -> None:
    frame = harness.run(space, space, ["grad_norm", "params", "flops", "l2_norm"], seeds=[0, 5], **options)
    setting = harness.Setting(batch_size=8, image_size=4, channels=3, classes=3)
    torch.set_num_threads(1)
    for width in WIDTHS:
        for seed in (0, 5):
            with torch.random.fork_rng():
                torch.manual_seed(derived_seed(seed, "weights", NAMES[width]))
                network = perceptron(width)()
            batch = space.batch(harness.Setting(**{**setting.values(), "seed": seed}))
            direct = harness.score(network, batch, ["grad_norm", "params", "flops", "l2_norm"], seed=seed)
            own = frame[frame["seed"] == seed]
            for proxy, expected in direct.items():
                assert score_of(own, NAMES[width], proxy)["score"] == expected.value
    assert score_of(frame[frame["seed"] == 0], "two", "params")["score"] == 48 * 2 + 2 + 2 * 3 + 3


def test_closures_travel_to_worker_processes(space: ModelList, options: dict[str, Any], tmp_path: Path) -> None:
    here = harness.run(space, space, "grad_norm", **options)
    del options["executor"]
    there = harness.run(space, space, "grad_norm", **{**options, "store": tmp_path / "w.sqlite", "workers": 1})
    assert there["score"].tolist() == here["score"].tolist()
    assert (there["status"] == "ok").all()


def test_a_models_function_that_fails_stops_no_other(options: dict[str, Any]) -> None:
    class Loud(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            raise KeyError("no such layer")

    def leaves() -> nn.Module:
        raise SystemExit(3)

    def two_lines() -> nn.Module:
        raise ValueError("first\nsecond")

    built = perceptron(4)()
    space = model_list(
        {
            "good": perceptron(4), "raises": lambda: 1 / 0, "leaves": leaves, "two lines": two_lines,
            "nothing": lambda: None,
            "built before": lambda: built, "on meta": lambda: nn.Linear(2, 2, device="meta"),
            "lazy": lambda: nn.LazyLinear(2),
            "no memory": lambda: torch.empty(2**60), "loud": lambda: nn.Sequential(nn.Linear(4, 3), Loud()),
        }, inputs=(3, 4, 4), classes=3,
    )  # fmt: skip
    frame = harness.run(space, space, ["params", "grad_norm"], **options)
    assert (score_of(frame, "good", "grad_norm")["status"], score_of(frame, "good", "params")["score"]) == ("ok", 211)
    for name, status, said in (
        ("raises", "error", "the function of model 'raises' raised ZeroDivisionError: division by zero"),
        ("leaves", "error", "the function of model 'leaves' raised SystemExit: 3"),
        ("two lines", "error", "the function of model 'two lines' raised ValueError: first second"),
        ("nothing", "error", "the function of model 'nothing': a network is a torch.nn.Module, got NoneType"),
        ("built before", "error", "the function of model 'built before' gives a network whose weights were"),
        ("on meta", "error", "the function of model 'on meta': 'weight' is on the device meta"),
        ("lazy", "error", "the function of model 'lazy': the network has lazy layers"),
        ("no memory", "out_of_memory", "the function of model 'no memory' raised RuntimeError"),
    ):  # fmt: skip
        for proxy in ("params", "grad_norm"):
            row = score_of(frame, name, proxy)
            assert (row["status"], math.isnan(row["score"])) == (status, True), name
            assert row["message"].startswith(said), row["message"]
            assert "\n" not in row["message"]
    assert score_of(frame, "loud", "params")["status"] == "ok"
    assert "layer '1' of type Loud" in score_of(frame, "loud", "grad_norm")["message"]


def test_init_is_applied_or_refused_by_name(options: dict[str, Any]) -> None:
    space = model_list({"mixer": MODELS["mixer & co"], "vit": MODELS["vit, layers"]}, inputs=INPUTS)
    orthogonal = space.build(Model("mixer"), init="orthogonal").blocks[0].tokens[0]  # type: ignore[union-attr,index]
    assert torch.allclose(orthogonal.weight @ orthogonal.weight.T, torch.eye(16), atol=1e-5)  # type: ignore[union-attr,operator]
    frame = harness.run(space, space, "l2_norm", init="orthogonal", **options)
    assert score_of(frame, "mixer", "l2_norm")["status"] == "ok"
    refused = score_of(frame, "vit", "l2_norm")
    assert refused["status"] == "not_applicable"
    assert "init 'orthogonal' knows the weights of convolutions and linear layers; 'positions'" in refused["message"]
    back = model_list({"back": lambda: nn.Sequential(nn.ConvTranspose2d(3, 3, 2))})
    with pytest.raises(NotApplicable, match=r"init 'xavier' draws no weights for layer '0' of type ConvTranspose2d"):
        back.build(Model("back"), init="xavier")


def test_other_sizes_of_a_model_are_not_applicable(space: ModelList, options: dict[str, Any]) -> None:
    row = score_of(harness.run(space, "two", "te_nas_condition", **options), "two", "te_nas_condition")
    assert row["status"] == "not_applicable"
    assert "TE-NAS measures networks of width 3, which this space cannot build" in row["message"]
    with pytest.raises(SettingError, match="width"):
        harness.run(space, "two", "params", width=4, **options)


# --- edited models ---


def _edited(wide: int) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(nn.Flatten(), nn.Linear(48, wide), nn.Linear(wide, 3))


def test_an_edited_model_is_scored_anew_and_the_others_are_not(options: dict[str, Any], tmp_path: Path) -> None:
    log = tmp_path / "log"

    def counted(loss_gradient: Any) -> float:
        with open(log, "a") as file:
            file.write("computed\n")
        return float(sum(gradient.abs().sum() for gradient in loss_gradient.values()))

    with registered(counted, source="test") as proxy:
        first = model_list({"a": _edited(4), "b": _edited(5)}, inputs=(3, 4, 4), classes=3)
        before = harness.run(first, first, [proxy, "params"], **options)
        again = model_list({"a": _edited(4), "b": _edited(6), "c": _edited(4)}, inputs=(3, 4, 4), classes=3)
        after = harness.run(again, again, [proxy, "params"], **options)
        assert len(log.read_text().splitlines()) == 2 + 2, "only the edited model and the new one"
    assert score_of(after, "a", "counted")["score"] == score_of(before, "a", "counted")["score"]
    assert score_of(after, "b", "params")["score"] == 48 * 6 + 6 + 6 * 3 + 3
    assert score_of(before, "b", "params")["score"] == 48 * 5 + 5 + 5 * 3 + 3
    assert score_of(after, "c", "counted")["score"] != score_of(after, "a", "counted")["score"], (
        "the name's own weights"
    )
    old, new = read_scores(options["store"], 1).frame, read_scores(options["store"]).frame
    assert score_of(old, "b", "params")["score"] != score_of(new, "b", "params")["score"]


def test_fingerprints_follow_the_code_and_what_it_uses(space: ModelList, monkeypatch: pytest.MonkeyPatch) -> None:
    def made(**models: Callable[[], Any]) -> dict[str, str]:
        space = model_list(models)
        return {str(model): space.fingerprint(model) for model in space}

    found = made(a=_edited(4), b=_edited(4), c=_edited(5), d=perceptron(4))
    assert found["a"] == found["b"]
    assert len(set(found.values())) == 3
    before = made(a=lambda: nn.Linear(WIDTHS[0], 2))
    monkeypatch.setitem(globals(), "WIDTHS", (3,))
    assert made(a=lambda: nn.Linear(WIDTHS[0], 2)) != before
    monkeypatch.setattr(torch, "__version__", "0.0")
    assert made(a=_edited(4))["a"] != found["a"]
    with open(__file__) as file, pytest.raises(SpaceError, match=r"model 'a' depends on .*TextIOWrapper"):
        made(a=lambda: file.read())


# --- tables ---


@pytest.fixture
def table(tmp_path: Path) -> benchmarks.Table:
    path = tmp_path / "accuracies.csv"
    rows = pd.DataFrame({"name": [NAMES[width] for width in WIDTHS], "accuracy": [0.3, 0.5, 0.6, 0.8]})
    write_csv(rows, path)
    return benchmarks.open_table(path)


def test_names_of_any_characters_are_ranked_with_all_evidence(
    space: ModelList, options: dict[str, Any], table: benchmarks.Table
) -> None:
    frame = harness.run(space, space, ["l2_norm", "grad_norm", "params", "flops"], **options)
    ranking = harness.correlate(frame, table, "accuracy", resamples=20)
    assert (ranking.space, ranking.unmatched) == ("models", ())
    assert set(ranking.points["architecture"]) == set(NAMES.values())
    by_proxy = ranking.frame.set_index("proxy")
    assert by_proxy.loc[["params", "flops"], "spearman"].tolist() == [1.0, 1.0]
    wanted = EvidenceOptions("params", True, True, ceiling=True, resamples=20, if_possible=True)
    evidence = gather_evidence(ranking, table, wanted)
    assert evidence.comparison is not None
    assert evidence.beyond_size is not None
    assert evidence.top is not None
    assert set(evidence.left_out) == {"ceiling"}


def test_sizes_are_measured_where_the_scores_lack_them(
    space: ModelList, options: dict[str, Any], table: benchmarks.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = harness.run(space, space, "l2_norm", **options)
    ranking = harness.correlate(frame, table, "accuracy", resamples=5)
    own = ranking.points[ranking.points["proxy"] == "params"].set_index("architecture")["score"]
    assert own["two"] == 48 * 2 + 2 + 2 * 3 + 3
    monkeypatch.setattr(harness.spaces, "_registered", {})
    monkeypatch.setattr(harness.spaces, "_opened", {})
    with pytest.raises(SpaceError, match="not loaded here: these scores lack params or flops"):
        harness.correlate(frame, table, "accuracy", resamples=5)
    sized = harness.run(space, space, ["l2_norm", "params", "flops"], **options)
    unloaded = harness.correlate(sized, table, "accuracy", resamples=5)
    pd.testing.assert_frame_equal(unloaded.frame, ranking.frame)


def test_a_broken_model_is_left_out_of_the_ranking_and_nothing_else(options: dict[str, Any], tmp_path: Path) -> None:
    models = {**{NAMES[width]: perceptron(width) for width in WIDTHS}, "broken": lambda: None}
    space = model_list(models, inputs=(3, 4, 4), classes=3)
    path = tmp_path / "five.csv"
    pd.DataFrame({"name": list(models), "accuracy": [0.3, 0.5, 0.6, 0.8, 0.9]}).to_csv(path, index=False)
    for proxies in (["l2_norm"], ["l2_norm", "params", "flops"]):
        frame = harness.run(space, space, proxies, **options)
        ranking = harness.correlate(frame, benchmarks.open_table(path), "accuracy", resamples=5)
        assert ranking.frame["n"].tolist() == [4, 4, 4]
        assert ranking.frame["failed"].tolist() == pytest.approx([0.2, 0.2, 0.2])


def test_models_of_two_lists_are_found(options: dict[str, Any], table: benchmarks.Table) -> None:
    first = model_list({NAMES[width]: perceptron(width) for width in WIDTHS}, inputs=(3, 4, 4), classes=3)
    frame = harness.run(first, first, "l2_norm", **options)
    model_list({"another": lambda: nn.Sequential(nn.Flatten(), nn.Linear(192, 10))}, inputs=(3, 8, 8))
    assert harness.correlate(frame, table, "accuracy", resamples=5).frame["n"].tolist() == [4, 4, 4]


# --- what is refused ---


@pytest.mark.parametrize(("models", "said"), [
    ({}, "models are functions by name"), ([perceptron(2)], "models are functions by name"),
    ({"": perceptron(2)}, "the name of a model is a text"),
    ({" a": perceptron(2)}, "without blanks around it, got ' a'"),
    ({3: perceptron(2)}, "got 3"), ({"\ud800": perceptron(2)}, "cannot be written as UTF-8"),
    ({"a": nn.Linear(2, 2)}, "model 'a' is a network: give a function that makes it"),
    ({"a": 3}, "model 'a' is no function that makes a network, but 3"),
])  # fmt: skip
def test_what_is_no_list_of_models_is_refused(models: Any, said: str) -> None:
    with pytest.raises(SpaceError) as error:
        model_list(models)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("options", "said"), [
    ({"inputs": (3, 32, 16)}, "inputs are square images"), ({"inputs": (32,)}, "inputs are square images"),
    ({"inputs": 3}, "inputs are square images"), ({"inputs": (3, "a", "a")}, "image_size must be a whole number"),
    ({"inputs": (0, 8, 8)}, "channels must be"), ({"classes": 1}, "classes must be"),
])  # fmt: skip
def test_inputs_and_classes_that_are_none_are_refused(options: Any, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        model_list({"a": perceptron(2)}, **options)


def test_an_unknown_name_is_refused_with_the_nearest(space: ModelList, options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(SpaceError, match=r"unknown model 'tow'\. Did you mean 'two'"):
        harness.run(space, ["tow"], "params", **options)
    path = tmp_path / "typo.csv"
    path.write_text("name,accuracy\ntwo,0.5\ntow,0.6\n")
    frame = harness.run(space, space, "l2_norm", **options)
    with pytest.raises(benchmarks.TableError, match=r"row 1 \(from 0\): unknown model 'tow'"):
        harness.correlate(frame, benchmarks.open_table(path), "accuracy")


def test_names_without_their_models_cannot_be_scored(options: dict[str, Any]) -> None:
    unloaded = harness.open_space("models")
    assert str(unloaded.parse(" any ")) == "any"
    for call in (
        lambda: harness.run(unloaded, ["any"], "l2_norm", **options), lambda: unloaded.sample(1),
        lambda: unloaded.build(Model("any")), lambda: unloaded.sizes(Model("any")),
        lambda: unloaded.neighbours(Model("a")),
    ):  # fmt: skip
        with pytest.raises(SpaceError, match="not loaded here"):
            call()
    with pytest.raises(SpaceError, match="no model"):
        unloaded.key("any")
    with pytest.raises(SpaceError, match="empty"):
        unloaded.parse(" ")
    assert "models" not in harness.list_spaces()


def test_scores_of_no_space_say_how_models_are_joined(table: benchmarks.Table) -> None:
    frame = pd.DataFrame({"architecture": ["two", "seven"], "proxy": "mine", "score": [1.0, 2.0]})
    with pytest.raises(SpaceError, match="lack params or flops"):
        harness.correlate(frame, table, "accuracy")
    from harness.evaluation.matching import recognised_space

    with pytest.raises(ScoresError, match="A table of models of your own has a column 'name'"):
        recognised_space(frame)


def test_a_models_error_names_it(space: ModelList) -> None:
    broken = model_list({"x": lambda: nn.Linear(7, 3)}, inputs=(3, 4, 4))
    with pytest.raises(ModelError, match=r"model 'x' cannot be measured: RuntimeError"):
        broken.sizes(Model("x"))
