"""A proxy and the measurements of one's own that it reads: versions, facts, and the list of what can be read."""

from __future__ import annotations

from typing import Any

import pytest

import harness
from harness.measurements import MEASUREMENTS
from harness.measurements import registry as measurements
from harness.proxies import registry, resolve
from harness.proxies.fingerprint import fingerprint
from tests.proxies.definitions import SOURCES


@pytest.fixture(autouse=True)
def _own_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.load_builtin()
    for one in (registry, measurements):
        monkeypatch.setattr(one, "_REGISTRY", dict(one._REGISTRY))


def defined(source: str, **facts: Any) -> None:
    """Register `mine` of a source as the measurement `x`'s reader: a proxy `read` reads `mine`, which reads `x`."""
    base: dict[str, Any] = {}
    exec("def x(network): ...\ndef read(mine): ...", base)
    harness.measurement(base["x"])
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    harness.measurement(**facts)(namespace["mine"])
    harness.proxy(source="me")(base["read"])


def version_of(source: str, **facts: Any) -> str:
    defined(source, **facts)
    return resolve("read")[0].version


@pytest.mark.parametrize("kind", [kind for kind in SOURCES if kind != "callable instance"])
def test_a_proxys_version_sees_an_edit_of_a_measurement(kind: str) -> None:
    source, other = (SOURCES[kind].replace("VALUE", value) for value in ("1.5", "2.5"))
    assert version_of(source) == version_of(f"# why\n\n{source}\n") != version_of(other)


def test_a_stated_version_is_part_of_it_and_words_are_not() -> None:
    source = "def mine(x): return 1"
    assert version_of(source) == version_of(source, yields="a number", cost="none") != version_of(source, version=2)


def test_a_value_that_changes_after_the_definition_is_seen_two_measurements_below() -> None:
    namespace: dict[str, Any] = {}
    exec("K = [1]\ndef below(network): return K\ndef above(below): return below\ndef top(above): return 1", namespace)
    for name in ("below", "above"):
        harness.measurement(namespace[name])
    harness.proxy(source="me")(namespace["top"])
    before = resolve("top")[0].version
    assert resolve("top")[0].version == before
    namespace["K"].append(2)
    assert resolve("top")[0].version != before


def test_the_version_of_a_proxy_that_reads_none_is_as_it_was() -> None:
    namespace: dict[str, Any] = {}
    exec("def mine(loss_gradient): return 1", namespace)
    harness.proxy(source="me")(namespace["mine"])
    before = resolve("mine")[0].version
    assert before == f"1+{fingerprint(namespace['mine'], 'loss_gradient 1')}"
    exec("def other(network): return 1", namespace)
    harness.measurement(namespace["other"])
    assert resolve("mine")[0].version == before


def test_a_function_of_an_installed_package_has_the_packages_version_too(monkeypatch: pytest.MonkeyPatch) -> None:
    import typer

    from harness.proxies import fingerprint as module

    first = fingerprint(typer.echo)
    assert fingerprint(typer.echo) == first
    monkeypatch.setattr(module, "version", lambda name: "0.0.0")
    assert fingerprint(typer.echo) != first


def test_what_a_proxy_reads_below_decides_its_facts() -> None:
    namespace: dict[str, Any] = {}
    exec(
        "def many(network): ...\ndef kernel(ntk_trace_exact): ...\ndef size(parameter_count): ...\n"
        "def one(many): ...\ndef two(kernel): ...\ndef three(size): ...\ndef four(batch, setting): ...\n"
        "def five(network): ...",
        namespace,
    )
    harness.measurement(exhaustive=True)(namespace["many"])
    harness.measurement(namespace["kernel"])
    harness.measurement(namespace["size"])
    for name in ("one", "two", "three", "four", "five"):
        harness.proxy(source="me")(namespace[name])
    found = {entry.name: entry for entry in harness.list_proxies()}
    assert [found[name].exhaustive for name in ("one", "two", "three", "four", "five")] == [True, True, *[False] * 3]
    assert [found[name].reads_size for name in ("one", "two", "three", "four", "five")] == [
        True, False, True, False, True,
    ]  # fmt: skip
    assert not any(found[name].only_size for name in ("three", "four", "five"))
    assert {"three", "four", "five"} < {entry.name for entry in resolve("all")}
    assert {"one", "two"}.isdisjoint(entry.name for entry in resolve("all"))


def test_the_list_of_measurements_is_all_with_types_and_readers() -> None:
    namespace: dict[str, Any] = {}
    exec(
        "import torch\ndef mine(loss_gradient) -> dict[str, torch.Tensor]: ...\ndef plain(network): ...\n"
        "def read(mine): ...",
        namespace,
    )
    harness.measurement(yields="a tensor by name, [P]", cost="1 backward")(namespace["mine"])
    harness.measurement(namespace["plain"])
    harness.proxy(source="me")(namespace["read"])
    found = {each.name: each for each in harness.list_measurements()}
    assert list(found) == [*MEASUREMENTS, "mine", "plain"]
    for name, facts in MEASUREMENTS.items():
        assert (found[name].yields, found[name].cost, found[name].own) == (facts.yields, facts.passes, False)
        assert found[name].type
    assert found["loss_gradient"].type == "Gradients"
    assert {"grad_norm", "snip", "read"} <= set(found["loss_gradient"].read_by)
    assert "read" in found["forward"].read_by, "through two others"
    mine, plain = found["mine"], found["plain"]
    assert (mine.type, mine.yields, mine.cost) == ("dict[str, torch.Tensor]", "a tensor by name, [P]", "1 backward")
    assert (mine.own, mine.read_by) == (True, ("read",))
    assert (plain.type, plain.yields, plain.cost, plain.read_by) == ("", "not stated", "not stated", ())
