"""The exact part: posteriors and drawn sets on the table, where every cell's likelihood is known.

The log likelihood of a cell of validation accuracy a is −c (1 − a). The true posterior p*(A) ∝ exp(−c (1 − a)) is
known, and with it KL(p_α ‖ p*) of every factorised p_α: by it the evidence lower bound falls short of the log evidence.

Legend: ℓ losses of all cells [O, ..., O]; p probabilities [E, O] of a factorised posterior; c images; n members.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from harness.evaluation.columns import SPACE
from harness.evaluation.searches.fidelities import VALIDATION
from harness.evaluation.searches.table_losses import table_losses
from harness.search import run_search
from harness.search.gradient.nesbs.draws import Draw, drawn_sets
from harness.search.gradient.nesbs.posterior import most_likely
from harness.search.gradient.table_supernet import expected
from harness.setting import derived_seed
from harness.spaces import open_space
from harness.spaces.listed import all_architectures
from harness.spaces.nasbench201.cell import OPERATIONS
from harness.spaces.nasbench201.derivation import GROUPS
from harness.spaces.space import searchable
from harness.stats.mean import student_interval
from harness.studies.searches.pool import setting_of

if TYPE_CHECKING:
    from harness.evaluation import Table
    from harness.search import SearchSetting
    from harness.search.query.indexed import CellArray, FloatArray

METHOD, GROUP = "nesbs", "cell"
JUDGED = "cifar10_test_200ep_pct"
COORDINATES, SEARCH = "coordinates", "search"
MC, SVGD, TOP, RANDOM = "mc", "svgd", "top", "random"
SWEEPS = 10


class Sizes(NamedTuple):
    """Sizes of the exact part.

    Attributes:
        sets: drawn sets of each arm.
        seeds: searches on the table supernet.
        diversities: δ of SVGD.
        stds: σ of SVGD: that of bq-nes, and smaller ones, in which architectures are apart.
        members: n.
    """

    sets: int = 200
    seeds: int = 5
    diversities: tuple[float, ...] = (-1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 1.5)
    stds: tuple[float, ...] = (5.0, 1.0, 0.5)
    members: tuple[int, ...] = (3, 5)


QUICK = Sizes(4, 1, (-0.5, 0.0, 1.0), (5.0,), (3,))


def table_search(quick: bool = False) -> SearchSetting:
    """The setting of the searches on the table supernet, which need no epochs for weights."""
    return setting_of(METHOD, SPACE, epochs=3 if quick else 40, alpha_warm_up=0, alpha_lr=0.05)


def log_evidence(losses: Tensor, likelihood: float) -> float:
    """Log Σ_A exp(−c ℓ_A), of which the factorised posteriors' bound falls short by their divergence."""
    return float((-likelihood * losses).flatten().logsumexp(dim=0))


def divergence(probabilities: Tensor, losses: Tensor, likelihood: float) -> float:
    """KL(p ‖ p*) of a factorised posterior [E, O] from the true one, p* ∝ exp(−c ℓ), in nats."""
    negative_entropy = float(torch.xlogy(probabilities, probabilities).sum())
    return negative_entropy + likelihood * float(expected(losses, probabilities)) + log_evidence(losses, likelihood)


def coordinate_ascent(losses: Tensor, likelihood: float, sweeps: int = SWEEPS) -> Iterator[Tensor]:
    """Factorised posteriors [E, O] from the uniform one: each is the best on one edge while the others stay.

    The best is p_e(o) ∝ exp(−c E[ℓ | o on edge e]) (mean field; Bishop 2006, equation 10.9), so that no step raises the
    divergence. The last has come to rest.
    """
    edges, operations = losses.ndim, losses.shape[0]
    probabilities = torch.full((edges, operations), 1 / operations, dtype=torch.float64, device="cpu")
    yield probabilities.clone()
    for _ in range(sweeps):
        for edge in range(edges):
            others = torch.cat([probabilities[:edge], probabilities[edge + 1 :]])
            probabilities[edge] = (-likelihood * expected(losses.movedim(edge, -1), others)).softmax(dim=0)
            yield probabilities.clone()


def posterior_frame(table: Table, sizes: Sizes, seed: int, *, quick: bool = False) -> pd.DataFrame:
    """Divergence from the true posterior, step by step and epoch by epoch.

    Returns:
        `how` (`coordinates`, or `search`: NESBS on the table supernet), `seed`, `step` (updates of an edge, or epochs),
        `divergence_nats` and `expected_accuracy_pct` (test).
    """
    losses, accuracies = table_losses(VALIDATION, table), accuracy_cube(table)
    setting = table_search(quick)
    rows: list[dict[str, Any]] = []

    def add(how: str, number: int, step: int, probabilities: Tensor) -> None:
        value = divergence(probabilities, losses.losses, setting.likelihood)
        mean = float(expected(torch.from_numpy(accuracies), probabilities))
        rows.append({"how": how, "seed": number, "step": step, "divergence_nats": value, "expected_accuracy_pct": mean})

    for step, probabilities in enumerate(coordinate_ascent(losses.losses, setting.likelihood)):
        add(COORDINATES, seed, step, probabilities)
    for number in range(seed, seed + sizes.seeds):
        log = run_search(open_space(SPACE), METHOD, setting, data=losses, seed=number).log
        for row in log.to_dict("records"):
            weights = torch.tensor(json.loads(str(row["operation_weights"]))[GROUP], dtype=torch.float64)
            add(SEARCH, number, int(row["epoch"]), weights / weights.sum(dim=1, keepdim=True))
    return pd.DataFrame(rows)


def sweep_frame(table: Table, sizes: Sizes, seed: int) -> pd.DataFrame:
    """Diversity and quality of sets that are drawn from the factorised posterior, for each way to draw.

    Returns:
        `arm` (`svgd`, `mc`, `top`: the n most probable cells, `random`), `members`, `std`, `diversity` (NaN where there
        is none), `sets`, and means over the sets with the ends of their 95 % intervals (Student): `hamming` (mean
        number of edges on which two members differ), `accuracy_pct` (mean tabulated test accuracy of the members),
        `best_pct` (of the best member), `distinct` (number of different members).
    """
    likelihood = table_search().likelihood
    *_, probabilities = coordinate_ascent(table_losses(VALIDATION, table).losses, likelihood)
    cube, rows = accuracy_cube(table), []
    for arm, draw in _arms(sizes):
        if arm == TOP:
            found = np.array([most_likely(draw.members, probabilities)])
        else:
            weights = torch.full_like(probabilities, 1 / len(OPERATIONS)) if arm == RANDOM else probabilities
            found = operations_drawn(weights, draw, sizes.sets, derived_seed(seed, "nesbs", arm, str(draw)))
        known = {"arm": arm, "members": draw.members}
        known |= {"std": draw.std, "diversity": draw.diversity} if arm == SVGD else {"std": np.nan, "diversity": np.nan}
        rows.append({**known, "sets": len(found), **_summary(set_values(found, cube))})
    return pd.DataFrame(rows)


def operations_drawn(probabilities: Tensor, draw: Draw, sets: int, seed: int) -> CellArray:
    """Operations of drawn sets, [T, n, E]."""
    kept = {GROUP: torch.ones_like(probabilities, dtype=torch.bool)}
    generator = torch.Generator().manual_seed(seed)
    found = drawn_sets(searchable(open_space(SPACE)), {GROUP: probabilities}, GROUPS, kept, draw, sets, generator)
    return np.array([[_indices(member.architecture) for member in one] for one in found])


def set_values(found: CellArray, cube: FloatArray) -> dict[str, FloatArray]:
    """Of each set [n, E] of operations its diversity and its tabulated accuracies, [T] by name."""
    accuracies = cube[tuple(np.moveaxis(found, -1, 0))]  # [T, n]
    pairs = [(found[:, one] != found[:, other]).sum(axis=1) for one, other in combinations(range(found.shape[1]), 2)]
    distinct = np.array([len({tuple(member) for member in one}) for one in found.tolist()])
    return {
        "hamming": np.mean(pairs, axis=0), "accuracy_pct": accuracies.mean(axis=1), "best_pct": accuracies.max(axis=1),
        "distinct": distinct.astype(np.float64),
    }  # fmt: skip


def accuracy_cube(table: Table) -> FloatArray:
    """Tabulated test accuracies of all cells, an axis of operations for each edge."""
    space = open_space(SPACE)
    values = table.values([space.key(cell) for cell in all_architectures(space)], JUDGED)
    return values.reshape((len(OPERATIONS),) * len(GROUPS[GROUP].edges)).copy()


def _arms(sizes: Sizes) -> Iterator[tuple[str, Draw]]:
    for members in sizes.members:
        for arm in (TOP, MC, RANDOM):
            yield arm, Draw(members, MC)
        for std in sizes.stds:
            for diversity in sizes.diversities:
                yield SVGD, Draw(members, SVGD, diversity, std)


def _summary(values: Mapping[str, FloatArray]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, each in values.items():
        mean = student_interval(each.tolist())
        found |= {name: mean.mean, f"{name}_low": mean.low, f"{name}_high": mean.high}
    return found


def _indices(architecture: Any) -> Sequence[int]:
    return [OPERATIONS.index(operation) for operation in architecture.operations]
