"""HNAS's metrics (Shu et al., NeurIPS 2022): gradient, SNIP, GraSP and trace, which its theory bounds by one another.

The paper's own coefficients were not seen, so ours stand alone. How the metrics agree with each other is what its
theory speaks of; `proxy-identities` shows it.
"""

from __future__ import annotations

from harness.studies.kinds import NOISE, RankStudy

PROXIES = ("m_grad", "m_snip", "m_grasp", "m_trace", "m_condition", "nasi_trace", "params", "flops")
STUDY = RankStudy(shows="HNAS's four metrics and the condition number", conditions={"gaussian": NOISE}, proxies=PROXIES)
