"""FGSM, R+FGSM and PGD: against foolbox, within their bounds, in the unit of normalised pixels."""

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from harness.batches import Batch
from harness.measurements.attacks import PixelRange, accuracy_under, fgsm, pgd, random_fgsm

MEAN, DEVIATION = torch.tensor([0.5, 0.4, 0.3]).view(1, 3, 1, 1), torch.tensor([0.25, 0.2, 0.3]).view(1, 3, 1, 1)
PIXELS = PixelRange.normalised(MEAN, DEVIATION)
EPSILON = 4.0


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def network():
    source = generator(1)
    layers = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 36, 10)).double()
    with torch.no_grad():
        for weight in layers.parameters():
            weight.copy_(0.3 * torch.randn(weight.shape, generator=source, dtype=torch.float64))
    return layers.eval()


@pytest.fixture(scope="module")
def batch():
    """Some pixels are 0 or 255, where an attack has room on one side alone."""
    pixels = torch.randint(256, (24, 3, 6, 6), generator=generator(2)).double() / 255
    pixels[:, :, 0], pixels[:, :, 1] = 0, 1
    return Batch(normalised(pixels), torch.randint(10, (24,), generator=generator(3)))


def normalised(pixels):
    return (pixels - MEAN.double()) / DEVIATION.double()


def loss_of(network, batch):
    return lambda inputs: cross_entropy(network(inputs), batch.labels)


def attacks(source):
    return {
        "fgsm": lambda loss, inputs: fgsm(loss, inputs, PIXELS, EPSILON),
        "pgd": lambda loss, inputs: pgd(loss, inputs, PIXELS, EPSILON),
        "rfgsm": lambda loss, inputs: random_fgsm(loss, inputs, PIXELS, EPSILON, source),
        "rfgsm_clean": lambda loss, inputs: random_fgsm(loss, inputs, PIXELS, EPSILON, source, at_clean=True),
    }


@pytest.mark.parametrize("name", ["fgsm", "pgd"])
def test_the_disturbed_images_are_those_of_foolbox(name, network, batch):
    foolbox = pytest.importorskip("foolbox")
    preprocessing = {"mean": MEAN.flatten().double(), "std": DEVIATION.flatten().double(), "axis": -3}
    model = foolbox.PyTorchModel(network, bounds=(0, 1), preprocessing=preprocessing, device="cpu")
    theirs = {
        "fgsm": foolbox.attacks.LinfFastGradientAttack(random_start=False),
        "pgd": foolbox.attacks.LinfPGD(abs_stepsize=0.25 * EPSILON / 255, steps=10, random_start=False),
    }[name]
    clean = batch.inputs * DEVIATION.double() + MEAN.double()
    disturbed = theirs.run(model, clean, foolbox.criteria.Misclassification(batch.labels), epsilon=EPSILON / 255)
    found = attacks(generator())[name](loss_of(network, batch), batch.inputs)
    torch.testing.assert_close(found, normalised(disturbed), rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["fgsm", "pgd", "rfgsm", "rfgsm_clean"])
def test_an_attack_stays_within_its_bound_and_the_range_and_raises_the_loss(name, network, batch):
    network.zero_grad()
    loss = loss_of(network, batch)
    found = attacks(generator())[name](loss, batch.inputs)
    pixels = found * DEVIATION.double() + MEAN.double()
    clean = batch.inputs * DEVIATION.double() + MEAN.double()
    assert float((pixels - clean).abs().max()) <= EPSILON / 255 + 1e-7
    assert -1e-7 <= float(pixels.min()) <= float(pixels.max()) <= 1 + 1e-7
    assert float(loss(found).detach()) > float(loss(batch.inputs).detach()) + 0.05
    assert not found.requires_grad
    assert all(weight.grad is None for weight in network.parameters())


def test_fgsm_of_a_linear_network_is_known(batch):
    """A linear loss rises most by ε times the sum of its slopes: a step towards the sign of each."""
    slopes = torch.randn(1, 3, 6, 6, generator=generator(5), dtype=torch.float64)
    inputs = normalised(torch.full((2, 3, 6, 6), 0.5, dtype=torch.float64))
    for attack in (fgsm, pgd):
        found = attack(lambda images: (images * slopes).sum(), inputs, PIXELS, EPSILON)
        torch.testing.assert_close(
            found - inputs, (EPSILON / 255 / DEVIATION.double() * slopes.sign()).expand(2, -1, -1, -1)
        )


def test_the_gradient_of_r_fgsm_is_at_the_disturbed_images_or_at_the_clean_ones():
    """With L = Σ x², its sign at x = 0 is zero: there δ₀ stays, and elsewhere it is pushed outwards to the bound."""
    inputs = normalised(torch.full((4, 3, 5, 5), 0.5, dtype=torch.float64))

    def loss(images):
        return (images - inputs).square().sum()

    bound = PIXELS.bound(EPSILON, inputs).expand_as(inputs)
    start = (2 * torch.rand(inputs.shape, generator=generator(7)) - 1).double() * bound
    clean, proper = (
        random_fgsm(loss, inputs, PIXELS, EPSILON, generator(7), at_clean=at_clean) - inputs
        for at_clean in (True, False)
    )
    torch.testing.assert_close(clean, start)
    torch.testing.assert_close(proper, bound * start.sign())


def test_pgd_of_one_long_step_is_fgsm(network, batch):
    loss = loss_of(network, batch)
    one = pgd(loss, batch.inputs, PIXELS, EPSILON, steps=1, step=EPSILON)
    torch.testing.assert_close(one, fgsm(loss, batch.inputs, PIXELS, EPSILON))


def test_accuracies_under_attack_fall(network, batch):
    with torch.no_grad():
        labels = network(batch.inputs).argmax(dim=1)
    right = Batch(batch.inputs, labels)
    found = [
        accuracy_under(network, right, attack) for attack in (None, *(attacks(generator())[n] for n in ("fgsm", "pgd")))
    ]
    assert found[0] == 100
    assert found[2] <= found[1] < 100
    assert accuracy_under(network, Batch(batch.inputs, (labels + 1) % 10)) == 0


def test_the_generator_alone_decides(network, batch):
    loss, before = loss_of(network, batch), torch.get_rng_state()
    one, same, other = (random_fgsm(loss, batch.inputs, PIXELS, EPSILON, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", ["fgsm", "pgd", "rfgsm", "rfgsm_clean"])
@pytest.mark.parametrize("constant", [torch.tensor(2.0), torch.tensor(2.0, requires_grad=True)])
def test_a_loss_that_does_not_depend_on_the_images_leaves_them_within_the_bound(name, constant, batch):
    """A path of a supernet that cuts the input off: its logits are constants, with or without weights behind them."""
    worse = attacks(generator())[name](lambda inputs: constant + 0 * constant, batch.inputs)
    assert bool((worse - batch.inputs).abs().le(PIXELS.bound(EPSILON, batch.inputs) * (1 + 1e-9)).all())
    if "rfgsm" not in name:
        assert torch.equal(worse, PIXELS.clipped(batch.inputs))
