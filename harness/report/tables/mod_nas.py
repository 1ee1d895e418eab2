"""The table of the searches of the study of MoD-NAS."""

from __future__ import annotations

import pandas as pd

from harness.report.cells import number
from harness.report.tables.sheet import Heading, Sheet


def searches_sheet(frame: pd.DataFrame) -> Sheet:
    """The searches, and the gap between the supernet and what is derived.

    Args:
        frame: from `harness.studies.searches.mod_nas.searched.searches_frame`.
    """
    rows = [
        [
            str(row["arm"]), str(row["seed"]), str(row["architecture"]), number(float(row["parameters"]), 0),
            number(row["cpu_seconds"] / 60, 2), number(row["supernet_psnr_db"], 2), number(row["derived_psnr_db"], 2),
            number(row["gap_db"], 2),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    headings: list[Heading | str] = [
        Heading("arm", "left"), "seed", Heading("architecture", "left"), "parameters", "CPU minutes", "supernet (dB)",
        "derived (dB)", "gap (dB)",
    ]  # fmt: skip
    notes = (
        "Guided: stages with data consistency; unguided: without. PSNR on the first test set after the search: of the "
        "supernet with its own weights, and of the derived network with the weights that it inherits, before any "
        "further training.",
    )
    return Sheet.of("Searches", headings, rows, notes=notes)
