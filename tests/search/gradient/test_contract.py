"""Every method on both spaces: two epochs, once through and once interrupted and resumed, to the same bits."""

import math
import random

import pandas as pd
import pytest
import torch

from harness.errors import SearchError
from harness.search import METHODS, run_search
from harness.search.gradient import loop as loop_module
from harness.search.gradient.checkpoint import CHECKPOINT, COLUMNS, LOG, POLICY
from harness.search.gradient.data import Images
from harness.search.gradient.nesbs.draws import members_in
from harness.search.gradient.prime.schedule import ALPHA_STEPS
from tests.sampling import BFLOAT16
from tests.search.gradient.searches import CLASSIFYING, PAIRS, SPACES, tiny

DATA = "digits"


class Interrupted(Exception):
    pass


def content(folder):
    return torch.load(folder / CHECKPOINT, weights_only=True)


def equal(one, other):
    """Equal to the last bit, whatever is nested in what."""
    if isinstance(one, torch.Tensor):
        alike = (one.dtype, one.shape) == (other.dtype, other.shape)
        # NaN equals NaN: what a step did not measure
        return alike and torch.allclose(one.double(), other.double(), rtol=0, atol=0, equal_nan=True)
    if isinstance(one, dict):
        return list(one) == list(other) and all(equal(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return one == other or (one != one and other != other)  # a loss that is NaN in both


def without_seconds(saved):
    return {**saved, "rows": [{**row, "seconds": 0, "cpu_seconds": 0} for row in saved["rows"]]}


def interrupted_and_resumed(space, method, setting, folder, monkeypatch, *, after=1, **options):
    """The search ended by an exception after that many checkpoints, and gone on with."""
    save, written = loop_module.save, []
    options = {"data": DATA, **options}

    def saved(*arguments):
        save(*arguments)
        written.append(arguments)
        if len(written) == after:
            raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(loop_module, "save", saved)
        with pytest.raises(Interrupted):
            run_search(space, method, setting, out=folder, **options)
    torch.rand(7)  # the global state does not matter
    resumed = {name: value for name, value in options.items() if name != "checkpoint_minutes"}
    return run_search(space, method, setting, out=folder, **resumed)


def moved(saved, start):
    return any(not torch.equal(table, start["operations"][name]) for name, table in saved["operations"].items())


def softmax_trained(space, saved, first, setting):
    """α has moved, and the weights have."""
    assert moved(saved["parameters"], first["parameters"])
    assert not equal(saved["supernet"], first["supernet"])
    assert saved["parameters"]["edges"] == {}


def score_trained(space, saved, first, setting):
    """α starts around 1 and moves by the score function's gradient, in which no operation is left out."""
    softmax_trained(space, saved, first, setting)
    for name, table in first["parameters"]["operations"].items():
        assert table.mean() == pytest.approx(1, abs=0.05)
        assert not torch.equal(table, saved["parameters"]["operations"][name])


def pruned(space, saved, first, setting):
    """Each edge keeps the operations of the last stage, the architecture has no other, the layers are gone."""
    softmax_trained(space, saved, first, setting)
    for name, kept in saved["kept"].items():
        assert torch.equal(kept.sum(dim=1), torch.full((len(kept),), setting.keep[-1]))
        assert bool(first["kept"][name].sum() == setting.keep[0] * len(kept))
    assert len(saved["supernet"]) < len(first["supernet"])


def edge_weighted(space, saved, first, setting):
    """The edges' parameters have moved too."""
    assert moved(saved["parameters"], first["parameters"])
    for name, beta in saved["parameters"]["edges"].items():
        assert beta.shape == (len(saved["kept"][name]),)
        assert space.name == "darts" or not torch.equal(beta, first["parameters"]["edges"][name])


def never_moved(space, saved, first, setting):
    """RSPS has no parameters: they stay 0; the weights are trained."""
    assert not any(bool(table.any()) for table in saved["parameters"]["operations"].values())
    assert not equal(saved["supernet"], first["supernet"])


def untrained(space, saved, first, setting):
    """NASI's weights stay as drawn, bit by bit; its parameters are a mean of vectors no longer than 1."""
    drawn = space.supernet(width=setting.width, depth=setting.depth, seed=0).state_dict()
    assert equal(dict(saved["supernet"]), dict(drawn))
    norm = math.sqrt(sum(float(table.square().sum()) for table in saved["parameters"]["operations"].values()))
    assert 0 < norm <= 1 + 1e-6
    assert saved["memory"]["steps"] == setting.epochs * setting.steps_per_epoch


def one_operation_left(space, saved, first, setting):
    """TE-NAS's weights stay as drawn; after its rounds each edge has one operation, the others are marked as pruned."""
    drawn = space.supernet(width=setting.width, depth=setting.depth, seed=0, operations=saved["kept"]).state_dict()
    assert equal(dict(saved["supernet"]), dict(drawn))
    for name, alpha in saved["parameters"]["operations"].items():
        assert sorted(set(alpha.flatten().tolist())) == [-1000.0, 0.0]
        assert ((alpha == 0) & saved["kept"][name]).sum(dim=1).tolist() == [1] * len(alpha)
        measured = saved["memory"][f"condition_by_step/{name}"].isfinite().sum(dim=(1, 2)).tolist()
        assert [count for count in measured if count] == [24, 18, 12]


def weighed(space, saved, first, setting):
    """α and the weights have moved; the weights of the objectives in each step of α are shares, and n is in between."""
    softmax_trained(space, saved, first, setting)
    shares = saved["memory"]["mgda/weights"]
    assert shares.shape == (setting.epochs, setting.steps_per_epoch, 2)
    assert bool((shares >= 0).all())
    torch.testing.assert_close(shares.sum(dim=2), torch.ones(shares.shape[:2], dtype=torch.float64))
    assert saved["memory"]["mgda/parameters"].isfinite().all()


def scheduled(space, saved, first, setting):
    """α has moved in the epochs whose steps the schedule gave to it, and in no others; the weights are trained."""
    counts = saved["memory"][ALPHA_STEPS]
    assert counts.shape == (setting.epochs,)
    assert moved(saved["parameters"], first["parameters"]) == bool(counts[1:].any())
    assert not equal(saved["supernet"], first["supernet"])
    assert saved["memory"]["schedule/fisher_by_step"].isfinite().all()


def with_policy(space, saved, first, setting):
    """Cell, weights and policy have moved, and the policy's Adam has counted all steps but the first."""
    softmax_trained(space, saved, first, setting)
    memory = saved["memory"]
    assert memory["policy/logits"].any()
    assert memory["policy/step"] == setting.epochs * setting.steps_per_epoch - 1
    assert first["memory"].get("policy/step", 0) < memory["policy/step"]


def drawn_ensemble(space, saved, first, setting):
    """The weights are trained in the first epoch and rest in the second, in which α moves from 0; a set is drawn."""
    assert not any(bool(table.any()) for table in first["parameters"]["operations"].values())
    assert all(bool(table.any()) for table in saved["parameters"]["operations"].values())
    assert equal(saved["supernet"], first["supernet"])
    assert "nesbs/members" not in first["memory"]
    assert len([space.parse(text) for text in members_in(saved["memory"])]) == setting.members


INVARIANTS = {
    "darts": softmax_trained,
    "darts-second-order": softmax_trained,
    "darts-prime": scheduled,
    "beta-darts": softmax_trained,
    "drnas": softmax_trained,
    "drnas-progressive": pruned,
    "gdas": softmax_trained,
    "snas": softmax_trained,
    "dsnas": score_trained,
    "pc-darts": edge_weighted,
    "rsps": never_moved,
    "radars": pruned,
    "daas": with_policy,
    "e2rnas": weighed,
    "nesbs": drawn_ensemble,
    "nasi": untrained,
    "nasi-ada": untrained,
    "te-nas": one_operation_left,
}


def test_every_method_has_its_invariant():
    assert set(INVARIANTS) == set(CLASSIFYING)
    assert all(name == method.name for name, method in METHODS.items())


OFTEN = ("darts-second-order", "nasi", "radars")
"""Methods whose interruption inside an epoch is tried by default; that of the others is with the slow tests."""


OF_A_KIND = {"darts", "drnas-progressive", "gdas", "nasi", "pc-darts", "e2rnas", "nesbs"}


def test_those_that_are_tried_by_default_are_methods():
    assert {*OF_A_KIND, *OFTEN} <= {method for method, _ in PAIRS}


def is_quick(method, space):
    """Some methods alone run by default: of each kind of step one, in the DARTS space one."""
    return method in ({"darts"} if space == "darts" else OF_A_KIND)


@pytest.mark.parametrize(
    ("method", "space"),
    [pytest.param(*pair, marks=[] if is_quick(*pair) else [pytest.mark.slow]) for pair in PAIRS],
)
def test_a_search_is_the_same_once_through_and_interrupted(method, space, tmp_path, monkeypatch):
    opened, setting = SPACES[space], tiny(method, space)
    firsts = []
    save = loop_module.save

    def saved_and_kept(folder, checkpoint):
        save(folder, checkpoint)
        firsts.append(content(folder))

    before = torch.get_rng_state()
    with monkeypatch.context() as patch:
        patch.setattr(loop_module, "save", saved_and_kept)
        through = run_search(opened, method, setting, data=DATA, out=tmp_path / "through")
    assert torch.equal(torch.get_rng_state(), before)
    resumed = interrupted_and_resumed(opened, method, setting, tmp_path / "resumed", monkeypatch)
    assert resumed.resumed_from == 1
    assert resumed.architecture == through.architecture
    assert equal(through.weights, resumed.weights)
    once, twice = (content(tmp_path / name) for name in ("through", "resumed"))
    assert equal(without_seconds(once), without_seconds(twice))
    INVARIANTS[method](opened, once, firsts[0], setting)
    log = pd.read_csv(tmp_path / "resumed" / LOG)
    pd.testing.assert_frame_equal(log, resumed.log)
    assert list(log.columns) == [*COLUMNS, *([POLICY] if METHODS[method].policy else [])]
    assert list(log["epoch"]) == [1, 2]
    assert opened.parse(log["architecture"].iloc[-1]) == through.architecture
    assert log["skip_connections"].iloc[-1] == str(through.architecture).count("skip_connect")
    largest = math.log((8 if space == "darts" else 5) - len(setting.without))
    assert log["entropy_nats"].between(0, largest + 1e-6).all()


@pytest.mark.parametrize(
    ("method", "space"),
    [
        *(
            pytest.param(method, "nasbench201", marks=[] if method in OFTEN else [pytest.mark.slow])
            for method in sorted(CLASSIFYING)
        ),
        pytest.param("drnas-progressive", "darts", marks=pytest.mark.slow),
    ],
)
def test_a_search_interrupted_inside_an_epoch_is_the_same(method, space, tmp_path, monkeypatch):
    """Any step of either epoch; the second one of progressive DrNAS begins its second stage."""
    epochs, steps = 2, 3
    opened, setting = SPACES[space], tiny(method, space, epochs=epochs, steps_per_epoch=steps)
    drawn = random.Random(f"{method} {space}")
    epoch, step = drawn.randrange(epochs), drawn.randrange(1, steps)
    through = run_search(opened, method, setting, data=DATA, out=tmp_path / "through")
    resumed = interrupted_and_resumed(
        opened, method, setting, tmp_path / "resumed", monkeypatch,
        after=epoch * (steps + 1) + step, checkpoint_minutes=0,
    )  # fmt: skip
    assert (resumed.resumed_from, resumed.resumed_steps) == (epoch, step)
    once, twice = (content(tmp_path / name) for name in ("through", "resumed"))
    assert equal(without_seconds(once), without_seconds(twice))
    assert equal(through.weights, resumed.weights)
    assert resumed.architecture == through.architecture


@pytest.mark.parametrize("step", [1, 2, 3])
def test_the_first_epoch_of_a_stage_begins_once(step, tmp_path, monkeypatch):
    setting = tiny("drnas-progressive", "nasbench201", steps_per_epoch=3)
    through = run_search(SPACES["nasbench201"], "drnas-progressive", setting, data=DATA, out=tmp_path / "through")
    resumed = interrupted_and_resumed(
        SPACES["nasbench201"], "drnas-progressive", setting, tmp_path / "resumed", monkeypatch,
        after=4 + step, checkpoint_minutes=0,
    )  # fmt: skip
    assert (resumed.resumed_from, resumed.resumed_steps) == (1, step)
    assert equal(*(without_seconds(content(tmp_path / name)) for name in ("through", "resumed")))
    assert resumed.architecture == through.architecture


def test_augmented_images_are_drawn_again_as_they_were(tmp_path, monkeypatch):
    """The crops of a batch come from the generator of the order, so that steps that are done count in it."""
    source = torch.Generator().manual_seed(5)
    pixels = torch.randint(256, (64, 3, 8, 8), generator=source, dtype=torch.uint8)
    natural = Images("natural", pixels, torch.randint(10, (64,), generator=source), natural=True)
    setting = tiny("darts", "nasbench201", epochs=1, steps_per_epoch=6)
    run_search(SPACES["nasbench201"], "darts", setting, data=natural, out=tmp_path / "through")
    interrupted_and_resumed(
        SPACES["nasbench201"], "darts", setting, tmp_path / "resumed", monkeypatch,
        after=4, checkpoint_minutes=0, data=natural,
    )  # fmt: skip
    assert equal(*(without_seconds(content(tmp_path / name)) for name in ("through", "resumed")))


def test_the_interval_decides_how_often_a_long_epoch_is_saved(tmp_path, monkeypatch):
    """By a clock that gains 40 seconds with each look at it, an interval of 2 minutes ends every few steps."""
    looks, parts, save = [], [], loop_module.save
    monkeypatch.setattr(loop_module.time, "monotonic", lambda: 40.0 * len(looks.append(0) or looks))

    def saved(folder, checkpoint):
        save(folder, checkpoint)
        parts.append(None if checkpoint.part is None else (len(checkpoint.part.losses), checkpoint.part.seconds))

    monkeypatch.setattr(loop_module, "save", saved)
    setting = tiny("rsps", "nasbench201", epochs=1, steps_per_epoch=8)
    found = run_search(SPACES["nasbench201"], "rsps", setting, data=DATA, out=tmp_path, checkpoint_minutes=2)
    steps = [part[0] for part in parts[:-1]]
    assert parts[-1] is None, "the last checkpoint is that of the epoch"
    assert 2 <= len(steps) < 8
    assert steps == sorted(steps)
    assert all(0 < seconds < found.log["seconds"].iloc[0] for _, seconds in parts[:-1])
    parts.clear()
    run_search(SPACES["nasbench201"], "rsps", setting, data=DATA, out=tmp_path / "rarely", checkpoint_minutes=1e6)
    assert parts == [None]


def test_seconds_of_an_interrupted_epoch_count_those_before(tmp_path, monkeypatch):
    setting = tiny("rsps", "nasbench201", epochs=1, steps_per_epoch=3)
    save = loop_module.save

    def saved(folder, checkpoint):
        save(folder, checkpoint)
        if checkpoint.part is not None:
            written = content(folder)
            written["part"] |= {"seconds": 5000.0, "cpu_seconds": 7000.0}
            torch.save(written, folder / CHECKPOINT)
            raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(loop_module, "save", saved)
        with pytest.raises(Interrupted):
            run_search(SPACES["nasbench201"], "rsps", setting, data=DATA, out=tmp_path, checkpoint_minutes=0)
    again = run_search(SPACES["nasbench201"], "rsps", setting, data=DATA, out=tmp_path)
    assert 5000 < again.log["seconds"].iloc[0] < 5600
    assert 7000 < again.log["cpu_seconds"].iloc[0] < 7600


@pytest.mark.parametrize("method", sorted(name for name, one in CLASSIFYING.items() if one.trains_weights))
def test_no_search_chooses_what_is_left_out(method):
    left_out = ("nor_conv_3x3", "none")
    stages = {"keep": (3, 2)} if METHODS[method].setting(SPACES["nasbench201"], "laptop").keep else {}
    setting = tiny(method, "nasbench201", without=left_out, **stages)
    found = run_search(SPACES["nasbench201"], method, setting, data=DATA)
    assert not {*found.architecture.operations} & {*left_out}


def test_another_seed_is_another_search():
    logs = [
        run_search(SPACES["nasbench201"], "gdas", tiny("gdas", "nasbench201", epochs=1), data=DATA, seed=seed).log
        for seed in (0, 1)
    ]
    assert logs[0]["validation_loss"].iloc[0] != logs[1]["validation_loss"].iloc[0]


def test_a_finished_search_is_read_and_not_run_again(tmp_path):
    setting = tiny("rsps", "nasbench201", epochs=1)
    first = run_search(SPACES["nasbench201"], "rsps", setting, data=DATA, out=tmp_path)
    written = (tmp_path / CHECKPOINT).stat().st_mtime_ns
    again = run_search(SPACES["nasbench201"], "rsps", setting, data=DATA, out=tmp_path)
    assert (tmp_path / CHECKPOINT).stat().st_mtime_ns == written
    assert again.architecture == first.architecture
    pd.testing.assert_frame_equal(again.log, first.log)


def test_warm_up_keeps_the_parameters(tmp_path, monkeypatch):
    tables, save = [], loop_module.save

    def saved_and_kept(folder, checkpoint):
        save(folder, checkpoint)
        tables.append(content(folder)["parameters"]["operations"]["cell"])

    monkeypatch.setattr(loop_module, "save", saved_and_kept)
    setting = tiny("darts", "nasbench201", epochs=3, alpha_warm_up=2)
    found = run_search(SPACES["nasbench201"], "darts", setting, data=DATA, out=tmp_path)
    assert torch.equal(tables[0], tables[1])
    assert float(tables[0].std()) == pytest.approx(1e-3, rel=0.5)
    assert found.log["entropy_nats"].iloc[0] == pytest.approx(math.log(5), abs=1e-4)
    assert not torch.equal(tables[1], tables[2])


@BFLOAT16
def test_autocast_is_another_arithmetic_and_another_search(tmp_path):
    setting = tiny("gdas", "nasbench201", epochs=1)
    plain, mixed = (
        run_search(SPACES["nasbench201"], "gdas", setting, data=DATA, autocast=autocast) for autocast in (False, True)
    )
    one, other = plain.log["validation_loss"].iloc[0], mixed.log["validation_loss"].iloc[0]
    assert one != other
    assert one == pytest.approx(other, rel=0.1)


def test_a_device_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(SearchError, match="device 'cuda:9' was asked for, but the last CUDA device here is 'cuda:1'"):
        run_search(SPACES["nasbench201"], "rsps", tiny("rsps", "nasbench201"), data=DATA, device="cuda:9")


def test_noise_needs_no_data(tmp_path):
    result = run_search(SPACES["nasbench201"], "nasi", tiny("nasi", "nasbench201", epochs=1))
    assert len(result.log) == 1
    assert set(result.weights) == {"cell"}
    torch.testing.assert_close(result.weights["cell"].sum(dim=1), torch.ones(6))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "drts"}, "unknown search 'drts'. Did you mean 'darts'"),
        ({"preset": "papre"}, "unknown preset 'papre'. Did you mean 'paper'"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"setting": tiny("darts", "nasbench201", images=1798)}, "images must be at most 1,797"),
        ({"checkpoint_minutes": -1}, "checkpoint_minutes must be a number from 0, got -1"),
        ({"checkpoint_minutes": math.nan}, "checkpoint_minutes must be a number from 0, got nan"),
        ({"device": "tpu"}, "device must be 'cpu', 'cuda'"),
        ({"device": "cuda:one"}, "device must be 'cpu', 'cuda' or 'cuda:1', got 'cuda:one'"),
        ({"data": "nowhere"}, "--data takes digits, noise or the folder of CIFAR-10: no data_batch"),
    ],
)
def test_bad_arguments_are_errors_that_say_what_is_allowed(options, message):
    arguments = {"method": "darts", "data": DATA, **options}
    with pytest.raises(SearchError, match=message):
        run_search(SPACES["nasbench201"], arguments.pop("method"), **arguments)
