"""The spaces by name. Oracle: the registry's own table, and the error's wording in the style guide."""

import re
import subprocess
import sys

import pytest

from harness.errors import SpaceError
from harness.spaces import list_spaces, open_space


def test_every_listed_space_opens_under_its_own_name():
    assert list_spaces().keys() == {"nasbench201", "darts", "natsbench-sizes"}
    assert {open_space(name).name for name in list_spaces()} == set(list_spaces())


def test_the_listing_is_a_copy():
    before = list_spaces()
    list_spaces().clear()
    assert list_spaces() == before != {}


def test_an_unknown_space_is_an_error_with_the_nearest_name():
    message = "unknown space 'nasbench210'. Did you mean 'nasbench201'? Known: darts, nasbench201, natsbench-sizes"
    with pytest.raises(SpaceError, match=re.escape(message)):
        open_space("nasbench210")


@pytest.mark.parametrize("name", list_spaces())
def test_sizes_in_closed_form_load_no_torch(name):
    """Listing the sizes of many architectures would otherwise wait for torch, and building one shows that it can."""
    program = (
        "import sys\n"
        "from harness.spaces import open_space\n"
        f"space = open_space({name!r})\n"
        "(architecture,) = space.sample(1)\n"
        "assert space.sizes(architecture).parameters > 0 and space.sizes(architecture).macs > 0\n"
        "print('torch' in sys.modules)\n"
        "space.build(architecture)\n"
        "print('torch' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["False", "True"]
