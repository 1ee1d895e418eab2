"""Baselines last."""

import pandas as pd

from harness.report.frames import baselines_last, baselines_start, is_baseline

FRAME = pd.DataFrame({"proxy": ["params", "nwot", "flops", "zen"], "spearman": [1.0, 2.0, 3.0, 4.0]})


def test_baselines_come_last_and_the_rest_keeps_its_order():
    assert baselines_last(FRAME)["proxy"].tolist() == ["nwot", "zen", "params", "flops"]
    assert baselines_last(FRAME)["spearman"].tolist() == [2.0, 4.0, 1.0, 3.0]
    assert is_baseline(FRAME).tolist() == [True, False, True, False]


def test_a_line_stands_above_the_first_baseline_below_other_proxies():
    assert baselines_start(baselines_last(FRAME)) == (2,)
    assert baselines_start(FRAME[FRAME["proxy"].isin(["params", "flops"])]) == ()
    assert baselines_start(FRAME[FRAME["proxy"].isin(["nwot", "zen"])]) == ()
