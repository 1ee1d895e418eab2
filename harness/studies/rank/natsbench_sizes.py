"""Study: rank correlation of proxies on NATS-Bench's size space, next to published numbers.

Its table is a conversion of the official release `NATS-sss-v1_0-50262-simple`: `nasinit convert FOLDER --to FILE`. The
published numbers are of all 32,768 architectures; that they rank accuracies of the full trainings, 90 epochs, is our
reading. The papers of ZiCo-BC and NEAR were not read: their numbers are those of a third party's notes on them. So are
those of EZNAS-A (Akhauri et al. 2022), whose program may be that of `eznas_a_weights`; on CIFAR-10 the page of its
authors' code, whose program `eznas_a` is, says 0.887 (Spearman) and 0.707 (Kendall), of 16 images.

The correction of ZiCo-BC is weighted by a constant that its authors tune by hand; ours is 1.
"""

from __future__ import annotations

from dataclasses import replace

from harness.evaluation.columns import PRINTED
from harness.studies.kinds import IMAGES, KENDALL, NOISE, RankStudy, triple

SPACE = "natsbench-sizes"
COLUMNS = tuple(f"{name}_test_90ep_pct" for name in PRINTED)
_ZICO_BC = "a note on Bhardwaj et al. 2023"
_NEAR = "a note on Husistein et al. 2025"
_EZNAS = "a note on Akhauri et al. 2022"

STUDY = RankStudy(
    shows="proxies on NATS-Bench's size space, by the table that nasinit convert makes of the release",
    conditions={"cifar10": replace(IMAGES, space=SPACE), "gaussian": replace(NOISE, space=SPACE)},
    proxies=(
        "grad_norm", "nasi_trace", "snip", "fisher", "synflow", "logsynflow", "jacob_cov", "nwot", "swap", "zen",
        "zico", "zico_bc", "near", "meco", "eznas_a", "params", "flops",
    ),
    published=(
        *triple("zico", COLUMNS, (0.91, 0.76, 0.90), _ZICO_BC),
        *triple("zico", COLUMNS, (0.72, 0.56, 0.73), _ZICO_BC, KENDALL),
        *triple("zico_bc", COLUMNS, (0.94, 0.79, 0.94), _ZICO_BC),
        *triple("zico_bc", COLUMNS, (0.78, 0.60, 0.79), _ZICO_BC, KENDALL),
        *triple("near", COLUMNS, (0.91, 0.82, 0.92), _NEAR),
        *triple("near", COLUMNS, (0.74, 0.62, 0.76), _NEAR, KENDALL),
        *triple("eznas_a", COLUMNS, (0.89, 0.74, 0.81), _EZNAS),
    ),
    columns=COLUMNS,
    cells="architectures of NATS-Bench's size space",
    reference="published, as notes on the papers have it",
    release="NATS-sss-v1_0-50262-simple",
)  # fmt: skip
