"""The steps of the study: those that are given, those that its folder holds, or those of its own searches."""

from __future__ import annotations

from harness.errors import SearchError
from harness.evaluation.columns import SPACE
from harness.search import SearchSetting, find_method
from harness.search.gradient.nasi_bound import TRACES
from harness.studies.options import StudyOptions
from harness.studies.searches.nasi.steps import GRADIENTS, STEPS_FILE, WEIGHTS, Steps, merged, read_steps
from harness.studies.searches.pool import search_all
from harness.studies.searches.runs import Run

METHOD, EPOCHS, SEARCHES = "nasi-ada", 40, 5
_QUICK = {"epochs": 2, "steps_per_epoch": 4, "width": 4, "depth": 1, "batch_size": 8, "image_size": 8}


def searches_setting(*, quick: bool) -> SearchSetting:
    """The setting of the searches: the paper's size, 4T = 400 steps, in the whole space with `none`."""
    small = _QUICK if quick else {"epochs": EPOCHS}
    return find_method(METHOD).setting(SPACE, "paper").changed({"without": (), **small})


def study_steps(options: StudyOptions, given: tuple[list[Steps], list[str]] | None) -> tuple[list[Steps], list[str]]:
    """The steps of the study's searches by seed, and notes on what is not there.

    Given steps replace those of the same seed that the study's folder holds from before; without given steps and
    without such a file the study runs its searches, which go on where they stopped.

    Args:
        options: options of the study.
        given: the steps that `options.steps` names, and notes, from `read_steps`.

    Raises:
        SearchError: searches of the study that do not end, or a file in its folder that holds no steps.
    """
    file = options.out / STEPS_FILE
    before = read_steps(file)[0] if file.is_file() and options.steps != file else []
    if given is not None:
        found, notes = merged(before, given[0]), given[1]
    elif before:
        found, notes = before, []
        options.say(f"the steps are those of {file}; --steps gives others")
    else:
        found, notes = _searched(options), []
    if len(found) < SEARCHES and not options.quick:
        seeds = ", ".join(str(one.seed) for one in found)
        notes.append(f"Steps of {len(found)} of {SEARCHES} searches are there (seeds {seeds}).")
    if lacking := [str(one.seed) for one in found if one.weights is None]:
        notes.append(f"The Gumbel weights of seeds {', '.join(lacking)} were not kept; no table here reads them.")
    return found, notes


def _searched(options: StudyOptions) -> list[Steps]:
    count = options.runs or (1 if options.quick else SEARCHES)
    setting = searches_setting(quick=options.quick)
    runs = [Run(METHOD, setting, "noise", options.seed + place) for place in range(count)]
    outcomes = search_all(runs, options)
    if outcomes.failed:
        raise SearchError(f"{len(outcomes.failed)} of {count} searches failed: the same command tries them again")
    found = []
    for run, outcome in outcomes.ended.items():
        traces, gradients, weights = (outcome.memory[name].numpy() for name in (TRACES, GRADIENTS, WEIGHTS))
        found.append(Steps(run.seed, traces, gradients, weights))
    return found
