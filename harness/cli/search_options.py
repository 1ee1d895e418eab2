"""Options of `nasinit search`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import offered
from harness.errors import SettingError
from harness.search.gradient.allowed import (
    ACTIVATIONS,
    ADVERSARIAL,
    BOUND_FORMS,
    DRAWS,
    LATENCY_MODELS,
    MGDA_GRADIENTS,
    OBJECTIVES,
    REGULARISERS,
    SCHEDULES,
    SPARSITIES,
    TRACE_GRADIENTS,
)
from harness.search.gradient.checks import MGDA

if TYPE_CHECKING:
    from harness.search import Method, SearchSetting

NOTHING = "nothing"
"""What `--without` takes to leave no operation out."""

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
ObjectiveOption = Annotated[
    str | None,
    typer.Option(
        help=f"what the architecture parameters descend beside the loss: {' | '.join(OBJECTIVES)} (LA-DARTS: a "
        "predicted one; it takes --latency-column, and --latency-weight or --target-latency)",
        autocompletion=offered.those(*OBJECTIVES),
    ),
]
LatencyColumnOption = Annotated[
    str | None,
    typer.Option(
        help="tabulated latency or energy of a device, which a predictor learns; its values are not searched",
        metavar="COLUMN",
        autocompletion=offered.COLUMNS,
    ),
]
LatencyTableOption = Annotated[
    str | None,
    typer.Option(
        help="table that has the column, such as a file of `nasinit measure latency`; by default a table of the space "
        "that is here",
        metavar="TABLE",
        autocompletion=offered.TABLES,
    ),
]
LatencyModelOption = Annotated[
    str | None,
    typer.Option(help=f"the predictor: {' | '.join(LATENCY_MODELS)}", autocompletion=offered.those(*LATENCY_MODELS)),
]
LatencySamplesOption = Annotated[int | None, typer.Option(help="random cells that the predictor is trained on")]
LatencyWeightOption = Annotated[
    float | None,
    typer.Option("--latency-weight", "--weight", help="λ of the predicted latency, in nats per unit of its column"),
]
TargetLatencyOption = Annotated[
    float | None,
    typer.Option(
        help="in the place of λ, a latency in the unit of the column: the weight grows while the cell is slower",
        metavar="MS",
    ),
]
AdversarialOption = Annotated[
    str | None,
    typer.Option(
        help=f"images that train the weights: {' | '.join(ADVERSARIAL)} (attacked, with the gradient at the disturbed "
        "images or at the clean ones)",
        autocompletion=offered.those(*ADVERSARIAL),
    ),
]
AdversarialEpsilonOption = Annotated[
    float | None, typer.Option(help="ε of that attack, in 1/255 of the range of a pixel")
]
AdversarialStepOption = Annotated[float | None, typer.Option(help="step of that attack, as a multiple of ε")]
MgdaOption = Annotated[
    str | None,
    typer.Option(
        help=f"E2RNAS: objectives that MGDA weighs with the loss, with commas: {', '.join(MGDA)}; {NOTHING} for none",
        metavar="OBJECTIVES",
        autocompletion=offered.those(*MGDA),
    ),
]
MgdaGradientsOption = Annotated[
    str | None,
    typer.Option(
        help=f"E2RNAS: gradients that give MGDA's weights: {' | '.join(MGDA_GRADIENTS)} (over their norms)",
        autocompletion=offered.those(*MGDA_GRADIENTS),
    ),
]
SizeBoundOption = Annotated[float | None, typer.Option(help="E2RNAS: bound on the expected number of parameters")]
BoundFormOption = Annotated[
    str | None,
    typer.Option(
        help=f"E2RNAS: form of that bound: {' | '.join(BOUND_FORMS)}", autocompletion=offered.those(*BOUND_FORMS)
    ),
]
SpaceOption = Annotated[
    str,
    typer.Option(
        help="nasbench201 | darts | nasbench201-large | wiring-minimal | wiring-full (cells of wiring experiments) | "
        "trilevel | trilevel-small (networks that enlarge images)",
        autocompletion=offered.those(
            "nasbench201", "darts", "nasbench201-large", "wiring-minimal", "wiring-full", "trilevel", "trilevel-small"
        ),
    ),
]
PresetOption = Annotated[
    str,
    typer.Option(
        help="laptop (minutes on two cores) | reduced (from a quarter of an hour; not for all searches) | "
        "paper (as published, or as near as possible)",
        autocompletion=offered.those("laptop", "reduced", "paper"),
    ),
]
DataOption = Annotated[
    str | None,
    typer.Option(
        help="digits, noise, the folder of CIFAR-10's binary files, or table:COLUMN for the exact expectation of a "
        "tabulated column in the place of a supernet that trains (table:COLUMN,ROBUST for --mgda robust); for "
        "restoring networks photographs, or the folder of a set such as FOLDER/T91; for graph networks cora, citeseer, "
        "FOLDER/cora.npz or noise; by default the method's own, or cora",
        autocompletion=offered.those("digits", "noise", "photographs", "table:"),
    ),
]
CheckpointMinutesOption = Annotated[
    float, typer.Option(help="minutes between two checkpoints inside an epoch, which a killed search can lose")
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        help="folder of the search; a search that is already there goes on",
        show_default="search-METHOD-SPACE-SEED, with --seeds searches-METHOD-SPACE",
    ),
]
EpochsOption = Annotated[int | None, typer.Option(help="number of epochs, instead of the preset's")]
BatchSizeOption = Annotated[int | None, typer.Option(help="samples in a batch, instead of the preset's")]
WidthOption = Annotated[int | None, typer.Option(help="channels of the first stage, instead of the preset's")]
DepthOption = Annotated[
    int | None, typer.Option(help="NAS-Bench-201: cells per stage; DARTS: cells; instead of the preset's")
]
ImageSizeOption = Annotated[int | None, typer.Option(help="pixels on a side, instead of the preset's")]
ImagesOption = Annotated[int | None, typer.Option(help="training images used, instead of the preset's")]
ValidationShareOption = Annotated[
    float | None,
    typer.Option(help="share of the images that trains the architecture parameters, instead of the preset's"),
]
StepsPerEpochOption = Annotated[
    int | None, typer.Option(help="steps in an epoch, instead of as many as the images give")
]
WeightLrOption = Annotated[float | None, typer.Option(help="learning rate of the weights")]
AlphaLrOption = Annotated[float | None, typer.Option(help="learning rate of the architecture parameters")]
AlphaWarmUpOption = Annotated[
    int | None, typer.Option(help="epochs of each stage before the architecture parameters are trained")
]
MemoryOption = Annotated[
    float | None, typer.Option(help="bound in 10⁶ bytes on what a step keeps, checked before each pass")
]
PenaltyOption = Annotated[float | None, typer.Option(help="β-DARTS: λ after the last epoch")]
NuOption = Annotated[float | None, typer.Option(help="NASI: ν, the trace above which the objective falls")]
MuOption = Annotated[float | None, typer.Option(help="NASI: μ, the weight of the part of the trace above ν")]
AdaptiveOption = Annotated[
    bool | None,
    typer.Option(
        "--adaptive/--fixed",
        help="NASI: whether ν is the running mean of ν₀ and the traces seen; by default that of the method",
        show_default=False,
    ),
]
WithoutOption = Annotated[
    str | None,
    typer.Option(
        help=f"operations left out from the start, with commas, instead of the preset's; {NOTHING} keeps all",
        metavar="OPERATIONS",
    ),
]
TraceGradientOption = Annotated[
    str | None,
    typer.Option(help="NASI: two_pass | double_backward | one_pass", autocompletion=offered.those(*TRACE_GRADIENTS)),
]
SimplifyOption = Annotated[
    bool, typer.Option("--simplify", help="paths of an edge share modules: TopoNAS, in our reading")
]
NoKernelNormalisationOption = Annotated[
    bool, typer.Option("--no-kernel-normalisation", help="with --simplify: kernels mixed as they are")
]
MembersOption = Annotated[int | None, typer.Option(help="NESBS: architectures of the ensemble")]
DrawOption = Annotated[
    str | None,
    typer.Option(
        help=f"NESBS: how the ensemble is drawn from the posterior: {' | '.join(DRAWS)} (Monte Carlo)",
        autocompletion=offered.those(*DRAWS),
    ),
]
DiversityOption = Annotated[
    float | None,
    typer.Option(help="NESBS: δ of SVGD, above 0 for members that differ more, below 0 for members that differ less"),
]
LikelihoodOption = Annotated[
    float | None,
    typer.Option(help="NESBS: c, images that the mean validation loss counts for in the log likelihood"),
]
ParticleStdOption = Annotated[
    float | None,
    typer.Option(help="NESBS: σ of the density around an architecture in which SVGD moves"),
]
SparsityOption = Annotated[
    str | None,
    typer.Option(
        help=f"trilevel: weights of nodes and operations: {' | '.join(SPARSITIES)}",
        autocompletion=offered.those(*SPARSITIES),
    ),
]
OrderWeightOption = Annotated[
    float | None, typer.Option(help="trilevel: weight of the order loss, above 0 for shorter paths, below 0 for longer")
]
MacWeightOption = Annotated[
    float | None,
    typer.Option(help="trilevel, mod-nas: weight of multiply-adds, as a share of the costliest network's"),
]
RecordCostsOption = Annotated[
    int,
    typer.Option(
        help="at every so many steps, the cost of each operation on each edge goes to costs.csv; 0 for none",
        metavar="STEPS",
    ),
]
AutocastOption = Annotated[
    bool,
    typer.Option(
        "--autocast", help="bfloat16 where torch holds it safe; not for methods that take differences of gradients"
    ),
]


def named(option: str, text: str, what: str) -> tuple[str, ...]:
    """The names that an option lists with commas; none of them for `NOTHING`.

    Raises:
        SettingError: a text without a name, or `NOTHING` beside a name.
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    if not all(names) or (NOTHING in names and len(names) > 1):
        raise SettingError(f"{option} takes {what} with commas between them, or {NOTHING} alone; got {text!r}")
    return () if names == (NOTHING,) else names


def refuse_unread(method: Method, setting: SearchSetting, given: Iterable[str]) -> None:
    """Refuse options that a search does not read, by the names of their fields of the setting.

    Raises:
        SettingError: naming the option, and why it has no effect.
    """
    from harness.search.gradient.registry import reasons_not_read

    for field, reason in reasons_not_read(method, setting, given).items():
        raise SettingError(f"--{field.replace('_', '-')} has no effect on {method.name}: {reason}")
