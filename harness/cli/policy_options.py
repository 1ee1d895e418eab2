"""Options of `nasinit search` that describe a policy of augmentations (DAAS)."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.cli import offered
from harness.errors import SettingError
from harness.search.gradient.policy_choices import KNOWN, ORDERS

PolicyOperationsOption = Annotated[
    str | None,
    typer.Option(
        help=f"DAAS: operations with commas, whose pairs are the sub-policies, of {', '.join(KNOWN)}",
        metavar="OPERATIONS",
    ),
]
PolicyMagnitudesOption = Annotated[
    str | None, typer.Option(help="DAAS: magnitudes above 0 and up to 1, with commas", metavar="NUMBERS")
]
PolicyProbabilitiesOption = Annotated[
    str | None,
    typer.Option(help="DAAS: probabilities of an operation above 0 and up to 1, with commas", metavar="NUMBERS"),
]
PolicyLrOption = Annotated[float | None, typer.Option(help="DAAS: learning rate of the policy")]
PolicySearchOption = Annotated[
    str | None,
    typer.Option(
        help=f"DAAS: cell and policy together, one after the other, or the cell alone: {' | '.join(ORDERS)}",
        autocompletion=offered.those(*ORDERS),
    ),
]
SubBatchesOption = Annotated[
    int | None, typer.Option(help="DAAS: equal parts of a batch, each with a sub-policy of its own")
]


def numbers(option: str, text: str) -> tuple[float, ...]:
    """The numbers of an option, with commas between them.

    Raises:
        SettingError: a text that is no number.
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise SettingError(f"{option} takes numbers with commas between them, got {text!r}") from error


def policy_changes(
    operations: str | None, magnitudes: str | None, probabilities: str | None
) -> dict[str, tuple[str, ...] | tuple[float, ...] | None]:
    """The fields of the setting that `--policy-operations`, `--policy-magnitudes` and `--policy-probabilities` name."""
    return {
        "policy_operations": None if operations is None else tuple(name.strip() for name in operations.split(",")),
        "policy_magnitudes": None if magnitudes is None else numbers("--policy-magnitudes", magnitudes),
        "policy_probabilities": None if probabilities is None else numbers("--policy-probabilities", probabilities),
    }
