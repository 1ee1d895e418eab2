"""Batches that are given: what is one, what is refused, and the digest."""

import re

import pytest
import torch

from harness.batches import Batch
from harness.errors import SettingError

INPUTS = torch.zeros(4, 3, 8, 8)
CLASSES = torch.tensor([0, 1, 2, 1])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("label_dtype", [torch.uint8, torch.int32, torch.int64])
def test_floating_point_inputs_and_whole_labels_are_a_batch(dtype, label_dtype):
    batch = Batch(INPUTS.to(dtype), CLASSES.to(label_dtype))
    assert len(batch) == 4
    assert re.fullmatch("[0-9a-f]{16}", batch.digest())


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 8, 8), (5, 2, 2, 2, 2)])
def test_inputs_of_any_kind_of_sample_are_a_batch(shape):
    assert len(Batch(torch.zeros(shape), torch.zeros(shape[0], dtype=torch.long))) == shape[0]


@pytest.mark.parametrize(
    ("inputs", "labels", "complaint"),
    [
        (INPUTS[:1], CLASSES[:1], "a batch needs at least 2 samples, got 1"),
        (INPUTS[:0], CLASSES[:0], "a batch needs at least 2 samples, got 0"),
        (INPUTS.long(), CLASSES, "inputs must be floating point of shape [N, ...], got [4, 3, 8, 8] torch.int64"),
        (INPUTS.to(torch.complex64), CLASSES, "inputs must be floating point of shape [N, ...], got [4, 3, 8, 8] "),
        (torch.zeros(4), CLASSES, "inputs must be floating point of shape [N, ...], got [4] torch.float32"),
        (torch.tensor(1.0), CLASSES, "inputs must be floating point of shape [N, ...], got [] torch.float32"),
        (INPUTS, CLASSES[:3], "labels must be whole numbers of shape [4], got [3] torch.int64"),
        (INPUTS, CLASSES.view(4, 1), "labels must be whole numbers of shape [4], got [4, 1] torch.int64"),
        (INPUTS, torch.eye(4).long(), "labels must be whole numbers of shape [4], got [4, 4] torch.int64"),
        (INPUTS, CLASSES.to(torch.complex64), "labels must be whole numbers of shape [4], got [4] torch.complex64"),
        (INPUTS, CLASSES - 1, "labels must not be negative, got -1"),
        (INPUTS.numpy(), CLASSES, "got ndarray and Tensor"),
        (INPUTS, CLASSES.tolist(), "got Tensor and list"),
        (None, None, "got NoneType and NoneType"),
    ],
)  # fmt: skip
def test_what_no_score_can_be_computed_on_is_refused(inputs, labels, complaint):
    with pytest.raises(SettingError, match=re.escape(complaint)):
        Batch(inputs, labels)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_single_value_that_is_not_finite_is_refused(value):
    inputs = INPUTS.clone()
    inputs[3, 2, 7, 7] = value
    with pytest.raises(SettingError, match="inputs hold NaN or infinity: no score can be computed on them"):
        Batch(inputs, CLASSES)


def test_like_takes_the_dtype_of_a_parameter_and_long_labels():
    batch = Batch(INPUTS + 0.1, CLASSES.to(torch.uint8))
    other = batch.like(torch.zeros(1, dtype=torch.float64))
    assert (other.inputs.dtype, other.labels.dtype) == (torch.float64, torch.int64)
    assert torch.equal(other.inputs, batch.inputs.double())
    assert batch.like(None) is batch


def test_the_digest_is_of_the_content_shape_and_dtype():
    batch = Batch(INPUTS, CLASSES)
    moved = INPUTS.clone()
    moved[3, 2, 7, 7] += 1e-7
    others = [
        Batch(moved, CLASSES),
        Batch(INPUTS, CLASSES.flip(0)),
        Batch(INPUTS.view(4, 3, 4, 16), CLASSES),
        Batch(INPUTS.double(), CLASSES),
        Batch(INPUTS[:3], CLASSES[:3]),
    ]
    assert len({batch.digest(), *(other.digest() for other in others)}) == 6


def test_the_digest_is_not_of_the_layout_in_memory_the_graph_or_the_labels_dtype():
    inputs = torch.arange(4 * 3 * 8 * 8.0).view(4, 3, 8, 8)
    plain = Batch(inputs, CLASSES).digest()
    assert Batch(inputs.contiguous(memory_format=torch.channels_last), CLASSES).digest() == plain
    assert Batch(inputs.clone().requires_grad_(), CLASSES.to(torch.int32)).digest() == plain
