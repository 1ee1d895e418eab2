"""The table `darts-published`: DARTS genotypes that papers found, with the errors and sizes that they print.

Copied from the authors' repositories: the readmes of quark0/darts, yuhuixu1993/PC-DARTS and xiangning-chen/DrNAS, and
the genotypes in DrNAS's `DARTS-space/genotypes.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmarks.table import Column, Facts, Table

_OPERATIONS = {
    "max": "max_pool_3x3",
    "avg": "avg_pool_3x3",
    "skip": "skip_connect",
    "sep3": "sep_conv_3x3",
    "sep5": "sep_conv_5x5",
    "dil3": "dil_conv_3x3",
    "dil5": "dil_conv_5x5",
}


@dataclass(frozen=True)
class PublishedGenotype:
    """A genotype with its published numbers; NaN where none is published.

    Attributes:
        name: name of the genotype in its authors' code.
        normal: pairs of operation and input of the normal cell, in short names.
        reduction: pairs of operation and input of the reduction cell, in short names.
        cifar10_error: test error on CIFAR-10 in percent.
        cifar10_error_std: standard deviation of that error.
        cifar10_params: parameters of the CIFAR-10 network in millions.
        imagenet_error: top-1 error on ImageNet in percent.
        imagenet_params: parameters of the ImageNet network in millions.
    """

    name: str
    normal: str
    reduction: str
    cifar10_error: float = math.nan
    cifar10_error_std: float = math.nan
    cifar10_params: float = math.nan
    imagenet_error: float = math.nan
    imagenet_params: float = math.nan

    def key(self) -> str:
        """Text of the genotype, as repositories print it."""
        concat = [2, 3, 4, 5]
        return (
            f"Genotype(normal={_pairs(self.normal)}, normal_concat={concat}, "
            f"reduce={_pairs(self.reduction)}, reduce_concat={concat})"
        )


def _pairs(short: str) -> list[tuple[str, int]]:
    words = short.split()
    return [(_OPERATIONS[word], int(source)) for word, source in zip(words[::2], words[1::2], strict=True)]


PUBLISHED_GENOTYPES = (
    PublishedGenotype(
        "DARTS_V1",
        "sep3 1  sep3 0  skip 0  sep3 1  skip 0  sep3 1  sep3 0  skip 2",
        "max 0  max 1  skip 2  max 0  max 0  skip 2  skip 2  avg 0",
        cifar10_error=3.00, cifar10_error_std=0.14, cifar10_params=3.3,
    ),
    PublishedGenotype(
        "DARTS_V2",
        "sep3 0  sep3 1  sep3 0  sep3 1  sep3 1  skip 0  skip 0  dil3 2",
        "max 0  max 1  skip 2  max 1  max 0  skip 2  skip 2  max 1",
        cifar10_error=2.76, cifar10_error_std=0.09, cifar10_params=3.3, imagenet_error=26.7, imagenet_params=4.7,
    ),
    PublishedGenotype(
        "PC_DARTS_cifar",
        "sep3 1  skip 0  sep3 0  dil3 1  sep5 0  sep3 1  avg 0  dil3 1",
        "sep5 1  max 0  sep5 1  sep5 2  sep3 0  sep3 3  sep3 1  sep3 2",
        cifar10_error=2.57, cifar10_error_std=0.07, cifar10_params=3.6,
    ),
    PublishedGenotype(
        "DrNAS_cifar10",
        "sep3 0  sep5 1  sep3 1  sep3 2  skip 0  sep3 1  sep3 2  dil5 3",
        "max 0  sep5 1  dil5 2  sep5 1  sep5 1  dil5 3  skip 4  sep5 1",
        cifar10_error=2.46, cifar10_error_std=0.03, cifar10_params=4.1,
    ),
    PublishedGenotype(
        "DrNAS_imagenet",
        "sep3 1  sep3 0  sep3 0  sep3 1  sep3 0  dil3 3  skip 0  sep3 1",
        "max 0  sep3 1  sep3 0  skip 2  sep3 0  sep3 2  sep3 3  sep3 1",
        imagenet_error=23.7, imagenet_params=5.7,
    ),
)  # fmt: skip

_RUNS = "several runs, as published"
COLUMNS = (
    Column(
        "cifar10_test_600ep_error_pct", "cifar10", "test", 600, "pct", _RUNS,
        "test error, mean over the runs", may_be_missing=True, higher_is_better=False,
    ),
    Column(
        "cifar10_test_600ep_error_std_pct", "cifar10", "test", 600, "pct", _RUNS,
        "standard deviation of the test error, in percentage points", may_be_missing=True, higher_is_better=False,
    ),
    Column(
        "cifar10_params_m", "cifar10", None, None, "m", "none",
        "millions of parameters of the CIFAR-10 network, as printed, to one decimal",
        may_be_missing=True, higher_is_better=False,
    ),
    Column(
        "imagenet_valid_250ep_error_pct", "imagenet", "valid", 250, "pct", "as published, without a deviation",
        "top-1 error on ImageNet's validation set, mobile setting", may_be_missing=True, higher_is_better=False,
    ),
    Column(
        "imagenet_params_m", "imagenet", None, None, "m", "none",
        "millions of parameters of the ImageNet network, as printed, to one decimal",
        may_be_missing=True, higher_is_better=False,
    ),
)  # fmt: skip

FACTS = Facts(
    name="darts-published",
    space="darts",
    title="DARTS genotypes that papers found, with the errors and sizes that they print",
    source=(
        "DARTS_V1 (first order) and DARTS_V2 (second order): Liu, Simonyan and Yang 2019, arXiv 1806.09055, "
        "github.com/quark0/darts; PC_DARTS_cifar: Xu et al. 2020, arXiv 1907.05737, github.com/yuhuixu1993/PC-DARTS; "
        "DrNAS_cifar10 and DrNAS_imagenet: Chen et al. 2021, arXiv 2006.10355, github.com/xiangning-chen/DrNAS"
    ),
    licence="published figures",
    path=None,
    sha256=None,
    rows=len(PUBLISHED_GENOTYPES),
    note=(
        "Limits: each paper's own training and number of runs, so the rows compare loosely. Sizes are as printed: the "
        "network of DARTS_V1 (20 cells, 36 channels) has 3.17 million parameters, printed as 3.3. DrNAS prints 2.54 ± "
        "0.03 (4.0 million) and, with progressive search, 2.46 ± 0.03 (4.1 million); the genotype in its code has 4.10 "
        "million and that code searches progressively, so it has the second figure here; a user reports 2.67 ± 0.09 "
        "(issue 10 of the repository). NASI and β-DARTS print no genotype as text and are not here."
    ),
    splits="test of CIFAR-10; validation of ImageNet",
    epochs="600 on CIFAR-10, 250 on ImageNet",
    seeds="mean and standard deviation over several runs on CIFAR-10, on ImageNet without a deviation",
)


def published_table() -> Table:
    """Table of the genotypes in `PUBLISHED_GENOTYPES`, one row each; reads no file."""
    keys = [row.key() for row in PUBLISHED_GENOTYPES]
    numbers = (
        [row.cifar10_error for row in PUBLISHED_GENOTYPES],
        [row.cifar10_error_std for row in PUBLISHED_GENOTYPES],
        [row.cifar10_params for row in PUBLISHED_GENOTYPES],
        [row.imagenet_error for row in PUBLISHED_GENOTYPES],
        [row.imagenet_params for row in PUBLISHED_GENOTYPES],
    )
    return Table(keys, COLUMNS, numbers, FACTS)
