"""The names of `registry.METHODS`, in its order, for what must not load torch."""

NAMES = (
    "darts",
    "darts-second-order",
    "darts-prime",
    "beta-darts",
    "drnas",
    "drnas-progressive",
    "gdas",
    "snas",
    "dsnas",
    "pc-darts",
    "rsps",
    "radars",
    "daas",
    "e2rnas",
    "nesbs",
    "nasi",
    "nasi-ada",
    "te-nas",
    "trilevel",
    "mod-nas",
)
