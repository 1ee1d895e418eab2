"""Measurements of one's own: made once, on the network as it is kept, and without a trace."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import harness
from harness.batches import Batch
from harness.errors import MeasurementError, NotApplicable, ProxyError
from harness.measurements import registry as measurements
from harness.proxies import registry as proxies
from tests.measurements.test_preserve import Noisy, assert_same, trace_of
from tests.sampling import one_in

BUILT_IN = ["grad_norm", "grasp", "synflow", "ntk_trace", "nwot", "zico", "l2_norm"]


@pytest.fixture(autouse=True)
def _own_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    proxies.load_builtin()
    for registry in (proxies, measurements):
        monkeypatch.setattr(registry, "_REGISTRY", dict(registry._REGISTRY))


@pytest.fixture
def network() -> nn.Module:
    space = harness.open_space("nasbench201")
    made = space.build(space.sample(1)[0], classes=4, width=2, depth=1, seed=2)
    first, *_ = made.parameters()
    first.grad = torch.ones_like(first)
    first.register_hook(lambda gradient: None)
    return made.train()


@pytest.fixture
def batch() -> Batch:
    return Batch(torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 3, 0, 1]))


def read_by_a_proxy(name: str) -> str:
    """A proxy that is the float of a measurement."""
    namespace: dict[str, Any] = {}
    exec(f"def from_{name}({name}):\n    return float({name})", namespace)
    harness.proxy(source="test")(namespace[f"from_{name}"])
    return f"from_{name}"


def weight_of(network: nn.Module) -> nn.Parameter:
    return next(module.weight for module in network.modules() if isinstance(module, nn.Conv2d))


def modes(network: nn.Module, batch: Batch) -> float:
    network.train()
    network.add_module("another", nn.Linear(1, 1))
    network.note = "left"  # type: ignore[assignment]
    return 1.0


def buffers(network: nn.Module, batch: Batch) -> float:
    for buffer in network.buffers():
        buffer.fill_(3)
    network(batch.arguments[0])
    return 1.0


def gradients(network: nn.Module, batch: Batch) -> float:
    network(batch.inputs).square().mean().backward()
    return sum(float(p.grad.square().sum()) for p in network.parameters() if p.grad is not None)


def hooks(network: nn.Module, batch: Batch) -> float:
    for module in network.modules():
        module.register_forward_hook(lambda module, given, output: output * 2)
        module.register_forward_pre_hook(lambda module, given: None)
        module.register_full_backward_hook(lambda module, given, output: None)
    for parameter in network.parameters():
        parameter.register_hook(lambda gradient: gradient * 3)
        parameter.register_post_accumulate_grad_hook(lambda parameter: None)
    return 1.0


def inputs(network: nn.Module, batch: Batch) -> float:
    batch.inputs.zero_()
    batch.labels.zero_()
    return 1.0


def surroundings(network: nn.Module, batch: Batch) -> float:
    torch.set_grad_enabled(False)
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(torch.get_num_threads() + 1)
    torch.manual_seed(3)
    return float(torch.rand(()))


def moved_and_back(network: nn.Module, batch: Batch) -> float:
    weight = weight_of(network)
    kept = weight.detach().clone()
    with torch.no_grad():
        weight.add_(1)
        moved = float(network(batch.inputs).sum())
        weight.copy_(kept)
    return moved


def in_double_of_a_copy(network: nn.Module, batch: Batch) -> float:
    return float(copy.deepcopy(network).double()(batch.inputs.double()).sum().detach())


def fails(network: nn.Module, batch: Batch) -> float:
    hooks(network, batch)
    network.train()
    raise ValueError("midway")


def content(network: nn.Module, batch: Batch) -> float:
    with torch.no_grad():
        weight_of(network).mul_(2)
    return 1.0


def content_behind_autograd(network: nn.Module, batch: Batch) -> float:
    weight_of(network).data.mul_(2)
    return 1.0


def in_double(network: nn.Module, batch: Batch) -> float:
    return float(network.double()(batch.inputs.double()).sum().detach())


def in_another_layout(network: nn.Module, batch: Batch) -> float:
    network.to(memory_format=torch.channels_last)
    return 1.0


def frozen(network: nn.Module, batch: Batch) -> float:
    network.requires_grad_(False)
    return 1.0


def replaced(network: nn.Module, batch: Batch) -> float:
    for module in network.modules():
        if isinstance(module, nn.Linear):
            module.weight = nn.Parameter(module.weight.detach() * 2)
    return 1.0


def changed_and_fails(network: nn.Module, batch: Batch) -> float:
    in_double(network, batch)
    raise ValueError("afterwards")


UNDONE = [modes, buffers, gradients, hooks, inputs, surroundings, moved_and_back, in_double_of_a_copy]
REFUSED = {
    content: "has another content",
    content_behind_autograd: "has another content",
    in_double: "has another type, shape or layout",
    in_another_layout: "has another type, shape or layout",
    frozen: "is frozen",
    replaced: "are others than before",
}


@pytest.fixture
def plain(network: nn.Module, batch: Batch) -> dict[str, str]:
    return bits(harness.score(network, batch, BUILT_IN))


def bits(scores: dict[str, harness.Score]) -> dict[str, str]:
    return {name: f"{score.value.hex()} {score.status} {score.standard_error.hex()}" for name, score in scores.items()}


def mixed(names: list[str]) -> Iterator[list[str]]:
    """Before the built-in ones, and among them: some read a graph that was made before."""
    yield [*names, *BUILT_IN]
    yield [*BUILT_IN[:1], *names, *BUILT_IN[1:]]


@pytest.mark.parametrize(
    ("function", "as_proxy"),
    one_in(
        3,
        [
            pytest.param(function, as_proxy, id=f"{function.__name__}-{'proxy' if as_proxy else 'measurement'}")
            for function in (*UNDONE, *REFUSED, fails, changed_and_fails)
            for as_proxy in (False, True)
        ],
    ),
)
def test_it_leaves_no_trace_and_changes_no_other_score(
    network: nn.Module, batch: Batch, plain: dict[str, str], function: Callable[..., float], as_proxy: bool
) -> None:
    if as_proxy:
        harness.proxy(source="test")(function)
        name = function.__name__
    else:
        harness.measurement(function)
        name = read_by_a_proxy(function.__name__)
    assert {value.split()[1] for value in plain.values()} == {"ok"}
    before = trace_of(network, batch)
    values = set()
    for names in mixed([name]):
        scores = harness.score(network, batch, names)
        assert_same(before, trace_of(network, batch))
        own = scores.pop(name)
        assert bits(scores) == plain
        values.add(own.value.hex())
        what = "" if as_proxy else f"measurement {function.__name__!r}: "
        if function in REFUSED:
            assert own.status == "not_applicable"
            assert own.message.startswith(f"{what}it changes the network's own parameters (")
            assert REFUSED[function] in own.message
            assert own.message.endswith("let it work on a copy (copy.deepcopy(network), tensor.clone())")
        elif function in (fails, changed_and_fails):
            assert (own.status, own.message) == (
                "error", f"{what}ValueError: {'midway' if function is fails else 'afterwards'}"
            )  # fmt: skip
        else:
            assert (own.status, own.message) == ("ok", "")
    assert len(values) == 1, "whatever was measured before"


def test_it_starts_from_the_kept_state_whatever_ran_before(network: nn.Module, batch: Batch) -> None:
    """Modes as the setting says, running statistics not yet moved, the same draws, no gradient."""
    found = []

    @harness.measurement
    def state(network: nn.Module, batch: Batch, setting: harness.Setting) -> float:
        found.append(
            (
                [module.training for module in network.modules()], [float(b.sum()) for b in network.buffers()],
                [p.grad for p in network.parameters()], float(torch.rand(())), torch.is_grad_enabled(), setting.bn,
                float(batch.inputs.sum()),
            )
        )  # fmt: skip
        buffers(network, batch)
        gradients(network, batch)
        inputs(network, batch)
        return 1.0

    made = measurements._REGISTRY["state"].function

    @harness.proxy(source="test")
    def state_again(network: nn.Module, batch: Batch, setting: harness.Setting, state: float) -> Any:
        return made(network, batch, setting)

    for names in (["state_again"], [*BUILT_IN, "state_again"]):
        assert harness.score(network, batch, names)["state_again"].status == "ok"
    assert len(found) == 4
    assert all(each == found[0] for each in found)
    training = {type(m).__name__ for m, on in zip(network.modules(), found[0][0], strict=True) if on}
    assert (training, found[0][5]) == ({"BatchNorm2d"}, "train")


def test_it_is_made_once_for_all_that_read_it_and_timed(network: nn.Module, batch: Batch) -> None:
    made = []

    @harness.measurement
    def logits(network: nn.Module, batch: Batch) -> Tensor:
        made.append(1)
        return network(batch.inputs).detach()

    @harness.measurement(yields="a number")
    def spread(logits: Tensor, loss_gradient: Any) -> Tensor:
        return logits.std() + 0 * loss_gradient.squared_norm

    for name, needs in {"one": "logits", "two": "spread", "three": "spread, logits"}.items():
        namespace: dict[str, Any] = {}
        exec(f"def {name}({needs}):\n    return float({needs.split(', ')[0]}.sum())", namespace)
        harness.proxy(source="test")(namespace[name])
    scores = harness.score(network, batch, ["one", "two", "three"])
    assert made == [1]
    assert scores["two"].value == scores["three"].value != scores["one"].value
    assert all(score.status == "ok" and score.seconds > 0 for score in scores.values())


def test_what_reads_the_network_as_a_built_in_one_does_has_its_value(network: nn.Module, batch: Batch) -> None:
    @harness.measurement
    def own_gradient(network: nn.Module, batch: Batch) -> list[Tensor]:
        loss = nn.functional.cross_entropy(network(batch.inputs), batch.labels)
        return list(torch.autograd.grad(loss, list(network.parameters())))

    @harness.proxy(source="test")
    def own_nasi(own_gradient: list[Tensor]) -> float:
        return float(sum(each.double().square().sum() for each in own_gradient))

    scores = harness.score(network, batch, ["own_nasi", "nasi_trace"])
    assert scores["own_nasi"].value == pytest.approx(scores["nasi_trace"].value, rel=1e-6)


def test_a_graph_of_the_shared_pass_may_be_read_beside_the_network(network: nn.Module, batch: Batch) -> None:
    @harness.proxy(source="test")
    def by_hand(network: nn.Module, forward: Any) -> float:
        gradients = torch.autograd.grad(forward.loss, list(network.parameters()), retain_graph=True)
        return float(sum(each.square().sum() for each in gradients))

    scores = harness.score(network, batch, ["by_hand", "nasi_trace"])
    assert scores["by_hand"].value == pytest.approx(scores["nasi_trace"].value, rel=1e-6)


CHANGES = {
    "forward": "forward.outputs.detach().zero_()",
    "loss_gradient": "[e.zero_() for e in loss_gradient.values()]",
    "weights": "[e.detach().zero_() for e in weights.values()]; weights.clear()",
    "channel_products": "channel_products.pop()",
    "synaptic_flow": "synaptic_flow.clear()",
    "input_jacobian": "input_jacobian.numpy()[:] = 0",
    "relu_gram": "relu_gram.numpy()[:] = 0",
}
UNCOPIED = {"forward": "changes the measurement 'forward' in"}
"""What has no copy: tensors with a graph."""


@pytest.mark.parametrize("reads", CHANGES)
def test_what_it_does_to_a_measurement_of_others_changes_no_other_score(
    network: nn.Module, batch: Batch, plain: dict[str, str], reads: str
) -> None:
    change = CHANGES[reads]
    namespace: dict[str, Any] = {}
    exec(f"def greedy({reads}):\n    {change}\n    return 1.0", namespace)
    harness.proxy(source="test")(namespace["greedy"])
    for names in mixed(["greedy"]):
        scores = harness.score(network, batch, names)
        own = scores.pop("greedy")
        assert own.status == ("not_applicable" if reads in UNCOPIED else "ok"), own
        assert UNCOPIED.get(reads, "") in own.message
        assert bits(scores) == plain


@dataclass
class Listed:
    values: list[int]


@pytest.mark.parametrize(
    ("value", "change"),
    [
        ([1, 2, 3], lambda mine: mine.append(4)),
        ({"a": 1}, lambda mine: mine.update(b=5)),
        (np.ones(3), lambda mine: np.add(mine, 1, out=mine)),
        (torch.ones(3), lambda mine: mine.numpy().fill(7)),
        (([1], {2}), lambda mine: mine[0].append(9)),
        (Listed([1]), lambda mine: mine.values.append(2)),
    ],
)
def test_each_reader_gets_a_measurement_of_ones_own_as_it_was_made(
    value: Any, change: Callable[[Any], object], network: nn.Module, batch: Batch
) -> None:
    seen: list[str] = []

    @harness.measurement(yields="something", cost="none")
    def mine_made(network: nn.Module) -> Any:
        return value

    for name in ("first_reader", "second_reader"):

        def reader(mine_made: Any) -> float:
            seen.append(repr(mine_made))
            change(mine_made)
            return 1.0

        reader.__name__ = name
        harness.proxy(source="test")(reader)
    before = repr(value)
    harness.score(network, batch, ["first_reader", "second_reader", "first_reader"])
    assert set(seen) == {before}


def test_an_iterator_is_no_measurement(network: nn.Module, batch: Batch) -> None:
    @harness.measurement(yields="numbers", cost="none")
    def read_once(network: nn.Module) -> Iterator[int]:
        return iter([1, 2])

    @harness.proxy(source="test")
    def summed(read_once: Any) -> float:
        return float(sum(read_once))

    score = harness.score(network, batch, ["summed"])["summed"]
    assert (score.status, "it gives an iterator" in score.message) == ("not_applicable", True), score


def test_a_network_that_changes_its_inputs_does_not_change_the_batch() -> None:
    batch = Batch(torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 3]))
    before = batch.inputs.clone()

    @harness.proxy(source="test")
    def logits_of(network: nn.Module, batch: Batch) -> float:
        return float(network(batch.inputs).sum().detach())

    assert harness.score(Noisy(), batch, "logits_of")["logits_of"].status == "ok"
    assert torch.equal(batch.inputs, before)


class Raises(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(192, 4)

    def forward(self, inputs: Tensor) -> Tensor:
        raise ValueError("no such size")


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ("raise SystemExit(3)", "error", "measurement 'mine': SystemExit: 3"),
        ("raise KeyError('x')", "error", "measurement 'mine': KeyError: 'x'"),
        ("raise RuntimeError('out of memory')", "out_of_memory", "measurement 'mine': RuntimeError: out of memory"),
        ("raise NotApplicable('no head')", "not_applicable", "measurement 'mine': no head"),
        (
            "return network(batch.inputs)",
            "error",
            "measurement 'mine': ValueError: no such size (in the network itself",
        ),
        ("return [torch.tensor([1.0, nan])]", "not_finite", "measurement 'mine': its results hold NaN or infinity"),
        ("return {'a': (1, -inf)}", "not_finite", "measurement 'mine': its results hold NaN or infinity"),
        ("return np.array([[inf]])", "not_finite", "measurement 'mine': its results hold NaN or infinity"),
    ],
)
def test_a_measurement_that_fails_is_named_by_all_that_read_it(
    batch: Batch, body: str, status: str, message: str
) -> None:
    import numpy as np

    namespace: dict[str, Any] = {
        "torch": torch, "np": np, "nan": math.nan, "inf": math.inf, "NotApplicable": NotApplicable
    }  # fmt: skip
    exec(f"def mine(network, batch):\n    {body}", namespace)
    harness.measurement(namespace["mine"])
    exec("def above(mine):\n    return mine", namespace)
    harness.measurement(namespace["above"])
    exec("def first(mine): return 1.0\ndef second(above): return 1.0", namespace)
    for name in ("first", "second"):
        harness.proxy(source="test")(namespace[name])
    scores = harness.score(Raises(), batch, ["first", "second", "params"])
    for name in ("first", "second"):
        assert scores[name].status == status
        assert message in scores[name].message
        assert scores[name].message.count("measurement") == 1
    assert scores["params"].status == "ok"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def weights(network): ...", "'weights' is a built-in measurement: give the function another name"),
        ("def network(batch): ...", "'network' is what measurements are given"),
        ("def rebuild(batch): ...", "'rebuild' is what measurements are given"),
        (
            "def mine(): ...",
            "measurement 'mine' reads nothing: its parameters name measurements, network, batch, setting",
        ),
        ("def mine(netwrk): ...", "measurement 'mine': unknown measurement 'netwrk'. Did you mean 'network'?"),
        ("def mine(rebuild): ...", "unknown measurement 'rebuild'"),
        ("def mine(mine): ...", "measurement 'mine' is computed from itself: mine reads mine"),
        ("mine = lambda network: 1", "a measurement is a named function"),
    ],
)
def test_a_bad_definition_is_one_line(source: str, message: str) -> None:
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    function = next(value for value in namespace.values() if callable(value))
    with pytest.raises(MeasurementError) as error:
        harness.measurement(function)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert "mine" not in measurements._REGISTRY


def test_a_circle_of_new_definitions_is_refused_and_named() -> None:
    namespace: dict[str, Any] = {}
    exec("def a(network): ...\ndef b(a): ...\ndef c(b): ...", namespace)
    for name in "abc":
        harness.measurement(namespace[name])
    exec("def a(c): ...", namespace)
    with pytest.raises(MeasurementError, match="measurement 'a' is computed from itself: a reads c reads b reads a"):
        harness.measurement(namespace["a"])
    assert measurements._REGISTRY["a"].needs == ("network",), "the former definition stands"


def test_a_proxy_reads_what_is_there_alone() -> None:
    def mine(own_gradeint: Any) -> float:
        return 1.0

    @harness.measurement
    def own_gradient(network: nn.Module) -> float:
        return 1.0

    with pytest.raises(ProxyError, match=r"unknown measurement 'own_gradeint'. Did you mean 'own_gradient'\?"):
        harness.proxy(source="me")(mine)
    assert own_gradient(nn.Identity()) == 1.0, "the decorator gives the function back"
