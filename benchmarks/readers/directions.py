"""Whether lower or higher is better, as far as the name of a column tells: by its whole words."""

from __future__ import annotations

import re
from collections.abc import Sequence

NEVER_NEGATIVE = frozenset(
    "error err loss nll perplexity ppl mse mae rmse ece regret misclassification latency energy time runtime seconds "
    "memory size flops macs cost".split()
)
"""Words for what has no values below zero in tables of architectures."""

LOWER = NEVER_NEGATIVE | frozenset(
    # what training leaves over
    "errors losses logloss crossentropy xent perplexities mape smape msle rmsle medae brier wer cer eer fpr fnr fid "
    "kid kl bpc bpd bpb divergence misclassifications misclassified mistakes failures risk regrets penalty violation "
    "violations discrepancy gap drop degradation "
    # what running costs
    "latencies energies times runtimes walltime duration durations delay second sec secs minute minutes mins hour "
    "hours hrs day days ms us ns mem ram vram bytes kb mb gb kib mib gib sizes flop mflop mflops gflop gflops tflops "
    "mac mmacs gmacs madd madds multadds param params parameters costs price power watt watts mw joule joules mj edp "
    "carbon co2 emissions overhead".split()
)
"""Words for quantities where lower is better."""

ACCURACIES = frozenset({"accuracy", "acc"})

_HIGHER = ACCURACIES | frozenset(
    "accuracies auc auroc map precision recall f1 bleu psnr ssim throughput fps speed speedup efficiency reward "
    "reduction saving savings improvement correlation likelihood loglikelihood".split()
)
_TURNED = frozenset({"neg", "negative", "minus", "inverse", "inv", "reciprocal"})
_BEFORE_A_CONDITION = frozenset({"per", "to", "at", "under", "within", "for"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def words_of(name: str) -> set[str]:
    """Words of a column's name in lower case: what stands between other characters, and the parts of camelCase.

    >>> sorted(words_of("valLoss_top1"))
    ['1', 'loss', 'top', 'top1', 'val', 'valloss']
    """
    return {*re.findall(r"[a-z0-9]+", name.lower()), *_parts(name)}


def lower_is_better(name: str) -> bool:
    """Whether the last word of a column's name that tells a direction tells that lower is better.

    Words after `per`, `at` and the like state a condition and do not count; `neg`, `inverse` and the like turn the
    direction.

    >>> [lower_is_better(name) for name in ("test_cross_entropy", "accuracy_loss", "latency_aware_accuracy", "neg_mse")]
    [True, True, False, False]
    """
    return any(_told(words) for words in (re.findall(r"[a-z0-9]+", name.lower()), _parts(name)))


def _parts(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]


def _told(words: Sequence[str]) -> bool:
    end = next((place for place, word in enumerate(words) if word in _BEFORE_A_CONDITION), len(words))
    lower, turned, before = False, False, ""
    for word in words[:end]:
        if not {word, before + word}.isdisjoint(LOWER):
            lower = True
        elif not {word, before + word}.isdisjoint(_HIGHER):
            lower = False
        turned = turned or (word in _TURNED and before not in ("true", "false"))
        before = word
    return lower != turned
