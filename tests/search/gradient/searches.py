"""Searches small enough for the tests, and single steps of them in float64."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from harness.batches import Batch
from harness.search import METHODS
from harness.search.gradient.data import read_images, split_images
from harness.search.gradient.method import Moment, Parameters, Step
from harness.spaces import open_space
from tests.reference import spaces_supernet as reference

SPACES = {name: open_space(name) for name in ("nasbench201", "darts")}
WIRED = {"wiring-minimal": open_space("wiring-minimal")}
"""Spaces of the wiring experiments, which the contract suite leaves to the spaces' own."""
ALL = {**SPACES, **WIRED}
REFERENCES = {"nasbench201": reference.nasbench201, "darts": reference.darts}
CLASSIFYING = {name: method for name, method in METHODS.items() if method.classifies}
"""The methods that search image classifiers; those of restoring networks have spaces and tests of their own."""
PAIRS = sorted(
    (method.name, space) for method in METHODS.values() for space in SPACES if not method.reason_not_in(SPACES[space])
)
"""Every method with every space that it can search."""
_WIDE = {("drnas-progressive", "darts"): 12, ("pc-darts", "darts"): 8}
"""Where 4 channels do not divide into as many parts as the method takes."""


_TWO_STAGES = {"nasbench201": {"partial": (1, 1), "keep": (5, 3)}, "darts": {"partial": (1, 1), "keep": (7, 4)}}
"""RADARS has three stages, and two epochs have two."""


def tiny(method, space, **changes):
    """Two epochs of a step or two of the method's laptop setting, on images of side 8."""
    if method == "daas":
        pytest.importorskip("kornia", reason="kornia is not installed (the extra augment has it)")
    sizes = {
        "epochs": 2,
        "steps_per_epoch": 2 if space == "nasbench201" else 1,
        "batch_size": 8,
        "width": _WIDE.get((method, space), 4),
        "depth": 1,
        "image_size": 8,
        "images": 128 if method == "darts-prime" else 64,
        "evaluation_batches": 1,
        "alpha_warm_up": 0,
        "candidates": 3,
    }
    stages = _TWO_STAGES[space] if method == "radars" else {}
    if METHODS[method].in_turn:
        sizes |= {"alpha_warm_up": 1, "sets": 2}  # the weights first, then the architecture parameters
    return METHODS[method].setting(space, "laptop").changed({**sizes, **stages, **changes})


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def batch(seed, count=8):
    source = generator(seed)
    inputs = torch.randn(count, 3, 8, 8, generator=source, dtype=torch.float64)
    return Batch(inputs, torch.randint(10, (count,), generator=source))


def alphas(groups, seed=1, scale=0.3):
    source = generator(seed)
    return {
        name: (scale * torch.randn(group.shape, generator=source, dtype=torch.float64)).requires_grad_()
        for name, group in groups.items()
    }


def moment(method, space, *, epoch=0, step=0, seed=0, kept=None, groups=None, **changes):
    groups = groups or ALL[space].supernet(width=4, depth=1).groups
    kept = kept or {name: torch.ones(group.shape, dtype=torch.bool) for name, group in groups.items()}
    return Moment(epoch, step, seed, tiny(method, space, **changes), groups, kept)


def one_step(method, space="nasbench201", *, number=0, memory=None, **changes):
    """A step in float64; its parameters' optimiser is plain descent by 1, so that it moves by the gradient."""
    supernet = ALL[space].supernet(width=4, depth=1, seed=3).double()
    operations = alphas(supernet.groups)
    parameters = Parameters(operations)
    setting = tiny(method, space, **changes)
    weights = torch.optim.SGD(
        supernet.parameters(), setting.weight_lr, setting.momentum, weight_decay=setting.weight_decay
    )
    return Step(
        ALL[space],
        METHODS[method],
        supernet,
        parameters,
        {} if memory is None else memory,
        moment(method, space, step=number, groups=supernet.groups, **changes),
        batch(10 + number),
        batch(1000 + number),
        weights,
        torch.optim.SGD(parameters.tensors(), 1.0),
    )


def descended(step):
    """The gradient by which a step moved the parameters, by group."""
    before = {name: alpha.detach().clone() for name, alpha in step.parameters.operations.items()}
    step.method.architecture_step(step)
    return {name: before[name] - alpha.detach() for name, alpha in step.parameters.operations.items()}


def plain_loss(step, images, relax):
    """Loss of the plain supernet on a batch as a function of its state and of α of NAS-Bench-201's one group."""

    def loss(state, alpha):
        logits = reference.nasbench201(state, images.inputs, {"cell": relax(alpha)}, depth=1)
        return cross_entropy(logits, images.labels)

    return loss


def state_of(step):
    return {name: weight.detach() for name, weight in step.supernet.named_parameters()}


def digits(setting, seed=0):
    return split_images(read_images("digits", setting, seed), setting.validation_share, seed)
