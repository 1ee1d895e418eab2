"""Allowed values of the fields of a search's setting."""

from __future__ import annotations

from collections.abc import Mapping

from harness.search.gradient.policy_choices import ORDERS
from harness.setting import INITS

TRACE_GRADIENTS = ("two_pass", "double_backward", "one_pass")
REGULARISERS = ("none", "proximity", "adjusted_proximity", "admm")
SCHEDULES = ("every_step", "periodic", "dynamic")
ACTIVATIONS = ("own", "clipped")
OBJECTIVES = ("none", "latency")
LATENCY_MODELS = ("pairwise", "linear", "mlp")
DRAWS = ("svgd", "mc")
ADVERSARIAL = ("none", "rfgsm", "rfgsm_clean")
MGDA_GRADIENTS = ("raw", "l2")
BOUND_FORMS = ("max", "max_dropped", "abs")
SPARSITIES = ("sparsestmax", "sparsemax", "softmax")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "trace_gradient": TRACE_GRADIENTS, "regularise": REGULARISERS, "schedule": SCHEDULES, "activation": ACTIVATIONS,
    "objective": OBJECTIVES, "latency_model": LATENCY_MODELS, "policy_search": ORDERS, "adversarial": ADVERSARIAL,
    "draw": DRAWS, "mgda_gradients": MGDA_GRADIENTS, "bound_form": BOUND_FORMS,
    "sparsity": SPARSITIES,
    "init": INITS,
}  # fmt: skip
SMALLEST: Mapping[str, int] = {
    "epochs": 1, "batch_size": 2, "width": 1, "depth": 1, "image_size": 4, "images": 4, "steps_per_epoch": 1,
    "evaluation_batches": 1, "alpha_warm_up": 0, "candidates": 1, "schedule_steps": 1,
    "latency_samples": 2, "sub_batches": 1, "members": 1, "sets": 1,
}  # fmt: skip
MAY_BE_NONE = ("image_size", "images", "steps_per_epoch")
POSITIVE = (
    "weight_lr", "gradient_clip", "adversarial_epsilon", "adversarial_step", "likelihood", "particle_std",
)  # fmt: skip
NOT_NEGATIVE = (
    "weight_lr_min", "momentum", "weight_decay", "alpha_lr", "alpha_weight_decay", "penalty", "nu", "mu", "rho",
    "latency_weight", "policy_lr", "mac_weight",
)  # fmt: skip
