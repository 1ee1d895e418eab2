"""Study: NASI's figure 1 on NAS-Bench-201: whether the trace depends on the labels (a) or on the inputs (b).

The paper's figure is of the three NAS-Bench-1Shot1 spaces: Pearson's coefficient of the traces near 1 between true and
random labels, above 0.9 between images and standard Gaussian inputs. The claim that the search carries over to other
data sets is tested as transfer: scores on each kind of inputs against the accuracies on each data set.
"""

from __future__ import annotations

from harness.studies.kinds import IMAGES, NOISE, Claim, Condition, RankStudy

PROXIES = ("nasi_trace", "grad_norm", "snip", "params")
CLAIMS = (
    Claim("nasi_trace", "cifar10", "labels", "≈ 1", 0.995, 1.0, "Shu et al. 2022, figure 1a (NAS-Bench-1Shot1)"),
    Claim("nasi_trace", "labels", "gaussian", "> 0.9", 0.9, 1.0, "Shu et al. 2022, figure 1b (NAS-Bench-1Shot1)"),
)
STUDY = RankStudy(
    shows="whether NASI's trace depends on labels and inputs",
    conditions={
        "cifar10": IMAGES,
        "labels": Condition("CIFAR-10 images, random labels", {"input": "cifar10", "labels": "random"}),
        "gaussian": NOISE,
        "uniform": Condition("uniform noise and random labels", {"input": "uniform", "labels": "random"}),
    },
    proxies=PROXIES,
    sample=300,
    between=True,
    transfer=True,
    claims=CLAIMS,
)
