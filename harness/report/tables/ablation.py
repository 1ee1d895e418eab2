"""Proxies in a base setting and in others, as tables."""

from __future__ import annotations

from dataclasses import replace

from harness.errors import ScoresError, unknown
from harness.evaluation.ablation import Ablation
from harness.evaluation.matrix import Matrix
from harness.report.cells import EN_DASH, number
from harness.report.frames import baselines_last, baselines_start
from harness.report.tables.sheet import COUNT, PROXY, Cell, Heading, Sheet, estimated

_LEVEL = 0.05
_LABELS = {
    "spearman": "Spearman's ρ with the base setting",
    "kendall_tau_b": "Kendall's τ-b with the base setting",
    "ranking": "Spearman's ρ with the accuracy",
    "difference": "Difference of Spearman's ρ with the accuracy",
}


def by_setting(ablation: Ablation, value: str) -> Matrix:
    """One coefficient of an ablation: a row a proxy, baselines last, a column a setting.

    Args:
        ablation: from `harness.evaluation.ablation.ablate`.
        value: `spearman`, `kendall_tau_b`, `ranking` or `difference`, as in its frame.

    Raises:
        ScoresError: another value, or no row of the settings that tables show.
    """
    if value not in _LABELS:
        raise ScoresError(unknown("coefficient of an ablation", value, _LABELS))
    if not ablation.words:
        raise ScoresError("no proxy has scores under any of the settings: there is nothing to show")
    ordered = baselines_last(ablation.frame)
    wide = ordered.pivot(index="proxy", columns="setting", values=value)
    wide = wide.loc[ordered["proxy"].unique(), [*ablation.words]].rename(columns=ablation.words)
    return Matrix(wide.rename_axis(index=None, columns=None), _LABELS[value], low=-1, high=1, decimals=2)


def agreement_sheet(ablation: Ablation) -> Sheet:
    """Spearman's coefficient of every proxy with itself under the base, a column a setting."""
    matrix = by_setting(ablation, "spearman").frame
    rows = [(str(name), *(number(float(value), 2) for value in row)) for name, row in matrix.iterrows()]
    title = "Spearman of a proxy's scores with its scores in the base setting"
    headings = [PROXY, *(Heading(str(name).replace(" ", "\n")) for name in matrix.columns)]
    return Sheet.of(title, headings, rows, ruled_above=baselines_start(matrix.rename_axis("proxy").reset_index()))


def change_sheet(ablation: Ablation, setting: str) -> Sheet:
    """All that an ablation says of one setting, a row a proxy.

    Args:
        ablation: from `harness.evaluation.ablation.ablate`.
        setting: label of the setting.

    Raises:
        ScoresError: a setting that tables do not show.
    """
    if setting not in ablation.words:
        raise ScoresError(unknown("setting", setting, ablation.words))
    rows = baselines_last(ablation.frame[ablation.frame["setting"] == setting])
    cells: list[list[Cell | str]] = [
        [
            str(row["proxy"]), f"{row['n']:,}",
            *(estimated(row, name) for name in ("spearman", "kendall_tau_b", "ranking_base", "ranking")),
            replace(estimated(row, "difference"), rest="*" if row["p_holm"] < _LEVEL else ""),
            _ratio(float(row["seconds_ratio"])),
        ]
        for row in rows.to_dict("records")
    ]  # fmt: skip
    compared = (
        "Spearman with\nthe base",
        "Kendall τ-b\nwith the base",
        "ranking,\nbase",
        "ranking,\nhere",
        "difference",
    )
    headings = [PROXY, COUNT, *(Heading(text, "point") for text in compared), Heading("seconds,\nof the base's")]
    return Sheet.of(ablation.words[setting], headings, cells, ruled_above=baselines_start(rows))


def _ratio(share: float) -> str:
    text = number(share, 2)
    return text if text == EN_DASH else f"× {text}"
