"""The pinned versions: each requirement has one for every Python, and what is installed is what is pinned."""

from __future__ import annotations

from configparser import ConfigParser
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
LINES = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
PINS = [Requirement(line) for line in LINES]


def required() -> list[Requirement]:
    """What setup.cfg asks for, all extras included."""
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    extras = setup["options.extras_require"]
    texts = [setup["options"]["install_requires"], extras["dev"], extras["docs"], extras["cluster"]]
    return [Requirement(line) for text in texts for line in text.splitlines() if line and not line.startswith("#")]


def pinned(name: str, python: str) -> list[Requirement]:
    environment = {"python_version": python}
    return [
        pin
        for pin in PINS
        if canonicalize_name(pin.name) == canonicalize_name(name)
        and (pin.marker is None or pin.marker.evaluate(environment))
    ]


@pytest.mark.parametrize("line", LINES)
def test_every_line_pins_one_version(line: str) -> None:
    (specifier,) = Requirement(line).specifier
    assert specifier.operator == "=="
    assert "*" not in specifier.version


@pytest.mark.parametrize("python", PYTHONS)
def test_every_requirement_is_pinned_once_to_a_version_that_it_allows(python: str) -> None:
    for requirement in required():
        if requirement.marker is not None and not requirement.marker.evaluate({"python_version": python}):
            continue
        (pin,) = pinned(requirement.name, python)
        (specifier,) = pin.specifier
        assert requirement.specifier.contains(specifier.version, prereleases=True), requirement


def test_the_installed_versions_are_the_pinned_ones() -> None:
    """A local build, such as 2.13.0+cpu, is of the pinned version."""
    found = {}
    for pin in PINS:
        if pin.marker is None or pin.marker.evaluate():
            try:
                found[str(pin)] = Version(version(pin.name)).public in str(pin.specifier)
            except PackageNotFoundError:  # of another system
                continue
    assert len(found) > 40
    assert [pin for pin, is_it in found.items() if not is_it] == []


def test_what_the_requirements_bring_is_pinned_too() -> None:
    """Of the packages that are here, all that a requirement of ours needs have a pin."""
    seen: set[str] = set()
    waiting = [requirement.name for requirement in required()]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in seen:
            continue
        seen.add(name)
        try:
            needs = [Requirement(text) for text in requires(name) or []]
        except PackageNotFoundError:
            continue
        waiting += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    names = {canonicalize_name(pin.name) for pin in PINS}
    of_torch = ("nvidia-", "triton", "cuda-")  # which torch itself pins
    assert sorted(name for name in seen - names if not name.startswith(of_torch)) == []
