"""Steps of the parameters against automatic differentiation of plain losses, in float64."""

import dataclasses
from contextlib import nullcontext

import pytest
import torch

from harness.batches import Batch
from harness.search.gradient.dsnas import categorical, credited_log_probability
from harness.search.gradient.method import Parameters, Step
from harness.search.gradient.nasi import RELATIVE_DIFFERENCE, TRACES, _at_start, one_pass
from harness.search.gradient.relaxation import gumbel_softmax
from tests.reference import search_steps as reference
from tests.search.gradient.searches import descended, one_step, plain_loss, state_of


def cosine(one, other):
    return float((one * other).sum() / (one.norm() * other.norm()))


def softmax(alpha):
    return torch.softmax(alpha, dim=1)


def with_momentum(step):
    """A step whose weights have moved before: SGD has a momentum for each."""
    for number, parameter in enumerate(step.supernet.parameters()):
        source = torch.Generator().manual_seed(number)
        buffer = 0.01 * torch.randn(parameter.shape, generator=source, dtype=torch.float64)
        step.weight_optimizer.state[parameter]["momentum_buffer"] = buffer
    return step


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("relative", [0.01, 1e-6])
def test_second_order_darts_is_the_unrolled_gradient(moved, relative, monkeypatch):
    """As the paper's difference with its ε, and as the exact gradient where ε is too small for a ReLU to flip."""
    monkeypatch.setattr("harness.search.gradient.darts.RELATIVE_DIFFERENCE", relative)
    step = one_step("darts-second-order", weight_lr=0.1)
    step = with_momentum(step) if moved else step
    alpha, state = step.parameters.operations["cell"].detach().clone(), state_of(step)
    names = {parameter: name for name, parameter in step.supernet.named_parameters()}
    buffers = {names[key]: entry["momentum_buffer"] for key, entry in step.weight_optimizer.state.items()}
    assert bool(buffers) == moved
    setting = step.moment.setting
    expected = (reference.finite_difference if relative == 0.01 else reference.unrolled)(
        plain_loss(step, step.training, softmax),
        plain_loss(step, step.validation, softmax),
        state,
        alpha,
        rate=setting.weight_lr,
        momentum=setting.momentum,
        decay=setting.weight_decay,
        buffers=buffers,
    )
    found = descended(step)["cell"]
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6 * float(expected.abs().max()))
    first = descended(one_step("darts"))["cell"]
    assert float((first - expected).norm()) > 0.1 * float(expected.norm()), "the Hessian's term is not nothing"
    for name, weight in step.supernet.named_parameters():
        assert torch.equal(weight, state[name]), "the weights stay"


def test_first_order_darts_is_the_validation_gradient():
    step = one_step("darts")
    alpha = step.parameters.operations["cell"].detach().clone().requires_grad_()
    loss = plain_loss(step, step.validation, softmax)(state_of(step), alpha)
    torch.testing.assert_close(descended(step)["cell"], torch.autograd.grad(loss, alpha)[0])


def test_snas_descends_the_training_loss():
    step = one_step("snas")
    relaxed = step.relaxed("parameters")
    value = step.loss(step.training, relaxed)
    (expected,) = torch.autograd.grad(value, step.parameters.tensors())
    torch.testing.assert_close(descended(step)["cell"], expected)


def test_dsnas_descends_by_the_score_function_with_a_credit_of_each_edge():
    """c_e (1[o = drawn] − p_o) by hand, c_e the slope of the plain network's loss by the drawn operation's weight."""
    step = one_step("dsnas")
    alpha = step.parameters.operations["cell"].detach().clone()
    drawn = step.relaxed("parameters").weights["cell"]
    assert torch.equal(drawn, step.relaxed("weights").weights["cell"]), "one path trains both"
    weights = drawn.clone().requires_grad_()
    loss = plain_loss(step, step.training, lambda table: table)(state_of(step), weights)
    (slopes,) = torch.autograd.grad(loss, weights)
    credits = (slopes * drawn).sum(dim=1, keepdim=True).clamp(-5, 5)
    torch.testing.assert_close(descended(step)["cell"], credits * (drawn - softmax(alpha)))
    assert float(credits.abs().max()) > 0


def test_a_credit_of_dsnas_is_clamped_and_none_has_none():
    drawn = torch.eye(3, 4, dtype=torch.float64)
    slopes = torch.tensor([[7.0], [-90.0], [0.0]], dtype=torch.float64) * drawn
    alpha = torch.zeros(3, 4, dtype=torch.float64, requires_grad=True)
    (found,) = torch.autograd.grad(credited_log_probability(alpha.softmax(dim=1), drawn, slopes), alpha)
    torch.testing.assert_close(found, torch.tensor([[5.0], [-5.0], [0.0]], dtype=torch.float64) * (drawn - 0.25))


def test_the_draws_of_dsnas_have_the_frequencies_of_the_softmax():
    step = one_step("dsnas")
    expected = softmax(step.parameters.operations["cell"].detach())
    count = 4000
    total = torch.zeros_like(expected)
    for number in range(count):
        here = dataclasses.replace(step.moment, step=number)
        total += categorical(step.parameters, here, "parameters").weights["cell"]
    deviation = (expected * (1 - expected) / count).sqrt()
    assert float(((total / count - expected) / deviation).abs().max()) < 4.5


def test_beta_darts_adds_its_penalty():
    plain = descended(one_step("beta-darts", penalty=0.0))["cell"]
    step = one_step("beta-darts", penalty=50.0)
    object.__setattr__(step.moment, "epoch", 1)
    expected = plain + 25 * softmax(step.parameters.operations["cell"].detach()) / 6
    torch.testing.assert_close(descended(step)["cell"], expected)


def noise_of(step):
    """The Gumbel relaxation of this step as a function of α."""
    start = _at_start(step.parameters)
    weights = gumbel_softmax(start, step.moment, "trace").weights["cell"].detach()
    logs = weights.log()  # at τ = 1: α = 0 gives softmax(g + const), so g is the logarithm up to a constant a row
    return lambda alpha: torch.softmax(alpha.log_softmax(dim=1) + logs, dim=1)


@pytest.mark.parametrize("number", range(3))
def test_nasis_trace_and_its_exact_gradient_are_those_of_a_double_backward(number):
    step = one_step("nasi", number=number)
    loss = plain_loss(step, step.training, noise_of(step))
    trace, gradient = reference.trace_and_gradient(loss, state_of(step), torch.zeros(6, 5, dtype=torch.float64))
    for form in TRACES.values():
        assert form(step).trace == pytest.approx(float(trace), rel=1e-9)
    torch.testing.assert_close(TRACES["double_backward"](step).gradient["cell"], gradient)


@pytest.mark.parametrize("space", ["nasbench201", "darts"])
def test_two_passes_give_the_traces_gradient(space):
    """A difference with frozen activations: cosine above 0.995, and the same sign wherever an entry is not tiny."""
    for number in range(4):
        step = one_step("nasi", space, number=number)
        exact, found = (TRACES[form](step).gradient for form in ("double_backward", "two_pass"))
        for name, table in exact.items():
            if float(table.norm()) == 0:  # no cell of that group in so small a network
                assert float(found[name].norm()) == 0
                continue
            assert cosine(found[name], table) > 0.995
            large = table.abs() > 0.05 * table.abs().max()
            assert torch.equal(found[name][large].sign(), table[large].sign())


def test_two_passes_come_closer_as_the_difference_shrinks(monkeypatch):
    step = one_step("nasi")
    exact = TRACES["double_backward"](step).gradient["cell"]
    errors = []
    for relative in (1e-3, 1e-4, 1e-5):
        monkeypatch.setattr("harness.search.gradient.nasi.RELATIVE_DIFFERENCE", relative)
        errors.append(float((TRACES["two_pass"](step).gradient["cell"] - exact).norm() / exact.norm()))
    assert errors[1] < 0.2 * errors[0]
    assert errors[2] < 0.2 * errors[1]


def in_float32(step):
    """The same step in the precision that searches run in."""
    step.supernet.float()
    operations = {name: alpha.detach().float().requires_grad_() for name, alpha in step.parameters.operations.items()}
    training, validation = (Batch(one.inputs.float(), one.labels) for one in (step.training, step.validation))
    return dataclasses.replace(step, parameters=Parameters(operations), training=training, validation=validation)


def test_in_float32_the_difference_is_small_enough_and_not_too_small(monkeypatch):
    """The relative difference that the search takes, against ten times as much."""
    exact = [TRACES["double_backward"](one_step("nasi", number=number)).gradient["cell"] for number in range(4)]
    errors = {}
    for factor in (1, 10):
        monkeypatch.setattr("harness.search.gradient.nasi.RELATIVE_DIFFERENCE", factor * RELATIVE_DIFFERENCE)
        found = [TRACES["two_pass"](in_float32(one_step("nasi", number=n))).gradient["cell"] for n in range(4)]
        errors[factor] = max(
            float((one - other).norm() / other.norm()) for one, other in zip(found, exact, strict=True)
        )
    assert errors[1] < 0.01
    assert errors[10] > 0.02


def test_one_pass_is_finite_where_a_weight_is_nothing():
    step = in_float32(one_step("nasi", temperature=(1e-3, 1e-3)))
    weights = gumbel_softmax(_at_start(step.parameters), step.moment, "trace").weights["cell"]
    assert bool((weights == 0).any())
    assert bool(one_pass(step).gradient["cell"].isfinite().all())


@pytest.mark.parametrize("method", ["nasi", "darts-second-order"])
def test_a_gradient_of_nothing_moves_nothing(method, monkeypatch):
    """No direction to differ along: neither a division of 0 by 0, nor NaN in the parameters."""
    loss = Step.loss
    monkeypatch.setattr(Step, "loss", lambda *arguments: 0 * loss(*arguments))
    step = one_step(method)
    step = in_float32(step) if method == "nasi" else step
    for table in descended(step).values():
        before = step.parameters.operations["cell"].detach()
        assert bool(before.isfinite().all())
        assert method == "nasi" or not bool(table.any())


def test_without_frozen_activations_the_difference_is_not_the_derivative(monkeypatch):
    """Why they are frozen: the jumps of the ReLUs that flip outweigh the derivative."""
    step = one_step("nasi")
    exact = TRACES["double_backward"](step).gradient["cell"]
    monkeypatch.setattr("harness.search.gradient.nasi.FrozenActivations", lambda recorded: nullcontext())
    loose = TRACES["two_pass"](step).gradient["cell"]
    assert float((loose - exact).norm()) > float(exact.norm())


def test_one_pass_is_exact_for_an_operations_own_weights():
    """∂‖∇θ_eo L‖²/∂w_eo with all else held fixed, by hand: scale w where it multiplies the gradient of θ_eo alone."""
    step = one_step("nasi")
    relaxed = gumbel_softmax(_at_start(step.parameters), step.moment, "trace").weights["cell"].detach()
    names = list(state_of(step))
    parts = dict(
        zip(
            names,
            torch.autograd.grad(
                plain_loss(step, step.training, lambda alpha: relaxed)(
                    state := {name: weight.clone().requires_grad_() for name, weight in state_of(step).items()}, None
                ),
                [state[name] for name in names],
            ),
            strict=True,
        )
    )
    by_weight = torch.zeros_like(relaxed)
    for edge in range(6):
        for column, operation in ((2, "nor_conv_1x1"), (3, "nor_conv_3x3")):
            own = [part for name, part in parts.items() if name.endswith(f".layers.{edge}.{operation}.weight")]
            assert len(own) == 3
            by_weight[edge, column] = 2 * sum(float((part**2).sum()) for part in own) / relaxed[edge, column]
    expected = relaxed * (by_weight - (relaxed * by_weight).sum(dim=1, keepdim=True))  # the softmax's own derivative
    torch.testing.assert_close(one_pass(step).gradient["cell"], expected)


def test_one_pass_is_only_roughly_the_traces_gradient():
    """What its docstring admits, as a figure: the mean over steps points the same way, by far not exactly."""
    exact, rough = (
        sum(TRACES[form](one_step("nasi", number=number)).gradient["cell"] for number in range(12))
        for form in ("double_backward", "one_pass")
    )
    assert 0.2 < cosine(exact, rough) < 0.9


@pytest.mark.parametrize("adaptive", [False, True])
def test_nasis_parameters_are_the_papers_sum(adaptive):
    """Equations 13 and 18, with ν among the traces so that both branches are taken."""
    method, memory, traces, gradients = "nasi-ada" if adaptive else "nasi", {}, [], []
    steps = [one_step(method, number=number, memory=memory) for number in range(5)]
    nu = sorted(TRACES["double_backward"](step).trace for step in steps)[2]
    steps = [
        one_step(method, number=number, memory=memory, nu=nu, mu=2.0, trace_gradient="double_backward")
        for number in range(5)
    ]
    parameters = steps[0].parameters
    with torch.no_grad():
        for alpha in parameters.tensors():
            alpha.zero_()
    for step in steps:
        object.__setattr__(step, "parameters", parameters)
        found = TRACES["double_backward"](step)
        traces.append(found.trace)
        gradients.append(found.gradient["cell"])
        weights = {name: weight.clone() for name, weight in state_of(step).items()}
        step.method.architecture_step(step)
        assert all(torch.equal(weight, weights[name]) for name, weight in step.supernet.named_parameters())
    expected = reference.nasi_parameters(traces, gradients, nu=nu, mu=2.0, adaptive=adaptive)
    torch.testing.assert_close(parameters.operations["cell"].detach(), expected)
    assert 0 < sum(trace > nu for trace in traces) < 5
