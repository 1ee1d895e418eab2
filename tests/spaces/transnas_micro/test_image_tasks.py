"""Networks of the tasks whose outputs are images, against plain arithmetic, measured sizes and the authors' layers."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

import harness
from harness.batches import Batch
from harness.errors import SettingError
from harness.measurements import size
from harness.problem import PICTURES, SEGMENTATION
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.space import Space, completed, tabulated_space
from harness.spaces.transnas_micro import parse
from harness.spaces.transnas_micro.decoders import generative_decoder, segmentation_decoder
from tests.reference import spaces_transnas_micro_network as reference
from tests.spaces.transnas_micro.test_network import perturb_norms

NORMAL, AUTOENCODER, SEGMENTS = (
    open_space(f"transnas-micro-{task}") for task in ("normal", "autoencoder", "segmentation")
)
TASKS = {"pictures": NORMAL, "segmentation": SEGMENTS}
CELLS = tuple(map(parse, ("1_02_333", "0_00_000", "2_31_013")))
SMALL = {"width": 4, "depth": 1, "image_size": 32}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("task", TASKS)
def test_a_forward_pass_is_plain_arithmetic(task: str, training: bool) -> None:
    shape = {"width": 6, "depth": 1, "channels": 2, "classes": 3, "image_size": 64}
    images = torch.randn(2, 2, 64, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for cell in CELLS:
        network = perturb_norms(TASKS[task].build(cell, shape).double()).train(training)
        state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        expected = reference.decoded(str(cell), state, images, depth=1, training=training, task=task)
        assert expected.shape == (2, 3, 64, 64)
        torch.testing.assert_close(network(images), expected, rtol=1e-10, atol=1e-10)


# github.com/yawen-d/TransNASBench, commit 6c6e8b9, lib/models/task_models/decoder.py, for features (512, 7, 7) and
# images of 256 pixels: channels that each layer reads and gives, and a star where it is transposed.
AUTHORS_GENERATIVE = (
    "512>1024 1024>1024 1024>512 512>512 512>256* 256>128 128>64* 64>64 64>32* 32>32 32>16* 16>32 32>16* 16>3"
)
AUTHORS_SEGMENTATION = "512>1024 1024>512 512>256* 256>128* 128>64* 64>32* 32>32* 32>17"


def test_at_the_default_width_the_decoders_are_the_authors() -> None:
    for layers, printed in (
        (generative_decoder(64, 3), AUTHORS_GENERATIVE), (segmentation_decoder(64, 17), AUTHORS_SEGMENTATION),
    ):  # fmt: skip
        words = [f"{layer.wide_in}>{layer.wide_out}{'*' * layer.doubles}" for layer in layers]
        assert " ".join(words) == printed


def test_the_defaults_are_the_tasks() -> None:
    for space, outputs in ((NORMAL, 3), (AUTOENCODER, 3), (SEGMENTS, 17)):
        assert {name: dimension.default for name, dimension in space.shape.items()} == {
            "image_size": 256, "channels": 3, "classes": outputs, "width": 64, "depth": 2,
        }  # fmt: skip
        assert tabulated_space(space) == "transnas-micro"
    assert (NORMAL.problem, AUTOENCODER.problem, SEGMENTS.problem) == (PICTURES, PICTURES, SEGMENTATION)


@pytest.mark.parametrize("space", [NORMAL, SEGMENTS], ids=lambda space: space.name)
@pytest.mark.parametrize(
    "shape", [SMALL, {"width": 7, "depth": 2, "image_size": 96, "classes": 5, "channels": 1}], ids=["small", "odd"]
)
def test_the_closed_form_is_what_networks_measure(space: Space, shape: dict[str, int]) -> None:
    for cell in CELLS[:2]:
        network = space.build(cell, shape)
        side = shape["image_size"]
        batch = Batch(torch.zeros(2, shape.get("channels", 3), side, side), torch.zeros(2, 1), problem=space.problem)
        assert space.sizes(cell, shape) == (size.parameter_count(network), size.macs(network, batch)), str(cell)


def test_the_layers_after_a_convolution_are_a_norm_and_a_leaky_relu_of_slope_one_fifth() -> None:
    decoder = NORMAL.build(CELLS[0], SMALL).get_submodule("decoder")
    kinds = [type(layer) for layer in decoder.children()]
    assert kinds.count(nn.BatchNorm2d) == kinds.count(nn.LeakyReLU) == 13
    assert kinds[-2:] == [nn.Conv2d, nn.Tanh]
    assert {layer.negative_slope for layer in decoder.children() if isinstance(layer, nn.LeakyReLU)} == {0.2}


def drawn(space: Space, seed: int = 0, labels: str = "random", **sizes: int) -> Batch:
    setting = Setting(batch_size=5, labels=labels, shape={"image_size": 32, **sizes}, seed=seed)
    return space.batch(completed(space, setting))


@pytest.mark.parametrize("space", [NORMAL, AUTOENCODER, SEGMENTS], ids=lambda space: space.name)
def test_targets_have_the_images_size_and_follow_from_the_seed(space: Space) -> None:
    first, again, other = (drawn(space, seed=seed) for seed in (0, 0, 1))
    assert first.targets.shape == (5, space.shape["classes"].default, 32, 32)
    assert torch.equal(first.targets, again.targets)
    assert not torch.equal(first.targets, other.targets)
    if space is SEGMENTS:
        assert torch.equal(first.targets.sum(dim=1), torch.ones(5, 32, 32))
        assert set(first.targets.unique().tolist()) == {0.0, 1.0}
        assert len(first.targets.argmax(dim=1).unique()) == 17
    else:
        assert -1 <= float(first.targets.min()) < -0.99
        assert 0.99 < float(first.targets.max()) < 1


def test_an_autoencoders_true_targets_are_its_inputs() -> None:
    batch = drawn(AUTOENCODER, labels="true")
    assert torch.equal(batch.targets, batch.only_argument)
    assert torch.equal(batch.only_argument, drawn(AUTOENCODER).only_argument)
    with pytest.raises(SettingError, match="give as many classes as channels"):
        drawn(AUTOENCODER, labels="true", classes=4)
    for space in (NORMAL, SEGMENTS):
        with pytest.raises(SettingError, match="labels 'true' need images with targets"):
            drawn(space, labels="true")


def test_sides_that_the_decoder_cannot_restore_are_refused() -> None:
    for space in (NORMAL, SEGMENTS):
        for call in (space.build, space.sizes):
            with pytest.raises(SettingError, match=r"image_size of transnas-micro-.* must be a multiple of 32.*got 48"):
                call(CELLS[0], image_size=48)
        with pytest.raises(SettingError, match="must be a multiple of 32"):
            drawn(space, image_size=40)
    with pytest.raises(SettingError, match="targets"):
        NORMAL.shape_of(Batch(torch.zeros(2, 3, 32, 32), torch.zeros(2, 3, 16, 16)))


def test_the_losses_are_means_over_pixels() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 4, 3, 5, generator=generator, dtype=torch.float64)
    classes = torch.randint(4, (2, 3, 5), generator=generator)
    targets: Tensor = torch.stack([(classes == number).double() for number in range(4)], dim=1)
    found = SEGMENTATION.loss(None, logits, targets)
    assert float(found) == pytest.approx(float(reference.pixel_cross_entropy(logits, classes)), rel=1e-12)
    pairs = list(zip(logits.flatten().tolist(), targets.flatten().tolist(), strict=True))
    absolute, squared = (PICTURES.loss(name, logits, targets) for name in (None, "mean_squared_error"))
    assert float(absolute) == pytest.approx(math.fsum(abs(a - b) for a, b in pairs) / len(pairs), rel=1e-12)
    assert float(squared) == pytest.approx(math.fsum((a - b) ** 2 for a, b in pairs) / len(pairs), rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("space", [AUTOENCODER, SEGMENTS], ids=lambda space: space.name)
def test_what_reads_relus_or_a_pool_says_that_the_decoder_has_none(space: Space) -> None:
    taken = ["grad_norm", "snip", "synflow", "jacob_cov", "zico", "meco", "params"]
    refused = {"nwot": "nn.ReLU modules are", "near": "nn.ReLU modules are", "zen": "no linear layer",
               "epe_nas": "the classes of the samples"}  # fmt: skip
    frame = harness.run(space, CELLS[:1], [*taken, *refused], batch_size=4, seed=1, shape=SMALL).set_index("proxy")
    assert (frame.loc[taken, "status"] == "ok").all(), frame["message"].to_dict()
    for proxy, reason in refused.items():
        assert frame.loc[proxy, "status"] == "not_applicable"
        assert reason in frame.loc[proxy, "message"]
    assert (float(frame.loc["synflow", "score"]) == 0) is (space is AUTOENCODER)
