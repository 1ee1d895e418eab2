"""Study: MoD-NAS, denoisers that are searched with and without data consistency, beside plain and random networks."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from harness.restoration.crops import Crops
    from harness.studies.searches.mod_nas.searched import Found
    from harness.studies.searches.mod_nas.sizes import Sizes
    from harness.studies.searches.restored.images import StudyImages
    from harness.studies.searches.restored.searches import Search
    from harness.studies.searches.restored.trainings import Training

_SHOWN = ("astronaut", "camera", "coins")
"""Photographs of which crops are shown, where they are no training images."""
_NOTE = "Noise of sigma 25. Numbers are PSNR in dB of the whole image; a tile is the part with most detail."
_SEARCHES = (
    "Guided: stages with data consistency; unguided: without. PSNR on the first test set after the search: of the "
    "supernet with its own weights, and of the derived network with the weights that it inherits, before any "
    "further training."
)


def run_mod_nas(options: StudyOptions) -> None:
    """Run searches and trainings one after the other, and write frames, tables, figures and claims into `out`.

    Searches go on from their folders in `out/searches`, trainings from theirs in `out/trainings`; with `finished`, what
    is over is taken and nothing is run.

    Raises:
        SettingError: missing images or packages, or a folder that cannot be written in.
        CheckpointError: a folder that holds another search or training.
        SearchError: no search with data consistency is over.
    """
    import pandas as pd

    from harness.errors import SearchError
    from harness.report.files import write_csv, write_text
    from harness.report.tables.restored import searches_sheet
    from harness.restoration.crops import Crops
    from harness.scoring.engine import threads_of_torch
    from harness.studies.record import record
    from harness.studies.searches.claims import claims_frame
    from harness.studies.searches.mod_nas.searched import collapse_frame, searched, searches_frame
    from harness.studies.searches.mod_nas.sizes import GUIDED, MAIN_SIGMA, images_of, problem_of, searches_of, sizes_of
    from harness.studies.searches.mod_nas.summary import study_claims
    from harness.studies.searches.mod_nas.trained import KINDS
    from harness.studies.searches.restored.images import check_images
    from harness.studies.searches.restored.searches import searched_one
    from harness.studies.searches.restored.shown import minutes, show
    from harness.studies.searches.restored.summary import comparison_frame, differences_frame
    from harness.writing import make_folder

    images, sizes = images_of(options.data, quick=options.quick), sizes_of(options)
    make_folder(options.out, "--out")
    check_images(images, options.out)
    options.say(f"trained on {images.name}, tested on {', '.join(images.tests)}")
    crops = {sigma: Crops(images.training, problem_of(sigma)) for sigma in (MAIN_SIGMA, *sizes.other_sigmas)}
    with threads_of_torch(1):
        found: dict[Search, Found] = {}
        trainings: list[tuple[int, Training]] = []
        frames: dict[str, pd.DataFrame] = {}
        parts = []
        for seed in range(options.seed, options.seed + sizes.seeds):
            own = {}
            for search in (each for each in searches_of(sizes, options.seed) if each.seed == seed):
                one = searched_one(search, options, lambda search: searched(search, images, options.out))
                if one is not None:
                    own[search] = one
            found |= own
            for sigma, training, quality in _trained(seed, own, sizes, crops, images, options):
                trainings.append((sigma, training))
                parts.append(quality)
        if not any(search.arm == GUIDED for search in found):
            raise SearchError(f"no search with data consistency in {options.out} is over")
        frames["searches"], frames["collapse"] = searches_frame(found, images, options.out), collapse_frame(found)
        sigmas = tuple(dict.fromkeys(sigma for sigma, _ in trainings))
        frames["quality"] = pd.concat([*_baselines(images, sigmas, options), *parts], ignore_index=True)
        frames["comparison"] = comparison_frame(frames["quality"], KINDS)
        frames["differences"] = differences_frame(frames["quality"], KINDS)
        frames["claims"] = claims_frame(study_claims(frames["collapse"], frames["differences"], sizes.seeds))
        for name, frame in frames.items():
            write_csv(frame, options.out / f"{name}.csv")
        _draw(frames, [each for sigma, each in trainings if sigma == MAIN_SIGMA], crops[MAIN_SIGMA], images, options)
    show(frames, searches_sheet(frames["searches"], _SEARCHES, decimals=2), options)
    facts: dict[str, Any] = {
        "seed": options.seed, "quick": options.quick, "training_images": images.name, "tests": list(images.tests),
        "seeds": sizes.seeds, "searches": {search.name: asdict(search.setting) for search in found},
        "training": asdict(sizes.training), "trainings": [f"{each.name}, seed {each.seed}" for _, each in trainings],
        "cpu_minutes": round(minutes(frames), 1),
    }  # fmt: skip
    write_text(record({}, None, **facts), options.out / "study.json")
    files = ", ".join(f"{name}.csv" for name in frames)
    pictures = "collapse.png, collapse.svg, crops.png, crops.svg"
    options.say(f"\nIn {options.out}: tables.md, {files}, {pictures}, study.json")


def _trained(
    seed: int,
    found: Mapping[Search, Found],
    sizes: Sizes,
    crops: Mapping[int, Crops],
    images: StudyImages,
    options: StudyOptions,
) -> Iterator[tuple[int, Training, pd.DataFrame]]:
    """Noise, training and quality of a seed's trainings that are over; none where no guided search of it is."""
    from harness.studies.searches.mod_nas.sizes import GUIDED, MAIN_SIGMA, space_of, with_sigma
    from harness.studies.searches.mod_nas.trained import at_sigma, equal_time, trainings_of
    from harness.studies.searches.restored.trainings import trained_in_turn

    guided = next((one for search, one in found.items() if search.arm == GUIDED), None)
    if guided is None:
        return
    randoms = space_of(GUIDED).sample(sizes.randoms * sizes.seeds, options.seed)
    for sigma in crops:
        first = sizes.randoms * (seed - options.seed)
        if sigma == MAIN_SIGMA:
            wanted = trainings_of(seed, found, randoms[first : first + sizes.randoms], sizes, options.out)
        else:
            wanted = at_sigma(seed, found, sizes, sigma, options.out)
        longest = partial(equal_time, seed, guided, sizes) if sigma == MAIN_SIGMA else None
        for training, quality in trained_in_turn(wanted, longest, crops[sigma], with_sigma(images, sigma), options):
            yield sigma, training, quality


def _baselines(images: StudyImages, sigmas: tuple[int, ...], options: StudyOptions) -> Iterator[pd.DataFrame]:
    """The quality of methods without training, which take minutes on large sets and are kept."""
    import pandas as pd

    from harness.report.files import write_csv
    from harness.studies.searches.mod_nas.sizes import problem_of, with_sigma
    from harness.studies.searches.mod_nas.trained import INPUT, NLM, TV
    from harness.studies.searches.restored.trainings import baseline_quality

    for sigma in sigmas:
        for name in (INPUT, TV, NLM):
            path = options.out / "baselines" / f"{name}-sigma-{sigma}.csv"
            if not path.is_file():
                path.parent.mkdir(exist_ok=True)
                write_csv(baseline_quality(name, with_sigma(images, sigma), problem_of(sigma)), path)
            yield pd.read_csv(path, float_precision="round_trip")


def _draw(
    frames: Mapping[str, pd.DataFrame],
    trainings: list[Training],
    crops: Crops,
    images: StudyImages,
    options: StudyOptions,
) -> None:
    from harness.report.figures.mod_nas import collapse_figure
    from harness.report.figures.restored import crops_figure
    from harness.report.files import save_pictures
    from harness.restoration.classical import Method, baselines
    from harness.studies.searches.mod_nas.sizes import MAIN_SIGMA, problem_of
    from harness.studies.searches.mod_nas.trained import NLM, WITHOUT
    from harness.studies.searches.restored.images import shown_images
    from harness.studies.searches.restored.pictures import rows_of
    from harness.studies.searches.restored.trainings import FOUND, PLAIN, RANDOM, trained

    save_pictures(collapse_figure(frames["collapse"]), options.out / "collapse")
    problem = problem_of(MAIN_SIGMA)
    methods: dict[str, Method] = {NLM: baselines(problem)[NLM]}
    for kind in (RANDOM, PLAIN, WITHOUT, FOUND):
        own = next((each for each in trainings if each.kind == kind and each.seed == options.seed), None)
        if own is not None:
            methods[kind] = trained(own, crops, options.out).network
    save_pictures(crops_figure(rows_of(shown_images(images), methods, problem, _SHOWN), _NOTE), options.out / "crops")


STUDY = SingleStudy(
    "denoisers searched with and without data consistency: what skips, and what is found beside plain and random ones",
    frozenset({"quick", "runs", "seed", "data", "finished"}),
    run_mod_nas,
    source="restoration",
)
