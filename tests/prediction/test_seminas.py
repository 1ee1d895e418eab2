"""SemiNAS: its network against plain loops; who gets a pseudo-label, seeds, updates, what is proposed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from harness.prediction import seminas
from harness.prediction.encoder_predictor_decoder import EncoderPredictorDecoder, Sizes
from harness.prediction.seminas import NAO, SEMINAS, SemiNAS
from tests.reference.encoder_predictor_decoder import Plain

LENGTH, OPERATIONS = 4, 3
QUICK = SEMINAS._replace(pretraining=6, updates=8, unlabelled=20, batch=16, sizes=Sizes(8, 4))


@pytest.fixture(scope="module")
def network() -> EncoderPredictorDecoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return EncoderPredictorDecoder(LENGTH, OPERATIONS, Sizes(6, 5)).double().eval()


@pytest.fixture
def labelled() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    cells = generator.permutation(OPERATIONS**LENGTH)[:12]
    choices = cells[:, None] // OPERATIONS ** np.arange(LENGTH - 1, -1, -1) % OPERATIONS
    return choices, 50 + 10 * (choices == 2).sum(axis=1) + generator.normal(size=12)


def test_encoder_predictor_and_decoder_are_the_plain_loops(network: EncoderPredictorDecoder) -> None:
    tokens = torch.randint(1, OPERATIONS + 1, (5, LENGTH), generator=torch.Generator().manual_seed(1))
    plain = Plain({name: value.detach().numpy() for name, value in network.named_parameters()})
    with torch.no_grad():
        codes = network.encode(tokens)
        values, forced, greedy = network.predict(codes), network.decode(codes, tokens), network.greedy(codes)
    assert codes.shape == (5, LENGTH, 6)
    assert forced.shape == (5, LENGTH, OPERATIONS + 1)
    for place, sequence in enumerate(tokens.tolist()):
        expected = plain.codes(sequence)
        np.testing.assert_allclose(codes[place], expected, rtol=1e-10, atol=1e-12)
        assert float(values[place]) == pytest.approx(plain.value(expected), rel=1e-10)
        np.testing.assert_allclose(forced[place], plain.forced(expected, sequence), rtol=1e-10, atol=1e-12)
        assert greedy[place].tolist() == plain.greedy(expected)


def test_a_token_is_decoded_without_those_after_it(network: EncoderPredictorDecoder) -> None:
    tokens = torch.tensor([[1, 2, 3, 1]])
    with torch.no_grad():
        codes = network.encode(tokens)
        one, other = network.decode(codes, tokens), network.decode(codes, torch.tensor([[1, 2, 1, 1]]))
    assert torch.equal(one[:, :3], other[:, :3])
    assert not torch.equal(one[:, 3], other[:, 3])


def test_the_loss_is_its_formula(network: EncoderPredictorDecoder) -> None:
    model = SemiNAS(LENGTH, OPERATIONS)
    model.network = network
    tokens, values = torch.tensor([[1, 2, 3, 1], [3, 3, 1, 2]]), torch.tensor([0.5, -1.0], dtype=torch.float64)
    plain = Plain({name: value.detach().numpy() for name, value in network.named_parameters()})
    squared, entropies = [], []
    for sequence, value in zip(tokens.tolist(), values.tolist(), strict=True):
        codes = plain.codes(sequence)
        squared.append((plain.value(codes) - value) ** 2)
        for logits, token in zip(plain.forced(codes, sequence), sequence, strict=True):
            entropies.append(np.log(np.exp(logits).sum()) - logits[token])
    expected = 0.8 * np.mean(squared) + 0.2 * np.mean(entropies)
    assert float(model.loss(tokens, values).detach()) == pytest.approx(expected, rel=1e-10)


def test_pseudo_labels_are_of_other_sequences_than_the_labelled(labelled: tuple[np.ndarray, np.ndarray]) -> None:
    model = SemiNAS(LENGTH, OPERATIONS, training=QUICK)
    model.fit(*labelled)
    pseudo = set(map(tuple, model.pseudo_labelled.tolist()))
    assert len(pseudo) == len(model.pseudo_labelled) == 20
    assert not pseudo & set(map(tuple, labelled[0].tolist()))
    everything = SemiNAS(LENGTH, OPERATIONS, training=QUICK._replace(unlabelled=1000))
    everything.fit(*labelled)
    assert len(everything.pseudo_labelled) == 81 - 12, "no more than there are"


def test_without_pseudo_labels_there_are_as_many_updates(labelled: tuple[np.ndarray, np.ndarray]) -> None:
    semi = SemiNAS(LENGTH, OPERATIONS, training=QUICK)
    supervised = SemiNAS(LENGTH, OPERATIONS, training=QUICK._replace(unlabelled=0))
    for model in (semi, supervised):
        model.fit(*labelled)
        model.fit(*labelled)
    assert semi.updates == supervised.updates == 2 * (6 + 8)
    assert len(supervised.pseudo_labelled) == 0
    assert NAO._replace(unlabelled=SEMINAS.unlabelled) == SEMINAS


def test_seeds_reproduce_and_the_global_state_neither_matters_nor_moves(
    labelled: tuple[np.ndarray, np.ndarray],
) -> None:
    def found(seed: int) -> np.ndarray:
        model = SemiNAS(LENGTH, OPERATIONS, seed=seed, training=QUICK)
        model.fit(*labelled)
        return np.concatenate([model.predict(labelled[0]), model.propose(*labelled, 5).choices.ravel()])

    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = found(4)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    np.testing.assert_array_equal(found(4), first)
    assert not np.array_equal(found(5), first)


def test_proposals_are_new_and_distinct_and_filled_up_to_what_there_is(
    labelled: tuple[np.ndarray, np.ndarray],
) -> None:
    model = SemiNAS(LENGTH, OPERATIONS, training=QUICK)
    model.fit(*labelled)
    for count, expected in ((5, 5), (60, 60), (100, 81 - 12)):
        proposed = model.propose(*labelled, count)
        new = set(map(tuple, proposed.choices.tolist()))
        assert len(new) == len(proposed.choices) == expected
        assert not new & set(map(tuple, labelled[0].tolist()))
        assert proposed.choices.min() >= 0
        assert proposed.choices.max() < OPERATIONS
    assert proposed.random < expected, "ascent found some itself"


def test_it_learns_what_a_sum_over_edges_is(labelled: tuple[np.ndarray, np.ndarray]) -> None:
    every = np.indices((OPERATIONS,) * LENGTH).reshape(LENGTH, -1).T
    values = (every == 2).sum(axis=1) - 0.5 * (every == 0).sum(axis=1)
    model = SemiNAS(LENGTH, OPERATIONS, training=QUICK._replace(pretraining=100, updates=100))
    model.fit(every[::2], values[::2].astype(float))
    assert np.corrcoef(model.predict(every[1::2]), values[1::2])[0, 1] > 0.9
    best = model.propose(every[:40], values[:40].astype(float), 5).choices
    assert (best == 2).sum() > 5 * LENGTH / OPERATIONS, "ascent leads to better sequences than chance"


OPTIONS = (2, 3, 1, 3)


def uneven() -> tuple[np.ndarray, np.ndarray]:
    """Seven of the 18 sequences of choices that are not as many on all edges."""
    generator = np.random.default_rng(1)
    everything = np.indices(OPTIONS).reshape(len(OPTIONS), -1).T
    return everything[generator.permutation(len(everything))[:7]], generator.normal(size=7)


def test_sequences_have_only_operations_that_their_edges_have() -> None:
    choices, values = uneven()
    model = SemiNAS(LENGTH, OPERATIONS, training=QUICK, options=OPTIONS)
    model.fit(choices, values)
    rest = set(np.ndindex(OPTIONS)) - set(map(tuple, choices.tolist()))
    assert set(map(tuple, model.pseudo_labelled.tolist())) == rest
    assert set(map(tuple, model.propose(choices, values, 18).choices.tolist())) == rest


def test_as_many_operations_on_all_edges_are_the_same_to_the_last_bit(labelled: tuple[np.ndarray, np.ndarray]) -> None:
    found = []
    for options in (None, (OPERATIONS,) * LENGTH):
        model = SemiNAS(LENGTH, OPERATIONS, training=QUICK, options=options)
        model.fit(*labelled)
        found.append((model.predict(labelled[0]), model.pseudo_labelled, model.propose(*labelled, 30).choices))
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_too_many_sequences_to_list_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seminas, "MOST_LISTED", 17)
    choices, values = uneven()
    model = SemiNAS(LENGTH, OPERATIONS, training=QUICK._replace(unlabelled=9), options=OPTIONS)
    model.fit(choices, values)
    drawn = set(map(tuple, model.pseudo_labelled.tolist()))
    assert len(drawn) == len(model.pseudo_labelled) == 9
    assert drawn <= set(np.ndindex(OPTIONS)) - set(map(tuple, choices.tolist()))
