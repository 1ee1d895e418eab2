"""The spaces by name. Oracle: the registry's own table, and the error's wording in the style guide."""

import re

import pytest

from harness.errors import SpaceError
from harness.spaces import SPACES, list_spaces, open_space


def test_every_listed_space_opens_under_its_own_name():
    assert list_spaces().keys() == {"nasbench201", "darts"}
    assert {open_space(name).name for name in list_spaces()} == set(list_spaces())


def test_the_listing_is_a_copy():
    list_spaces().clear()
    assert list_spaces() == SPACES != {}


def test_an_unknown_space_is_an_error_with_the_nearest_name():
    message = "unknown space 'nasbench210'. Did you mean 'nasbench201'? Known: darts, nasbench201"
    with pytest.raises(SpaceError, match=re.escape(message)):
        open_space("nasbench210")
