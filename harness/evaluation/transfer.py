"""Transfer: rank correlation of scores on the inputs of one data set with the accuracies on others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import Table
from harness.errors import ScoresError
from harness.evaluation.columns import table_facts
from harness.evaluation.matching import check_space, column_by_key, joined_scores, space_of
from harness.evaluation.ranking import correlate
from harness.evaluation.seeds import each_seed_alone
from harness.scoring.provenance import PROVENANCE
from harness.text.presented import Presented
from harness.versions import made_with

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Transfer(Presented):
    """Rank correlations of scores on the inputs of one data set with the accuracies on others.

    Attributes:
        frame: a row for each proxy, inputs and column: `proxy`, `inputs`, `column`, and the columns of `Ranking.frame`.
            Of a proxy only the architectures are used that have a score on all inputs on which it has scores, so that
            no difference comes from different samples. `params` and `flops`, which read no inputs, have a row for each
            of the inputs.
        left_out: sentences on the proxies, inputs and architectures that are in no row.
    """

    frame: pd.DataFrame
    left_out: tuple[str, ...]


def transfer(
    frames: Mapping[str, pd.DataFrame],
    table: Table,
    columns: Sequence[str],
    *,
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
    progress: bool = False,
) -> Transfer:
    """Transfer: rank correlations of scores on the inputs of one data set with accuracies on others.

    Args:
        frames: scores by the label of the inputs that they were made on; one or more. Each seed of a frame of several
            is a label of its own.
        table: the table of the columns.
        columns: names of the columns to rank by, such as the test accuracies on three data sets.
        resamples: bootstrap resamples of the architectures.
        confidence: confidence level of the intervals, 0 to 1.
        seed: seed of the resampling.
        progress: whether to draw a progress bar on standard error, one for each pair of inputs and column.

    Raises:
        ScoresError: no frame or no column, scores of another space than the table's or none in common, and what
            `harness.correlate` refuses.
        TableError: an unknown column.
        SpaceError: an architecture that is none of the space.
    """
    import pandas as pd

    frames = each_seed_alone(frames)
    if not frames or not columns:
        raise ScoresError("a transfer needs scores on the inputs of one data set or more, and a column or more")
    scores = _scores_for(frames, table)
    even = _even(scores)
    if even.empty:
        raise ScoresError(f"no proxy has a score for an architecture with all of its inputs: {', '.join(frames)}")
    parts = []
    for label in filter(set(even["setting"]).__contains__, frames):
        for column in columns:
            ranking = correlate(
                even[even["setting"] == label],
                table,
                column,
                resamples=resamples,
                confidence=confidence,
                seed=seed,
                progress=progress,
            )
            parts.append(ranking.frame.assign(inputs=label, column=column))
    every = pd.concat(parts, ignore_index=True)
    leading = ["proxy", "inputs", "column"]
    order = {name: place for place, name in enumerate(dict.fromkeys(every["proxy"]))}
    every = every.sort_values("proxy", key=lambda names: names.map(order), kind="stable", ignore_index=True)
    every = every[[*leading, *(name for name in every.columns if name not in leading)]]
    made = {label: frame.attrs.get(PROVENANCE) for label, frame in frames.items()}
    bootstrap = {"resamples": resamples, "confidence": confidence, "seed": seed}
    every.attrs = {PROVENANCE: made_with(scores=made, table=table_facts(table, *columns), bootstrap=bootstrap)}
    return Transfer(every, (*_proxies_left_out(frames, scores, even), *_architectures_left_out(even, table, columns)))


def _proxies_left_out(frames: Mapping[str, pd.DataFrame], scores: pd.DataFrame, even: pd.DataFrame) -> list[str]:
    """Sentences on the proxies of the frames that some of the inputs, or some architectures, are left out of.

    Args:
        frames: scores by the label of their inputs.
        scores: the scores that are numbers, of all inputs.
        even: those of them that are used.
    """
    said: dict[str, list[str]] = {}
    for name in dict.fromkeys(str(name) for frame in frames.values() for name in frame["proxy"]):
        own = scores[scores["proxy"] == name]
        missing = [label for label in frames if not (own["setting"] == label).any()]
        kept, there = even.loc[even["proxy"] == name, "architecture"].nunique(), own["architecture"].nunique()
        if own.empty:
            said.setdefault("Left out, without scores on any inputs", []).append(name)
            continue
        if missing:
            said.setdefault(f"Without scores on {', '.join(missing)}", []).append(name)
        if not kept:
            said.setdefault("Left out, without an architecture that has a score on all of its inputs", []).append(name)
        elif kept < there:
            many = f"Left out, {there - kept:,} of {there:,} architectures that lack a score on some of its inputs"
            said.setdefault(many, []).append(name)
    return [f"{reason}: {', '.join(names)}." for reason, names in said.items()]


def _architectures_left_out(even: pd.DataFrame, table: Table, columns: Sequence[str]) -> list[str]:
    """A sentence for each column that lacks some of the scored architectures."""
    scored = set(even["architecture"])
    lacking = {column: len(scored.difference(column_by_key(table, column).values)) for column in columns}
    return [
        f"Left out, {count:,} of {len(scored):,} scored architectures without {column}."
        for column, count in lacking.items()
        if count
    ]


def _scores_for(frames: Mapping[str, pd.DataFrame], table: Table) -> pd.DataFrame:
    space = space_of(table)
    for label, frame in frames.items():
        check_space(frame, f"the setting {label}", space.name, f"table {table.facts.name}")
    return joined_scores(frames, space, least=1)


def _even(scores: pd.DataFrame) -> pd.DataFrame:
    """The rows of architectures that have a score on all inputs on which their proxy has scores."""
    of_proxy = scores.groupby("proxy")["setting"].transform("nunique")
    of_architecture = scores.groupby(["proxy", "architecture"])["setting"].transform("nunique")
    return scores[of_proxy == of_architecture]
