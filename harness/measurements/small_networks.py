"""Measurements on small networks of the same architecture, as TE-NAS's search makes them (Chen et al. 2021).

Its code measures with batch norm in train mode and three draws of the weights: the kernel in a network of three
channels with one cell per stage, the linear regions in one cell of a single channel without a stem.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from harness.batches import Batch
from harness.errors import HarnessError, NotApplicable
from harness.measurements.finite import finite
from harness.measurements.forward import forward
from harness.measurements.own_weights import generator_for
from harness.measurements.preserve import set_modes
from harness.measurements.trace import logit_sum_gram_exact
from harness.setting import Setting, derived_seed

Rebuild = Callable[..., nn.Module]
"""Builds the architecture in another size: `rebuild(width=, depth=, init=, seed=)`, `channels=` for other images."""

DRAWS = 3
KERNEL_WIDTH = 3
CROP = 3
CROPS, CROP_BATCHES = 1000, 3


def small_network_grams(rebuild: Rebuild, batch: Batch, setting: Setting) -> tuple[Tensor, ...]:
    """Gram matrices [N, N] of logit-sum gradients through the coupling, for three draws of a small network.

    C = 3 and one cell per stage; He-normal weights (fan-out), biases zero.

    Raises:
        NotApplicable: when the space cannot build a network of three channels.

    Cost: three forward passes and 3 N backward passes of the small network.
    """
    grams = []
    for draw in range(DRAWS):
        seed = derived_seed(setting.seed, "small network", str(draw))
        network = _built(rebuild, width=KERNEL_WIDTH, init="kaiming_fan_out", seed=seed).to(batch.only_argument)
        set_modes(network, setting.bn)
        grams.append(logit_sum_gram_exact(network, forward(network, batch, setting)))
    return tuple(grams)


def cell_regions(rebuild: Rebuild, batch: Batch, setting: Setting) -> tuple[int, ...]:
    """Distinct sign patterns of the ReLUs over 3,000 crops, for three draws of a cell of one channel.

    The cell reads crops of 3 × 3 pixels of one channel of the batch's images, a thousand at a time (batch norm uses the
    statistics of each thousand); batch norm and ReLU follow it. Weights are He-normal (fan-in).

    Raises:
        NotApplicable: when the images are smaller than a crop, the network has no cells of one input, or the space
            cannot build a cell of a single channel.

    Cost: nine forward passes of one cell of one channel, less than a hundredth of a pass of the whole network.
    """
    cut = crops(batch.only_argument, generator_for(setting, "crops"))
    counts = []
    for draw in range(DRAWS):
        seed = derived_seed(setting.seed, "cell regions", str(draw))
        network = _built(rebuild, width=1, channels=1, init="kaiming_fan_in", seed=seed)
        thin = nn.Sequential(_first_cell(network), nn.BatchNorm2d(1, device=cut.device), nn.ReLU()).to(cut)
        set_modes(thin, setting.bn)
        counts.append(_distinct_patterns(thin, cut))
    return tuple(counts)


def _built(rebuild: Rebuild, *, width: int, **options: Any) -> nn.Module:
    """A network of the architecture with one cell per stage."""
    try:
        return rebuild(width=width, depth=1, **options)
    except HarnessError as error:
        raise NotApplicable(
            f"TE-NAS measures networks of width {width}, which this space cannot build: {error}"
        ) from None


def _first_cell(network: nn.Module) -> nn.Module:
    cells = getattr(network, "cells", None)
    if not isinstance(cells, nn.ModuleList) or len(cells) == 0:
        raise NotApplicable("the network has no module list called `cells`: there is no cell to count in")
    inputs = list(inspect.signature(cells[0].forward).parameters)
    if len(inputs) != 1:
        raise NotApplicable(f"a cell of one input is fed with crops; this network's cells read {', '.join(inputs)}")
    return cells[0]


def crops(images: Tensor, generator: torch.Generator) -> Tensor:
    """Crops [3000, 1, 3, 3] of random images, channels and positions."""
    if images.ndim != 4:
        raise NotApplicable(f"crops are cut from images [N, C, H, W]; the batch has inputs {list(images.shape)}")
    count, channels, height, width = images.shape
    if min(height, width) < CROP:
        raise NotApplicable(f"crops of {CROP} x {CROP} pixels need larger images than {height} x {width}")
    limits = (count, channels, height - CROP + 1, width - CROP + 1)
    image, channel, top, left = (
        torch.randint(limit, (CROPS * CROP_BATCHES, 1, 1), generator=generator, device="cpu") for limit in limits
    )
    offsets = torch.arange(CROP, device="cpu")
    return images[image, channel, top + offsets[:, None], left + offsets].unsqueeze(1)


@torch.no_grad()
def _distinct_patterns(network: nn.Module, inputs: Tensor) -> int:
    seen: list[Tensor] = []
    handles = [
        module.register_forward_hook(
            lambda module, given, output: seen.append((finite(output, "outputs of the cell's ReLUs") > 0).flatten(1))
        )
        for module in network.modules()
        if isinstance(module, nn.ReLU)
    ]
    patterns = []
    try:
        for part in inputs.tensor_split(CROP_BATCHES):
            seen.clear()
            network(part)
            patterns.append(torch.cat(seen, dim=1))
    finally:
        for handle in handles:
            handle.remove()
    return len(torch.unique(torch.cat(patterns), dim=0))
