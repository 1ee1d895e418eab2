"""A proxy over settings as sheets: its stability, and its transfer from the inputs of one data set to another."""

from __future__ import annotations

from collections.abc import Mapping

from harness.evaluation.stability import Stabilities
from harness.evaluation.transfer import Transfer
from harness.report.cells import number
from harness.report.tables.ranking import NAMES
from harness.report.tables.sheet import COUNT, PROXY, Cell, Heading, Sheet, estimated, named


def stability_sheet(stabilities: Stabilities) -> Sheet:
    """A row a proxy: mean correlation with itself over pairs of settings.

    Args:
        stabilities: proxies compared with themselves over settings, from `harness.evaluation.stability.stability`.
    """
    rows: list[list[Cell | str]] = [
        [str(row["proxy"]), estimated(row, "mean"), number(row["least"], 2), f"{row['settings']:,}", f"{row['n']:,}"]
        for row in stabilities.frame.to_dict("records")
    ]
    reasons = _by_value({name: f"Left out, with {reason}" for name, reason in stabilities.left_out.items()})
    reasons += _by_value({name: f"Without {', '.join(labels)}" for name, labels in stabilities.lacking.items()})
    return Sheet.of(
        f"Stability: {NAMES[stabilities.coefficient]} of a proxy with itself under other settings",
        (PROXY, Heading("mean over pairs", "point"), "lowest pair", "settings", COUNT),
        rows,
        notes=tuple(reasons),
    )


def settings_sheets(stabilities: Stabilities) -> list[Sheet]:
    """A sheet a proxy: its correlation with itself between each two settings.

    Args:
        stabilities: proxies compared with themselves over settings, from `harness.evaluation.stability.stability`.
    """
    return [
        Sheet.of(
            f"{one.proxy} with itself, {NAMES[stabilities.coefficient]}, {one.n:,} architectures",
            (Heading("setting", "left", code=True), *map(named, one.settings)),
            (
                (label, *(number(float(value), 2) for value in values))
                for label, values in zip(one.settings, one.result.matrix, strict=True)
            ),
        )
        for one in stabilities.proxies
    ]


def _by_value(said: Mapping[str, str]) -> list[str]:
    """A sentence for each different text, with all the names that have it."""
    names: dict[str, list[str]] = {}
    for name, text in said.items():
        names.setdefault(text, []).append(name)
    return [f"{text}: {', '.join(those)}." for text, those in names.items()]


def transfer_sheet(transfer: Transfer) -> Sheet:
    """A row a proxy and kind of inputs, a column a table's column: Spearman's coefficient with its interval.

    Args:
        transfer: from `harness.evaluation.transfer.transfer`.
    """
    frame = transfer.frame
    columns = list(dict.fromkeys(frame["column"]))
    rows: list[list[Cell | str]] = []
    for (proxy, inputs), group in frame.groupby(["proxy", "inputs"], sort=False):
        by_column = group.set_index("column").to_dict("index")
        cells = [estimated(by_column[column], "spearman") for column in columns]
        rows.append([str(proxy), str(inputs), *cells, f"{group['n'].max():,}"])
    first = [place for place in range(1, len(rows)) if rows[place][0] != rows[place - 1][0]]
    return Sheet.of(
        "Transfer: Spearman of scores on some inputs with accuracies on others",
        (PROXY, Heading("scored on", "left"), *(Heading(column, "point") for column in columns), COUNT),
        rows,
        ruled_above=tuple(first),
        notes=transfer.left_out,
    )
