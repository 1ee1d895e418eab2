"""An evaluation harness for neural architecture search at initialisation.

Does a number computed from an untrained network rank architectures as training does?

    space = harness.open_space("nasbench201")
    frame = harness.run(space, space.sample(200), proxies=["nasi_trace", "params"], workers=2)
    ranking = harness.correlate(frame, benchmarks.open_table("nasbench201"), column="cifar10_test_200ep_pct")

Importing this package loads nothing else: each name below is loaded on first use (`harness.loading.lazy`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.loading.lazy import loaded_on_use

if TYPE_CHECKING:
    from harness.batches import Batch
    from harness.errors import HarnessError
    from harness.evaluation.beyond_size import beyond_size
    from harness.evaluation.ceiling import ceiling
    from harness.evaluation.comparison import compare
    from harness.evaluation.known.against import against_known
    from harness.evaluation.known.scores import known_scores
    from harness.evaluation.predictors import predict
    from harness.evaluation.ranking import Ranking, correlate
    from harness.evaluation.searches.latency import latency_predictor
    from harness.evaluation.searches.table_losses import table_losses
    from harness.evaluation.searches.table_searches import TableSearches, table_searches
    from harness.evaluation.stability import stability
    from harness.evaluation.top import top
    from harness.evaluation.trade_off import Quantity, trade_off
    from harness.evaluation.transfer import transfer
    from harness.measurements.registry import measurement
    from harness.proxies.readable import list_measurements
    from harness.proxies.registry import list_proxies, proxy
    from harness.report.files import write_described_csv
    from harness.report.webpage.report_page import report_page
    from harness.scoring.files import read_scores
    from harness.scoring.models import model_list
    from harness.scoring.runner import run
    from harness.scoring.scorer import Score, score
    from harness.scoring.store import Store
    from harness.scoring.timing.latency import measure_latency
    from harness.search.gradient.loop import run_search
    from harness.search.gradient.result import SearchResult
    from harness.search.gradient.seeds import SearchSeeds
    from harness.setting import Setting
    from harness.spaces import list_spaces, open_space
    from harness.studies.outcome import StudyOutcome
    from harness.studies.searches.seeds import run_searches
    from harness.studies.study import run_study
    from harness.versions import __version__ as __version__

__all__ = [
    "Batch",
    "HarnessError",
    "Quantity",
    "Ranking",
    "Score",
    "SearchResult",
    "SearchSeeds",
    "Setting",
    "Store",
    "StudyOutcome",
    "TableSearches",
    "against_known",
    "beyond_size",
    "ceiling",
    "compare",
    "correlate",
    "known_scores",
    "latency_predictor",
    "list_measurements",
    "list_proxies",
    "list_spaces",
    "measure_latency",
    "measurement",
    "model_list",
    "open_space",
    "predict",
    "proxy",
    "read_scores",
    "report_page",
    "run",
    "run_search",
    "run_searches",
    "run_study",
    "score",
    "stability",
    "table_losses",
    "table_searches",
    "top",
    "trade_off",
    "transfer",
    "write_described_csv",
]

_HOMES = {
    "Batch": "harness.batches",
    "HarnessError": "harness.errors",
    "Quantity": "harness.evaluation.trade_off",
    "Ranking": "harness.evaluation.ranking",
    "Score": "harness.scoring.scorer",
    "SearchResult": "harness.search.gradient.result",
    "SearchSeeds": "harness.search.gradient.seeds",
    "Setting": "harness.setting",
    "Store": "harness.scoring.store",
    "StudyOutcome": "harness.studies.outcome",
    "TableSearches": "harness.evaluation.searches.table_searches",
    "__version__": "harness.versions",
    "against_known": "harness.evaluation.known.against",
    "beyond_size": "harness.evaluation.beyond_size",
    "ceiling": "harness.evaluation.ceiling",
    "compare": "harness.evaluation.comparison",
    "correlate": "harness.evaluation.ranking",
    "known_scores": "harness.evaluation.known.scores",
    "latency_predictor": "harness.evaluation.searches.latency",
    "list_measurements": "harness.proxies.readable",
    "list_proxies": "harness.proxies.registry",
    "list_spaces": "harness.spaces",
    "measure_latency": "harness.scoring.timing.latency",
    "measurement": "harness.measurements.registry",
    "model_list": "harness.scoring.models",
    "open_space": "harness.spaces",
    "predict": "harness.evaluation.predictors",
    "proxy": "harness.proxies.registry",
    "read_scores": "harness.scoring.files",
    "report_page": "harness.report.webpage.report_page",
    "run": "harness.scoring.runner",
    "run_search": "harness.search.gradient.loop",
    "run_searches": "harness.studies.searches.seeds",
    "run_study": "harness.studies.study",
    "score": "harness.scoring.scorer",
    "stability": "harness.evaluation.stability",
    "table_losses": "harness.evaluation.searches.table_losses",
    "table_searches": "harness.evaluation.searches.table_searches",
    "top": "harness.evaluation.top",
    "trade_off": "harness.evaluation.trade_off",
    "transfer": "harness.evaluation.transfer",
    "write_described_csv": "harness.report.files",
}

if not TYPE_CHECKING:  # with it, a type checker would accept every misspelt name
    __getattr__, __dir__ = loaded_on_use(__name__, _HOMES)
