"""The spaces by name. Oracle: the registry's own table, and the error's wording in the style guide."""

import re
import subprocess
import sys

import pandas as pd
import pytest

import harness.spaces
from harness.errors import SpaceError
from harness.evaluation.matching import matched_scores
from harness.spaces import list_spaces, open_space, register_space
from harness.spaces.nasbench201 import NasBench201


class Renamed(NasBench201):
    """NAS-Bench-201's cells as a user's space."""

    name = "renamed"


EACH_OF_A_KIND = ("nasbench201", "mod-nas", "sane")
OF_GRAPHS = {"nasbench-graph", "sane", "agnn"}


def test_every_listed_space_opens_under_its_own_name():
    assert list_spaces().keys() == {
        "nasbench201",
        "darts",
        "natsbench-sizes",
        "nasbench201-large",
        "transnas-micro",
        "trilevel",
        "mod-nas",
        "nasbench-graph",
        "sane",
        "agnn",
    }
    assert {open_space(name).name for name in list_spaces()} == set(list_spaces())


def test_the_listing_is_a_copy():
    before = list_spaces()
    list_spaces().clear()
    assert list_spaces() == before != {}


def test_an_unknown_space_is_an_error_with_the_nearest_name():
    known = "agnn, darts, mod-nas, nasbench-graph, nasbench201, nasbench201-large, natsbench-sizes, sane, "
    known += "transnas-micro, trilevel"
    message = f"unknown space 'nasbench210'. Did you mean 'nasbench201'? Known: {known}"
    with pytest.raises(SpaceError, match=re.escape(message)):
        open_space("nasbench210")


@pytest.mark.parametrize(
    "names", [EACH_OF_A_KIND, *(pytest.param((name,), marks=pytest.mark.slow) for name in list_spaces())]
)
def test_sizes_in_closed_form_load_no_torch(names):
    """Listing the sizes of many architectures would otherwise wait for torch, and building one shows that it can."""
    if OF_GRAPHS & {*names}:
        pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")
    program = (
        "import sys\n"
        "from harness.spaces import open_space\n"
        f"spaces = [open_space(name) for name in {names!r}]\n"
        "drawn = [(space, *space.sample(1)) for space in spaces]\n"
        "for space, architecture in drawn:\n"
        "    assert space.sizes(architecture).parameters > 0 and space.sizes(architecture).macs > 0\n"
        "    print('torch' in sys.modules)\n"
        "for space, architecture in drawn:\n"
        "    space.build(architecture)\n"
        "print('torch' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == [*["False"] * len(names), "True"]


def test_a_space_registered_again_is_read_anew(monkeypatch):
    """A notebook's cell runs twice: what was read before is not taken for the new space's."""
    monkeypatch.setattr(harness.spaces, "_registered", {})
    first, second = Renamed(), type("Renamed", (Renamed,), {"key": lambda self, architecture: "new key"})()
    frame = pd.DataFrame({"architecture": [str(open_space("nasbench201").sample(1)[0])], "proxy": "a", "score": 1.0})
    for space, expected in ((first, frame["architecture"][0]), (second, "new key")):
        register_space(space)
        assert list(matched_scores(frame, open_space("renamed")).architectures) == [expected]


@pytest.mark.parametrize("wrong", [3, "nasbench201", None, NasBench201])
def test_what_is_no_space_is_not_registered(wrong):
    with pytest.raises(SpaceError, match="is no space"):
        register_space(wrong)


def test_a_space_cannot_take_the_name_of_ours():
    with pytest.raises(SpaceError, match="'nasbench201' is a space of nasinit: give yours another name"):
        register_space(NasBench201())
