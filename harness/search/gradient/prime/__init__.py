"""DARTS-PRIME (Maile et al. 2021): schedule, regularisers and activation that other differentiable searches take too.

Each is a transformation of a `Method`, chosen by fields of the search's setting, and applied by
`harness.search.gradient.options.with_options`.
"""
