"""What proxies pick within budgets."""

from __future__ import annotations

import pandas as pd

from harness.evaluation.trade_off import TradeOff
from harness.report.cells import decimals_for, number
from harness.report.tables.sheet import Heading, Sheet, named


def budgets_sheet(found: TradeOff) -> Sheet:
    """The best, the picked and the random value within each budget, then the mean regrets.

    Args:
        found: from `harness.evaluation.trade_off.trade_off`.
    """
    x, y = found.x, found.y
    values = pd.concat([found.budgets[["best", "best_scored"]], found.picked, found.budgets[["random"]]], axis=1)
    regrets = [0.0, *(found.regret[proxy] for proxy in found.picked.columns), found.random_regret]
    decimals = decimals_for(values.to_numpy())
    bound, cheaper = ("≥", "highest") if x.higher_is_better else ("≤", "lowest")
    coarse = decimals_for(found.budgets["budget"].to_numpy())
    rows = [
        (f"{bound} {number(budget, coarse)}", number(allowed, 0), *(number(value, decimals) for value in row))
        for budget, allowed, row in zip(
            found.budgets["budget"], found.budgets["allowed"], values.to_numpy(), strict=True
        )
    ]
    rows.append(("mean regret", "", "", *(number(value, decimals) for value in regrets)))
    explained = (
        f"Budgets are quantiles of {x.column} among the scored architectures. A proxy picks its highest score within "
        f"the budget, of equal scores that with the {cheaper} {x.column}; random is the mean of the scored within it. "
        f"Regret is how much worse in {y.column} a pick is than the best scored within the same budget, averaged over "
        f"the {x.column} of every scored architecture as a budget, from the tightest within which all these proxies "
        "have a score."
    )
    return Sheet.of(
        f"{y.column} within budgets of {x.column}",
        (
            Heading("budget", "left"),
            *("scored\nwithin", "best of\ntable", "best\nscored"),
            *(named(str(proxy)) for proxy in found.picked),
            "random",
        ),
        rows,
        ruled_above=(len(rows) - 1,),
        notes=(explained,),
    )
