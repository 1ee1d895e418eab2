"""What the study says: claims of the paper's abstract, and our own questions."""

from __future__ import annotations

import pandas as pd

from harness.stats.mean import student_interval
from harness.studies.searches.claims import NOT_TESTABLE, OURS, Claimed, verdict
from harness.studies.searches.mod_nas.sizes import GUIDED, UNGUIDED
from harness.studies.searches.mod_nas.trained import HAND, INPUT, NLM, TV, WITHOUT
from harness.studies.searches.restored.summary import better_claims
from harness.studies.searches.restored.trainings import ANEW, LONGER, PLAIN, RANDOM

_WORDS = {
    INPUT: "the noisy image", TV: "total variation", NLM: "non-local means",
    RANDOM: "the mean of random architectures", HAND: "the hand-made block", PLAIN: "a plain network of its size",
    LONGER: "a plain network of its size that is trained for as long as search and training took",
    WITHOUT: "what is searched and trained without data consistency",
    ANEW: "the same architecture that inherits no weights",
}  # fmt: skip


def study_claims(collapse: pd.DataFrame, differences: pd.DataFrame, seeds: int) -> list[Claimed]:
    """The claims.

    Args:
        collapse: from `harness.studies.searches.mod_nas.searched.collapse_frame`.
        differences: from `harness.studies.searches.restored.summary.differences_frame`, at the noise of the searches.
        seeds: number of seeds of the whole study.
    """
    return [
        _collapse(collapse, seeds),
        *better_claims(differences, seeds, _WORDS),
        Claimed(
            "Better PSNR than the state of the art with fewer parameters, operations and less time",
            "so says the abstract; its tables were not seen", "not run here", NOT_TESTABLE,
        ),
    ]  # fmt: skip


def _collapse(collapse: pd.DataFrame, seeds: int) -> Claimed:
    """Whether fewer edges end with `skip_connect` or `none` as their largest weight with data consistency."""
    last = collapse[collapse["epoch"] == collapse["epoch"].max()]
    shares = (last["skip_share"] + last["none_share"]).groupby([last["arm"], last["seed"]]).sum()
    pairs = [
        (shares[GUIDED, seed], shares[UNGUIDED, seed])
        for seed in sorted(last["seed"].unique())
        if (GUIDED, seed) in shares and (UNGUIDED, seed) in shares
    ]
    told = "With data consistency fewer edges end as skip or none than without it"
    if not pairs:
        return Claimed(f"{told} ({OURS})", "", "no pair of searches is over", verdict(None))
    found = student_interval([one - other for one, other in pairs])
    interval = f" [{found.low:+.2f}, {found.high:+.2f}]" if len(pairs) > 1 else ""
    ours = (
        f"{100 * sum(one for one, _ in pairs) / len(pairs):.0f} % with it, "
        f"{100 * sum(other for _, other in pairs) / len(pairs):.0f} % without; difference {found.mean:+.2f}{interval} "
        f"over {len(pairs)} of {seeds} seeds"
    )
    whole = len(pairs) == seeds and seeds > 1
    return Claimed(f"{told} ({OURS})", "", ours, verdict(found.high < 0 if whole else None))
