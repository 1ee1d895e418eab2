"""E2RNAS: its direction, its bounds, adversarial steps of any search, the table supernet, and what is refused."""

import dataclasses

import pytest
import torch
from torch.nn.functional import cross_entropy

from harness.errors import SearchError
from harness.measurements.attacks import PixelRange, random_fgsm
from harness.search import METHODS, SearchSetting, run_search
from harness.search.gradient.darts import second_order
from harness.search.gradient.data import Images, Normalisation
from harness.search.gradient.e2rnas import NORMS, SIZE, VALUES, WEIGHTS, bounded
from harness.search.gradient.expected_size import expected_size
from harness.search.gradient.min_norm import min_norm_weights
from harness.search.gradient.options import with_options
from harness.search.gradient.table_supernet import TableLosses
from harness.spaces.nasbench201.derivation import GROUPS
from tests.search.gradient.searches import SPACES, alphas, descended, generator, one_step, tiny
from tests.search.gradient.test_contract import content, equal, interrupted_and_resumed, without_seconds
from tests.search.gradient.test_table_supernet import separable

SPACE = SPACES["nasbench201"]
NORMALISATION = Normalisation(*(torch.full((1, 3, 1, 1), value, dtype=torch.float64) for value in (0.5, 0.25)))
PIXELS = PixelRange.normalised(*NORMALISATION)
REFUSING = {"rsps", "nasi", "nasi-ada", "te-nas", "radars", "daas", "trilevel", "mod-nas"}
ROBUST = TableLosses("parts of a test", separable(1)[0].losses / 10, separable(2)[0].losses / 10)
SIZES = expected_size(SPACE, GROUPS, SearchSetting(width=4, depth=1))
"""Of the networks of `tiny`."""


def pixelled(**changes):
    return dataclasses.replace(one_step("e2rnas", **changes), normalisation=NORMALISATION)


def own_gradients(step):
    """Gradients by α of the plain loss, of the share of the size, and of the loss on images attacked by hand."""
    alpha = alphas(GROUPS)["cell"]
    weights = {"cell": alpha.softmax(dim=1)}
    loss = step.loss(step.validation, step.relaxed("parameters"))
    (first,) = torch.autograd.grad(loss, step.parameters.tensors())
    (second,) = torch.autograd.grad(SIZES(weights) / (SIZES.most - SIZES.least), alpha)

    def attacked_loss(inputs):
        return cross_entropy(step.logits_of(inputs, step.relaxed("parameters")), step.validation.labels)

    source = step.moment.generator("attack parameters")
    inputs = random_fgsm(attacked_loss, step.validation.inputs, PIXELS, 2.0, source, at_clean=True)
    (third,) = torch.autograd.grad(attacked_loss(inputs), step.parameters.tensors())
    return torch.stack([first.flatten(), third.flatten(), second.flatten()])


def of_inputs(inputs, of):
    return type(of)(inputs, of.labels)


@pytest.mark.parametrize("form", ["raw", "l2"])
def test_alpha_moves_along_the_min_norm_direction_of_loss_robust_loss_and_size(form):
    options = {"mgda": ("robust", "size"), "mgda_gradients": form, "adversarial_epsilon": 2.0}
    gradients = own_gradients(pixelled(**options))
    used = torch.nn.functional.normalize(gradients, dim=1) if form == "l2" else gradients
    weights = min_norm_weights(used @ used.T)
    step = pixelled(**options)
    found = descended(step)["cell"].flatten()
    torch.testing.assert_close(found, weights @ gradients, rtol=1e-5, atol=1e-9)
    torch.testing.assert_close(step.memory[WEIGHTS][0, 0], weights, rtol=1e-5, atol=1e-9)
    torch.testing.assert_close(step.memory[NORMS][0, 0], gradients.norm(dim=1), rtol=1e-5, atol=1e-9)
    assert float((gradients[0] - gradients[1]).abs().max()) > 1e-6, "the attack does something"


def test_without_further_objectives_the_step_is_that_of_darts():
    plain = descended(one_step("darts"))["cell"]
    torch.testing.assert_close(descended(one_step("e2rnas", mgda=()))["cell"], plain)


def test_a_penalty_joins_the_direction():
    options = {"mgda": (), "regularise": "proximity", "rho": 3.0}
    found = []
    for method in ("e2rnas", "darts"):
        step = one_step(method, **options)
        found.append(
            descended(dataclasses.replace(step, method=with_options(step.method, step.moment.setting)))["cell"]
        )
    torch.testing.assert_close(*found)


def test_a_step_of_ones_own_takes_its_place():
    own = dataclasses.replace(METHODS["e2rnas"], architecture_step=second_order)
    step = one_step("e2rnas", mgda=())
    plain = descended(dataclasses.replace(one_step("darts-second-order"), moment=step.moment))["cell"]
    torch.testing.assert_close(descended(dataclasses.replace(step, method=own))["cell"], plain)


@pytest.mark.parametrize(
    ("form", "size", "value", "slope"),
    [("max", 9.0, 9.0, 1.0), ("max", 5.0, 7.0, 0.0), ("max_dropped", 5.0, 7.0, 0.0), ("abs", 9.0, 2.0, 1.0),
     ("abs", 5.0, 2.0, -1.0), (None, 5.0, 5.0, 1.0)],
)  # fmt: skip
def test_forms_of_the_bound(form, size, value, slope):
    n = torch.tensor(size, dtype=torch.float64, requires_grad=True)
    bound = {} if form is None else {"size_bound": 7.0, "bound_form": form}
    found = bounded(n, SearchSetting(mgda=("size",), **bound))
    assert float(found.detach()) == value
    assert float(torch.autograd.grad(found, n)[0]) == slope


def test_two_gradients_in_the_l2_form_are_a_search_with_even_weights():
    found = table_search(mgda=("robust",), mgda_gradients="l2", alpha_weight_decay=0.0)
    shares = found.memory[WEIGHTS].flatten(0, 1)
    torch.testing.assert_close(shares, torch.full_like(shares, 0.5))
    even = TableLosses("even", (ROBUST.losses + ROBUST.robust) / 2)
    setting = tiny("darts", "nasbench201", epochs=2, steps_per_epoch=60, alpha_lr=0.05, alpha_weight_decay=0.0)
    other = run_search(SPACE, "darts", setting, data=even)
    torch.testing.assert_close(found.weights["cell"], other.weights["cell"], rtol=1e-3, atol=1e-4)


def table_search(seed=0, data=ROBUST, **options):
    setting = tiny(
        "e2rnas",
        "nasbench201",
        **{"epochs": 2, "steps_per_epoch": 60, "alpha_lr": 0.05, "mgda": ("robust", "size"), **options},
    )
    return run_search(SPACE, "e2rnas", setting, data=data, seed=seed)


PLAIN = TableLosses("parts of a test", ROBUST.losses)


def test_on_a_table_the_objectives_are_those_of_the_weights():
    found = table_search()
    last = {"cell": found.weights["cell"].double()}
    assert found.memory[VALUES].isfinite().all()
    supernet = ROBUST.supernet(GROUPS)
    step_after = float(supernet.expected_loss(last)), float(supernet.expected_loss(last, robust=True))
    assert found.memory[VALUES][-1, -1, :2].tolist() == pytest.approx(step_after, rel=0.05)
    assert float(found.memory[SIZE][-1, -1]) == pytest.approx(float(SIZES(last)), rel=0.05)


def test_where_the_bound_is_met_max_stops_alpha_and_the_remedies_do_not():
    bound = 0.5 * (SIZES.least + SIZES.most)
    bounds = {"mgda": ("size",), "data": PLAIN, "size_bound": bound, "alpha_weight_decay": 0.0}
    found = {form: table_search(bound_form=form, **bounds) for form in ("max", "max_dropped", "abs")}
    met = found["max"].memory[SIZE].flatten() <= bound
    assert bool(met[-1])
    shares = found["max"].memory[WEIGHTS].flatten(0, 1)
    assert torch.equal(shares[met], torch.tensor([0.0, 1.0], dtype=torch.float64).expand(int(met.sum()), 2))
    losses = {form: float(one.memory[VALUES][-1, -1, 0]) for form, one in found.items()}
    assert losses["max_dropped"] < 0.8 * losses["max"]
    assert losses["abs"] < 0.8 * losses["max"]
    dropped = found["max_dropped"].memory
    inside = dropped[SIZE].flatten() <= bound
    assert set(dropped[WEIGHTS].flatten(0, 1)[inside][:, 0].tolist()) == {1.0}


def test_every_objective_falls_as_long_as_mgda_moves():
    """A small step along the direction lowers all three; larger ones, and Adam's, need not."""
    found = table_search(alpha_lr=1e-4, epochs=1, alpha_weight_decay=0.0)
    values = found.memory[VALUES][0]
    assert bool((values[-1] < values[0]).all())


@pytest.mark.parametrize("method", sorted(METHODS))
def test_each_method_takes_the_attack_or_refuses_it_in_one_line(method):
    setting = SearchSetting(adversarial="rfgsm")
    if method in REFUSING:
        with pytest.raises(SearchError, match=f"{method} takes no adversarial 'rfgsm': it") as raised:
            with_options(METHODS[method], setting)
        assert "\n" not in str(raised.value)
    else:
        assert with_options(METHODS[method], setting).name == METHODS[method].name


@pytest.mark.parametrize("kind", ["rfgsm", "rfgsm_clean"])
def test_the_weights_are_trained_on_attacked_images(kind):
    """Against the same step on images that are attacked by hand."""
    from harness.search.gradient.steps import one_step as whole_step

    def weights_after(**changes):
        step = dataclasses.replace(one_step("darts", **changes), normalisation=NORMALISATION)
        return step, lambda: [weight.detach().clone() for weight in step.supernet.parameters()]

    step, read = weights_after(adversarial=kind, adversarial_epsilon=16.0)
    loss = whole_step(step, moves=False)
    plain, read_plain = weights_after()
    relaxed = plain.relaxed("weights")
    source = plain.moment.generator("attack weights")

    def attacked_loss(inputs):
        return cross_entropy(plain.logits_of(inputs, relaxed), plain.training.labels)

    inputs = random_fgsm(attacked_loss, plain.training.inputs, PIXELS, 16.0, source, at_clean=kind == "rfgsm_clean")
    by_hand = dataclasses.replace(plain, training=of_inputs(inputs, plain.training))
    assert whole_step(by_hand, moves=False) == pytest.approx(loss, rel=1e-12)
    for one, other in zip(read(), read_plain(), strict=True):
        torch.testing.assert_close(one, other)
    clean, _ = weights_after()
    assert loss > whole_step(clean, moves=False)


RESUMED = [
    ("e2rnas", "nasbench201", {"mgda": ("robust", "size"), "adversarial": "rfgsm", "mgda_gradients": "l2"}),
    pytest.param("e2rnas", "darts", {"size_bound": 5000.0, "bound_form": "abs"}, marks=pytest.mark.slow),
    pytest.param("gdas", "nasbench201", {"adversarial": "rfgsm_clean"}, marks=pytest.mark.slow),
    pytest.param(
        "darts-second-order", "nasbench201", {"adversarial": "rfgsm", "adversarial_epsilon": 4.0},
        marks=pytest.mark.slow,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("method", "space", "options"), RESUMED)
def test_a_search_goes_on_to_the_same_bits(method, space, options, tmp_path, monkeypatch):
    setting = tiny(method, space, epochs=2, steps_per_epoch=3, batch_size=4, **options)
    through = run_search(SPACES[space], method, setting, data="digits", out=tmp_path / "through")
    resumed = interrupted_and_resumed(
        SPACES[space], method, setting, tmp_path / "resumed", monkeypatch, after=6, checkpoint_minutes=0
    )
    assert (resumed.resumed_from, resumed.resumed_steps) == (1, 2)
    assert equal(*(without_seconds(content(tmp_path / name)) for name in ("through", "resumed")))
    assert equal(dict(through.memory), dict(resumed.memory))
    assert resumed.architecture == through.architecture


def test_a_search_on_two_columns_goes_on_to_the_same_bits(tmp_path, monkeypatch):
    setting = tiny("e2rnas", "nasbench201", epochs=3, steps_per_epoch=4, mgda=("robust", "size"))
    run_search(SPACE, "e2rnas", setting, data=ROBUST, out=tmp_path / "whole")
    interrupted_and_resumed(SPACE, "e2rnas", setting, tmp_path / "parts", monkeypatch, data=ROBUST)
    assert equal(*(without_seconds(content(tmp_path / name)) for name in ("whole", "parts")))
    other = TableLosses(ROBUST.name, ROBUST.losses, ROBUST.robust + 0.01)
    with pytest.raises(SearchError, match="its data is"):
        run_search(SPACE, "e2rnas", setting, data=other, out=tmp_path / "whole")


def test_an_attack_is_part_of_a_checkpoint(tmp_path):
    setting = tiny("darts", "nasbench201", epochs=1, adversarial="rfgsm")
    run_search(SPACE, "darts", setting, data="digits", out=tmp_path)
    with pytest.raises(SearchError, match=r"its adversarial_epsilon is 2.0, asked for is 8.0"):
        run_search(SPACE, "darts", setting.changed({"adversarial_epsilon": 8}), data="digits", out=tmp_path)


def test_a_bound_on_memory_holds_with_an_attack():
    """Its pass ends before the step's own, and keeps no gradients of weights."""
    setting = tiny("e2rnas", "nasbench201", epochs=1, memory_mb=50.0)
    assert len(run_search(SPACE, "e2rnas", setting, data="digits").log) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [({"adversarial": "rfgsm", "mgda": ()}, "adversarial 'rfgsm': noise has no pixels"),
     ({"adversarial": "none", "mgda": ("robust",)}, "mgda 'robust': noise has no pixels")],
)  # fmt: skip
def test_images_whose_pixels_have_no_range_are_refused(options, message):
    with pytest.raises(SearchError, match=message):
        run_search(SPACE, "e2rnas", tiny("e2rnas", "nasbench201", **options), data="noise")


def test_own_images_of_whole_numbers_are_attacked():
    source = generator(5)
    pixels = torch.randint(256, (64, 3, 8, 8), generator=source, dtype=torch.uint8)
    images = Images("own", pixels, torch.randint(10, (64,), generator=source))
    setting = tiny("darts", "nasbench201", epochs=1)
    plain, other = (
        run_search(SPACE, "darts", setting.changed({"adversarial": kind}), data=images).log["training_loss"].iloc[0]
        for kind in ("none", "rfgsm")
    )
    assert other > plain


@pytest.mark.parametrize(
    ("data", "mgda", "message"),
    [(PLAIN, ("robust",), "is one column; name the one under attack"), (ROBUST, ("size",), "does not take")],
)
def test_a_second_column_and_the_objective_go_together(data, mgda, message):
    with pytest.raises(SearchError, match=message):
        run_search(SPACE, "e2rnas", tiny("e2rnas", "nasbench201", mgda=mgda), data=data)
    with pytest.raises(SearchError, match="does not take"):
        run_search(SPACE, "darts", tiny("darts", "nasbench201"), data=ROBUST)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"mgda": ("sise",)}, "Did you mean 'size'"),
        ({"mgda": ("size", "size")}, "different names"),
        ({"mgda": "size"}, "different names"),
        ({"mgda": ("size",), "size_bound": -1}, "size_bound must be a number above 0, got -1"),
        ({"size_bound": 5}, "size_bound is of the objective 'size'"),
        ({"mgda": ("size",), "bound_form": "min"}, "unknown bound_form 'min'"),
        ({"mgda_gradients": "l1"}, "Known: l2, raw"),
        ({"mgda": ("size",), "activation": "clipped"}, "no distribution"),
        ({"adversarial": "rfgms"}, "Did you mean 'rfgsm'"),
        ({"adversarial_epsilon": 0}, "adversarial_epsilon must be a number above 0"),
        ({"adversarial_step": -1}, "adversarial_step must be a number above 0"),
    ],
)
def test_settings_that_no_search_has(fields, message):
    with pytest.raises(SearchError, match=message) as raised:
        SearchSetting(**fields)
    assert "\n" not in str(raised.value)


def test_losses_under_attack_are_of_the_same_cells():
    with pytest.raises(SearchError, match="other cells"):
        TableLosses("wrong", ROBUST.losses, torch.ones(5, 5, dtype=torch.float64))
    with pytest.raises(SearchError, match="above 0 and finite"):
        TableLosses("wrong", ROBUST.losses, torch.zeros_like(ROBUST.losses))
