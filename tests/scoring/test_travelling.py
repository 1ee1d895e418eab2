"""What a worker runs is what the version says, whatever was edited since the user's module was imported."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.errors import RunError
from harness.scoring.runner import run
from harness.scoring.travelling import packed, unpacked
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
