"""`nasinit list`: measurements, JSON of every kind, and what a file of one's own registers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.measurements import MEASUREMENTS
from harness.measurements import registry as measurements

Run = Callable[..., Any]
MINE = """
import harness

SCALE = {scale}

@harness.measurement(yields="a number", cost="1 forward")
def scale_of_logits(network, batch) -> float:
    network.train()
    return SCALE * float(network(*batch.arguments).abs().mean().detach())

@harness.proxy(source="me")
def logit_scale(scale_of_logits):
    '''Mean absolute logit.'''
    return scale_of_logits
"""


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurements, "_REGISTRY", dict(measurements._REGISTRY))


def test_measurements_are_listed_with_type_shape_cost_and_readers(nasinit: Run) -> None:
    ended = nasinit("list", "measurements")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    for name, facts in MEASUREMENTS.items():
        place = next(place for place, line in enumerate(lines) if line.startswith(f"{name}: "))
        assert lines[place + 1 : place + 3] == [f"    {facts.yields}", f"    cost: {facts.passes}"]
    assert "relu_gram: Tensor\n    ReLU units in the same state, [N, N]\n    cost: no pass\n    read by " in ended.out
    assert lines[-1] == "A proxy or a measurement of your own may also read network, batch and setting."


def test_every_list_is_json_too(nasinit: Run) -> None:
    found = {}
    for kind in ("spaces", "proxies", "measurements", "searches", "tables"):
        ended = nasinit("list", kind, "--json")
        assert (ended.code, ended.err) == (0, "")
        found[kind] = {each["name"]: each for each in json.loads(ended.out)}
    assert found["spaces"]["darts"]["judged_by"] == "accuracy"
    assert list(found["proxies"]) == [entry.name for entry in harness.list_proxies()]
    assert found["proxies"]["snip"]["reads"] == {"weights": "no pass", "loss_gradient": "1 backward"}
    assert [found["proxies"][name]["in_all"] for name in ("snip", "ntk_trace_exact")] == [True, False]
    assert "snip" in found["measurements"]["weights"]["read_by"]
    assert found["searches"]["darts"]["spaces"]["darts"]["paper"]["epochs"] == 50
    assert {"analognasbench", "nasbench201-hardware"} <= set(found["tables"])


def test_one_table_is_json_too(nasinit: Run, latencies: Path) -> None:
    for name, columns in (("darts-published", 2), (str(latencies), 2)):
        (found,) = json.loads(nasinit("list", "tables", name, "--json").out)
        assert len(found["columns"]) >= columns
        assert {"name", "unit", "higher_is_better", "description"} <= set(found["columns"][0])


@pytest.mark.slow
def test_a_file_of_ones_own_is_listed_and_scored_and_an_edit_is_scored_anew(
    nasinit: Run, tiny: tuple[str, ...], tmp_path: Path
) -> None:
    file, values = tmp_path / "mine.py", []
    for scale, workers in ((1, 1), (2, 2)):
        file.write_text(MINE.format(scale=scale))
        ended = nasinit(
            "score", "--sample", 2, "--load", file, "--proxies", "logit_scale", "--store", tmp_path / "s.sqlite",
            "--workers", workers, *tiny,
        )  # fmt: skip
        assert ended.code == 0, ended.err
        with harness.Store(tmp_path / "s.sqlite") as opened:
            values.append(opened.frame()["score"].tolist())
    assert values[1] == pytest.approx([2 * value for value in values[0]], rel=1e-12)
    ended = nasinit("list", "measurements", "--load", file)
    first, *lines = ended.out.splitlines()[-5:-1]
    assert first == "scale_of_logits: float  (your own, or a plug-in's)"
    assert lines == ["    a number", "    cost: 1 forward", "    read by logit_scale"]
    assert "    reads scale_of_logits (1 forward)\n    me\n" in nasinit("list", "proxies", "--load", file).out


def test_a_file_with_a_bad_measurement_is_one_line(refused: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("import harness\n@harness.measurement\ndef weights(network): ...\n")
    message = refused("score", "--sample", 2, "--load", file)
    assert message.endswith("MeasurementError: 'weights' is a built-in measurement: give the function another name")
    assert refused("list", "measurements", "--load", file) == message
