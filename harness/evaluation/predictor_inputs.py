"""What predictors of a tabulated column may know of the architectures of its table.

Legend: C architectures, E choices of each, M scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from harness.errors import ScoresError, SearchError
from harness.evaluation.searches.proxy_scores import scores_in_order, sizes_of
from harness.spaces.listed import all_architectures
from harness.spaces.searches import EncodedSpace, SequenceSpace

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks import Table
    from harness.prediction.encoding import Shapes
    from harness.search.query.indexed import CellArray, FloatArray
    from harness.spaces.searches import IndexedSpace
    from harness.spaces.space import Architecture, Space


class Codes(NamedTuple):
    """Architectures as rows of numbers.

    Attributes:
        rows: the encodings, [C, D].
        shapes: (E, O) of each group of the encoding.
    """

    rows: FloatArray
    shapes: Shapes


@dataclass(frozen=True, eq=False)
class Inputs:
    """What predictors may know of C architectures.

    Attributes:
        space: the choices that an architecture is made of.
        choices: number of the option of each choice, [C, E].
        scores: training-free scores, [C, M], finite where they are used.
        tables: their tables of operation weights, of a space that has them; None for the choices as one-hot rows.
    """

    space: IndexedSpace
    choices: CellArray
    scores: FloatArray
    tables: Codes | None = None

    @cached_property
    def codes(self) -> Codes:
        """The encodings that linear models and perceptrons read."""
        if self.tables is not None:
            return self.tables
        from harness.prediction.encoding import one_hots

        return Codes(one_hots(self.choices, self.space.operations), ((self.space.edges, self.space.operations),))

    @cached_property
    def features(self) -> npt.NDArray[np.float32]:
        """GRAF's features of all architectures, [C, F]."""
        from harness.prediction.graf import graf_features

        return graf_features(self.space, self.choices)


class Known(NamedTuple):
    """The architectures of a table, without its values.

    Attributes:
        keys: their keys, [C].
        architectures: the architectures, [C].
        graphs: a number for each, the same for those that are the same graph, [C].
        space: the choices that each is made of.
        choices: number of the option of each choice, [C, E].
        left_out: number of architectures of the table that no sequence stands for.
    """

    keys: Sequence[str]
    architectures: Sequence[Architecture]
    graphs: npt.NDArray[np.int64]
    space: IndexedSpace
    choices: CellArray
    left_out: int = 0


def known_architectures(space: Space, table: Table) -> Known:
    """All architectures of a space that can be listed; else those of a table, each network once.

    Raises:
        SearchError: a space that states its architectures neither as choices nor as sequences.
    """
    sequences = getattr(space, "sequences", None)
    if isinstance(sequences, SequenceSpace):
        return _of_table(space, sequences, table)
    return _listed(space)


def predictor_inputs(known: Known, space: Space, scores: pd.DataFrame | None) -> tuple[Inputs, list[str]]:
    """Inputs of the predictors, and the names of the scores.

    Args:
        known: the architectures.
        space: their space.
        scores: scores as `harness.run` returns them; None for the parameters and multiply-adds of each architecture.

    Raises:
        ScoresError: scores without a value of an architecture.
    """
    found: Mapping[str, Sequence[float] | FloatArray] = (
        sizes_of(space, known.architectures) if scores is None else scores_in_order(scores, space, known.keys)
    )
    if not found:
        raise ScoresError("the scores have no value of a cell: a predictor has nothing to read")
    columns = np.stack([np.asarray(values, dtype=np.float64) for values in found.values()], axis=1)
    return Inputs(known.space, known.choices, columns, _tables(space, known.architectures)), list(found)


@cache
def _listed(space: Space) -> Known:
    from harness.search.query.indexed import choices_of, indexed

    choices = indexed(space)
    architectures = all_architectures(space)
    keys = [space.key(each) for each in architectures]
    cells: CellArray = np.arange(len(choices))
    if isinstance(encoded := getattr(space, "encoded", None), EncodedSpace):
        first = {key: cell for cell, key in reversed(list(enumerate(encoded.keys())))}
        cells = np.array([first[key] for key in keys])
    return Known(keys, architectures, _graphs(space, architectures), choices, choices_of(choices, cells))


def _of_table(space: Space, sequences: SequenceSpace, table: Table) -> Known:
    by_key: dict[str, Architecture] = {}
    for text in table.keys:
        architecture = space.parse(text)
        by_key.setdefault(space.key(architecture), space.canonical(architecture))
    tokens = {key: sequences.tokens(each) for key, each in by_key.items()}
    kept = {key: each for key, each in by_key.items() if tokens[key] is not None}
    if not kept:
        raise SearchError(f"no architecture of {table.facts.name} has a sequence of choices")
    choices = np.array([tokens[key] for key in kept], dtype=np.int64)
    architectures = list(kept.values())
    left_out = len(tokens) - len(kept)
    return Known(list(kept), architectures, _graphs(space, architectures), sequences.choices, choices, left_out)


def _graphs(space: Space, architectures: Sequence[Architecture]) -> npt.NDArray[np.int64]:
    numbers: dict[str, int] = {}
    names = (space.key(space.canonical(each)) for each in architectures)
    return np.array([numbers.setdefault(name, len(numbers)) for name in names])


def _tables(space: Space, architectures: Sequence[Architecture]) -> Codes | None:
    if not hasattr(space, "discrete_weights"):
        return None
    from harness.evaluation.searches.encodings import encoded_tables

    return Codes(*encoded_tables(space, architectures))
