"""What TopoNAS's page shows of its searches on NAS-Bench-201: costs and accuracies before and after.

The numbers are read from the vector coordinates of the scatter on the project page (arXiv 2408.01311; Zhao, Liu and
Yuan), accuracies to ±0.1 point and costs to ±0.005. The cost is "normalised"; how was not seen, nor what the marks of
two more points stand for.
"""

from __future__ import annotations

from typing import NamedTuple

ACCURACY_READ_TO, COST_READ_TO = 0.1, 0.005


class Published(NamedTuple):
    """One pair of points of the scatter.

    Attributes:
        method: name of the search; with a mark where the page has one.
        cost: normalised cost without and with TopoNAS.
        accuracy: ImageNet16-120 test accuracy in per cent, without and with TopoNAS.
    """

    method: str
    cost: tuple[float, float]
    accuracy: tuple[float, float]

    @property
    def cost_ratio(self) -> float:
        """Cost with TopoNAS over that without."""
        return self.cost[1] / self.cost[0]

    @property
    def cost_ratio_read_to(self) -> float:
        """Largest error of that ratio by the reading of both costs."""
        return COST_READ_TO * (1 + self.cost_ratio) / self.cost[0]

    @property
    def change(self) -> float:
        """Accuracy with TopoNAS less that without, in points."""
        return self.accuracy[1] - self.accuracy[0]


PUBLISHED = (
    Published("darts", (1.433, 1.141), (24.4, 33.6)),
    Published("beta-darts", (1.429, 1.151), (41.4, 45.1)),
    Published("pc-darts", (1.228, 1.104), (37.9, 38.9)),
    Published("gdas", (1.743, 1.617), (42.0, 39.1)),
    Published("beta-darts*", (2.070, 1.676), (44.3, 44.5)),
    Published("pc-darts†", (1.233, 1.103), (41.4, 42.3)),
)
BY_METHOD = {entry.method: entry for entry in PUBLISHED}
EXPLAINED = tuple(entry for entry in PUBLISHED if not entry.method.endswith(("*", "†")))
"""Those whose search is known."""
