"""The bytes of a step, by shapes alone and by a real pass, and the bound on them."""

import pytest
import torch

from harness.errors import MemoryBoundError, SearchError
from harness.search import METHODS, run_search
from harness.search.gradient.memory_bound import MemoryBound, step_bytes
from harness.search.gradient.saved_bytes import SavedTensors
from tests.search.gradient.searches import SPACES, generator, tiny

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
@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
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
    with pytest.raises(MemoryBoundError, match=r"a step keeps 0\.[0-9] MB, above the bound of 0\.[0-9] MB"):
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
