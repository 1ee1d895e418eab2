"""What a worker runs is what the version says, whatever was edited since the user's module was imported."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.errors import RunError, SpaceError
from harness.proxies import resolve
from harness.scoring.models import ModelList
from harness.scoring.runner import run
from harness.scoring.travelling import packed, unpacked, unpacked_space
from tests.scoring.runs import Given, scores_of

MODULE = """
SCALE = 1
def scaled(x):
    return SCALE * x
"""
SESSION = textwrap.dedent("""
    import importlib, pathlib, sys
    import harness, my_module
    from functools import lru_cache

    sys.dont_write_bytecode = True
    space = harness.open_space("nasbench201")
    cells = space.sample(2, seed=1)
    FACTOR = 1

    class Helper:
        def factor(self):
            return FACTOR

    @lru_cache
    def kept():
        return FACTOR

    @harness.proxy(source="test")
    def top(parameter_count, loss_gradient):
        return my_module.scaled(parameter_count) * Helper().factor() * kept()

    @harness.proxy(source="test")
    def inside(parameter_count, loss_gradient):
        from my_module import scaled
        return scaled(parameter_count)

    def factors(**options):
        frame = harness.run(space, cells, ["params", "top", "inside"], store="s.sqlite", width=4, depth=1,
                            batch_size=4, image_size=8, classes=3, **options)
        assert set(frame.status) == {"ok"}, frame.message.tolist()
        sizes, *others = (frame.score[frame.proxy == name].tolist() for name in ("params", "top", "inside"))
        found = [{value / size for value, size in zip(values, sizes)} for values in others]
        return [values.pop() for values in found if len(values) == 1]

    if __name__ == "__main__":
        file = pathlib.Path("my_module.py")
        print(factors())
        file.write_text(file.read_text().replace("SCALE = 1", "SCALE = 2"))
        print(factors(retry_failed=True), "edited, not loaded")
        cells = space.sample(3, seed=1)
        print(factors(), "the same, one architecture more")
        importlib.reload(my_module)
        print(factors(), "loaded")
        my_module.SCALE = 3
        FACTOR = 5
        kept.cache_clear()
        print(factors(), "set")
""")


@pytest.mark.slow
def test_edits_reloads_and_values_set_in_a_module(tmp_path: Path) -> None:
    (tmp_path / "my_module.py").write_text(MODULE)
    (tmp_path / "session.py").write_text(SESSION)
    ended = subprocess.run([sys.executable, "session.py"], cwd=tmp_path, capture_output=True, text=True)
    assert ended.stdout.splitlines() == [
        "[1.0, 1.0]",
        "[1.0, 1.0] edited, not loaded",
        "[1.0, 1.0] the same, one architecture more",
        "[2.0, 2.0] loaded",
        "[75.0, 3.0] set",
    ], ended.stderr


CELLS_OF_A_NOTEBOOK = [
    "import harness\nfrom concurrent.futures import ThreadPoolExecutor\nspace = harness.open_space('nasbench201')",
    "POWER = 1\nclass Helper:\n    def power(self):\n        return POWER",
    "@harness.proxy(source='me')\ndef mine(parameter_count, loss_gradient):\n    return Helper().power()",
    """def show():
    with ThreadPoolExecutor(1) as executor:
        frame = harness.run(space, space.sample(2), "mine", store="s", executor=executor, width=4, depth=1,
                            batch_size=4, image_size=8, classes=3)
    print(frame.score.tolist())""",
    "show()",
    "POWER = 2",
    "show()",
    "class Helper:\n    def power(self):\n        return -POWER",
    "show()",
    "def opposite(self):\n    return 10 * POWER\nHelper.power = opposite",
    "show()",
]


@pytest.mark.slow
def test_cells_of_a_notebook(tmp_path: Path) -> None:
    program = f"for cell in {CELLS_OF_A_NOTEBOOK!r}:\n    exec(compile(cell, '<cell>', 'exec'), globals())"
    ended = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    shown = ["[1.0, 1.0]", "[2.0, 2.0]", "[-2.0, -2.0]", "[20.0, 20.0]"]
    assert ended.stdout.splitlines() == shown, ended.stderr


def test_the_version_is_that_of_the_start_when_code_changes_during_a_run(
    given: Given, thread: Executor, tmp_path: Path
) -> None:
    namespace: dict[str, Any] = {"__name__": "a_notebook", "VALUE": 1.0, "change": None}
    exec("def changing(loss_gradient):\n    return VALUE", namespace)
    changing = harness.proxy(source="test")(namespace["changing"])
    (entry,) = harness.proxies.resolve("changing")
    sent = packed(given.space, [entry])
    namespace["VALUE"] = 2.0
    (arrived,) = unpacked(sent.by_name, sent.by_value)
    assert (arrived.version, arrived.function(None), changing(None)) == (entry.version, 1.0, 2.0)
    frame = run(given.space, given.cells[:1], "changing", setting=given.setting, store=tmp_path / "s", executor=thread)
    assert scores_of(frame, "changing") == [2.0]


def test_other_code_than_the_drivers_is_refused_where_the_drivers_cannot_be_sent(
    given: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_guarded.py").write_text(
        "import threading\nguard, SCALE = threading.Lock(), 1.0\n"
        "def guarded(loss_gradient):\n    with guard:\n        return SCALE\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import my_guarded  # type: ignore[import-not-found]

    harness.proxy(source="test")(my_guarded.guarded)
    sent = packed(given.space, harness.proxies.resolve("guarded"))
    assert [entry.function(None) for entry in unpacked(sent.by_name, sent.by_value)] == [1.0]
    my_guarded.SCALE = 2.0
    with pytest.raises(RunError, match="would run other code of guarded than this one"):
        unpacked(sent.by_name, sent.by_value)


MODELS = """
from torch import nn
WIDTH = 4
class Layer(nn.Linear):
    pass
def perceptron():
    return nn.Sequential(nn.Flatten(), Layer(48, WIDTH), Layer(WIDTH, 3))
"""
MODELS_SESSION = textwrap.dedent("""
    import importlib, pathlib, sys
    import harness, my_models

    sys.dont_write_bytecode = True

    @harness.proxy(source="test")
    def own_layers(parameter_count, loss_gradient):
        return sum(name.endswith("weight") for name in loss_gradient)

    def widths():
        space = harness.model_list({"one": my_models.perceptron, "two": lambda: my_models.perceptron()},
                                   inputs=(3, 4, 4), classes=3)
        frame = harness.run(space, space, ["params", "own_layers"], store="s.sqlite", batch_size=4)
        assert set(frame.status) == {"ok"}, frame.message.tolist()
        assert set(frame.score[frame.proxy == "own_layers"]) == {2}
        return [int((size - 3) / 52) for size in frame.score[frame.proxy == "params"]]

    if __name__ == "__main__":
        file = pathlib.Path("my_models.py")
        print(widths())
        file.write_text(file.read_text().replace("WIDTH = 4", "WIDTH = 5"))
        print(widths(), "edited, not loaded")
        importlib.reload(my_models)
        print(widths(), "loaded")
        my_models.WIDTH = 6
        print(widths(), "set")
""")


@pytest.mark.slow
def test_models_are_made_by_the_code_that_their_rows_are_of(tmp_path: Path) -> None:
    (tmp_path / "my_models.py").write_text(MODELS)
    (tmp_path / "session.py").write_text(MODELS_SESSION)
    ended = subprocess.run([sys.executable, "session.py"], cwd=tmp_path, capture_output=True, text=True)
    assert ended.stdout.splitlines() == [
        "[4, 4]", "[4, 4] edited, not loaded", "[5, 5] loaded", "[6, 6] set",
    ], ended.stderr  # fmt: skip


def test_a_worker_with_other_code_of_a_model_does_not_run_it() -> None:
    def network(width: int) -> Any:
        from torch import nn

        return lambda: nn.Linear(width, 2)

    first, other = (ModelList({"a": network(width)}, (3, 4, 4), 3) for width in (4, 5))
    sent, newer = packed(first, resolve("params")), packed(other, resolve("params"))
    mark = first.fingerprint(first.parse("a"))
    assert unpacked_space(newer.space, sent.own_space, "a", mark).code["a"]().in_features == 4
    assert unpacked_space(sent.space, b"", "a", mark).code["a"]().in_features == 4
    with pytest.raises(RunError, match="other code of a than this one"):
        unpacked_space(newer.space, b"", "a", mark)
    stuck = ModelList({"a": (lambda lock: lambda: lock)(threading.Lock())}, (3, 4, 4), 3)
    with pytest.raises(SpaceError, match="cannot be sent to a worker process"):
        packed(stuck, resolve("params"))
