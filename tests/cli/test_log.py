"""How much the command line says on standard error, and that its results do not depend on it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
LEVELS = ("--quiet", "--verbose")
SAID = {
    "score --sample 12 --proxies params,flops --store {store}": [
        r"opened the store {store}, version 2, to be written",
        "seed 0, params: 12 scores in the store, 0 to make",
    ],
    "correlate {store} --table {table} --resamples 5 --csv {out}.csv --top": [
        r"opened the store {store}, version 2, to be read",
        "read 24 rows of 12 architectures by 2 proxies from {store}: 24 ok",
        r"opened the table small\.csv \({table}\): 12 rows, 2 columns, SHA-256 [0-9a-f]{{64}}",
        "24 rows of scores are of 12 architectures of nasbench201; 0 rows stand there again and are dropped",
        "cifar10_test_200ep_pct of small\\.csv: 12 of 12 rows have a number; 0 architectures are there twice",
        "12 of 12 scored architectures have a value of cifar10_test_200ep_pct and are ranked",
        r"wrote {out}\.csv, [\d,]+ bytes",
        r"wrote {out}_top\.csv\.json, [\d,]+ bytes",
    ],
    "plot heatmap {store} --table {table} --out {out}.png": [
        r"opened the table small\.csv \({table}\)",
        r"wrote {out}\.png, [\d,]+ bytes",
    ],
    "report {store} --table {table} --resamples 5 --out {out}.html": [
        r"read the parsed table from the cache .*analognasbench\.npz",
        r"wrote {out}\.html, [\d,]+ bytes",
    ],
    "store export {store} --to {out}.csv": [
        r"opened the store {store}, .* to be read",
        r"wrote {out}\.csv\.json, [\d,]+ bytes",
    ],
    "store merge {store} --into {out}.sqlite": [
        r"opened the store {store}, .* to be read",
        r"wrote \d+ scores and \d runs to {out}\.sqlite",
    ],
    "query random_search --runs 2 --table analognasbench --out {out}.csv": [
        r"opened the table analognasbench \(.*data\.anb\): 15,625 rows",
        "searches on the 15,625 cells of analognasbench, judged by cifar10_test_200ep_pct",
        r"random_search: 2 runs, [\d.]+ queries each on average",
        r"wrote {out}\.csv, [\d,]+ bytes",
    ],
    "search nasi --data noise --epochs 1 --depth 1 --width 2 --steps-per-epoch 1 --image-size 8 --batch-size 4 "
    "--out {out}": [
        r"there is no checkpoint {out}/checkpoint\.pt: the search begins",
        r"wrote {out}/checkpoint\.pt after epoch 1",
        r"wrote {out}/log\.csv, [\d,]+ bytes",
    ],
}


@pytest.fixture
def filled(store: Path, table: Path, tmp_path: Path) -> Callable[[str, str], str]:
    """A line with the paths of the store and the table, and a name for what is written."""
    return lambda text, name: text.format(store=store, table=table, out=tmp_path / name)


@pytest.mark.slow
@pytest.mark.parametrize("line", SAID)
def test_how_much_is_said_changes_no_result(
    nasinit: Run, tiny: tuple[str, ...], filled: Callable[[str, str], str], line: str
) -> None:
    """Standard output is the same but for the paths; quiet says nothing else, verbose what is opened and written."""
    ended = {}
    for level in (None, *LEVELS):
        name = f"out{level or ''}"
        words = [*filled(line, name).split(), *(tiny if line.startswith("score") else ())]
        one = nasinit(*([level] if level else []), *words)
        assert one.code == 0, one.err
        ended[level] = one._replace(out=_without_what_varies(one.out.replace(name, "out")))
    assert ended["--quiet"].err == ""
    assert ended["--quiet"].out == ended["--verbose"].out == ended[None].out != ""
    for pattern in SAID[line]:
        said = re.compile("nasinit: " + filled(pattern, "out--verbose"))
        assert any(said.match(one) for one in ended["--verbose"].err.splitlines()), (pattern, ended["--verbose"].err)
        assert not said.search(ended[None].err)


def _without_what_varies(text: str) -> str:
    return re.sub(r"\b\d+\.\d MB", "", text)


def test_a_score_that_is_missing_is_said_where_it_is_dropped(
    nasinit: Run, cells: list[str], table: Path, tmp_path: Path
) -> None:
    scores = tmp_path / "s.csv"
    lines = [f"{cell},p,{place},ok" for place, cell in enumerate(cells[:-1])]
    scores.write_text("\n".join(["architecture,proxy,score,status", *lines, f"{cells[-1]},p,,not_finite", ""]))
    said = nasinit("--verbose", "correlate", scores, "--table", table, "--resamples", 5).err
    assert "nasinit: p: 1 of them have no score and are dropped\n" in said
    assert ": 11 ok, 1 not_finite\n" in said
    assert f"nasinit: {scores}: there is no s.csv.json\n" in said


@pytest.mark.slow
def test_quiet_says_no_progress(nasinit: Run, tiny: tuple[str, ...], tmp_path: Path) -> None:
    arguments = ("score", "--sample", 2, "--proxies", "params,l2_norm", *tiny)
    quiet = nasinit("--quiet", *arguments, "--store", tmp_path / "a")
    plain = nasinit(*arguments, "--store", tmp_path / "b")
    assert (quiet.code, quiet.err) == (0, "")
    assert "scored 2 of 2 architectures" in plain.err


def test_quiet_and_verbose_exclude_each_other(nasinit: Run) -> None:
    ended = nasinit("--quiet", "--verbose", "list", "spaces")
    assert (ended.code, ended.err) == (2, "nasinit: --quiet or --verbose, not both\n")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ["harness", "benchmarks"])
def test_the_log_is_left_as_it_was(nasinit: Run, name: str, level: str) -> None:
    logger = logging.getLogger(name)
    before = (logger.level, list(logger.handlers))
    nasinit(level, "list", "spaces")
    assert (logger.level, list(logger.handlers)) == before
