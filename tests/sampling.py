"""Cases of a kind of which some run by default, and all with the slow tests; and what not every processor can."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
import torch

BFLOAT16 = pytest.mark.skipif(
    not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="PyTorch has no kernels in bfloat16 for this processor"
)


def one_in(step: int, cases: Iterable[Any], *, at: int = 0) -> list[Any]:
    """The cases as parameters: of each `step` the one at place `at` runs by default, the others are slow.

    Args:
        step: length of a group.
        cases: values of one parameter, or `pytest.param(...)` for several.
        at: place within a group.
    """
    found = []
    for place, case in enumerate(cases):
        whole = case if callable(getattr(case, "_asdict", None)) and hasattr(case, "marks") else pytest.param(case)
        marks = [*whole.marks] if place % step == at else [*whole.marks, pytest.mark.slow]
        found.append(pytest.param(*whole.values, marks=marks, id=whole.id))
    return found
