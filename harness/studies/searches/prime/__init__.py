"""Study `darts-prime`: schedule, regularisers and activation of DARTS-PRIME, one by one and together."""
