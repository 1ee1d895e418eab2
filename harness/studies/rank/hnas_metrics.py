"""Study: HNAS's metrics (Shu et al., NeurIPS 2022), gradient, SNIP, GraSP and trace, which bound each other.

The paper's own coefficients were not seen, so ours stand alone. Its theory is about the agreement of the metrics with
each other, which `proxy-identities` shows.
"""

from __future__ import annotations

from harness.studies.kinds import NOISE, RankStudy

PROXIES = ("m_grad", "m_snip", "m_grasp", "m_trace", "m_condition", "nasi_trace", "params", "flops")
STUDY = RankStudy(shows="HNAS's four metrics and the condition number", conditions={"gaussian": NOISE}, proxies=PROXIES)
