"""Searches on a graph: the common loop on the whole graph at each step.

Oracles: the supernet's own loss, a search in one go, counting by hand, and messages.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from harness.errors import SearchError
from harness.search import METHODS, find_method, run_search
from harness.search.gradient import loop
from harness.search.gradient.graphs import ACCURACY, check_learnt
from harness.search.gradient.setting import SearchSetting
from harness.search.gradient.state import initial_state
from harness.search.gradient.steps import accuracy_on_graph, steps_of_epoch
from harness.search.gradient.task import search_task
from harness.spaces import open_space
from harness.spaces.node_split import NodeSplit
from harness.spaces.sane.splits import random_split

pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")

SPACE = open_space("sane")
GRAPH = random_split(60, 6, 3, seed=0)


def setting(**changes: Any) -> SearchSetting:
    small = {"epochs": 3, "width": 8, "steps_per_epoch": 2}
    return find_method("darts").setting(SPACE, "laptop").changed({**small, **changes})


def task(data: Any = GRAPH, **changes: Any) -> Any:
    return search_task(
        SPACE, "darts", setting(**changes), preset="laptop", data=data, seed=1, device="cpu", autocast=False
    )


def test_a_step_looks_at_the_nodes_of_its_part_on_the_whole_graph() -> None:
    own = task()
    state = initial_state(own)
    (step, _) = steps_of_epoch(own, state, 2)
    assert torch.equal(step.training.arguments[2], GRAPH.training)
    assert torch.equal(step.validation.arguments[2], GRAPH.validation)
    state.supernet.eval()
    relaxed = step.relaxed("weights")
    logits = state.supernet(step.validation.arguments, relaxed.weights)
    assert torch.equal(step.loss(step.validation, relaxed), functional.cross_entropy(logits, step.validation.labels))
    right = (logits.argmax(dim=1) == GRAPH.classes[GRAPH.validation]).double().mean()
    assert accuracy_on_graph(step) == pytest.approx(100 * float(right))
    assert state.supernet.training


def test_dropout_follows_from_the_step_and_the_part_and_leaves_the_global_state_alone() -> None:
    own = task()
    first, second = (tuple(steps_of_epoch(own, initial_state(own), 2)) for _ in range(2))
    before = torch.random.get_rng_state()
    losses = [float(step.loss(step.training, step.relaxed("weights")).detach()) for step in (*first, *second)]
    assert torch.equal(torch.random.get_rng_state(), before)
    assert losses[:2] == losses[2:]
    assert losses[0] != losses[1]


def test_a_killed_search_ends_as_one_in_one_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "check_learnt", lambda graph, row: None)  # three epochs teach too little
    whole = run_search(SPACE, "darts", setting(), data=GRAPH, seed=1)
    steps, one_step = count(), loop.one_step

    def killed(*given: Any, **named: Any) -> float:
        if next(steps) == 3:
            raise KeyboardInterrupt
        return one_step(*given, **named)

    monkeypatch.setattr(loop, "one_step", killed)
    with pytest.raises(KeyboardInterrupt):
        run_search(SPACE, "darts", setting(), data=GRAPH, seed=1, out=tmp_path, checkpoint_minutes=0)
    monkeypatch.setattr(loop, "one_step", one_step)
    resumed = run_search(SPACE, "darts", setting(), data=GRAPH, seed=1, out=tmp_path)
    assert (resumed.resumed_from, resumed.resumed_steps) == (1, 1)
    assert resumed.architecture == whole.architecture
    assert all(torch.equal(resumed.weights[name], whole.weights[name]) for name in whole.weights)
    columns = ["epoch", "training_loss", "validation_loss", "entropy_nats", ACCURACY, "architecture"]
    assert resumed.log[columns].equals(whole.log[columns])
    other = replace(GRAPH, features=GRAPH.features + 1)
    with pytest.raises(SearchError, match="another search"):
        run_search(SPACE, "darts", setting(), data=other, seed=1, out=tmp_path)


@pytest.mark.parametrize(("found", "refused"), [(25.0, True), (50.0, True), (50.1, False)])
def test_nothing_is_derived_from_a_supernet_that_names_one_class(found: float, refused: bool) -> None:
    """Of four validation nodes two are of one class, so that naming it is right in half of the cases."""
    classes = torch.tensor([0, 1, 2] * 20)
    graph = replace(GRAPH, classes=classes, validation=torch.tensor([0, 3, 1, 2]), training=torch.tensor([4, 5, 6]),
                    test=torch.tensor([7]))  # fmt: skip
    if refused:
        with pytest.raises(
            SearchError, match=r"no architecture is derived: after epoch 3 .* most frequent class 50\.00 %"
        ):
            check_learnt(graph, {"epoch": 3, ACCURACY: found})
    else:
        check_learnt(graph, {"epoch": 3, ACCURACY: found})


def test_a_refused_search_leaves_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "accuracy_on_graph", lambda step: 10.0)
    with pytest.raises(SearchError, match="no architecture is derived"):
        run_search(SPACE, "darts", setting(epochs=1), data=GRAPH, seed=0, out=tmp_path)
    assert ACCURACY in (tmp_path / "log.csv").read_text().splitlines()[0]


def test_second_order_runs_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "check_learnt", lambda graph, row: None)
    found = run_search(SPACE, "darts-second-order", setting(epochs=1, steps_per_epoch=1), data=GRAPH, seed=1)
    assert SPACE.parse(str(found.architecture)) == found.architecture


def test_methods_of_images_refuse_the_space() -> None:
    able = {name for name, method in METHODS.items() if not method.reason_not_in(SPACE)}  # type: ignore[arg-type]
    assert able == {"darts", "darts-second-order"}
    with pytest.raises(SearchError, match="nasi cannot search sane: it is for batches of images"):
        run_search(SPACE, "nasi", setting(), data=GRAPH)


@pytest.mark.parametrize(
    ("data", "changes", "why"),
    [
        (None, {}, "a search in sane is on a graph: give data, such as FOLDER/cora.npz, or noise"),
        ("nowhere/cora.npz", {}, "--data: the graph nowhere/cora.npz is not here"),
        ("digits", {}, "--data: SANE's graphs are cora and citeseer"),
        (GRAPH, {"batch_size": 8}, "batch_size has no effect in sane: a step is on the whole graph"),
        (GRAPH, {"image_size": 8}, "image_size has no effect in sane: a graph has no images"),
        (GRAPH, {"simplify": True}, "simplify: the supernet of sane cannot share modules"),
        (GRAPH, {"without": ("zero",)}, "unknown operation 'zero'"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_line(
    data: NodeSplit | str | None, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(SearchError) as error:
        run_search(SPACE, "darts", setting(**changes), data=data)
    assert why in str(error.value)
    assert "\n" not in str(error.value)


def test_a_graph_is_no_image() -> None:
    with pytest.raises(SearchError, match="the space nasbench201 is of images, and noise is a graph"):
        run_search(open_space("nasbench201"), "darts", data=GRAPH)
