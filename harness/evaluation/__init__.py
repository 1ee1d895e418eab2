"""The door: scores and searches meet published tables here, and nowhere else.

No other part of the harness imports `benchmarks`. What comes out are frozen records: a `Ranking`, a `Comparison`, a
`Ceiling`, a `TradeOff`.
"""
