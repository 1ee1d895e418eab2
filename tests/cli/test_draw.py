"""`nasinit draw`: what it writes, and what it says of bad input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
CELL = "|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|none~1|avg_pool_3x3~2|"


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_a_cell_is_drawn_into_every_kind_of_file(nasinit: Run, tmp_path: Path, suffix: str) -> None:
    ended = nasinit("draw", CELL, "--out", tmp_path / f"cell{suffix}")
    assert ended.code == 0, ended.err
    assert ended.out == f"nasbench201: {CELL}\nwrote {tmp_path / f'cell{suffix}'}\n"
    starts = {".svg": b"<?xml", ".pdf": b"%PDF", ".png": b"\x89PNG"}
    assert (tmp_path / f"cell{suffix}").read_bytes().startswith(starts[suffix])


def test_a_published_genotype_is_drawn_by_its_name(nasinit: Run, tmp_path: Path) -> None:
    ended = nasinit("draw", "DARTS_V2", "--out", tmp_path / "named.svg")
    assert ended.code == 0
    assert ended.out.startswith("darts DARTS_V2: Genotype(normal=[('sep_conv_3x3', ")
    compact = (
        "[[(0, 3), (1, 3), (0, 3), (1, 3), (1, 3), (0, 2), (0, 2), (2, 5)],"
        " [(0, 0), (1, 0), (2, 2), (1, 0), (0, 0), (2, 2), (2, 2), (1, 0)]]"
    )
    assert nasinit("draw", compact, "--out", tmp_path / "compact.svg").code == 0
    assert (tmp_path / "named.svg").read_bytes() == (tmp_path / "compact.svg").read_bytes()
    text = (tmp_path / "named.svg").read_text(encoding="utf-8")
    assert text.count(">sep 3×3<") == 5
    assert text.count(">dil 3×3<") == 1
    assert ">reduction cell<" in text


def test_the_layers_of_natsbench_sizes_are_drawn(nasinit: Run, tmp_path: Path) -> None:
    ended = nasinit("draw", "8:16:24:32:40", "--out", tmp_path / "sizes.svg")
    assert ended.code == 0, ended.err
    text = (tmp_path / "sizes.svg").read_text(encoding="utf-8")
    for layer in ("cell 8", "block 16", "cell 24", "block 32", "cell 40"):
        assert text.count(f">{layer}<") == 1, layer


@pytest.mark.parametrize("text", ["1_02_333", "64-41414-1_02_333"])
def test_a_cell_of_transnas_is_no_published_name(nasinit: Run, tmp_path: Path, text: str) -> None:
    ended = nasinit("draw", text, "--out", tmp_path / "cell.svg")
    assert ended.code == 0, ended.err
    assert "transnas-micro: 1_02_333" in ended.out
    assert (tmp_path / "cell.svg").read_text(encoding="utf-8").count(">conv 3×3<") == 3


def test_a_number_is_the_official_index(nasinit: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NAS-Bench-201's order is the table's; the size space's own order is the official one (its last has 64s)."""
    data = tmp_path / "data"
    data.mkdir()
    rows = [f"{CELL},90.5,7", f"{CELL.replace('avg_pool_3x3', 'none')},91.5,1462"]
    (data / "nasbench201_official.csv").write_text(
        "\n".join(["architecture,cifar10_test_200ep_pct,index", *rows, ""]), encoding="utf-8"
    )
    monkeypatch.setenv("NASINIT_DATA", str(data))
    drawn, said = {}, {}
    for name, arguments in {
        "index": ("1462",), "text": (CELL.replace("avg_pool_3x3", "none"),),
        "last": ("32767", "--space", "natsbench-sizes"), "wide": ("64:64:64:64:64",),
        "below": ("32759", "--space", "natsbench-sizes"), "narrower": ("64:64:64:56:64",),
    }.items():  # fmt: skip
        ended = nasinit("draw", *arguments, "--out", tmp_path / f"{name}.svg")
        assert ended.code == 0, ended.err
        said[name] = ended.out.splitlines()[0]
        drawn[name] = (tmp_path / f"{name}.svg").read_bytes()
    assert said["index"] == f"nasbench201 1462: {CELL.replace('avg_pool_3x3', 'none')}"
    assert said["last"] == "natsbench-sizes 32767: 64:64:64:64:64"
    assert said["wide"] == "natsbench-sizes: 64:64:64:64:64"
    assert drawn["index"] == drawn["text"]
    assert drawn["last"] == drawn["wide"]
    assert drawn["below"] == drawn["narrower"]


def test_a_tuple_of_indices_is_drawn(nasinit: Run, tmp_path: Path) -> None:
    """In NASLib's order of edges and operations."""
    cell = "|nor_conv_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_3x3~2|"
    assert nasinit("draw", "(2, 0, 3, 1, 4, 2)", "--out", tmp_path / "tuple.svg").code == 0
    assert nasinit("draw", cell, "--space", "nasbench201", "--out", tmp_path / "cell.svg").code == 0
    assert (tmp_path / "tuple.svg").read_bytes() == (tmp_path / "cell.svg").read_bytes()


def test_an_index_that_cannot_be_known_is_refused(refused: Callable[..., str]) -> None:
    text = refused("draw", "1462")
    assert "only the table nasbench201-official knows the official order of nasbench201: " in text
    assert "nasinit pull nasbench201" in text
    assert "the space darts has no official indices" in refused("draw", "3", "--space", "darts")
    assert "indices go from 0 to 15,624; got 15,625" in refused("draw", "15625")
    assert "indices go from 0 to 32,767; got 32,768" in refused("draw", "32768", "--space", "natsbench-sizes")
    assert "unknown space 'nasbench20'" in refused("draw", "3", "--space", "nasbench20")
    assert "malformed NATS-Bench sizes" in refused("draw", CELL, "--space", "natsbench-sizes")


def test_what_draw_refuses(refused: Callable[..., str], tmp_path: Path) -> None:
    assert "unknown published architecture 'DARTS_V3'. Did you mean 'DARTS_V2'?" in refused("draw", "DARTS_V3")
    text = refused("draw", CELL.replace("conv_1x1", "conv_7x7"))
    assert "no space reads this architecture. nasbench201: malformed NAS-Bench-201 cell" in text
    assert "darts" not in text, "the reason of the space that reads texts like this one"
    for genotype in ("Genotype(normal=[('sep_conv_3x3', 0), ('sep_con_3x3', 1)])", "[('sep_conv_3x3', 0)]"):
        assert "no space reads this architecture. darts: malformed DARTS genotype" in refused("draw", genotype)
    assert "no space reads this architecture. nasbench201: malformed" in refused("draw", "none~0|none")
    for other in ("hello world", ""):
        text = refused("draw", other)
        assert "no space reads this architecture. They read, in quotes" in text
        assert all(f" {name}" in text for name in ("nasbench201 |", "darts Genotype(normal=", "natsbench-sizes 48:"))
        assert len(text) < 600
    wrong = refused("draw", "8:16:25:32:40")
    assert "natsbench-sizes: malformed NATS-Bench sizes '8:16:25:32:40': layer 3 has '25' channels" in wrong
    assert "a figure is written as .png, .svg, .pdf" in refused("draw", CELL, "--out", tmp_path / "cell.gif")
    assert list(tmp_path.iterdir()) == []
