"""The bytes of a step, by shapes alone and by a real pass, and the bound on them."""

import pytest
import torch

from harness.errors import MemoryBoundError, SearchError
from harness.search import METHODS, run_search
from harness.search.gradient.memory_bound import MOST_BYTES, MemoryBound, bytes_by_number, step_bytes
from harness.search.gradient.saved_bytes import SavedTensors
from tests.sampling import one_in
from tests.search.gradient.searches import SPACES, generator, tiny
from tests.search.gradient.test_contract import interrupted_and_resumed
from tests.search.gradient.test_table_supernet import separable

IMAGES = (4, 3, 16, 16)
DEPTH = {"nasbench201": 2, "darts": 3}


def supernet_of(space, kept=None):
    return SPACES[space].supernet(width=4, depth=DEPTH[space], operations=kept)


def measured(supernet, active=None):
    """Bytes by a real pass, where every weight requires its gradient, as in a step of α."""
    images = torch.randn(IMAGES, generator=generator())
    weights = {
        name: torch.rand(group.shape, generator=generator(), requires_grad=True)
        for name, group in supernet.groups.items()
    }
    with SavedTensors() as saved:
        loss = torch.nn.functional.cross_entropy(supernet(images, weights, None, active), torch.zeros(4).long())
    found = saved.bytes(besides=[*supernet.parameters(), images, *weights.values()])
    del loss
    return found + 3 * sum(4 * weight.numel() for weight in supernet.parameters())


def masks(space, share, seed=0):
    """Random masks of the operations, at least one on each edge."""
    groups = supernet_of(space).groups
    drawn = {name: torch.rand(group.shape, generator=generator(seed)) for name, group in groups.items()}
    return {name: (table < share) | (table == table.min(dim=1, keepdim=True).values) for name, table in drawn.items()}


@pytest.mark.parametrize("space", sorted(SPACES))
@pytest.mark.parametrize("share", one_in(3, [0.0, 0.4, 1.0], at=1))
def test_bytes_by_shapes_are_those_of_a_pass(space, share):
    supernet = supernet_of(space)
    assert step_bytes(supernet, IMAGES, masks(space, share)) == measured(supernet, masks(space, share))


@pytest.mark.parametrize("space", sorted(SPACES))
def test_bytes_of_a_pruned_supernet_are_those_of_a_pass(space):
    supernet = supernet_of(space, masks(space, 0.4))
    assert step_bytes(supernet, IMAGES) == measured(supernet)


def test_with_the_channels_last_a_pass_saves_no_more():
    supernet = SPACES["nasbench201"].supernet(width=16, depth=1).to(memory_format=torch.channels_last)
    bound, real = step_bytes(supernet, IMAGES), measured(supernet)
    assert 0.998 * bound <= real <= bound


def test_a_pass_by_shapes_computes_nothing():
    """At the benchmark's own size a real pass keeps more than a gigabyte."""
    supernet = SPACES["nasbench201"].supernet()
    assert step_bytes(supernet, (64, 3, 32, 32)) > 800 * 10**6


def test_every_step_is_held_to_the_bound():
    space, setting = SPACES["nasbench201"], tiny("darts", "nasbench201")
    needed = step_bytes(space.supernet(width=4, depth=1), (8, 3, 8, 8))
    whole = run_search(space, "darts", setting, data="digits")
    bound = run_search(space, "darts", setting.changed({"memory_mb": needed / 1e6}), data="digits")
    assert bound.log["validation_loss"].tolist() == whole.log["validation_loss"].tolist()
    with pytest.raises(MemoryBoundError, match=r"a step keeps 0\.[0-9]+ MB, above the bound of 0\.[0-9]+ MB"):
        run_search(space, "darts", setting.changed({"memory_mb": (needed - 1) / 1e6}), data="digits")


def test_the_largest_step_is_known():
    bound, supernet = MemoryBound(1e3), supernet_of("nasbench201")
    few, many = masks("nasbench201", 0.0), masks("nasbench201", 1.0)
    for active in (few, many, few):
        bound.check(supernet, IMAGES, active)
    assert bound.most == step_bytes(supernet, IMAGES, many)


@pytest.mark.parametrize("value", [0, -1, float("nan"), "much"])
def test_what_is_no_bound_is_refused(value):
    with pytest.raises(SearchError, match="memory_mb must be a number above 0"):
        METHODS["darts"].setting(SPACES["nasbench201"], "laptop").changed({"memory_mb": value})


@pytest.mark.slow
def test_bytes_by_number_end_at_the_full_supernet_and_are_those_of_masks():
    supernet = supernet_of("nasbench201")
    found = bytes_by_number(supernet, IMAGES)
    assert found == sorted(found)
    assert found[-1] == step_bytes(supernet, IMAGES)
    alone = []
    for column in range(5):
        mask = torch.zeros(6, 5, dtype=torch.bool)
        mask[:, column] = True
        alone.append(step_bytes(supernet, IMAGES, {"cell": mask}))
    assert found[0] == max(alone)


@pytest.mark.parametrize("method", ["nasi", "te-nas", "darts-second-order"])
def test_a_method_that_keeps_more_than_a_pass_takes_no_bound(method):
    with pytest.raises(SearchError, match="keeps more than one pass does"):
        run_search(SPACES["nasbench201"], method, tiny(method, "nasbench201", memory_mb=1e3))


def test_autocast_and_tables_take_no_bound():
    space, setting = SPACES["nasbench201"], tiny("darts", "nasbench201", memory_mb=1e3)
    with pytest.raises(SearchError, match="counted in float32"):
        run_search(space, "darts", setting, data="digits", autocast=True)
    with pytest.raises(SearchError, match="is a table, whose steps keep nothing"):
        run_search(space, "darts", setting, data=separable()[0])


@pytest.mark.parametrize("after", one_in(3, [1, 3, 5], at=1))
def test_the_largest_step_survives_an_interruption(tmp_path, monkeypatch, after):
    """One path a step: the largest may be among the steps that an earlier process did."""
    space = SPACES["nasbench201"]
    setting = tiny("gdas", "nasbench201", epochs=1, steps_per_epoch=6, memory_mb=1e3)
    whole = run_search(space, "gdas", setting, data="digits")
    resumed = interrupted_and_resumed(space, "gdas", setting, tmp_path, monkeypatch, after=after, checkpoint_minutes=0)
    assert int(whole.memory[MOST_BYTES]) == int(resumed.memory[MOST_BYTES]) > 0
