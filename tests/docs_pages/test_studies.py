"""The pages of the studies are the list of studies and the pictures of their results."""

from __future__ import annotations

import re

import pytest

from docs_pages import studies
from harness.studies.study import STUDIES

WITHOUT_RESULTS = {"natsbench-sizes"}
"""Its table is made of a release that is not here."""


def test_every_study_is_in_the_table_and_has_a_section() -> None:
    assert re.findall(r"^\| \[`([\w-]+)`\]", studies.studies(), flags=re.MULTILINE) == list(STUDIES)
    assert re.findall(r"^## (.+)$", studies.study_pictures(), flags=re.MULTILINE) == list(STUDIES)


@pytest.mark.parametrize("name", STUDIES)
def test_a_section_shows_every_picture_and_the_command(name: str) -> None:
    section = studies.study_pictures().split(f"## {name}\n")[1].split("\n## ")[0]
    for picture in studies.pictures(name):
        assert f"results/{name}/{picture.name}" in section
    assert f"nasinit study {name}" in section
    assert (studies.RESULTS / name / "README.md").is_file() is (name not in WITHOUT_RESULTS)
    assert ("no results here" in section) is (name in WITHOUT_RESULTS)
