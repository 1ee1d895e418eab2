"""What a ranking's proxies know beyond size, as files of a study."""

from __future__ import annotations

from pathlib import Path

from harness.evaluation.beyond_size import beyond_size
from harness.evaluation.comparison import compare
from harness.evaluation.ranking import Ranking
from harness.report.figures.critical_difference import critical_difference
from harness.report.files import save_pictures, write_csv
from harness.report.tables.evidence import beyond_size_sheet, comparison_sheet
from harness.report.tables.sheet import sheet_markdown


def write_beyond(ranking: Ranking, out: Path, stem: str) -> str:
    """Write what a ranking's proxies know beyond size, and which are told apart from `params`; the tables as Markdown.

    The partial rank correlations, the comparison on the same resamples with Holm's correction, and its picture.
    """
    sized = beyond_size(ranking)
    compared = compare(ranking, "params")
    write_csv(sized, out / f"beyond_size_{stem}.csv")
    write_csv(compared.frame, out / f"against_params_{stem}.csv")
    small_print = f"{compared.n:,} architectures, {len(compared.pairs):,} pairs, Holm"
    figure = critical_difference(compared, ranking, axis_label="Spearman's ρ", small_print=small_print)
    save_pictures(figure, out / f"against_params_{stem}")
    sheets = [beyond_size_sheet(sized, ranking), comparison_sheet(compared, ranking)]
    return "\n\n".join([*map(sheet_markdown, sheets), *compared.words])
