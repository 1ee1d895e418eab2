"""NASI's figure 1: the trace does not depend on the labels (a) nor, nearly, on the inputs (b), on NAS-Bench-201.

The paper's figure is of the three NAS-Bench-1Shot1 spaces: Pearson's coefficient of the traces near 1 between true and
random labels, above 0.9 between images and standard Gaussian inputs.
"""

from __future__ import annotations

from harness.studies.rank_study import IMAGES, NOISE, Condition, RankStudy

PROXIES = ("nasi_trace", "grad_norm", "snip", "params")
RANKED = RankStudy(
    {
        "cifar10": IMAGES,
        "labels": Condition("CIFAR-10 images, random labels", {"input": "cifar10", "labels": "random"}),
        "gaussian": NOISE,
        "uniform": Condition("uniform noise and random labels", {"input": "uniform", "labels": "random"}),
    },
    PROXIES,
    sample=300,
    between=True,
)
STUDY = RANKED.study()
