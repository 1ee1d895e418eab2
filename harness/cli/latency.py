"""What `nasinit search` prints of the objective `latency`: the predictor, and predicted beside tabulated values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from harness.prediction.predictor import Predictor
    from harness.search import SearchSetting


def say_predictor(predictor: Predictor, setting: SearchSetting) -> None:
    """Print what the search descends beside its loss, and how good the prediction is."""
    unit, target = predictor.unit, setting.target_latency
    weight = f"λ = {setting.latency_weight:g} nats per {unit}" if target is None else f"the target {target:g} {unit}"
    print(f"objective: the loss and {predictor.column}, by {weight}")
    errors = f"{100 * predictor.error:.1f} % on average, {100 * predictor.median_error:.1f} % in the median"
    print(f"    predicted by the {predictor.kind} model of {predictor.split}: {errors}")


def say_latencies(log: pd.DataFrame, predictor: Predictor, space: str, setting: Mapping[str, Any]) -> pd.DataFrame:
    """Print predicted and tabulated latency of the found architecture; gives the log with both of every epoch."""
    from harness.evaluation.columns import FOR_THE_RECORD, PREDICTED
    from harness.evaluation.searches.latency import with_latencies
    from harness.spaces import open_space

    found = with_latencies(log, predictor, open_space(space), setting["latency_table"])
    last, unit, target = found.iloc[-1], predictor.unit, setting["target_latency"]
    true = float(last[f"{predictor.column}{FOR_THE_RECORD}"])
    tabulated = f"{true:.4g} {unit}" if true == true else "none"
    aim = "" if target is None else f"; target {target:g} {unit}"
    print(
        f"{predictor.column} of the architecture: predicted {float(last[predictor.column + PREDICTED]):.4g} {unit}, "
        f"tabulated {tabulated}{aim}"
    )
    return found
