"""Options of `nasinit search` that any differentiable search takes (`harness.search.gradient.prime`)."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.cli import offered
from harness.search.gradient.setting import ACTIVATIONS, REGULARISERS, SCHEDULES

RegulariseOption = Annotated[
    str | None,
    typer.Option(
        help=f"term in the loss of the architecture parameters: {' | '.join(REGULARISERS)}",
        autocompletion=offered.those(*REGULARISERS),
    ),
]
RhoOption = Annotated[float | None, typer.Option(help="ρ, twice the weight of that term")]
ScheduleOption = Annotated[
    str | None,
    typer.Option(
        help=f"steps in which the architecture parameters move: {' | '.join(SCHEDULES)} (by the Fisher information); "
        "DARTS-PRIME has --validation-share 0.0909 with the last",
        autocompletion=offered.those(*SCHEDULES),
    ),
]
ScheduleStepsOption = Annotated[
    int | None, typer.Option(help="s, they move in one step of s (periodic) or of s + 1 (dynamic, in the long run)")
]
ActivationOption = Annotated[
    str | None,
    typer.Option(
        help="operation weights: own (those of the method) | clipped (α between 0 and 1, for softmax methods)",
        autocompletion=offered.those(*ACTIVATIONS),
    ),
]
