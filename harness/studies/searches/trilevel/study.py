"""Study: the trilevel search for super-resolution by 2, beside plain networks and random architectures."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from harness.restoration.crops import Crops
    from harness.studies.searches.restored.images import StudyImages
    from harness.studies.searches.restored.searches import Search
    from harness.studies.searches.restored.trainings import Training
    from harness.studies.searches.trilevel.searched import Found
    from harness.studies.searches.trilevel.sizes import Sizes

_SHOWN = ("astronaut", "camera", "coins")
"""Photographs of which crops are shown, where they are no training images."""
_NOTE = "Y alone. Numbers are PSNR in dB of the whole image, without its border; a tile is the part with most detail."
_SEARCHES = (
    "PSNR on the first test set after the search: of the supernet with its own weights and the most probable "
    "widths, and of the derived network with the weights that it inherits, before any further training."
)


def run_trilevel(options: StudyOptions) -> None:
    """Run searches and trainings one after the other, and write frames, tables, figures and claims into `out`.

    The trainings of a seed follow its search, and the searches of the other arms come last. Searches go on from their
    folders in `out/searches`, trainings from theirs in `out/trainings`; with `finished`, what is over is taken and
    nothing is run.

    Raises:
        SettingError: missing images or packages, or a folder that cannot be written in.
        CheckpointError: a folder that holds another search or training.
        SearchError: no search of the main arm is over.
    """
    import pandas as pd

    from harness.errors import SearchError
    from harness.report.files import write_csv, write_text
    from harness.report.tables.restored import searches_sheet
    from harness.restoration.crops import Crops
    from harness.scoring.engine import threads_of_torch
    from harness.studies.record import record
    from harness.studies.searches.claims import claims_frame
    from harness.studies.searches.restored.images import check_images
    from harness.studies.searches.restored.searches import searched_one
    from harness.studies.searches.restored.shown import minutes, show
    from harness.studies.searches.restored.summary import comparison_frame, differences_frame
    from harness.studies.searches.restored.trainings import baseline_quality
    from harness.studies.searches.trilevel.searched import searched, searches_frame, sparsity_frame
    from harness.studies.searches.trilevel.sizes import MAIN, images_of, searches_of, sizes_of, small_space
    from harness.studies.searches.trilevel.summary import study_claims
    from harness.studies.searches.trilevel.trained import KINDS
    from harness.writing import make_folder

    images, sizes = images_of(options.data, quick=options.quick), sizes_of(options)
    make_folder(options.out, "--out")
    check_images(images, options.out)
    options.say(f"trained on {images.name}, tested on {', '.join(images.tests)}")
    crops = Crops(images.training, small_space().problem)
    with threads_of_torch(1):
        found: dict[Search, Found] = {}
        trained: list[tuple[Training, pd.DataFrame]] = []
        for search in searches_of(sizes, options.seed):
            one = searched_one(search, options, lambda search: searched(search, images, options.out))
            if one is not None:
                found[search] = one
                trained += _trained(search, one, sizes, crops, images, options) if search.arm == MAIN else []
        if not any(search.arm == MAIN for search in found):
            raise SearchError(f"no search of the main arm in {options.out} is over")
        trainings = [training for training, _ in trained]
        bicubic = baseline_quality("bicubic", images, small_space().problem)
        quality = pd.concat([bicubic, *(each for _, each in trained)], ignore_index=True)
        frames = {"searches": searches_frame(found, images, options.out), "sparsity": sparsity_frame(found)}
        frames |= {"quality": quality, "comparison": comparison_frame(quality, KINDS)}
        frames["differences"] = differences_frame(quality, KINDS)
        frames["claims"] = claims_frame(study_claims(frames["searches"], frames["differences"], sizes.seeds))
        for name, frame in frames.items():
            write_csv(frame, options.out / f"{name}.csv")
        pictures = _draw(frames, trainings, crops, images, options)
    show(frames, searches_sheet(frames["searches"], _SEARCHES, decimals=3), options)
    facts: dict[str, Any] = {
        "seed": options.seed, "quick": options.quick, "training_images": images.name, "tests": list(images.tests),
        "seeds": sizes.seeds, "searches": {search.name: asdict(search.setting) for search in found},
        "training": asdict(sizes.training), "trainings": [f"{each.name}, seed {each.seed}" for each in trainings],
        "cpu_minutes": round(minutes(frames), 1),
    }  # fmt: skip
    write_text(record({}, None, **facts), options.out / "study.json")
    files = ", ".join(f"{name}.csv" for name in frames)
    options.say(f"\nIn {options.out}: tables.md, {files}, {', '.join(pictures)}, study.json")


def _trained(
    search: Search, found: Found, sizes: Sizes, crops: Crops, images: StudyImages, options: StudyOptions
) -> Iterator[tuple[Training, pd.DataFrame]]:
    """The trainings of a seed that are over; the one of equal time follows from the seconds of two others."""
    from harness.studies.searches.restored.trainings import trained_in_turn
    from harness.studies.searches.trilevel.sizes import small_space
    from harness.studies.searches.trilevel.trained import equal_time, trainings_of

    first = sizes.randoms * (search.seed - options.seed)
    randoms = small_space().sample(sizes.randoms * sizes.seeds, options.seed)[first : first + sizes.randoms]
    wanted = trainings_of(search, found, randoms, sizes, options.out)
    return trained_in_turn(wanted, partial(equal_time, search, found, sizes), crops, images, options)


def _draw(
    frames: dict[str, pd.DataFrame],
    trainings: list[Training],
    crops: Crops,
    images: StudyImages,
    options: StudyOptions,
) -> list[str]:
    """Draw the figures; returns the names of their files."""
    from harness.report.figures.restored import crops_figure
    from harness.report.figures.trilevel import sparsity_figure
    from harness.report.files import save_pictures
    from harness.restoration.classical import Method, baselines
    from harness.studies.searches.restored.images import shown_images
    from harness.studies.searches.restored.pictures import rows_of
    from harness.studies.searches.restored.trainings import FOUND, LONGER, PLAIN, RANDOM, trained
    from harness.studies.searches.trilevel.sizes import small_space

    save_pictures(sparsity_figure(frames["sparsity"]), options.out / "sparsity")
    methods: dict[str, Method] = {"bicubic": baselines(small_space().problem)["bicubic"]}
    for kind in (RANDOM, PLAIN, LONGER, FOUND):
        own = next((each for each in trainings if each.kind == kind and each.seed == options.seed), None)
        if own is not None:
            methods[kind] = trained(own, crops, options.out).network
    save_pictures(
        crops_figure(rows_of(shown_images(images), methods, small_space().problem, _SHOWN), _NOTE),
        options.out / "crops",
    )
    return ["sparsity.png, sparsity.svg, crops.png, crops.svg"]


STUDY = SingleStudy(
    "the trilevel search for super-resolution by 2: sparsity, gaps, and its networks beside plain and random ones",
    frozenset({"quick", "runs", "seed", "data", "finished"}),
    run_trilevel,
    source="restoration",
)
