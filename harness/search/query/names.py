"""The names of `methods.METHODS`, in its order, for what loads nothing heavy."""

NAMES = (
    "random_search",
    "regularised_evolution",
    "reinforce",
    "reinforce_fast",
    "radars",
    "random_pruning",
    "local_search",
    "successive_halving",
    "best_of_10",
    "best_of_100",
    "best_of_1000",
    "assisted_evolution",
    "warmed_evolution",
    "knas",
    "hnas",
    "robot",
    "largest",
    "seminas",
    "nao",
    "graf_forest",
)
