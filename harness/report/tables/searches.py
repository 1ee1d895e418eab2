"""Searches: what each found, and what a paper prints of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness.errors import ScoresError
from harness.evaluation.columns import FOR_THE_RECORD, PREDICTED, dataset_title, unit_in_name
from harness.evaluation.searches.table_searches import TableSearches
from harness.report.cells import best_printed, difference_in_brackets, number, plus_minus
from harness.report.tables.sheet import Cell, Heading, Sheet, latex_of

if TYPE_CHECKING:
    from harness.search import SearchResult, SearchSeeds

_MEAN, _PUBLISHED = "_mean", "published_"
_OURS = "ours"
_SEARCH = Heading("search", "left")
_PAPERS_PRESET = "paper"
_SEARCHES = (
    "Test accuracy (%) of the cell that each search chose, mean ± standard deviation over its runs. Seconds: of the "
    "trainings that a run paid for; queries: of the table, in a run; both means over the runs."
)
OTHER_PRESET = "†"
"""Behind the difference from a published mean: ours ran with another preset than the paper's."""
FEWEST_RUNS = 10
"""Fewest runs of ours whose interval says anything of a published mean outside it."""


def searches_sheet(searches: TableSearches) -> Sheet:
    """Mean ± standard deviation over the runs of each search, if several; a published row is set in below its search.

    Args:
        searches: what searches found in a table, from `harness.table_searches`.
    """
    names = _accuracies(searches.frame)
    rows: list[list[Cell | str]] = []
    for row in searches.frame.to_dict("records"):
        spent = (number(float(row["seconds"]), 0), number(float(row["queries"]), 1))
        rows.append([str(row["search"]), *(_accuracy(row, name) for name in names), *spent])
        if row["published"]:
            published = (_accuracy(row, f"{_PUBLISHED}{name}") for name in names)
            seconds = number(float(row["published_seconds"]), 0)
            rows.append([f"  {row['published']}, published", *published, seconds, ""])
    known = searches.frame[searches.frame["published"] != ""].groupby("published_source", sort=False)["published"]
    sources = [f"published by {source}: {', '.join(labels)}" for source, labels in known]
    return Sheet.of(
        "",
        [_SEARCH, *map(dataset_title, names), "seconds", "queries"],
        rows,
        grouped=True,
        notes=("\n".join(sources),) if sources else (),
        caption=latex_of(" ".join([_SEARCHES, *(f"P{source[1:]}." for source in sources)])),
    )


def epochs_sheet(result: SearchResult) -> Sheet:
    """The epochs of a search by gradients: losses, entropy, skip connections and the choice after each."""
    shown = {
        "training_loss": ("training\nloss", 3), "validation_loss": ("validation\nloss", 3),
        "entropy_nats": ("entropy\n(nats)", 3), "skip_connections": ("skip\nconnections", 0), "seconds": ("seconds", 1),
    }  # fmt: skip
    rows = [
        [
            number(float(row["epoch"]), 0),
            *(number(float(row[name]), decimals) for name, (_, decimals) in shown.items()),
            str(row["architecture"]),
        ]
        for row in result.log.to_dict("records")
    ]
    headings = [
        Heading("epoch"),
        *(Heading(text, name=name) for name, (text, _) in shown.items()),
        Heading("choice", "left"),
    ]
    return Sheet.of(
        f"The search chose {result.architecture}", headings, rows, gives_way=("choice", "seconds", "entropy\n(nats)")
    )


def seeds_sheet(found: SearchSeeds) -> Sheet:
    """What each seed's search chose, with its accuracies, and the mean ± standard deviation (n − 1) over the seeds.

    Of a latency that the searches descended the prediction stands beside the tabulated value.
    """
    frame = found.frame
    columns = [str(name).removesuffix(FOR_THE_RECORD) for name in frame.columns if str(name).endswith(FOR_THE_RECORD)]
    predicted = [name for name in columns if f"{name}{PREDICTED}" in frame]
    judged = [name for name in columns if name not in predicted]
    shown = {f"{name}{FOR_THE_RECORD}": (dataset_title(name), 2) for name in judged}
    for name in predicted:
        unit = unit_in_name(name)
        shown |= {
            f"{name}{PREDICTED}": (f"predicted\n({unit})", 3),
            f"{name}{FOR_THE_RECORD}": (f"tabulated\n({unit})", 3),
        }
    shown |= {
        "validation_loss": ("validation\nloss", 3), "entropy_nats": ("entropy\n(nats)", 3),
        "skip_connections": ("skip\nconnections", 1), "seconds": ("seconds", 1),
    }  # fmt: skip
    rows: list[list[Cell | str]] = [
        [
            str(row["seed"]),
            *(number(float(row[name]), decimals) for name, (_, decimals) in shown.items()),
            str(row["architecture"]),
        ]
        for row in frame.to_dict("records")
    ]
    if len(frame) > 1:
        over = [_mean_and_deviation(frame[name], decimals) for name, (_, decimals) in shown.items()]
        rows.append([f"all {len(frame)}", *over, ""])
    return Sheet.of(
        f"{found.method}, {len(frame)} of {len(frame) + len(found.failed)} searches ended",
        [
            Heading("seed", "left"),
            *(Heading(text, name=name) for name, (text, _) in shown.items()),
            Heading("choice", "left"),
        ],
        rows,
        caption=_seeds_caption(found, judged, predicted),
        notes=(*_of_latencies(predicted), *(f"seed {seed} failed: {reason}" for seed, reason in found.failed.items())),
        gives_way=("choice", "seconds", "entropy\n(nats)"),
    )


def _seeds_caption(found: SearchSeeds, judged: Sequence[str], predicted: Sequence[str]) -> str:
    """Caption of the LaTeX table of several seeds."""
    by_quantity: dict[str, list[str]] = {}
    for name in judged:
        unit = unit_in_name(name)
        quantity = "accuracy (%)" if unit == "%" else f"value ({unit})" if unit else "value"
        by_quantity.setdefault(quantity, []).append(dataset_title(name))
    said = [
        f"What {found.method} chose under each seed; below, mean ± standard deviation (n − 1) over the seeds.",
        *(f"{', '.join(names)}: tabulated {quantity}, which no search saw." for quantity, names in by_quantity.items()),
        *(f"{note[:1].upper()}{note[1:]}." for note in _of_latencies(predicted)),
        *(f"Seed {seed} failed: {reason}." for seed, reason in found.failed.items()),
    ]
    return latex_of(" ".join(said))


def _of_latencies(predicted: Sequence[str]) -> list[str]:
    """What the two columns of a latency are, in words."""
    return [f"predicted and tabulated: {name}; the searches saw the prediction alone" for name in predicted]


def _mean_and_deviation(values: pd.Series, decimals: int) -> Cell:
    """Mean and standard deviation of all values; a dash where one of them is not known."""
    mean = float(values.mean(skipna=False))
    rest = "" if math.isnan(mean) else plus_minus(float(values.std(ddof=1)), decimals)
    return Cell(number(mean, decimals), rest=rest)


def search_rows_sheet(frame: pd.DataFrame) -> Sheet:
    """A paper's table of searches: our rows, and the printed ones set in below.

    Args:
        frame: `whose` (`ours` or `published`), `label`, `source`, `runs`, for each accuracy `…_mean` and `…_std` (per
            cent), `seconds`; of a search by gradients `preset`, `steps`, `images` and `cpu_hours`; NaN where there is
            nothing. A published row belongs to the row of ours above it. Where it
            has `…_difference` that is shown in brackets: with a dagger where our row has a `preset` other than the
            paper's, else with a star where `…_inside` is false and our row has at least `FEWEST_RUNS` runs.

    Raises:
        ScoresError: an empty frame, or one without an accuracy.
    """
    names = _accuracies(frame)
    run = frame[(frame["whose"] == _OURS) & (frame["runs"] > 0)]
    best = {name: best_printed(run[f"{name}{_MEAN}"]) for name in names}
    rows: list[list[Cell | str]] = []
    ours: Mapping[Any, Any] = {}
    for row in frame.to_dict("records"):
        source, seconds = str(row["source"]), number(float(row["seconds"]), 0)
        if row["whose"] == _OURS:
            ours, label, runs = row, Cell(str(row["label"])), number(float(row["runs"]), 0)
        else:
            label, runs = Cell(f"  {row['label']}, published", latex=latex_of(source)), ""
        may_be_best = row["whose"] == _OURS and row["runs"] > 0
        accuracies = (_accuracy(row, name, best[name] if may_be_best else None, ours) for name in names)
        rows.append([label, runs, *_compute(row), *accuracies, seconds, source])
    headings: list[Heading | str] = [_SEARCH, "runs", Heading("preset", "left"), "steps", "images", "CPU hours"]
    headings += [*map(dataset_title, names), "seconds", Heading("from", "left")]
    return Sheet.of("", headings, rows, grouped=True, gives_way=("from", "images", "seconds"))


def _compute(row: Mapping[Any, Any]) -> tuple[str, str, str, str]:
    """Preset, steps, images and CPU hours of a search of ours by gradients; empty for other rows."""
    if not isinstance(row.get("preset"), str):
        return "", "", "", ""
    steps, images, hours = (float(row.get(name, math.nan)) for name in ("steps", "images", "cpu_hours"))
    return row["preset"], number(steps, 0), number(images, 0), number(hours, 2)


def _accuracy(
    row: Mapping[Any, Any], name: str, best: str | None = None, ours: Mapping[Any, Any] | None = None
) -> Cell:
    """Mean and standard deviation over the runs, the mean alone, or a dash; behind a published one how ours differs."""
    mean, deviation = (float(row[f"{name}{end}"]) for end in (_MEAN, "_std"))
    behind = "" if math.isnan(mean) else plus_minus(deviation, 2)
    differs = _difference(row, name, ours or {})
    text = number(mean, 2)
    return Cell(text, rest=behind + differs, best=text == best)


def _difference(published: Mapping[Any, Any], name: str, ours: Mapping[Any, Any]) -> str:
    """How much a row of ours is above a published one, in brackets, and the mark behind it; empty where not known."""
    difference = float(published.get(f"{name}_difference", math.nan))
    if math.isnan(difference):
        return ""
    preset = ours.get("preset")
    if isinstance(preset, str) and preset != _PAPERS_PRESET:
        return difference_in_brackets(difference, None) + OTHER_PRESET
    enough = ours.get("runs", math.nan) >= FEWEST_RUNS
    return difference_in_brackets(difference, published.get(f"{name}_inside") if enough else None)


def _accuracies(frame: pd.DataFrame) -> list[str]:
    """What stands before `_mean` in the columns, but for a paper's; ScoresError where there is nothing to show."""
    found = [str(name).removesuffix(_MEAN) for name in frame.columns if str(name).endswith(_MEAN)]
    found = [name for name in found if not name.startswith(_PUBLISHED)]
    if frame.empty or not found:
        raise ScoresError("there are no searches to show: the frame needs rows and an accuracy, a column …_mean")
    return found
