"""Study: two small benchmarks of restoring networks, made here, and how training-free proxies rank them."""

from __future__ import annotations

from typing import Any

from harness.errors import SettingError
from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions


def run_restoration_proxies(options: StudyOptions) -> None:
    """Train random architectures of both spaces, and write their tables into `out`.

    Trainings go on from their folders in `out/TABLE/trainings`; with `finished`, what is over is taken and nothing is
    trained.

    Raises:
        SettingError: too few architectures, missing images or packages, or a folder that cannot be written in.
        CheckpointError: a folder that holds another training.
    """
    from harness.report.files import write_csv, write_text
    from harness.studies.record import record
    from harness.studies.restoration_proxies.protocols import PROTOCOLS, QUICK, USUAL
    from harness.studies.restoration_proxies.tables import write_table
    from harness.studies.restoration_proxies.trained import trained_frame
    from harness.studies.samples import LEAST
    from harness.writing import make_folder

    count = QUICK if options.quick else USUAL if options.sample is None else options.sample
    if count < LEAST:
        raise SettingError(f"--sample must be at least {LEAST}, got {count}: fewer networks have no rank correlation")
    make_folder(options.out, "--out")
    trainings = trained_frame(count, options)
    write_csv(trainings, options.out / "trainings.csv")
    for protocol in PROTOCOLS:
        own = trainings[trainings["table"] == protocol.table]
        if own["architecture"].nunique() < LEAST:
            raise SettingError(f"fewer than {LEAST} architectures of {protocol.table} are trained: give no --finished")
        options.say(f"the table {protocol.table} is in {write_table(protocol, own, options)}")
    first = trainings.drop_duplicates(["table", "architecture", "seed"])
    facts: dict[str, Any] = {
        "seed": options.seed, "quick": options.quick,
        "trainings": {name: len(part) for name, part in first.groupby("table", sort=False)},
        "cpu_minutes": round(float(first["cpu_seconds"].sum()) / 60, 1),
    }  # fmt: skip
    write_text(record({}, None, **facts), options.out / "study.json")


STUDY = SingleStudy(
    "two small benchmarks of restoring networks, made here, and how training-free proxies rank them",
    frozenset({"sample", "quick", "seed", "data", "finished"}),
    run_restoration_proxies,
    source="restoration",
)
