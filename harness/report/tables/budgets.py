"""What proxies pick within budgets, as a table for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from harness.report.cells import decimals_for, number
from harness.report.tables.sheet import Heading, Sheet, sheet_text


def budgets_text(
    budgets: pd.DataFrame,
    picked: pd.DataFrame,
    regret: Mapping[str, float],
    random_regret: float,
    *,
    x_column: str,
    y_column: str,
    x_higher_is_better: bool = False,
    width: int | None = None,
) -> str:
    """The best, the picked and the random value within each budget, then the mean regrets, then what all this means.

    Args:
        budgets: a row a budget: `budget`, `allowed`, `best`, `best_scored`, `random`.
        picked: a row a budget, a column a proxy: the value of its pick, NaN where it has none.
        regret: proxy to mean regret.
        random_regret: that of a random choice.
        x_column: what the budgets limit.
        y_column: what is picked for.
        x_higher_is_better: whether a budget is a floor.
        width: characters a line of the explanation; by default the terminal's, or 100 where there is none.

    Returns:
        Lines without colour codes, the last one without a line break.
    """
    values = pd.concat([budgets[["best", "best_scored"]], picked, budgets[["random"]]], axis=1)
    regrets = [0.0, *(regret[proxy] for proxy in picked.columns), random_regret]
    decimals = decimals_for(values.to_numpy())
    bound = "≥" if x_higher_is_better else "≤"
    coarse = decimals_for(budgets["budget"].to_numpy())
    rows = [
        (f"{bound} {number(budget, coarse)}", number(allowed, 0), *(number(value, decimals) for value in row))
        for budget, allowed, row in zip(budgets["budget"], budgets["allowed"], values.to_numpy(), strict=True)
    ]
    rows.append(("mean regret", "", "", *(number(value, decimals) for value in regrets)))
    cheaper = "highest" if x_higher_is_better else "lowest"
    explained = (
        f"Budgets are quantiles of {x_column} among the scored architectures. A proxy picks its highest score within "
        f"the budget, of equal scores that with the {cheaper} {x_column}; random is the mean of the scored within it. "
        f"Regret is how much worse in {y_column} a pick is than the best scored within the same budget, averaged over "
        f"the {x_column} of every scored architecture as a budget, from the tightest within which all these proxies "
        "have a score."
    )
    sheet = Sheet.of(
        f"{y_column} within budgets of {x_column}",
        (Heading("budget", "left"), "scored\nwithin", "best of\ntable", "best\nscored", *picked.columns, "random"),
        rows,
        ruled_above=(len(rows) - 1,),
        notes=(explained,),
    )
    return sheet_text(sheet, width)
