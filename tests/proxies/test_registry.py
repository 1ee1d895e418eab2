"""Registering, resolving and refusing proxies, and scoring by one's own."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import nn

import harness
from harness.errors import ProxyError, SettingError
from harness.proxies import registry
from harness.proxies.fingerprint import fingerprint


@pytest.fixture(autouse=True)
def _clean_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.load_builtin()
    monkeypatch.setattr(registry, "_REGISTRY", dict(registry._REGISTRY))


@pytest.fixture
def network() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(12, 3))


@pytest.fixture
def batch() -> harness.Batch:
    return harness.Batch(torch.ones(3, 3, 2, 2), torch.tensor([0, 1, 2]))


def test_ones_own_proxy_is_scored_beside_the_others(network: nn.Module, batch: harness.Batch) -> None:
    @harness.proxy(source="me")
    def half_nasi(loss_gradient: Any) -> Any:
        """Half of it."""
        return sum(gradient.square().sum() for gradient in loss_gradient.values()) / 2

    scores = harness.score(network, batch, ["nasi_trace", "half_nasi"])
    assert scores["half_nasi"].value == pytest.approx(scores["nasi_trace"].value / 2, rel=1e-6)
    assert [entry.name for entry in harness.list_proxies()][-1] == "half_nasi"


def test_the_decorator_gives_the_function_back() -> None:
    def mine(parameter_count: int) -> float:
        return parameter_count / 2

    assert harness.proxy(source="me")(mine) is mine
    assert mine(4) == 2


def test_a_notebook_cell_may_run_twice_and_an_edit_changes_the_version() -> None:
    versions = []
    for factor in (2, 2, 3):
        namespace: dict[str, Any] = {"harness": harness}
        exec(
            f"@harness.proxy(source='me')\ndef mine(parameter_count):\n    return {factor} * parameter_count", namespace
        )
        versions.append({entry.name: entry for entry in harness.list_proxies()}["mine"].version)
    assert versions[0] == versions[1] != versions[2]


SOURCES = {
    "constant": "def mine(x):\n    return VALUE",
    "first constant of a generator": "def mine(x):\n    return sum(y * VALUE for y in x)",
    "inner function": "def mine(x):\n    def inner():\n        return VALUE\n    return inner()",
    "default": "def mine(x, y=VALUE):\n    return y",
    "keyword default": "def mine(x, *, y={'a': [VALUE]}):\n    return y",
    "global": "SCALE = VALUE\ndef mine(x):\n    return [SCALE for _ in x]",
    "helper": "def helper():\n    return VALUE\ndef mine(x):\n    return helper()",
    "closure": "def outer(y):\n    def mine(x):\n        return y\n    return mine\nmine = outer(VALUE)",
    "set": "def mine(x):\n    return x in {VALUE, 'a', 'b'}",
}


def fingerprint_of(source: str) -> str:
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    return fingerprint(namespace["mine"])


@pytest.mark.parametrize("kind", SOURCES)
def test_the_fingerprint_sees_an_edit_of(kind: str) -> None:
    first, second, other = (fingerprint_of(SOURCES[kind].replace("VALUE", value)) for value in ("1.5", "1.5", "2.5"))
    assert first == second != other


def test_the_fingerprint_does_not_see_comments_and_docstrings_and_ends_on_recursion() -> None:
    plain = fingerprint_of("def mine(x):\n    'One.'\n    return mine(x)")
    assert plain == fingerprint_of("def mine(x):\n    'Other.'\n    # why\n    return mine(x)")


def test_the_fingerprint_is_the_same_in_another_process() -> None:
    source = SOURCES["set"].replace("VALUE", "'c'")
    program = f"from harness.proxies.fingerprint import fingerprint\nexec({source!r})\nprint(fingerprint(mine))"
    there = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert there.stdout.strip() == fingerprint_of(source)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def mine(loss_gradeint): ...", "unknown measurement 'loss_gradeint'. Did you mean 'loss_gradient'"),
        ("def mine(): ...", "proxy 'mine' reads nothing"),
        ("def grad_norm(loss_gradient): ...", "'grad_norm' is a built-in proxy"),
        ("mine = lambda loss_gradient: 1", "a proxy is a named function"),
    ],
)
def test_a_bad_definition_is_refused_at_once(source: str, message: str) -> None:
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    function = next(value for name, value in namespace.items() if callable(value))
    with pytest.raises(ProxyError, match=message):
        harness.proxy(source="me")(function)
    assert "mine" not in registry._REGISTRY


@pytest.mark.parametrize(
    ("result", "status", "message"),
    [
        (math.nan, "not_finite", "the value is nan"),
        (-math.inf, "not_finite", "the value is -inf"),
        ("text", "error", "could not convert string to float"),
        (None, "error", "NoneType"),
        (torch.ones(2), "error", "only one element tensors"),
        (ValueError("no such thing"), "error", "ValueError: no such thing"),
        (MemoryError("CUDA out of memory"), "out_of_memory", "out of memory"),
    ],
)
def test_a_failing_proxy_has_a_status_and_stops_no_other(
    network: nn.Module, batch: harness.Batch, result: object, status: str, message: str
) -> None:
    @harness.proxy(source="me")
    def mine(loss_gradient: Any) -> Any:
        """Fail in many ways."""
        if isinstance(result, Exception):
            raise result
        return result

    scores = harness.score(network, batch, ["mine", "nasi_trace"])
    assert scores["mine"].status == status
    assert message in scores["mine"].message
    assert math.isnan(scores["mine"].value)
    assert scores["nasi_trace"].status == "ok"


def test_unknown_proxies_are_named_with_the_nearest() -> None:
    with pytest.raises(ProxyError, match=r"unknown proxy 'nasi_trase'. Did you mean 'nasi_trace'\?"):
        registry.resolve(["nasi_trase"])
    with pytest.raises(ProxyError, match="no proxy given"):
        registry.resolve([])


def test_all_leaves_out_what_grows_with_the_batch_and_may_be_joined_by_names() -> None:
    names = [entry.name for entry in registry.resolve("all")]
    assert "ntk_trace_exact" not in names
    assert "nasi_trace" in names
    assert [entry.name for entry in registry.resolve(["all", "ntk_trace_exact", "params"])] == [
        *names,
        "ntk_trace_exact",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bn": "trian"}, "unknown bn 'trian'. Did you mean 'train'"),
        ({"loss": "hinge"}, "unknown loss 'hinge'"),
        ({"probes": 1}, "probes must be a whole number from 2, got 1"),
        ({"seed": -1}, "seed must be a whole number from 0"),
    ],
)
def test_bad_settings_are_refused(
    network: nn.Module, batch: harness.Batch, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        harness.score(network, batch, ["params"], **options)


def test_another_kind_of_batch_or_network_is_refused(network: nn.Module, batch: harness.Batch) -> None:
    for given in ([1, 2], 5):
        with pytest.raises(SettingError, match=r"a batch is harness\.Batch"):
            harness.score(network, given, ["params"])  # type: ignore[arg-type]
    with pytest.raises(SettingError, match=r"a network is a torch\.nn\.Module, got int"):
        harness.score(5, batch, ["params"])  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="lazy layers"):
        harness.score(nn.Sequential(nn.Flatten(), nn.LazyLinear(3)), batch, ["params"])


def test_a_parameter_with_a_default_is_no_measurement() -> None:
    @harness.proxy(source="me")
    def mine(parameter_count: int, power: float = 0.5) -> float:
        return parameter_count**power

    assert registry.resolve(["mine"])[0].needs == ("parameter_count",)


def test_the_batch_goes_to_the_networks_dtype(network: nn.Module, batch: harness.Batch) -> None:
    assert harness.score(network.double(), batch, ["nasi_trace"])["nasi_trace"].status == "ok"


def test_an_estimate_carries_its_standard_error(network: nn.Module, batch: harness.Batch) -> None:
    scores = harness.score(network, batch, ["ntk_trace", "nasi_trace"])
    assert scores["ntk_trace"].standard_error >= 0
    assert math.isnan(scores["nasi_trace"].standard_error)


def test_what_list_proxies_returns_is_what_score_takes(network: nn.Module, batch: harness.Batch) -> None:
    two = [entry for entry in harness.list_proxies() if entry.name in ("params", "grad_norm")]
    by_name = harness.score(network, batch, ["params", "grad_norm"])
    found = harness.score(network, batch, two)
    assert {name: score.value for name, score in found.items()} == {n: score.value for n, score in by_name.items()}
    assert list(harness.score(network, batch, two[0])) == [two[0].name]
    assert list(harness.score(network, batch, ["params", two[1]])) == list(dict.fromkeys(["params", two[1].name]))


@pytest.mark.parametrize("given", [5, [5], [None], [["params"]], [lambda: 0], {"params": 1}.items()])
def test_what_is_no_proxy_is_refused(network: nn.Module, batch: harness.Batch, given: object) -> None:
    with pytest.raises(ProxyError, match="must be names, or what list_proxies"):
        harness.score(network, batch, given)  # type: ignore[arg-type]
