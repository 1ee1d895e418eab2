"""Conformance suite for spaces: the interface `harness.spaces.space.Space` as tests for pytest.

The tests build small networks and score two of them by every proxy; they take a few seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import cloudpickle
import pytest
import torch
from torch import Tensor, nn

from harness.batches import Batch
from harness.errors import SettingError, SpaceError
from harness.measurements.size import macs, parameter_count
from harness.scoring.runner import run
from harness.setting import INITS, NOISE, Setting, SettingKeywords
from harness.spaces.group import Group
from harness.spaces.searches import IndexedSpace
from harness.spaces.simplifiable import simplifiable
from harness.spaces.space import Architecture, ListedSpace, SearchableSpace, Space, changed, completed

if TYPE_CHECKING:
    from typing_extensions import Unpack

FEW = 5
LISTED = 40_000
"""Number of architectures up to which a whole space is listed."""


class SpaceConformance:
    """The tests of one space.

    Attributes:
        space: the space under test.
        shape: sizes that make the networks small, so that the tests are quick; other sizes are the space's defaults.
        data: folder of the data that the first of the space's inputs needs; None for noise.
        batch_size: samples in the batches of the tests, for spaces that can draw any number of samples.
        seed: seed of the sample of architectures that are tested.
    """

    space: ClassVar[Space]
    shape: ClassVar[Mapping[str, int]] = {}
    data: ClassVar[Path | None] = None
    batch_size: ClassVar[int] = 4
    seed: ClassVar[int] = 0

    def few(self) -> list[Architecture]:
        """Some architectures of the space."""
        return list(self.space.sample(min(FEW, len(self.space)), self.seed))

    def setting(self, **changes: Unpack[SettingKeywords]) -> Setting:
        """A setting with the small sizes of `shape`."""
        base = Setting(input=self.space.inputs[0], batch_size=self.batch_size, shape=self.shape)
        return changed(self.space, base, changes)

    def wrong_batch(self) -> Batch:
        """A batch that no network of the space takes; override it where one takes three floating point arguments."""
        return Batch([torch.zeros(3, 7), torch.zeros(3, 1), torch.zeros(3, 2)], torch.zeros(3, 1))

    def test_the_text_of_an_architecture_gives_it_back(self) -> None:
        for architecture in self.few():
            again = self.space.parse(str(architecture))
            assert again == architecture
            assert hash(again) == hash(architecture)
            assert str(again) == str(architecture)
            assert self.space.parse(f"  {architecture}\n") == architecture, "blanks around a text must not matter"
            assert self.space.key(again) == self.space.key(architecture)

    @pytest.mark.parametrize("text", ["", " ", "no architecture", "(((((", "{", "\0", "9" * 1000])
    def test_what_is_no_architecture_is_refused_with_a_reason(self, text: str) -> None:
        with pytest.raises(SpaceError) as error:
            self.space.parse(text)
        assert 10 < len(str(error.value)) < 1000

    def test_a_value_of_another_kind_is_refused(self) -> None:
        for method in (self.space.key, self.space.canonical, self.space.minimal, self.space.neighbours,
                       self.space.build, self.space.sizes):  # fmt: skip
            with pytest.raises(SpaceError):
                method("no architecture")

    def test_samples_are_distinct_reproducible_and_begin_alike(self) -> None:
        count = min(8, len(self.space))
        sample = list(self.space.sample(count, 3))
        assert len(set(sample)) == len(sample) == count
        assert list(self.space.sample(count, 3)) == sample
        assert list(self.space.sample(1, 3)) == sample[:1]
        assert count < 4 or list(self.space.sample(count, 4)) != sample
        with pytest.raises(SpaceError):
            self.space.sample(0)

    def test_a_sample_is_no_larger_than_the_space(self) -> None:
        if len(self.space) > LISTED:
            pytest.skip("the space is too large to ask for more than it has")
        with pytest.raises(SpaceError):
            self.space.sample(len(self.space) + 1)
        assert len(set(self.space.sample(len(self.space)))) == len(self.space)

    def test_representatives_are_their_own(self) -> None:
        for architecture in self.few():
            for choose in (self.space.canonical, self.space.minimal):
                assert choose(choose(architecture)) == choose(architecture)
            small, own = (
                self.space.sizes(each, self.shape) for each in (self.space.minimal(architecture), architecture)
            )
            assert small.parameters <= own.parameters

    def test_neighbours_are_mutual(self) -> None:
        for architecture in self.few()[:2]:
            neighbours = self.space.neighbours(architecture)
            assert neighbours
            assert architecture not in neighbours
            assert len(set(neighbours)) == len(neighbours)
            for other in neighbours[:: max(1, len(neighbours) // 7)]:
                assert architecture in self.space.neighbours(other)

    def test_a_listed_space_holds_each_architecture_once(self) -> None:
        if not isinstance(self.space, ListedSpace) or len(self.space) > LISTED:
            pytest.skip("the space cannot be listed")
        everything = list(self.space)
        assert len(everything) == len(set(everything)) == len(self.space)
        keys = [str(architecture) for architecture in reversed(everything)]
        assert [str(architecture) for architecture in self.space.in_order(keys)] == keys
        with pytest.raises(SpaceError):
            self.space.in_order(keys[1:])
        with pytest.raises(SpaceError):
            self.space.in_order([*keys[1:], keys[1]])

    def test_sizes_are_named_and_bounded(self) -> None:
        space, architecture = self.space, self.few()[0]
        for name, dimension in space.shape.items():
            assert name.isidentifier()
            assert dimension.meaning
            assert dimension.default >= dimension.least >= 0
            for call in (space.build, space.sizes):
                with pytest.raises(SettingError, match=name):
                    call(architecture, {name: dimension.least - 1})
        with pytest.raises(SettingError, match="no_such_size"):
            space.build(architecture, {"no_such_size": 3})
        with pytest.raises(SettingError, match="no_such_size"):
            completed(space, Setting(input=space.inputs[0], shape={"no_such_size": 3}))

    def test_the_problem_has_losses_and_a_metric(self) -> None:
        problem = self.space.problem
        assert problem.losses
        assert all(callable(loss) for loss in problem.losses.values())
        assert problem.metric
        with pytest.raises(SettingError, match="no_such_loss"):
            completed(self.space, Setting(input=self.space.inputs[0], loss="no_such_loss"))
        with pytest.raises(SettingError, match="no_such_input"):
            completed(self.space, Setting(input="no_such_input"))

    def test_a_setting_gives_its_batch(self) -> None:
        before = torch.random.get_rng_state()
        first = self.space.batch(self.setting(), self.data)
        assert first.digest() == self.space.batch(self.setting(), self.data).digest()
        if self.space.inputs[0] in NOISE:
            assert first.digest() != self.space.batch(self.setting(seed=1), self.data).digest()
        assert torch.equal(torch.random.get_rng_state(), before), "the global random state must not change"
        assert first.problem.classes is self.space.problem.classes
        decided, wanted = self.space.shape_of(first), self.setting().shape
        assert all(wanted[name] == size for name, size in decided.items())

    def test_a_batch_that_no_network_takes_is_refused(self) -> None:
        with pytest.raises(SettingError):
            self.space.shape_of(self.wrong_batch())

    @pytest.mark.parametrize("init", INITS)
    def test_weights_follow_from_seed_and_text_alone(self, init: str) -> None:
        architecture = next(iter(self.few()))
        before = torch.random.get_rng_state()
        first, again, other = (
            self._state(self.space.build(architecture, self.shape, init=init, seed=seed)) for seed in (0, 0, 1)
        )
        assert torch.equal(torch.random.get_rng_state(), before), "the global random state must not change"
        assert first.keys() == again.keys() == other.keys()
        assert all(torch.equal(first[name], again[name]) for name in first)
        assert any(not torch.equal(first[name], other[name]) for name in first)

    def test_an_unknown_init_is_refused(self) -> None:
        with pytest.raises(SettingError, match="no_such_init"):
            self.space.build(self.few()[0], self.shape, init="no_such_init")

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_a_network_takes_the_batch_and_gives_what_its_targets_are_compared_with(self, dtype: torch.dtype) -> None:
        batch = self.space.batch(self.setting(), self.data).like(torch.empty(0, dtype=dtype))
        for architecture in self.few():
            network = self.space.build(architecture, self.shape).to(dtype)
            assert network.training
            outputs = self.space.problem.check_outputs(network(*batch.arguments), batch.targets)
            assert outputs.dtype == dtype
            for loss in self.space.problem.losses:
                assert torch.isfinite(self.space.problem.loss(loss, outputs, batch.targets))

    def test_sizes_are_those_of_the_network(self) -> None:
        batch = self.space.batch(self.setting(), self.data)
        for architecture in self.few():
            network = self.space.build(architecture, self.shape)
            sizes = self.space.sizes(architecture, self.shape)
            assert sizes == (parameter_count(network), macs(network, batch))

    def test_space_and_architecture_travel_to_workers(self) -> None:
        space, architecture = cloudpickle.loads(cloudpickle.dumps((self.space, self.few()[0])))
        assert (space.name, architecture) == (self.space.name, self.few()[0])

    def test_every_proxy_has_a_score_or_says_why_not(self, tmp_path: Path) -> None:
        options: dict[str, Any] = {"setting": self.setting(), "store": tmp_path / "scores.sqlite", "data": self.data}
        frame = run(self.space, self.few()[:2], "all", **options)
        wrong = frame[~frame["status"].isin(["ok", "not_applicable"])]
        assert wrong.empty, wrong[["proxy", "status", "message"]].to_string()
        assert (frame["status"] == "ok").any()
        assert (frame.loc[frame["status"] != "ok", "message"].str.len() > 10).all()
        again = run(self.space, self.few()[:2], "all", **options)
        assert again.equals(frame), "scores that are in the store must not be computed again"

    def test_graphs_point_forward_or_there_are_none(self) -> None:
        for architecture in self.few():
            try:
                graphs = self.space.graphs(architecture)
            except SpaceError:
                continue
            assert graphs
            for graph in graphs:
                assert len(graph.operations) == len(graph.wiring.edges)
                nodes = range(len(graph.wiring.labels))
                for source, target in (*graph.wiring.edges, *graph.wiring.plain):
                    assert source in nodes
                    assert target in nodes
                    assert source < target

    def test_a_supernet_derives_architectures_of_the_space(self) -> None:
        if not isinstance(self.space, SearchableSpace):
            pytest.skip("the space has no supernet")
        batch = self.space.batch(self.setting(), self.data)
        supernet = self.space.supernet(self.shape)
        weights = {name: self._uneven(group) for name, group in supernet.groups.items()}
        outputs = supernet(batch.whole, {name: table.softmax(dim=1) for name, table in weights.items()})
        self.space.problem.check_outputs(outputs, batch.targets)
        derived = self.space.derive(weights)
        assert self.space.parse(str(derived)) == derived

    def test_a_simplified_supernet_has_the_weights_of_the_plain_one(self) -> None:
        if not (isinstance(self.space, SearchableSpace) and simplifiable(self.space)):
            pytest.skip("the space has no supernet that can be simplified")
        plain, own = (self._state(self.space.supernet(self.shape, simplify=simplify)) for simplify in (False, True))
        assert list(plain) == list(own), "a derived network is cut out by the names of its weights"
        assert all(torch.equal(plain[name], own[name]) for name in plain)

    def test_choices_are_those_of_the_list_and_of_the_neighbours(self) -> None:
        choices = getattr(self.space, "choices", None)
        if not isinstance(choices, IndexedSpace):
            pytest.skip("the space does not state its architectures as choices")
        assert len(choices) == len(self.space) == choices.operations**choices.edges
        listed = list(self.space) if isinstance(self.space, ListedSpace) else []
        place = {architecture: number for number, architecture in enumerate(listed)}
        strides = [choices.operations**edge for edge in range(choices.edges)]
        for architecture in self.few():
            own = place[architecture]
            nearby = {
                own + (other - own // stride % choices.operations) * stride
                for stride in strides
                for other in range(choices.operations)
            } - {own}
            assert {place[near] for near in self.space.neighbours(architecture)} == nearby

    @staticmethod
    def _state(network: nn.Module) -> dict[str, Tensor]:
        return {name: tensor.clone() for name, tensor in network.state_dict().items()}

    @staticmethod
    def _uneven(group: Group) -> Tensor:
        return torch.rand(group.shape, generator=torch.Generator().manual_seed(0))
