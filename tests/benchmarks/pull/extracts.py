"""The cells of an extract of NAS-Bench-201, in the authors' order."""

import itertools
import random

NAMES = ("cifar10_test_200ep_pct", "cifar100_test_200ep_pct", "imagenet16_120_test_200ep_pct")
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")


def official_order() -> list[str]:
    """As NAS-Bench-201's authors made it: every cell, node by node, shuffled with the seed 88."""
    nodes = [
        ["|" + "|".join(f"{operation}~{i}" for i, operation in enumerate(chosen)) + "|" for chosen in choices]
        for choices in (list(itertools.product(OPERATIONS, repeat=inputs)) for inputs in (1, 2, 3))
    ]
    cells = ["+".join(cell) for cell in itertools.product(*nodes)]
    random.Random(88).shuffle(cells)
    return cells
