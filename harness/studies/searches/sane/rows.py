"""The work of the study of SANE on one graph, and the rows of its table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.studies.searches.sane.designs import Sizes, drawn_settings, human_designs
from harness.studies.searches.sane.kept import Trainings
from harness.studies.searches.sane.searched import CODE, OURS, Searched, search, settings
from harness.studies.searches.sane.summary import ALL, BEST, FOUND, RANDOM, TUNED, Group
from harness.training.nodes import NodeAccuracy, NodeTraining

if TYPE_CHECKING:
    from harness.spaces.sane import Sane
    from harness.studies.options import StudyOptions

MEANS = ("graph", "kind", "architecture", "validation_pct", "test_pct")
"""Columns of the mean accuracies of architectures that are trained under all seeds."""
_TUNED_SEEDS = 1000
"""First seed of the trainings of a tuned architecture, which chose no setting."""


class OfGraph:
    """The searches and trainings of one graph, in the order in which they are made.

    Attributes:
        searches: the searches that are over.
        genotypes: mean accuracies of the random and the searched architectures that are trained under all seeds.
        over: whether nothing is still to come.
    """

    def __init__(self, space: Sane, trainings: Trainings[NodeTraining], sizes: Sizes, options: StudyOptions) -> None:
        self.space, self.trainings, self.sizes, self.options = space, trainings, sizes, options
        self.graph = trainings.graph
        self.searches: list[Searched] = []
        self.genotypes: list[dict[str, Any]] = []
        self.over = True

    def human(self) -> list[Group]:
        """The rows of the human designs."""
        found = [
            self._group("human", name, text, self._plain(text))
            for name, text in human_designs(self.sizes.human).items()
        ]
        return [group for group in found if group.accuracies]

    def search(self) -> None:
        """Run the searches: one by the setting of the authors' code, and ours."""
        named = settings(self.sizes)
        for name, count in ((CODE, 1), (OURS, self.sizes.searches)):
            for seed in range(count):
                found = search(
                    self.space, self.graph, name, named[name], self.options.seed + seed, self.options.out / "searches",
                    finished=self.options.finished,
                )  # fmt: skip
                if found is None:
                    self.over = False
                    continue
                self.searches.append(found)
                derived = found.architecture or "nothing was derived"
                self.options.say(f"{self.graph.name}: search {seed}, {name}: {derived}")

    def searched(self) -> list[Group]:
        """The rows of the random and of the searched architectures, and of the best of each, tuned."""
        drawn = [str(each) for each in self.space.sample(self.sizes.searches, self.options.seed)]
        found = [each.architecture for each in self.searches if each.setting == OURS and each.architecture]
        return [group for kind, texts in ((RANDOM, drawn), (FOUND, found)) for group in self._kind(kind, texts)]

    def _kind(self, kind: str, texts: Sequence[str]) -> list[Group]:
        every = {text: self._plain(text) for text in texts}
        whole = {text: found for text, found in every.items() if len(found) == self.sizes.seeds}
        means: list[dict[str, Any]] = [
            {"graph": self.graph.name, "kind": kind, "architecture": text, **_means(found)}
            for text, found in whole.items()
        ]
        self.genotypes += means
        together = [each for found in every.values() for each in found]
        groups = [self._group(kind, ALL, "", together)] if together else []
        if not self.over or not means:  # which is the best is not known yet
            return groups
        best = str(max(means, key=lambda mean: float(mean["validation_pct"]))["architecture"])
        return [*groups, self._group(kind, BEST, best, every[best]), *self._tuned(kind, best)]

    def _tuned(self, kind: str, text: str) -> list[Group]:
        """The row of an architecture in the best of the drawn settings; none while trainings are to come."""
        drawn = drawn_settings(self.sizes, f"{self.graph.name} {kind}", self.options.seed)
        tried = {setting: self.trainings.of(text, setting, 0) for setting in drawn}
        known = {setting: found.validation_pct for setting, found in tried.items() if found is not None}
        if len(known) < len(tried):
            self.over = False
            return []
        best = max(known, key=lambda setting: known[setting])
        found = self._checked(self.trainings.seeds(text, best, self.sizes.seeds, _TUNED_SEEDS))
        return [self._group(kind, TUNED, text, found)] if found else []

    def _plain(self, text: str) -> list[NodeAccuracy]:
        """The trainings of an architecture that is not tuned."""
        return self._checked(self.trainings.seeds(text, self.sizes.training, self.sizes.seeds))

    def _checked(self, found: list[NodeAccuracy]) -> list[NodeAccuracy]:
        self.over = self.over and len(found) == self.sizes.seeds
        return found

    def _group(self, kind: str, name: str, text: str, found: Sequence[NodeAccuracy]) -> Group:
        return Group(self.graph.name, kind, name, text, found)


def _means(found: Sequence[NodeAccuracy]) -> dict[str, float]:
    """Mean accuracies on the validation and on the test nodes."""
    return {name: sum(getattr(each, name) for each in found) / len(found) for name in ("validation_pct", "test_pct")}
