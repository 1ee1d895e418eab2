"""NASGraph against plain loops, known graphs, and what it is not defined for."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch

import harness
from harness.errors import NotApplicable
from harness.measurements import channel_graph as measured
from harness.proxies.nasgraph import nasgraph_degree, nasgraph_density, nasgraph_resilience, nasgraph_wedge
from harness.proxies.registry import resolve
from harness.setting import Setting, derived_seed
from harness.spaces import open_space
from tests.reference import proxies_nasgraph as reference

CELLS = (
    "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
)
PROXIES = ["nasgraph_degree", "nasgraph_density", "nasgraph_wedge", "nasgraph_resilience"]
SPACE = open_space("nasbench201")


def graph(cell: str, seed: int = 3) -> torch.Tensor:
    return measured.channel_graph(functools.partial(SPACE.build, SPACE.parse(cell)), Setting(seed=seed))


@pytest.mark.parametrize("cell", CELLS)
def test_degrees_are_those_of_plain_loops(cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "SIDE", 8)  # of 32 pixels the loops would take minutes
    generator = torch.Generator().manual_seed(derived_seed(3, "channel graph"))

    def draw(made: int, given: int, kernel: int) -> np.ndarray:
        return torch.randn(made, given, kernel, kernel, generator=generator).double().numpy()

    operations = SPACE.parse(cell).operations  # type: ignore[attr-defined]
    assert sorted(graph(cell).tolist()) == reference.degrees(operations, draw, side=8)


def test_a_cell_that_hands_nothing_on_has_the_nodes_of_what_reads_its_channels() -> None:
    """`none` has no edges that enter, and one or more that leave: whatever reads it is tried with ones."""
    nothing, skips = (
        SPACE.parse(f"|{op}~0|+|{op}~0|{op}~1|+|{op}~0|{op}~1|{op}~2|") for op in ("none", "skip_connect")
    )
    assert len(graph(str(skips))) == 3 + 16 + (16 + 32 + 64) * 6 + 3 * 32 + 3 * 64 + 64
    last_of_cells = 3 * (16 + 32 + 64)
    assert len(graph(str(nothing))) == 3 + 16 + last_of_cells + 3 * 32 + 3 * 64 + 64


def test_the_share_of_edges_is_that_of_random_signs() -> None:
    """A 1x1 weight is positive half of the time; of a 3x3 kernel, one of the nine sums that its border leaves."""
    counts = {}
    for kernel in ("1x1", "3x3"):
        cell = f"|nor_conv_{kernel}~0|+|none~0|none~1|+|none~0|none~1|none~2|"
        counts[kernel] = [float(graph(cell, seed).sum()) / 2 for seed in range(4)]
    empty = [float(graph(CELLS[1], seed).sum()) / 2 for seed in range(4)]
    draws = torch.randn(200_000, 3, 3, generator=torch.Generator().manual_seed(0))
    sums = [draws[:, top : 3 - bottom, left : 3 - right].sum((1, 2))
            for top, bottom in ((0, 0), (1, 0), (0, 1)) for left, right in ((0, 0), (1, 0), (0, 1))]  # fmt: skip
    share = float((torch.stack(sums) > 0).any(dim=0).double().mean())
    # the first edge of each cell reads one layer in the first stage, and two behind a reduction
    most = 16**2 + 2 * 32**2 + 2 * 64**2
    assert np.mean(counts["1x1"]) - np.mean(empty) == pytest.approx(most / 2, rel=0.03)
    assert np.mean(counts["3x3"]) - np.mean(empty) == pytest.approx(share * most, rel=0.03)


def test_measures_of_a_known_graph() -> None:
    star = torch.tensor([4, 1, 1, 1, 1])  # one node with edges to four
    assert nasgraph_degree(star) == 8 / 5
    assert nasgraph_density(star) == 4 / 20
    assert nasgraph_wedge(star) == 6
    assert nasgraph_resilience(star) == 20 / 8
    ring = torch.full((7,), 2)
    assert [nasgraph_degree(ring), nasgraph_density(ring), nasgraph_wedge(ring), nasgraph_resilience(ring)] == [
        2, 7 / 42, 7, 2,
    ]  # fmt: skip


@pytest.mark.slow
def test_rows_follow_from_seed_and_cell_and_are_each_cells_own() -> None:
    """Cells that are one network are scored each by itself, as parameters are."""
    skip = "|skip_connect~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|skip_connect~2|"
    plain = "|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|"
    assert SPACE.minimal(SPACE.parse(skip)) == SPACE.minimal(SPACE.parse(plain))
    frame = harness.run(SPACE, [skip, plain], PROXIES, batch_size=2, image_size=8, width=4, depth=1, seed=3)
    assert (frame["status"] == "ok").all()
    for proxy, rows in frame.groupby("proxy"):
        assert rows["score"].nunique() == 2, proxy
    kept = frame[frame["proxy"] == "nasgraph_degree"].set_index("architecture")["score"]
    assert kept[skip] == float(graph(skip).double().mean())
    assert all(entry.reads_size for entry in resolve(PROXIES))
    assert not torch.equal(graph(skip, 4), graph(skip, 3))


@pytest.mark.parametrize("space", ["transnas-micro", "natsbench-sizes", "darts", "nasbench201-large"])
def test_other_spaces_have_no_such_graph_and_say_why(space: str) -> None:
    opened = open_space(space)
    with pytest.raises(NotApplicable, match=r"NASGraph's network of width 16|NAS-Bench-201's (cells|five operations)"):
        measured.channel_graph(functools.partial(opened.build, opened.sample(1)[0]), Setting())
