"""Models of encoded architectures against slow plain forms, identities, and scikit-learn."""

import itertools

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from harness.errors import SearchError
from harness.prediction.encoding import edge_of_entry, encoded, one_hots
from harness.prediction.linear import fit_linear, fit_pairwise, pairs_of_entries, ridge_regression
from harness.prediction.mlp import Training, fit_mlp
from harness.prediction.models import KINDS, Models
from harness.prediction.predictor import Predictor
from harness.spaces.group import Group

EDGES, OPS = 3, 4
CELLS = np.array(list(itertools.product(range(OPS), repeat=EDGES)))
CODES = one_hots(CELLS, OPS)
SHORT = Training(hidden=8, steps=60, batch=16)


def generator(seed=0):
    return np.random.default_rng(seed)


def additive(seed):
    table = generator(seed).normal(size=(EDGES, OPS))
    return np.array([5 + sum(table[edge, cell[edge]] for edge in range(EDGES)) for cell in CELLS])


def pairwise(seed):
    table = generator(seed).normal(size=(EDGES, OPS, EDGES, OPS))
    values = additive(seed)
    return values + [
        sum(table[i, cell[i], j, cell[j]] for i in range(EDGES) for j in range(i + 1, EDGES)) for cell in CELLS
    ]


def predict(models, codes):
    return models.predict(torch.from_numpy(codes)).detach().numpy()


def fit(kind, targets, codes=CODES):
    if kind == "linear":
        return fit_linear(codes, targets)
    return fit_pairwise(codes, targets, ((EDGES, OPS),)) if kind == "pairwise" else fit_mlp(codes, targets, 0, SHORT)


def test_one_hots_are_one_for_each_edge():
    assert CODES.shape == (OPS**EDGES, EDGES * OPS)
    for cell, code in zip(CELLS, CODES, strict=True):
        assert [divmod(place, OPS) for place in np.flatnonzero(code)] == list(enumerate(cell))


def test_an_encoding_has_the_groups_in_their_order_and_keeps_the_gradient():
    groups = {"b": Group(((1, 0),), ("x", "y")), "a": Group(((1, 0), (2, 0)), ("x", "y", "z"))}
    weights = {"a": torch.arange(6.0).view(2, 3).requires_grad_(), "b": torch.tensor([[7.0, 8.0]])}
    code = encoded(weights, groups)
    assert code.tolist() == [7, 8, 0, 1, 2, 3, 4, 5]
    assert torch.autograd.grad(code[4], weights["a"])[0].tolist() == [[0, 0, 1], [0, 0, 0]]
    assert edge_of_entry(((1, 2), (2, 3))).tolist() == [0, 0, 1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize("count", [20, 60])
@pytest.mark.parametrize("ridge", [1e-3, 2.0])
def test_a_ridge_is_that_of_scikit_learn(count, ridge):
    """Both systems: more rows than features, and fewer."""
    features, targets = generator(1).normal(size=(count, 40)), generator(2).normal(size=(count, 3))
    coefficients, constants = ridge_regression(features, targets, ridge)
    oracle = Ridge(alpha=ridge, solver="svd").fit(features, targets)
    np.testing.assert_allclose(coefficients.T, oracle.coef_, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(constants, oracle.intercept_, rtol=1e-7, atol=1e-9)


def test_a_linear_column_is_recovered_from_some_of_its_cells():
    values = np.stack([additive(3), additive(4)], axis=1)
    some = generator(5).permutation(len(CELLS))[:40]
    np.testing.assert_allclose(predict(fit_linear(CODES[some], values[some], 1e-9), CODES), values, atol=1e-7)


def test_a_pairwise_column_is_recovered_and_no_linear_model_has_it():
    values = pairwise(3)[:, None]
    np.testing.assert_allclose(predict(fit_pairwise(CODES, values, ((EDGES, OPS),), 1e-9), CODES), values, atol=1e-6)
    assert np.abs(predict(fit_linear(CODES, values), CODES) - values).max() > 0.5


def test_pairs_are_of_different_edges():
    first, second = pairs_of_entries(((EDGES, OPS),))
    expected = [(i, j) for i in range(EDGES * OPS) for j in range(i + 1, EDGES * OPS) if i // OPS != j // OPS]
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == expected


@pytest.mark.parametrize("kind", ["linear", "pairwise"])
def test_the_value_at_mean_weights_is_the_mean_over_all_cells(kind):
    """The identity that makes both an exact expectation of a relaxed architecture."""
    models = fit(kind, np.stack([pairwise(6), additive(7)], axis=1))
    shares = generator(8).dirichlet(np.ones(OPS), size=EDGES)
    chances = np.array([np.prod([shares[edge, cell[edge]] for edge in range(EDGES)]) for cell in CELLS])
    expected = chances @ predict(models, CODES)
    np.testing.assert_allclose(predict(models, shares.reshape(1, -1))[0], expected, rtol=1e-12)


def plain_mlp(models, place, code):
    """One perceptron on one code, unit by unit."""
    values, layer = list(code), 0
    while f"weight{layer}" in models.parameters:
        weight, bias = (models.parameters[f"{name}{layer}"][place].tolist() for name in ("weight", "bias"))
        values = [
            bias[out] + sum(value * weight[row][out] for row, value in enumerate(values)) for out in range(len(bias))
        ]
        layer += 1
        if f"weight{layer}" in models.parameters:
            values = [max(value, 0.0) for value in values]
    return values[0] * float(models.parameters["deviations"][place]) + float(models.parameters["means"][place])


def test_a_perceptron_is_the_plain_one_and_learns():
    targets = np.stack([pairwise(9), additive(10)], axis=1)
    models = fit_mlp(CODES, targets, 1, Training(hidden=16, steps=600, batch=32))
    found = predict(models, CODES)
    for cell, place in ((0, 0), (17, 1), (63, 0)):
        assert found[cell, place] == pytest.approx(plain_mlp(models, place, CODES[cell]), rel=1e-9)
    assert (np.square(found - targets).mean(axis=0) < 0.2 * targets.var(axis=0)).all()


def test_perceptrons_side_by_side_are_those_trained_alone():
    targets = np.stack([pairwise(11), additive(12)], axis=1)
    both = predict(fit_mlp(CODES, targets, 2, SHORT), CODES)
    for place in range(2):
        alone = predict(fit_mlp(CODES, targets[:, place : place + 1], 2, SHORT), CODES)
        np.testing.assert_allclose(both[:, place], alone[:, 0], rtol=1e-4)


def test_a_perceptron_of_a_constant_gives_it():
    models = fit_mlp(CODES, np.full((len(CODES), 1), 3.0), 0, Training(hidden=4, steps=300))
    np.testing.assert_allclose(predict(models, CODES), 3.0, atol=0.2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_prediction_has_the_gradient_of_its_differences(kind):
    models = fit(kind, pairwise(13)[:, None])
    code = torch.from_numpy(generator(14).dirichlet(np.ones(OPS), size=EDGES).reshape(1, -1)).requires_grad_()
    assert torch.autograd.gradcheck(models.predict, (code,))


@pytest.mark.parametrize("kind", KINDS)
def test_one_of_several_models_predicts_as_it_did(kind):
    models = fit(kind, np.stack([pairwise(15), additive(16)], axis=1))
    np.testing.assert_allclose(predict(models.only(1), CODES)[:, 0], predict(models, CODES)[:, 1], rtol=1e-12)
    assert models.only(0).digest() != models.only(1).digest()


def test_a_digest_is_of_every_number():
    models = fit("linear", additive(17)[:, None])
    again = fit("linear", additive(17)[:, None])
    assert models.digest() == again.digest()
    again.parameters["weights"][0, 3] += 1e-15
    changed = {**models.parameters, "weights": models.parameters["weights"].nextafter(torch.tensor(9.0).double())}
    assert Models("linear", changed).digest() != models.digest()


def test_a_predictor_is_for_its_own_groups():
    models = fit("linear", additive(18)[:, None])
    group = Group(((1, 0), (2, 0), (2, 1)), tuple("wxyz"))
    predictor = Predictor("a_latency_ms", "ms", "mine", ((EDGES, OPS),), models, "some", 0.1, 0.05)
    cell = torch.from_numpy(CODES[5].reshape(EDGES, OPS))
    assert float(predictor({"cell": cell}, {"cell": group})) == pytest.approx(predict(models, CODES)[5, 0])
    other = Group(((1, 0),), tuple("wxyz"))
    with pytest.raises(SearchError, match="is for edges and operations"):
        predictor({"cell": cell[:1]}, {"cell": other})
