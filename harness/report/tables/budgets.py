"""What proxies pick within budgets."""

from __future__ import annotations

import pandas as pd

from harness.evaluation.trade_off import TradeOff
from harness.report.cells import decimals_for, number
from harness.report.tables.sheet import Heading, Sheet, named


def budgets_sheet(trade_off: TradeOff) -> Sheet:
    """The best, the picked and the random value within each budget, then the mean regrets.

    Args:
        trade_off: two columns against each other and the picks of proxies, from
            `harness.evaluation.trade_off.trade_off`.
    """
    x, y = trade_off.x, trade_off.y
    values = pd.concat(
        [trade_off.budgets[["best", "best_scored"]], trade_off.picked, trade_off.budgets[["random"]]], axis=1
    )
    regrets = [0.0, *(trade_off.regret[proxy] for proxy in trade_off.picked.columns), trade_off.random_regret]
    decimals = decimals_for(values.to_numpy())
    bound, cheaper = ("≥", "highest") if x.higher_is_better else ("≤", "lowest")
    coarse = decimals_for(trade_off.budgets["budget"].to_numpy())
    rows = [
        (f"{bound} {number(budget, coarse)}", number(allowed, 0), *(number(value, decimals) for value in row))
        for budget, allowed, row in zip(
            trade_off.budgets["budget"], trade_off.budgets["allowed"], values.to_numpy(), strict=True
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
            *(named(str(proxy)) for proxy in trade_off.picked),
            "random",
        ),
        rows,
        ruled_above=(len(rows) - 1,),
        notes=(explained,),
    )
