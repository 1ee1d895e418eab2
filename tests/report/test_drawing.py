"""Architectures drawn as graphs: what is drawn, and that nothing lies on anything else."""

import itertools
import re

import numpy as np
import pytest
from matplotlib.text import Text

from benchmarks.readers.darts_published import PUBLISHED_GENOTYPES as PUBLISHED
from harness.errors import SpaceError
from harness.report.drawing.figure import draw
from harness.report.drawing.layout import laid_out
from harness.report.drawing.looks import LOOKS, look_of
from harness.report.drawing.ordering import crossings, least_crossings
from harness.report.figures.style import COLUMN_WIDTH_INCHES, PAGE_WIDTH_INCHES
from harness.report.files import save_figure
from harness.spaces import open_space
from harness.spaces.darts.genotype import OPERATIONS as DARTS_OPERATIONS
from harness.spaces.nasbench201 import WIRING
from harness.spaces.nasbench201.cell import OPERATIONS
from harness.spaces.nasbench201_large.cell import OPERATIONS as LARGE_OPERATIONS
from harness.spaces.natsbench_sizes import WIRING as CHAIN

CELL = "|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|none~1|avg_pool_3x3~2|"
SPACE, DARTS = open_space("nasbench201"), open_space("darts")
GENOTYPES = [DARTS.parse(row.key()) for row in PUBLISHED] + list(DARTS.sample(8, seed=3))
WIRINGS = [WIRING, CHAIN, *dict.fromkeys(cell.wiring for genotype in GENOTYPES for cell in DARTS.graphs(genotype))]
STEPS = np.linspace(0, 1, 25)


def along(route):
    """Points of a line, close to each other: between two given ones the cubic that leaves and arrives horizontally."""
    parts = []
    for (x0, y0), (x1, y1) in itertools.pairwise(route):
        middle, t = (x0 + x1) / 2, STEPS
        x = (1 - t) ** 3 * x0 + 3 * (1 - t) ** 2 * t * middle + 3 * (1 - t) * t**2 * middle + t**3 * x1
        y = (1 - t) ** 3 * y0 + 3 * (1 - t) ** 2 * t * y0 + 3 * (1 - t) * t**2 * y1 + t**3 * y1
        parts.append(np.column_stack([x, y]))
    return np.concatenate(parts)


def is_inside(points, rectangle, shrunk=0.5):
    half = np.array([rectangle.width, rectangle.height]) / 2 - shrunk
    return (np.abs(points - [rectangle.x, rectangle.y]) < half).all(axis=1)


def test_every_operation_of_the_spaces_has_a_look():
    assert set(LOOKS) == set(OPERATIONS) | set(DARTS_OPERATIONS) | set(LARGE_OPERATIONS)
    assert len({look.label for look in LOOKS.values()}) == len(LOOKS)


def test_an_operation_without_a_look_of_its_own_is_drawn_by_its_name():
    assert look_of("attention").label == "attention"
    assert look_of("none") == LOOKS["none"]


def test_the_graph_of_a_cell_is_the_cell():
    (drawn,) = SPACE.graphs(SPACE.parse(CELL))
    edges = dict(zip(drawn.wiring.edges, drawn.operations, strict=True))
    assert edges == {
        (0, 1): "nor_conv_3x3", (0, 2): "none", (1, 2): "nor_conv_1x1",
        (0, 3): "skip_connect", (1, 3): "none", (2, 3): "avg_pool_3x3",
    }  # fmt: skip
    assert drawn.wiring.labels == ("in", "1", "2", "out")


def test_the_graphs_of_a_genotype_are_its_cells():
    genotype = GENOTYPES[0]
    for drawn, pairs in zip(DARTS.graphs(genotype), (genotype.normal, genotype.reduce), strict=True):
        expected = [((source, 2 + place // 2), operation) for place, (operation, source) in enumerate(pairs)]
        assert list(zip(drawn.wiring.edges, drawn.operations, strict=True)) == expected
        assert drawn.wiring.plain == ((2, 6), (3, 6), (4, 6), (5, 6))
        assert drawn.wiring.labels == ("k−2", "k−1", "2", "3", "4", "5", "out")


@pytest.mark.parametrize("wiring", WIRINGS)
def test_lines_join_their_nodes_and_touch_nothing_else(wiring):
    layout = laid_out(wiring)
    rectangles = [*layout.nodes, *layout.boxes]
    for place, (source, target) in enumerate([*wiring.edges, *wiring.plain]):
        route, (first, last) = layout.routes[place], (layout.nodes[source], layout.nodes[target])
        assert route[0][0] == pytest.approx(first.x + first.width / 2)
        assert abs(route[0][1] - first.y) < first.height / 2
        assert route[-1][0] == pytest.approx(last.x - last.width / 2)
        assert abs(route[-1][1] - last.y) < last.height / 2
        touched = {number for number, other in enumerate(rectangles) if is_inside(along(route), other).any()}
        own = {len(layout.nodes) + place} if place < len(wiring.edges) else set()
        assert touched == own


@pytest.mark.parametrize("wiring", WIRINGS)
def test_no_line_runs_along_another(wiring):
    """Lines may cross: then they are nearer than a point over 4 points of their length at most."""
    sampled = [along(route) for route in laid_out(wiring).routes]
    for first, second in itertools.combinations(sampled, 2):
        distances = np.hypot(*(first[:, None] - second[None]).transpose(2, 0, 1)).min(axis=1)
        lengths = np.hypot(*np.diff(first, axis=0).T)
        assert lengths[(distances[1:] < 1) & (distances[:-1] < 1)].sum() < 4.5


@pytest.mark.parametrize("wiring", WIRINGS)
def test_boxes_and_nodes_stand_apart_and_within_the_picture(wiring):
    layout = laid_out(wiring)
    rectangles = [*layout.nodes, *layout.boxes]
    for first, second in itertools.combinations(rectangles, 2):
        apart_x = abs(first.x - second.x) - (first.width + second.width) / 2
        apart_y = abs(first.y - second.y) - (first.height + second.height) / 2
        assert max(apart_x, apart_y) > 3
    points = np.concatenate([along(route) for route in layout.routes])
    assert points.min() >= -1e-9
    assert (points <= [layout.width + 1e-9, layout.height + 1e-9]).all()


def test_the_fewest_crossings_of_small_graphs_are_found():
    """Against all orders of all layers."""
    generator = np.random.default_rng(0)
    for _ in range(20):
        layers = [[0, 1, 2], [3, 4, 5], [6, 7]]
        pairs = [(a, b) for a in (0, 1, 2) for b in (3, 4, 5)] + [(a, b) for a in (3, 4, 5) for b in (6, 7)]
        links = [pair for pair in pairs if generator.random() < 0.6]
        every = itertools.product(*(itertools.permutations(layer) for layer in layers))
        fewest = min(crossings([list(layer) for layer in order], links) for order in every)
        assert {crossings(order, links) for order in least_crossings(layers, links)} == {fewest}


def test_crossings_are_counted():
    assert crossings([[0, 1], [2, 3]], [(0, 3), (1, 2)]) == 1
    assert crossings([[0, 1], [3, 2]], [(0, 3), (1, 2)]) == 0
    assert crossings([[0, 1, 2], [3, 4, 5]], [(a, b) for a in (0, 1, 2) for b in (3, 4, 5)]) == 9


def test_a_cell_of_nasbench201_has_no_crossing_and_fits_a_column():
    figure = draw(SPACE, SPACE.parse(CELL))
    assert figure.get_size_inches()[0] <= COLUMN_WIDTH_INCHES


@pytest.mark.parametrize("genotype", GENOTYPES[:6])
def test_text_is_of_8_points_inside_its_box_on_the_page(genotype):
    figure = draw(DARTS, genotype)
    figure.draw_without_rendering()
    assert figure.get_size_inches()[0] <= PAGE_WIDTH_INCHES
    (axes,) = figure.axes
    written = [text for text in axes.get_children() if isinstance(text, Text) and text.get_text()]
    assert len(written) == 2 * (8 + 7 + 1)
    boxes = [patch.get_window_extent() for patch in axes.patches if type(patch).__name__ == "FancyBboxPatch"]
    for text in written:
        extent = text.get_window_extent()
        assert text.get_fontsize() == 8
        assert figure.bbox.padded(1).containsx(extent.x0)
        assert figure.bbox.padded(1).containsx(extent.x1)
        if not text.get_text().endswith("cell"):
            assert any(
                box.containsx(extent.x0) and box.containsx(extent.x1) and box.containsy(extent.y0) for box in boxes
            )


def test_a_network_of_natsbench_sizes_is_one_row_of_layers_with_text_inside_their_boxes():
    space = open_space("natsbench-sizes")
    figure = draw(space, space.parse("48:48:64:64:48"))
    figure.draw_without_rendering()
    assert figure.get_size_inches()[0] <= PAGE_WIDTH_INCHES
    (axes,) = figure.axes
    written = [text for text in axes.get_children() if isinstance(text, Text) and text.get_text()]
    words = {"cell 48", "block 48", "cell 64", "block 64", "in", "H", "H/2", "H/4", "out"}
    assert {text.get_text() for text in written} == words
    boxes = [patch.get_window_extent() for patch in axes.patches if type(patch).__name__ == "FancyBboxPatch"]
    for text in written:
        extent = text.get_window_extent()
        assert any(box.x0 <= extent.x0 and extent.x1 <= box.x1 for box in boxes), text.get_text()


@pytest.mark.parametrize("suffix", ["svg", "pdf", "png"])
def test_the_same_architecture_is_the_same_file(tmp_path, suffix):
    first, second = (save_figure(draw(DARTS, GENOTYPES[1]), tmp_path / f"{name}.{suffix}") for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_an_svg_holds_the_operations_as_text(tmp_path):
    text = save_figure(draw(SPACE, SPACE.parse(CELL)), tmp_path / "cell.svg").read_text()
    written = re.findall(r"<text[^>]*>([^<]*)</text>", text)
    expected = ["conv 3×3", "none", "conv 1×1", "skip", "none", "avg 3×3", "in", "1", "2", "out"]
    assert sorted(written) == sorted(expected)


def test_anything_else_has_no_drawing():
    with pytest.raises(SpaceError, match="'a cell' is not a NAS-Bench-201 cell"):
        draw(SPACE, "a cell")
