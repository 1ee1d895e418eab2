"""Measurements of one's own in runs: they travel by value, and an edit of one never meets a stale score."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.measurements import registry as measurements
from harness.proxies import registry, resolve
from harness.scoring.runner import run
from harness.scoring.travelling import packed, unpacked
from tests.scoring.runs import DEAD_ENDS, Given, bits, scores_of


@pytest.fixture(autouse=True)
def _own_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    for one in (registry, measurements):
        monkeypatch.setattr(one, "_REGISTRY", dict(one._REGISTRY))


CELLS_OF_A_NOTEBOOK = [
    "import harness\nfrom concurrent.futures import ThreadPoolExecutor",
    "space = harness.open_space('nasbench201')\ncells = space.sample(2, seed=1)",
    "POWER = 1",
    "def power():\n    return POWER",
    "@harness.measurement\ndef powers(network, batch):\n    network.train()\n    return power() + 0 * len(batch)",
    "@harness.measurement\ndef above(powers):\n    return [powers]",
    "@harness.proxy(source='me')\ndef mine(above):\n    return above[0]",
    """def show():
    with ThreadPoolExecutor(1) as executor:
        frame = harness.run(space, cells, ["mine", "grad_norm"], store="s", executor=executor, width=4, depth=1,
                            batch_size=4, image_size=8, classes=3)
    assert set(frame.status) == {"ok"}, frame.message.tolist()
    print({value for value in frame.score[frame.proxy == "mine"]}, len(frame.score))""",
    "show()",
    "POWER = 2",
    "show()",
    "@harness.measurement\ndef powers(network, batch):\n    return -power()",
    "show()",
    "def power():\n    return 10 * POWER",
    "show()",
    "@harness.measurement\ndef above(powers, setting):\n    return [powers + setting.shape['width']]",
    "show()",
    "@harness.measurement\ndef powers(network, batch):\n    network.train()\n    return power() + 0 * len(batch)",
    "@harness.measurement\ndef above(powers):\n    return [powers]",
    "def power():\n    return POWER",
    "show()",
]


@pytest.mark.slow
def test_a_measurement_that_another_cell_of_a_notebook_edits(tmp_path: Path) -> None:
    program = f"for cell in {CELLS_OF_A_NOTEBOOK!r}:\n    exec(compile(cell, '<cell>', 'exec'), globals())"
    ended = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    shown = [f"{{{value}}} 4" for value in (1.0, 2.0, -2.0, -20.0, -16.0, 2.0)]
    assert ended.stdout.splitlines() == shown, ended.stderr
    with harness.Store(tmp_path / "s") as opened:
        versions = [run.proxies["mine"] for run in opened.runs()]
    assert len(set(versions)) == 5, "the second and the last are one definition"


MODULE = """
import harness
@harness.measurement
def scaled(network, batch):
    import my_values
    return my_values.SCALE
"""
SESSION = textwrap.dedent("""
    import importlib, pathlib, sys
    from concurrent.futures import ThreadPoolExecutor
    import harness, my_measurements, my_values

    sys.dont_write_bytecode = True
    space = harness.open_space("nasbench201")

    @harness.proxy(source="test")
    def mine(scaled):
        return scaled

    def show(cells, word, **options):
        frame = harness.run(space, space.sample(cells, seed=1), "mine", store="s.sqlite", width=4, depth=1,
                            batch_size=4, image_size=8, classes=3, **options)
        print(set(frame.status), set(frame.score), word)

    if __name__ == "__main__":
        file = pathlib.Path("my_values.py")
        with ThreadPoolExecutor(1) as executor:
            show(2, "first", executor=executor)
            file.write_text(file.read_text().replace("SCALE = 1", "SCALE = 2"))
            show(3, "edited, not loaded")
            importlib.reload(my_values)
            show(3, "loaded", executor=executor)
            my_values.SCALE = 3
            show(3, "set")
""")


@pytest.mark.slow
def test_a_measurement_that_imports_a_module_which_is_edited_reloaded_and_set(tmp_path: Path) -> None:
    (tmp_path / "my_measurements.py").write_text(MODULE)
    (tmp_path / "my_values.py").write_text("SCALE = 1\n")
    (tmp_path / "session.py").write_text(SESSION)
    ended = subprocess.run([sys.executable, "session.py"], cwd=tmp_path, capture_output=True, text=True)
    words = {"first": 1.0, "edited, not loaded": 1.0, "loaded": 2.0, "set": 3.0}
    assert ended.stdout.splitlines() == [f"{{'ok'}} {{{value}}} {word}" for word, value in words.items()], ended.stderr


def test_the_definition_of_the_start_is_run_when_it_is_replaced_during_a_run(given: Given) -> None:
    def defined(value: float) -> None:
        namespace: dict[str, Any] = {"__name__": "a_notebook"}
        exec(f"def constant(network):\n    return {value}\ndef read(constant):\n    return constant", namespace)
        harness.measurement(namespace["constant"])
        harness.proxy(source="test")(namespace["read"])

    defined(1.0)
    (entry,) = resolve("read")
    sent = packed(given.space, [entry])
    defined(2.0)
    (arrived,) = unpacked(sent.by_name, sent.by_value)
    assert (arrived.version, arrived.measurements[0].function(None)) == (entry.version, 1.0)
    (now,) = resolve("read")
    assert now.version != entry.version
    assert resolve([entry])[0].version == now.version, "a run takes the definitions of its start"


@pytest.fixture
def own() -> list[str]:
    """A measurement of the network and the batch, and two proxies: one reads it, and one reads them directly."""

    @harness.measurement
    def own_gradient(network: Any, batch: Any) -> Any:
        import torch

        loss = torch.nn.functional.cross_entropy(network(*batch.arguments), batch.labels)
        network.train()
        return torch.autograd.grad(loss, list(network.parameters()), allow_unused=True, materialize_grads=True)

    @harness.proxy(source="test")
    def own_norm(own_gradient: Any) -> Any:
        return sum(each.double().square().sum() for each in own_gradient)

    @harness.proxy(source="test")
    def direct_norm(network: Any, batch: Any, setting: Any) -> Any:
        assert setting.shape["width"] == 4
        found = own_gradient(network, batch)
        return sum(each.double().square().sum() for each in found)

    return ["own_norm", "direct_norm"]


@pytest.mark.slow
def test_processes_give_the_bits_of_one_and_other_scores_do_not_change(
    given: Given, own: list[str], thread: Executor, tmp_path: Path
) -> None:
    cells, names = given.cells[:4], [own[0], "grad_norm", "ntk_trace", own[1], "m_trace"]
    one = run(given.space, cells, names, setting=given.setting, store=tmp_path / "one", executor=thread)
    two = run(given.space, cells, names, setting=given.setting, store=tmp_path / "two", workers=2)
    assert bits(one) == bits(two)
    assert set(one["status"]) == {"ok"}
    others = [name for name in names if name not in own]
    alone = run(given.space, cells, others, setting=given.setting, store=tmp_path / "alone", executor=thread)
    assert bits(one[one["proxy"].isin(others)]) == bits(alone)
    assert scores_of(one, own[0]) == scores_of(one, own[1])


def test_what_reads_the_network_is_scored_on_each_architecture_as_it_is_written(
    given: Given, thread: Executor, tmp_path: Path
) -> None:
    """It may count parameters, in which equal networks differ."""

    @harness.measurement
    def counted(network: Any) -> int:
        return sum(parameter.numel() for parameter in network.parameters())

    @harness.measurement
    def doubled(counted: int) -> int:
        return 2 * counted

    @harness.proxy(source="test")
    def twice(doubled: int) -> float:
        return doubled

    cells = [given.space.parse(DEAD_ENDS), given.space.minimal(given.space.parse(DEAD_ENDS))]
    frame = run(given.space, cells, ["params", "twice"], setting=given.setting, store=tmp_path / "s", executor=thread)
    assert scores_of(frame, "twice") == [2 * value for value in scores_of(frame, "params")]
    assert len(set(scores_of(frame, "twice"))) == 2


@pytest.mark.slow
def test_a_deadly_measurement_of_ones_own_is_given_up_with_its_readers(
    given: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, thread: Executor
) -> None:
    monkeypatch.setenv("WORKERS_OF", str(os.getpid()))

    @harness.measurement
    def deadly(network: Any, batch: Any) -> float:
        if os.environ["WORKERS_OF"] != str(os.getpid()):
            os._exit(9)
        return 1.0

    @harness.proxy(source="test")
    def doomed(deadly: float) -> float:
        return deadly

    cells = given.cells[:1]
    frame = run(given.space, cells, ["grad_norm", "doomed"], setting=given.setting, store=tmp_path / "s", workers=1)
    died = frame[frame["status"] == "died"]
    assert died["proxy"].tolist() == ["doomed"]
    assert died["message"].item().endswith("while it made the measurement deadly: killed, or out of memory")
    alone = run(given.space, cells, "grad_norm", setting=given.setting, store=tmp_path / "alone", executor=thread)
    assert bits(frame[frame["proxy"] == "grad_norm"]) == bits(alone)


def test_a_measurement_that_cannot_be_sent_is_refused_by_name(given: Given, tmp_path: Path) -> None:
    with open(tmp_path / "log", "w") as log:

        @harness.measurement
        def logged(network: Any) -> float:
            log.write("x")
            return 1.0

        @harness.proxy(source="test")
        def reader(logged: float) -> float:
            return logged

        with pytest.raises(harness.HarnessError, match=r"measurement 'logged' depends on log, .*make it inside"):
            run(given.space, given.cells[:1], "reader", setting=given.setting, store=tmp_path / "s")


def test_a_run_of_more_networks_than_architectures_counts_networks(
    space: Any, tiny: dict[str, Any], thread: Executor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A proxy that reads the network is scored on each cell as it is written, the others on the smallest equal one."""

    @harness.proxy(source="me")
    def own_count(network: Any) -> int:
        return sum(1 for _ in network.modules())

    cells = [space.parse(DEAD_ENDS)]
    own = {str(cell) for cell in cells} | {str(space.minimal(cell)) for cell in cells}
    assert len(own) > len(cells) > 0
    run(space, cells, ["own_count", "l2_norm"], store=tmp_path / "s", executor=thread, progress=True, **tiny)
    assert f"scored {len(own)} of {len(own)} networks" in capsys.readouterr().err
    run(space, cells, ["l2_norm"], store=tmp_path / "t", executor=thread, progress=True, **tiny)
    assert "architectures" in capsys.readouterr().err
