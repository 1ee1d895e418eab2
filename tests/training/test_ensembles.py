"""Averaged predictions, and FGSM on them by hand."""

import pytest
import torch
from torch import nn

from harness.training.ensembles import attacked, averaged
from harness.training.trained import Trained

MEAN, DEVIATION = torch.tensor([0.5, 0.4, 0.3]).view(3, 1, 1), torch.tensor([0.2, 0.3, 0.25]).view(3, 1, 1)


def member(seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(4 * 6 * 6, 5))
    return Trained(network.double().eval(), MEAN.double(), DEVIATION.double(), ())


MEMBERS = [member(seed) for seed in range(3)]
SOURCE = torch.Generator().manual_seed(0)
PIXELS = torch.rand(12, 3, 8, 8, generator=SOURCE, dtype=torch.float64)
LABELS = torch.randint(5, (12,), generator=SOURCE)


def test_probabilities_are_averaged_and_not_logits():
    logits = torch.stack([one.network((PIXELS - MEAN) / DEVIATION) for one in MEMBERS])
    torch.testing.assert_close(averaged(MEMBERS)(PIXELS).exp(), logits.softmax(dim=2).mean(dim=0))


def test_each_pixel_moves_along_the_sign_of_the_averaged_model_s_gradient():
    pixels = PIXELS.clone().requires_grad_()
    mean = torch.stack([one.logits(pixels).softmax(dim=1) for one in MEMBERS]).mean(dim=0)
    (-mean.gather(1, LABELS[:, None]).log().sum()).backward()
    expected = (PIXELS + 8 / 255 * pixels.grad.sign()).clamp(0, 1)
    found = attacked(averaged(MEMBERS), PIXELS, LABELS)
    torch.testing.assert_close(found, expected)
    assert float((found - PIXELS).abs().max()) == pytest.approx(8 / 255)
    assert float(found.min()) >= 0
    assert float(found.max()) <= 1


def test_an_attack_raises_the_loss():
    logs = averaged(MEMBERS)
    losses = [-logs(images).gather(1, LABELS[:, None]).mean() for images in (PIXELS, attacked(logs, PIXELS, LABELS))]
    assert float(losses[1].detach()) > float(losses[0].detach())
