"""What a ranking's proxies know beyond size, as files of a study."""

from __future__ import annotations

from pathlib import Path

from harness.comparison import compare
from harness.evidence import beyond_size
from harness.join import Ranking
from harness.report.critical_difference import critical_difference
from harness.report.evidence import beyond_size_sheet, comparison_sheet
from harness.report.files import save_pictures, write_csv
from harness.report.sheets import sheet_markdown


def write_beyond(ranking: Ranking, out: Path, stem: str) -> str:
    """Write what a ranking's proxies know beyond size, and which are told apart from `params`; the tables as Markdown.

    The partial rank correlations, the comparison on the same resamples with Holm's correction, and its picture.
    """
    sized = beyond_size(ranking)
    compared = compare(ranking, "params")
    write_csv(sized, out / f"beyond_size_{stem}.csv")
    write_csv(compared.frame, out / f"against_params_{stem}.csv")
    figure = critical_difference(
        compared.frame, compared.groups, coefficient=compared.coefficient, coefficient_label="Spearman's ρ",
        against=compared.against, small_print=f"{compared.n:,} architectures, {len(compared.pairs):,} pairs, Holm",
    )  # fmt: skip
    save_pictures(figure, out / f"against_params_{stem}")
    sheet = comparison_sheet(
        compared.frame, ranking.column, against=compared.against, coefficient=compared.coefficient, n=compared.n,
        pairs=len(compared.pairs), left_out=compared.left_out,
    )  # fmt: skip
    sheets = [beyond_size_sheet(sized, ranking.column), sheet]
    return "\n\n".join([*map(sheet_markdown, sheets), *compared.words])
