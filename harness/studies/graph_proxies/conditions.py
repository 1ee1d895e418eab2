"""Graphs on which networks of NAS-Bench-Graph are scored, the proxies that score them, and the usual sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from harness.setting import Setting

SPACE = "nasbench-graph"
GCN = "0123:skip:skip:gcn:gcn"
"""The graph convolutional network of two layers (Kipf & Welling 2017), the baseline of a user of graphs."""

PROXIES = (
    "grad_norm", "snip", "grasp", "synflow", "synflow_bn", "logsynflow", "plain", "l2_norm", "ntk_trace", "nasi_trace",
    "nasi_constrained", "knas", "m_grad", "m_snip", "m_grasp", "params", "flops",
)  # fmt: skip
"""The proxies of `all` that have a value on every graph network, the sizes last."""


class GraphCondition(NamedTuple):
    """What the networks are scored on, and the table that they are ranked by.

    Attributes:
        dataset: the data set of the table, whose sizes the networks have, by its name in the package.
        targets: number of nodes with targets: all training nodes of a graph that is read.
        cells: usual number of architectures.
        features: whether the graph is the data set's own; else it is random, with Gaussian features.
    """

    dataset: str
    targets: int
    cells: int
    features: bool = True

    @property
    def table(self) -> str:
        """Name of the table of the accuracies."""
        return f"nasbench-graph-{self.dataset}"

    @property
    def column(self) -> str:
        """Column of the test accuracy."""
        return f"{self.dataset}_test_pct"

    @property
    def validation(self) -> str:
        """Column of the validation accuracy."""
        return f"{self.dataset}_valid_pct"

    @property
    def title(self) -> str:
        """Printed name of the data set."""
        from harness.evaluation import open_table

        return open_table(self.table).facts.title.removeprefix("NAS-Bench-Graph on ").partition(",")[0]

    @property
    def words(self) -> str:
        """Name of the condition in tables and figures."""
        return self.title if self.features else f"{self.title}, Gaussian graph"

    def setting(self, seed: int) -> Setting:
        """The setting of the networks whose parameters the benchmark prints, which the data's own sizes complete."""
        from harness.setting import Setting
        from harness.spaces.nasbench_graph.cost import PROTOCOLS

        sizes = PROTOCOLS[self.dataset]
        shape = {
            "classes": sizes.classes,
            "hidden": sizes.hidden,
            "head_layers": sizes.head_layers,
            "stem_layers": int(sizes.linear_before),
        }
        if self.features:
            return Setting(input=self.dataset, labels="true", batch_size=self.targets, seed=seed, shape=shape)
        shape["features"] = sizes.features
        return Setting(input="gaussian", labels="random", batch_size=self.targets, seed=seed, shape=shape)


CONDITIONS = {
    "cora": GraphCondition("cora", 140, 1000),
    "citeseer": GraphCondition("citeseer", 120, 1000),
    "computers": GraphCondition("computers", 200, 500),
    "photo": GraphCondition("photo", 160, 300),
    "cs": GraphCondition("cs", 300, 200),
    "physics": GraphCondition("physics", 100, 30),
    "gaussian_cora": GraphCondition("cora", 64, 1000, features=False),
    "gaussian_citeseer": GraphCondition("citeseer", 64, 1000, features=False),
    "gaussian_pubmed": GraphCondition("pubmed", 64, 1000, features=False),
    "gaussian_arxiv": GraphCondition("arxiv", 64, 1000, features=False),
}
"""Conditions by a short name, which is part of file names; the two last data sets' graphs cannot be read."""
