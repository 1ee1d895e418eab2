"""The real part's searches, and the sets of cells that are trained: drawn by NESBS, or what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from harness.evaluation.columns import SPACE
from harness.search.gradient.checkpoint import CHECKPOINT, read_checkpoint
from harness.search.gradient.data import Images, read_images
from harness.search.gradient.nesbs.draws import Draw, best_set, drawn_sets
from harness.search.gradient.nesbs.posterior import most_likely, posterior
from harness.search.gradient.state import resumed_state
from harness.search.gradient.task import search_task
from harness.setting import derived_seed
from harness.spaces import open_space
from harness.spaces.nasbench201.cell import OPERATIONS, Cell
from harness.studies.searches.held_out import training_and_test, without_test
from harness.studies.searches.nesbs.exact import GROUP, MC, METHOD, RANDOM, SVGD, TOP
from harness.studies.searches.pool import data_of, setting_of
from harness.studies.searches.runs import Run
from harness.training.setting import TrainingSetting

if TYPE_CHECKING:
    from harness.studies.options import StudyOptions

DEEP = "deep"
"""A deep ensemble: the most probable cell, trained from several seeds (Lakshminarayanan et al. 2017)."""
ARMS = (MC, SVGD, TOP, RANDOM, DEEP)
DIVERSITY, STD = 0.5, 1.0
"""δ and σ of the drawn sets, by the sweep on the table; our choice."""
_CANDIDATES = 512
"""Validation images on which drawn sets are compared on the supernet, at most."""


class Sizes(NamedTuple):
    """Sizes of the real part: those of the preset, or in small.

    Attributes:
        search: changes to the preset of the search, which also says how many images there are and their side.
        training: setting of the members' trainings.
        members: numbers of members n.
        seeds: repetitions, each with a search of its own.
    """

    search: Mapping[str, Any]
    training: TrainingSetting
    members: tuple[int, ...]
    seeds: int


FULL = Sizes({"width": 8}, TrainingSetting(epochs=20, width=8, depth=1), (3, 5), 3)
QUICK = Sizes(
    {"epochs": 4, "alpha_warm_up": 2, "steps_per_epoch": 3, "batch_size": 16, "images": 64, "width": 4,
     "image_size": 8},
    TrainingSetting(epochs=2, batch_size=16, width=4, depth=1), (2,), 1,
)  # fmt: skip


class Trial(NamedTuple):
    """One training: a cell and a seed.

    Attributes:
        cell: the cell's text.
        seed: seed of the training.
    """

    cell: str
    seed: int

    @property
    def folder(self) -> str:
        """Name of its folder: the places of the operations in `OPERATIONS`, and the seed."""
        operations = open_space(SPACE).parse(self.cell).operations  # type: ignore[attr-defined]
        return f"{''.join(str(OPERATIONS.index(one)) for one in operations)}_{self.seed}"


def sizes_of(options: StudyOptions) -> Sizes:
    """The sizes of the real part under the study's options."""
    chosen = QUICK if options.quick else FULL
    return chosen._replace(seeds=options.runs or chosen.seeds)


def runs_of_study(options: StudyOptions) -> list[Run]:
    """The searches on images, one for each repetition."""
    sizes, data = sizes_of(options), without_test(data_of(METHOD, options.data))
    setting = setting_of(METHOD, SPACE, **sizes.search)
    return [
        Run(METHOD, setting, data, seed, SPACE, f"images/seed_{seed}")
        for seed in range(options.seed, options.seed + sizes.seeds)
    ]


def images_of(run: Run) -> tuple[Images, Images]:
    """Training images of the members, the same in all repetitions, and test images that no search sees."""
    return training_and_test(run.data, run.setting, 0)


def sets_of(run: Run, folder: Path, members: Sequence[int]) -> dict[tuple[str, int], tuple[Trial, ...]]:
    """The trainings of every arm and number of members of a repetition, from its finished search.

    Monte Carlo and SVGD draw as many sets each, of which the best on the supernet is taken, on at most 512 validation
    images. A cell that is several times in a set is trained from several seeds.

    Args:
        run: the search.
        folder: folder of its checkpoint.
        members: numbers of members.
    """
    space = open_space(SPACE)
    data = read_images(run.data, run.setting, run.seed, at_most=True)
    task = search_task(
        space, run.method, run.setting, preset="laptop", data=data, seed=run.seed, device="cpu", autocast=False
    )
    state = resumed_state(task, read_checkpoint(folder / CHECKPOINT))
    batch = task.split.batch(task.split.validation[:_CANDIDATES])
    step = state.step(task, 0, batch, batch)
    probabilities = {name: table.detach() for name, table in posterior(state.parameters, step.moment).weights.items()}
    likely = [_cell(operations) for operations in most_likely(max(members), probabilities[GROUP])]
    random = [str(cell) for cell in space.sample(max(members), seed=derived_seed(run.seed, "nesbs", RANDOM))]
    found: dict[tuple[str, int], tuple[Trial, ...]] = {}
    for count in members:
        texts = {TOP: likely[:count], RANDOM: random[:count], DEEP: likely[:1] * count}
        for rule in (MC, SVGD):
            generator = torch.Generator().manual_seed(derived_seed(run.seed, "nesbs", rule, str(count)))
            draw = Draw(count, rule, DIVERSITY, STD)
            sets = drawn_sets(
                task.space, probabilities, state.supernet.groups, state.kept, draw, run.setting.sets, generator
            )
            texts[rule] = [str(member.architecture) for member in best_set(step, sets)]
        found |= {(arm, count): trials(texts[arm], run.seed) for arm in ARMS}
    return found


def trials(cells: Sequence[str], seed: int) -> tuple[Trial, ...]:
    """The trainings of a set of cells, each with weights, order and augmentation of its own.

    The seed of a training follows from the repetition, the cell and how often the cell came before in the set, so that
    members are independent of each other whatever their cells are, and sets that share a cell share its training.
    """
    return tuple(
        Trial(cell, derived_seed(seed, "nesbs", "member", cell, str(cells[:place].count(cell))))
        for place, cell in enumerate(cells)
    )


def _cell(operations: Sequence[int]) -> str:
    return str(Cell(tuple(OPERATIONS[place] for place in operations)))
