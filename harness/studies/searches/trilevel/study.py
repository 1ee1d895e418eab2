"""Study: the trilevel search for super-resolution by 2, beside plain networks and random architectures."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
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
    from harness.errors import SearchError
    from harness.report.files import write_csv, write_text
    from harness.restoration.crops import Crops
    from harness.scoring.engine import threads_of_torch
    from harness.studies.record import record
    from harness.studies.searches.claims import claims_frame
    from harness.studies.searches.restored.images import check_images
    from harness.studies.searches.restored.searches import searched_one
    from harness.studies.searches.restored.summary import comparison_frame, differences_frame
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
        trainings: list[Training] = []
        for search in searches_of(sizes, options.seed):
            one = searched_one(search, options, lambda search: searched(search, images, options.out))
            if one is not None:
                found[search] = one
                trainings += _trained(search, one, sizes, crops, images, options) if search.arm == MAIN else []
        if not any(search.arm == MAIN for search in found):
            raise SearchError(f"no search of the main arm in {options.out} is over")
        quality = _quality(trainings, crops, images, options)
        frames = {"searches": searches_frame(found, images, options.out), "sparsity": sparsity_frame(found)}
        frames |= {"quality": quality, "comparison": comparison_frame(quality, KINDS)}
        frames["differences"] = differences_frame(quality, KINDS)
        frames["claims"] = claims_frame(study_claims(frames["searches"], frames["differences"], sizes.seeds))
        for name, frame in frames.items():
            write_csv(frame, options.out / f"{name}.csv")
        pictures = _draw(frames, trainings, crops, images, options)
    _show(frames, options)
    facts: dict[str, Any] = {
        "seed": options.seed, "quick": options.quick, "training_images": images.name, "tests": list(images.tests),
        "seeds": sizes.seeds, "searches": {search.name: asdict(search.setting) for search in found},
        "training": asdict(sizes.training), "trainings": [f"{each.name}, seed {each.seed}" for each in trainings],
        "cpu_minutes": round(_minutes(frames), 1),
    }  # fmt: skip
    write_text(record({}, None, **facts), options.out / "study.json")
    files = ", ".join(f"{name}.csv" for name in frames)
    options.say(f"\nIn {options.out}: tables.md, {files}, {', '.join(pictures)}, study.json")


def _trained(
    search: Search, found: Found, sizes: Sizes, crops: Crops, images: StudyImages, options: StudyOptions
) -> list[Training]:
    """The trainings of a seed that are over; the one of equal time follows from the seconds of two others."""
    from harness.studies.searches.restored.trainings import FOUND, PLAIN, is_over, quality_of
    from harness.studies.searches.trilevel.sizes import small_space
    from harness.studies.searches.trilevel.trained import equal_time, trainings_of

    first = sizes.randoms * (search.seed - options.seed)
    randoms = small_space().sample(sizes.randoms * sizes.seeds, options.seed)[first : first + sizes.randoms]
    wanted = trainings_of(search, found, randoms, sizes, options.out)
    over, seconds = [], {}
    while wanted:
        training = wanted.pop(0)
        if not is_over(training, options.out):
            if options.finished:
                continue
            options.say(f"training {training.name}, seed {training.seed}: {training.text}")
        seconds[training.kind] = float(quality_of(training, crops, images, options.out)["cpu_seconds"].iloc[0])
        over.append(training)
        if training.kind == PLAIN and FOUND in seconds:
            wanted.append(equal_time(search, found, sizes, seconds))
    return over


def _quality(trainings: list[Training], crops: Crops, images: StudyImages, options: StudyOptions) -> pd.DataFrame:
    import pandas as pd

    from harness.studies.searches.restored.trainings import baseline_quality, quality_of
    from harness.studies.searches.trilevel.sizes import small_space

    frames = [quality_of(training, crops, images, options.out) for training in trainings]
    return pd.concat([baseline_quality("bicubic", images, small_space().problem), *frames], ignore_index=True)


def _minutes(frames: dict[str, pd.DataFrame]) -> float:
    """Minutes of the processor of all searches and trainings."""
    first = frames["quality"].drop_duplicates(["kind", "seed", "network"])
    return float(frames["searches"]["cpu_seconds"].sum() + first["cpu_seconds"].sum()) / 60


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


def _show(frames: dict[str, pd.DataFrame], options: StudyOptions) -> None:
    from harness.report.files import write_text
    from harness.report.tables.claims import claims_sheet, claims_text
    from harness.report.tables.restored import comparison_sheet, differences_sheet
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text
    from harness.report.tables.trilevel import searches_sheet

    sheets = [comparison_sheet(frames["comparison"]), searches_sheet(frames["searches"])]
    if len(frames["differences"]):
        sheets.insert(1, differences_sheet(frames["differences"]))
    every = [claims_sheet(frames["claims"]), *sheets]
    write_text("\n\n".join(map(sheet_markdown, every)) + "\n", options.out / "tables.md")
    options.say("\n" + "\n\n".join([claims_text(frames["claims"]), *map(sheet_text, sheets)]))


STUDY = SingleStudy(
    "the trilevel search for super-resolution by 2: sparsity, gaps, and its networks beside plain and random ones",
    frozenset({"quick", "runs", "seed", "data", "finished"}),
    run_trilevel,
    source="restoration",
)
