"""The committed tables of darts-genotypes follow from their committed frames."""

import json
from pathlib import Path

import pandas as pd

from harness.report.tables.genotypes import genotypes_sheet, percentiles_sheet
from harness.report.tables.sheet import sheet_latex, sheet_markdown

FOLDER = Path(__file__).parents[3] / "results" / "darts-genotypes"


def test_the_committed_tables_follow_from_the_frames() -> None:
    among = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))["among"]
    places = pd.read_csv(FOLDER / "percentiles.csv", index_col="genotype")
    sheets = (genotypes_sheet(pd.read_csv(FOLDER / "genotypes.csv")), percentiles_sheet(places, among))
    text = (FOLDER / "table.md").read_text(encoding="utf-8")
    assert text.startswith("\n\n".join(map(sheet_markdown, sheets)) + "\n")


def test_names_of_genotypes_stay_as_they_are_in_latex() -> None:
    sheet = percentiles_sheet(pd.DataFrame({"nwot": [50.4, float("nan")]}, index=["PDARTS", "nasi, seed 0"]), "some")
    lines = sheet_latex(sheet).split("\n")
    assert r"Proxy & PDARTS & nasi, seed 0 \\" in lines
    assert r"nwot & 50 & -- \\" in lines
