"""DARTS genotypes of public data sets, with a measured or predicted accuracy for each.

- `darts-random214`: 214 random genotypes, each trained for 600 epochs (Yang, Esperança and Carlucci 2020);
- `nasbench301-surrogate500`: 500 genotypes with an accuracy *predicted* by NAS-Bench-301 (Zela et al. 2022);
- `darts-1000`: 1,000 random genotypes, `none` among their operations, of the authors of SWAP (Peng et al. 2024).

A key is the genotype's text as it is in the file; `harness.spaces.darts` reads every form of it.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.formats.csv_rows import read_published_csv
from benchmarks.table import Column, Facts, Table

RANDOM_KEY = "genotype"
"""Name of the column of keys in the file."""
RANDOM_COLUMNS = (
    Column(
        "cifar10_test_600ep_best_pct", "cifar10", "test", 600, "pct", "one",
        "best CIFAR-10 test accuracy of any of 600 epochs", origin="cifar10_best_600ep_pct",
    ),
)  # fmt: skip
RANDOM_FACTS = Facts(
    name="darts-random214",
    space="darts",
    title="214 random DARTS genotypes, each trained on CIFAR-10 for 600 epochs",
    source="Yang, Esperança and Carlucci 2020, arXiv 1912.12522, github.com/antoyang/NAS-Benchmark",
    licence="none found with the data",
    path=None,
    sha256=None,
    rows=214,
    note=(
        "Limits: one training a genotype, of which the authors' code keeps the highest test accuracy of any epoch, so "
        "the figures are optimistic. All lie between 96.18 and 97.56, a range so narrow that, as the authors find, the "
        "seed has a considerable part in the ranking."
    ),
    splits="test of CIFAR-10, the best epoch",
    epochs="600",
    seeds="one",
)

SURROGATE_COLUMNS = (
    Column(
        "cifar10_valid_100ep_surrogate_pct", "cifar10", "valid", 100, "pct", "none: predicted",
        "CIFAR-10 validation accuracy after 100 epochs, as NAS-Bench-301's surrogate predicts it",
        origin="nasbench301_surrogate_valid_pct",
    ),
)  # fmt: skip
SURROGATE_FACTS = Facts(
    name="nasbench301-surrogate500",
    space="darts",
    title="500 DARTS genotypes with the accuracy that NAS-Bench-301's surrogate predicts; nothing was trained",
    source=(
        "Zela et al. 2022 (NAS-Bench-301), arXiv 2008.09777, github.com/automl/nasbench301; as published with "
        "NAS-Bench-Suite-Zero, Krishnakumar et al. 2022, github.com/automl/NASLib"
    ),
    licence="Apache-2.0 (automl/NASLib)",
    path=None,
    sha256=None,
    rows=500,
    note=(
        "Limits: predictions of a regression, not trainings; its errors are in every ranking by it. It was fitted to "
        "networks of 8 cells and 32 channels, trained for 100 epochs on 80 % of CIFAR-10's training images and "
        "validated on the rest. A key is NASLib's tuples of (input, index of the operation)."
    ),
    splits="validation of CIFAR-10, predicted",
    epochs="100, predicted",
    seeds="none: predicted",
)

THOUSAND_COLUMNS = (
    Column("cifar10_valid_pct", "cifar10", None, None, "pct", "not said", "CIFAR-10 validation accuracy"),
)
THOUSAND_FACTS = Facts(
    name="darts-1000",
    space="darts-none",
    title="1,000 random DARTS genotypes, with `none` among their operations, trained on CIFAR-10",
    source="Peng et al. 2024 (SWAP-NAS), github.com/pym1024/SWAP_Universal",
    licence="AFL-3.0 (pym1024/SWAP_Universal)",
    path=None,
    sha256=None,
    rows=1000,
    note=(
        "Limits: the size of the networks, the epochs and the seeds are not said with the data; accuracies of 63 to "
        "87, and two of 10, speak for short trainings. Both cells of a genotype are equal; a node may read one "
        "input twice."
    ),
    splits="validation of CIFAR-10",
    epochs="not said",
    seeds="not said",
)


def read_random214(path: Path) -> Table:
    """Table of the 214 trained genotypes; raises TableError as `read_published_csv` does."""
    return read_published_csv(path, RANDOM_COLUMNS, RANDOM_FACTS, key=RANDOM_KEY)


def read_surrogate500(path: Path) -> Table:
    """Table of the 500 predicted accuracies; raises TableError as `read_published_csv` does."""
    return read_published_csv(path, SURROGATE_COLUMNS, SURROGATE_FACTS)


def read_1000(path: Path) -> Table:
    """Table of the 1,000 trained genotypes; raises TableError as `read_published_csv` does."""
    return read_published_csv(path, THOUSAND_COLUMNS, THOUSAND_FACTS)
