"""Models of the user's own on the command line: from a Python file and a table of names to the page."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import harness.spaces
from tests.vision_models import MODELS, SIDE

Run = Callable[..., Any]
FILE = textwrap.dedent(f"""
    from torch import nn
    from own_layers import head
    from tests.vision_models import MODELS as VISION

    def broken():
        raise ValueError("no such block")

    def linear():
        return nn.Sequential(nn.Flatten(), head(3 * {SIDE} * {SIDE}))

    MODELS = {{**VISION, "linear (own)": linear, "broken": broken}}
    INPUTS = (3, {SIDE}, {SIDE})
""")
LAYERS = "from torch import nn\n\n\ndef head(given):\n    return nn.Linear(given, 10)\n"
NAMES = [*MODELS, "linear (own)", "broken"]
BY = ("--resamples", 20)


@pytest.fixture(autouse=True)
def _nothing_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process of its own: what `score` has loaded is not there for the next command."""
    monkeypatch.setattr(harness.spaces, "_registered", {})
    monkeypatch.setattr(harness.spaces, "_opened", {})


@pytest.fixture(scope="module")
def files(nasinit: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path, str]:
    """A store, a CSV of its scores, a table of accuracies by name, and what `score` printed."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "my_models.py").write_text(FILE)
    (folder / "own_layers.py").write_text(LAYERS)
    table = pd.DataFrame({"name": NAMES, "accuracy": [60, 66, 68, 63, 58, 57, 59, 30, 1]})
    table["name"] = table["name"].map(lambda name: f"'{name}" if name.startswith("=") else name)
    table.to_csv(folder / "accuracies.csv", index=False)
    store, out = folder / "scores.sqlite", folder / "scores.csv"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(harness.spaces, "_registered", {})
        ended = nasinit(
            "score", "--space", folder / "my_models.py", "--batch-size", 8, "--store", store, "--out", out,
            "--proxies", "l2_norm,snip,grasp,params,flops", "--workers", 2,
        )  # fmt: skip
    assert ended.code == 0, ended.err
    return store, out, folder / "accuracies.csv", ended.out


def test_every_model_of_a_file_is_scored(files: tuple[Path, Path, Path, str]) -> None:
    _, out, _, printed = files
    frame = pd.read_csv(out)
    frame["architecture"] = frame["architecture"].str.removeprefix("'")
    assert frame["architecture"].drop_duplicates().tolist() == NAMES
    good = frame[frame["architecture"] != "broken"]
    assert (good["status"] == "ok").all()
    assert set(frame.loc[frame["architecture"] == "broken", "status"]) == {"error"}
    assert printed.count("broken has no score: the function of model 'broken' raised ValueError: no such block") == 1


@pytest.mark.slow
def test_rankings_figures_evidence_and_page_are_made(
    files: tuple[Path, Path, Path, str], nasinit: Run, tmp_path: Path
) -> None:
    store, out, table, _ = files
    for words, shown in (
        (("correlate", store, "--table", table, *BY, "--against", "params", "--top", "--beyond-size"), "Beyond size"),
        (("correlate", out, "--table", table, "--column", "accuracy", *BY), "Rank correlation with accuracy"),
        (("plot", "scatter", store, "--table", table, *BY, "--out", tmp_path / "s.svg"), "wrote"),
        (("plot", "critical-difference", store, "--table", table, *BY, "--out", tmp_path / "c.svg"), "wrote"),
        (("report", store, "--table", table, *BY, "--out", tmp_path / "page.html"), "wrote"),
        (("report", out, "--table", table, *BY, "--out", tmp_path / "csv.html"), "wrote"),
        (("stability", store, store.with_name("scores.sqlite@1"), *BY), "l2_norm"),
        (("list", "tables", table), "accuracy  (ratio, higher is better)"),
    ):  # fmt: skip
        ended = nasinit(*words)
        assert ended.code == 0, (words, ended.err)
        assert shown in ended.out, words
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "the function of model &#39;broken&#39; raised ValueError" in page
    assert "mixer \\u0026 co" in page or "mixer &amp; co" in page


def test_each_name_stands_where_its_score_stands(
    files: tuple[Path, Path, Path, str], nasinit: Run, tmp_path: Path
) -> None:
    store, _, table, _ = files
    ended = nasinit("correlate", store, "--table", table, *BY, "--csv", tmp_path / "r.csv")
    assert ended.code == 0, ended.err
    frame = pd.read_csv(tmp_path / "r.csv").set_index("proxy")
    assert (frame["n"] == len(MODELS) + 1).all()
    assert (frame["column"] == "accuracy").all()
    sizes = {name: sum(p.numel() for p in make().parameters()) for name, make in MODELS.items()}
    biggest = max(sizes, key=lambda name: sizes[name])
    assert frame.loc[["params"], "best_accuracy"].tolist() == [
        dict(zip(NAMES, [60, 66, 68, 63, 58, 57, 59, 30], strict=False))[biggest]
    ]


@pytest.mark.slow
def test_some_of_the_models(nasinit: Run, files: tuple[Path, Path, Path, str], tmp_path: Path) -> None:
    named = tmp_path / "names.txt"
    named.write_text("resnet, wide\n=vit (fused)\n")
    models = files[2].with_name("my_models.py")
    options = ("--proxies", "params", "--batch-size", 4)
    for number, choice, count in ((1, ("--architectures", named), 2), (2, ("--table", files[2]), 9)):
        ended = nasinit("score", "--space", models, *choice, *options, "--store", tmp_path / f"{number}.sqlite")
        assert ended.code == 0, ended.err
        assert f"scoring {count} architectures of models" in ended.out


@pytest.mark.parametrize(("content", "said"), [
    ("x = 1", "a file of models has a dictionary MODELS of functions by name"),
    ("MODELS = [1]", "it is [1]"),
    ("MODELS = {'a': 3}", "model 'a' is no function that makes a network, but 3"),
    ("MODELS = {'a': print}\nINPUTS = (3, 4)", "inputs are square images"),
    ("1 / 0", "ZeroDivisionError: division by zero"),
    ("import sys; sys.exit()", "SystemExit"),
])  # fmt: skip
def test_a_file_without_models_is_refused(content: str, said: str, refused: Run, tmp_path: Path) -> None:
    file = tmp_path / "wrong_models.py"
    file.write_text(content)
    assert said in refused("score", "--space", file, "--all")


def test_what_is_missing_is_said(refused: Run, files: tuple[Path, Path, Path, str], tmp_path: Path) -> None:
    assert "there is no such file" in refused("score", "--space", tmp_path / "none.py", "--all")
    assert "models of your own are not loaded here" in refused("score", "--table", files[2], "--proxies", "params")
    assert "is of the space 'models', not of --space darts" in refused("score", "--space", "darts", "--table", files[2])
    assert "give --table, a table of the space models" in refused("correlate", files[0])
