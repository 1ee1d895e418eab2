"""The recipe of a job array, run as it stands on the page, with small sizes, by a plain loop on one machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import harness
from tests.scoring.runs import bits

PAGE = (Path(__file__).parents[2] / "docs" / "guides" / "cluster.md").read_text(encoding="utf-8")
SMALL = {"--all": "--sample 4", "--proxies all": "--proxies grad_norm,params", "--seeds 0-1": "--seeds 0-1 {tiny}"}
TINY = {"width": 4, "depth": 1, "batch_size": 4, "image_size": 8, "classes": 3}
SHARDS = 2


def _script(title: str) -> str:
    (script,) = re.findall(rf'^```bash title="{re.escape(title)}"\n(.*?)^```', PAGE, flags=re.DOTALL | re.MULTILINE)
    return str(script)


@pytest.mark.slow
def test_the_array_and_its_merge_give_the_whole_request_to_the_last_bit(tmp_path: Path) -> None:
    score, merge = _script("score.sh"), _script("merge.sh")
    assert re.findall("--array=1-(.*)", score) == re.findall(r"^SHARDS=(\d+)", score, flags=re.MULTILINE) == ["16"]
    options = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in TINY.items())
    for text, small in {**SMALL, "SHARDS=16": f"SHARDS={SHARDS}"}.items():
        assert score.count(text) == 1
        score = score.replace(text, small.format(tiny=options))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    surroundings = {**os.environ, "PATH": path, "SLURM_CPUS_PER_TASK": "1"}
    tasks = [(score, {"SLURM_ARRAY_TASK_ID": str(number)}) for number in range(1, SHARDS + 1)]
    for script, more in [*tasks, (merge, {})]:
        ended = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, env={**surroundings, **more}, capture_output=True, text=True
        )
        assert ended.returncode == 0, ended.stderr
    assert "all as they were written" in ended.stdout
    space = harness.open_space("nasbench201")
    whole = harness.run(
        space, space.sample(4), ["grad_norm", "params"], seeds=range(2), store=tmp_path / "whole.sqlite", **TINY
    )
    with harness.Store(tmp_path / "scores.sqlite", readonly=True) as store:
        assert len(store.runs()) == 2
        merged = pd.concat([store.frame(run.number).assign(seed=run.setting.seed) for run in store.runs()])
    for seed in (0, 1):
        assert bits(merged[merged["seed"] == seed]) == bits(whole[whole["seed"] == seed])
    submitted = _script("submit both")
    assert set(re.findall(r"\w+\.sh", submitted)) == {"score.sh", "merge.sh"}
