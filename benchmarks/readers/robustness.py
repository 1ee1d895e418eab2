"""Robustness of NAS-Bench-201's networks on CIFAR-10: accuracy under attack (Jung, Lukasik and Keuper 2023).

The networks are those trained on half of CIFAR-10's training images (`cifar10-valid` in the official release) with seed
888: for the cells 0, 11 and 284 the clean accuracies are equal, to the last digit, to their official test accuracies,
and to no others. So columns are named `cifar10half`, as for these networks in a converted release, and
`cifar10half_test_200ep_clean_pct` is below the official `cifar10_test_200ep_pct`, by 3.7 on average.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.formats.csv_rows import read_published_csv
from benchmarks.table import Column, Facts, Table

_FEW = ("0.1", "0.5", "1.0", "2.0", "3.0", "4.0", "8.0")
_ATTACKS = {  # the source's name: name here, description, perturbation sizes in 1/255
    "aa_apgd-ce": ("apgd_ce", "APGD with cross-entropy (AutoAttack)", _FEW),
    "aa_square": ("square", "Square (AutoAttack, black box)", _FEW),
    "fgsm": ("fgsm", "FGSM", (*_FEW[:6], "5.0", "6.0", "7.0", "8.0", "255.0")),
    "pgd": ("pgd", "PGD", _FEW),
}

FACTS = Facts(
    name="nasbench201-robustness",
    space="nasbench201",
    title="CIFAR-10 accuracy of every NAS-Bench-201 cell, clean and under adversarial attack",
    source="Jung, Lukasik and Keuper 2023, arXiv 2306.06712, github.com/steffen-jung/robustness-dataset",
    licence="none found with the data",
    path=None,
    sha256=None,
    rows=15_625,
    note=(
        "Limits: one network a cell, trained on half of CIFAR-10's training images: the clean accuracy is, to the last "
        "digit, the official release's test accuracy of its cifar10-valid network of seed 888, in the three cells that "
        "were compared (0, 11 and 284). So it lies below the official cifar10_test_200ep_pct, by 3.7 on average "
        "(Spearman over all cells 0.980; with cifar10_valid_200ep_pct 0.991). Accuracies under attack have one decimal "
        "in the source. Strong attacks leave many cells at 0, where they tie: 97 % under apgd_ce at 8/255."
    ),
    splits="test of CIFAR-10, networks trained on half of its training images",
    epochs="200",
    seeds="one network a cell (seed 888 in the cells compared)",
)


def _columns() -> tuple[Column, ...]:
    seeds = "one network"
    clean = "accuracy on the test images as they are; trained on half of the training images"
    columns = [
        Column("cifar10half_test_200ep_clean_pct", "cifar10half", "test", 200, "pct", seeds, clean, origin="clean")
    ]
    for raw, (attack, words, sizes) in _ATTACKS.items():
        for size in sizes:
            name = f"cifar10half_test_200ep_{attack}_linf_eps{size.removesuffix('.0')}_pct"
            text = f"accuracy under {words}, L-infinity disturbance of at most {size.removesuffix('.0')}/255"
            columns.append(
                Column(name, "cifar10half", "test", 200, "pct", seeds, text, origin=f"{raw}@Linf_eps-{size}")
            )
    return tuple(columns)


COLUMNS = _columns()


def read_robustness(path: Path) -> Table:
    """Table of the clean accuracy and the accuracies under 32 attacks, as far as the file has them.

    Raises:
        TableError: where `read_published_csv` does.

    """
    return read_published_csv(path, COLUMNS, FACTS)
