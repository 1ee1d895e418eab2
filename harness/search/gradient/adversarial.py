"""Adversarial training as the inner step of a search: the weights learn on attacked images.

Yue, Lin, Huang and Zhang, "Effective, Efficient and Robust Neural Architecture Search", 2020 (arXiv 2011.09820): the
weights of the supernet are trained on images attacked by R+FGSM. Of the paper the abstract was read. ε = 2/255, the
step of 1.25 ε and the place of the gradient are read from the first author's working code of that month, whose gradient
is at the clean images (`rfgsm_clean`); the proper form, at the disturbed ones, is `rfgsm`. Any differentiable search
takes it. What second-order DARTS looks ahead to is a step on clean images, our reading.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from torch import Tensor
from torch.nn import functional

from harness.batches import Batch
from harness.errors import SearchError
from harness.measurements.attacks import PixelRange, random_fgsm

if TYPE_CHECKING:
    from harness.search.gradient.data import Images
    from harness.search.gradient.method import Relaxed, Step
    from harness.search.gradient.setting import SearchSetting

AT_CLEAN = "rfgsm_clean"


def training_batch(step: Step, relaxed: Relaxed) -> Batch:
    """The images that the weights are trained on: attacked if the setting says so."""
    if step.moment.setting.adversarial == "none":
        return step.training
    return attacked(step, step.training, relaxed, "weights")


def attacked(step: Step, batch: Batch, relaxed: Relaxed, purpose: str) -> Batch:
    """A batch attacked by R+FGSM on the relaxed architecture at the current weights.

    Args:
        step: the step, of which the setting's `adversarial`, `adversarial_epsilon` and `adversarial_step` are read.
        batch: clean images.
        relaxed: the relaxed architecture.
        purpose: name of the draw, since each kind of step draws by itself.

    Cost: one forward and one backward pass.
    """
    assert step.normalisation is not None
    setting = step.moment.setting
    plain = replace(relaxed, weights={name: table.detach() for name, table in relaxed.weights.items()})
    if relaxed.edges is not None:
        plain = replace(plain, edges={name: table.detach() for name, table in relaxed.edges.items()})

    def loss(inputs: Tensor) -> Tensor:
        return functional.cross_entropy(step.logits_of(inputs, plain), batch.labels)

    pixels = PixelRange.normalised(*step.normalisation)
    inputs = random_fgsm(
        loss, batch.inputs, pixels, setting.adversarial_epsilon, step.moment.generator(f"attack {purpose}"),
        step=setting.adversarial_step, at_clean=setting.adversarial == AT_CLEAN,
    )  # fmt: skip
    return Batch(inputs, batch.labels)


def check_pixels(images: Images, setting: SearchSetting) -> None:
    """Refuse an attack on images whose range of pixels nobody knows.

    Raises:
        SearchError: naming the option and the images.
    """
    wanted = f"adversarial {setting.adversarial!r}" if setting.adversarial != "none" else "mgda 'robust'"
    if (setting.adversarial != "none" or "robust" in setting.mgda) and images.pixels.is_floating_point():
        raise SearchError(
            f"{wanted}: {images.name} has no pixels of 0 to 255, the bounds of an attack: take digits or CIFAR-10"
        )
