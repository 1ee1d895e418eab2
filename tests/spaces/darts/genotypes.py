"""Published genotypes in the shorthand of the papers' tables, for the tests of the DARTS space."""

import re

from harness.spaces.darts import Genotype

NAMES = {
    "sep3": "sep_conv_3x3",
    "sep5": "sep_conv_5x5",
    "dil3": "dil_conv_3x3",
    "dil5": "dil_conv_5x5",
    "max": "max_pool_3x3",
    "avg": "avg_pool_3x3",
    "skip": "skip_connect",
}


def genotype(normal, reduce):
    """The genotype of two cells such as `sep3,0 sep3,1 …`."""
    return Genotype(cell(normal), cell(reduce))


def cell(pairs):
    return tuple((NAMES[operation], int(source)) for operation, source in re.findall(r"(\w+),(\d)", pairs))


DARTS_V2 = genotype(
    "sep3,0 sep3,1 sep3,0 sep3,1 sep3,1 skip,0 skip,0 dil3,2",
    "max,0 max,1 skip,2 max,1 max,0 skip,2 skip,2 max,1",
)
PC_DARTS = genotype(
    "sep3,1 skip,0 sep3,0 dil3,1 sep5,0 sep3,1 avg,0 dil3,1",
    "sep5,1 max,0 sep5,1 sep5,2 sep3,0 sep3,3 sep3,1 sep3,2",
)
P_DARTS = genotype(
    "skip,0 dil3,1 skip,0 sep3,1 sep3,1 sep3,3 sep3,0 dil5,4",
    "avg,0 sep5,1 sep3,0 dil5,2 max,0 dil3,1 dil3,1 dil5,3",
)
DRNAS = genotype(
    "sep3,0 sep5,1 sep3,1 sep3,2 skip,0 sep3,1 sep3,2 dil5,3",
    "max,0 sep5,1 dil5,2 sep5,1 sep5,1 dil5,3 skip,4 sep5,1",
)
DRNAS_IMAGENET = genotype(
    "sep3,1 sep3,0 sep3,0 sep3,1 sep3,0 dil3,3 skip,0 sep3,1",
    "max,0 sep3,1 sep3,0 skip,2 sep3,0 sep3,2 sep3,3 sep3,1",
)
PUBLISHED = {
    "DARTS_V2": DARTS_V2,
    "PC-DARTS": PC_DARTS,
    "P-DARTS": P_DARTS,
    "DrNAS": DRNAS,
    "DrNAS-ImageNet": DRNAS_IMAGENET,
}
EVERY_OPERATION = genotype(
    "max,0 sep3,1 avg,1 sep5,2 dil3,0 skip,3 dil5,4 skip,0",
    "skip,1 sep5,0 dil5,2 max,0 avg,1 dil3,3 sep3,0 skip,4",
)
