"""Measurements: what one pass over a network yields, each made once and shared by every proxy that reads it.

A measurement is a function with its name in this table. The names of its parameters say what it is computed from:
`network`, `batch`, `setting`, `rebuild` (builds the architecture in another size), `requested` (the names of all
measurements that will be read), `renew` (puts the network's state and the random draws back to where a measurement
begins, for one of several passes), or other measurements. It leaves the network as it was
(`harness.measurements.preserve`).

Index letters: N samples, K outputs, P parameters.
"""

from __future__ import annotations

from typing import NamedTuple


class Measurement(NamedTuple):
    """Facts of a measurement.

    Attributes:
        module: the module that holds the function.
        yields: the result, with its shape.
        passes: the cost in addition to the one forward pass that all measurements share.
        version: rises when the definition changes; it is part of the version of a user's own proxy that reads the
            measurement.
        exhaustive: whether the number of passes grows with samples or outputs; `all` leaves out proxies that read such
            a measurement.
    """

    module: str
    yields: str
    passes: str
    exhaustive: bool = False
    version: int = 1


NO_PASS = "no pass"
"""The cost of a measurement that does not call the network."""

_SIZE, _FORWARD, _GRADIENT = (f"harness.measurements.{name}" for name in ("size", "forward", "gradient"))
_TRACE, _PER_SAMPLE = (f"harness.measurements.{name}" for name in ("trace", "per_sample"))
_ACTIVATIONS, _JACOBIAN = (f"harness.measurements.{name}" for name in ("activations", "input_jacobian"))
_HESSIAN, _FLOW = (f"harness.measurements.{name}" for name in ("hessian", "flow"))
_SPECTRA, _POOLED = (f"harness.measurements.{name}" for name in ("cell_spectra", "pooled_change"))
_ALONE, _HALVES = (f"harness.measurements.{name}" for name in ("single_samples", "half_batch_gradients"))
_CHANNELS, _SMALL = (f"harness.measurements.{name}" for name in ("channel_correlations", "small_networks"))
_ONE_IMAGE = "one forward of one sample, 64 x 64"
_CURVE = "harness.measurements.output_curve"
_CORRELATIONS = "harness.measurements.relu_correlations"
_CONVOLUTIONS = "harness.measurements.convolution_outputs"
_RANKS = "harness.measurements.effective_ranks"
_FISHER = "harness.measurements.logit_jacobian"
_WEIGHTS = "harness.measurements.weights"
_ROWS, _PRODUCTS = (f"harness.measurements.{name}" for name in ("sample_rows", "channel_products"))

MEASUREMENTS: dict[str, Measurement] = {
    "parameter_count": Measurement(_SIZE, "trainable parameters", NO_PASS),
    "macs": Measurement(_SIZE, "multiply-adds of one sample", "one forward of one sample"),
    "forward": Measurement(_FORWARD, "logits [N, K], loss, layer inputs", "the shared forward"),
    "loss_gradient": Measurement(_GRADIENT, "gradient of the mean loss, by parameter name", "1 backward"),
    "weights": Measurement(_WEIGHTS, "trainable weights by name", NO_PASS),
    "sample_rows": Measurement(_ROWS, "where a layer's rows are not samples", "6 passes of four samples"),
    "channel_products": Measurement(_PRODUCTS, "outputs ⊙ their gradients [N, C], by call of a layer", "1 backward"),
    "hessian_gradient": Measurement(_HESSIAN, "loss Hessian times loss gradient, by weight name", "2 backwards"),
    "hessian_form": Measurement(_HESSIAN, "θᵀ H g of weights θ and loss gradient g", "1 backward and a tangent sweep"),
    "relu_grams": Measurement(_ACTIVATIONS, "ReLU units in the same state, [N, N], by call", NO_PASS),
    "relu_gram": Measurement(_ACTIVATIONS, "ReLU units in the same state, [N, N]", NO_PASS),
    "output_sum_gradient": Measurement(_JACOBIAN, "gradient of the logits' sum by the inputs", "1 backward"),
    "sign_norms": Measurement(
        "harness.measurements.sign_norms", "determinants of signs of gradients behind ReLUs", "1 backward"
    ),
    "input_jacobian": Measurement(_JACOBIAN, "gradient [N, D] of the logits' sum by the inputs", "1 backward"),
    "labelled_input_jacobian": Measurement(_JACOBIAN, "the input Jacobian with labels [N] and outputs K", "1 backward"),
    "synaptic_flow": Measurement(
        _FLOW, "|W|, ∂R/∂|W| without batch norm", "a forward and backward of one sample", version=2
    ),
    "synaptic_flow_bn": Measurement(
        _FLOW, "|W|, ∂R/∂|W| with batch norm", "a forward and backward of one sample", version=2
    ),
    "ntk_trace_estimate": Measurement(_TRACE, "NTK trace, estimated by sign vectors", "1 backward per probe"),
    "ntk_trace_exact": Measurement(_TRACE, "NTK trace of the batch function", "N·K backwards", exhaustive=True),
    "ntk_trace_per_sample": Measurement(_PER_SAMPLE, "NTK trace without coupling", "K backwards", exhaustive=True),
    "logit_jacobian": Measurement(_FISHER, "∂ logits [N, K, S] by single weights", "K backwards", exhaustive=True),
    "target_logit_gram": Measurement(
        _PER_SAMPLE, "Gram matrix [N, N] of target-logit gradients", "1 backward", version=2
    ),
    "logit_sum_gram": Measurement(_PER_SAMPLE, "Gram matrix [N, N] of logit-sum gradients", "1 backward", version=2),
    "logit_sum_gram_exact": Measurement(
        _TRACE, "Gram matrix [N, N] of logit-sum gradients through the coupling", "N backwards", exhaustive=True
    ),
    "activation_patterns": Measurement(_ACTIVATIONS, "signs of ReLU units over the samples, by call", NO_PASS),
    "activation_columns": Measurement(_ACTIVATIONS, "distinct sign patterns of ReLU units over the samples", NO_PASS),
    "sign_patterns": Measurement(_ACTIVATIONS, "signs of ReLU, GELU and SiLU units over the samples, by call", NO_PASS),
    "sign_columns": Measurement(_ACTIVATIONS, "distinct sign patterns of ReLU, GELU and SiLU units", NO_PASS),
    "sign_agreement": Measurement(_ALONE, "|Σ_n sign ∂ℓ_n/∂θ| summed over weights", "its own forward and backward"),
    "half_batch_gradients": Measurement(
        _HALVES, "loss gradients of the batch's halves", "its own forward and backward", version=2
    ),
    "relu_correlations": Measurement(
        _CORRELATIONS, "correlations [N, N] of ReLUs' inputs and of gradients", "1 backward"
    ),
    "convolution_sizes": Measurement(_CONVOLUTIONS, "positions and channels of convolutions' outputs", NO_PASS),
    "participation_ratios": Measurement(_CONVOLUTIONS, "(tr C)²/tr C² of channels' covariances C", NO_PASS),
    "effective_ranks": Measurement(_RANKS, "effective ranks of layers' and ReLUs' outputs", NO_PASS),
    "pooled_change": Measurement(_POOLED, "change of the pooled features with the input", "2 forwards, own weights"),
    "cell_spectra": Measurement(
        _SPECTRA, "spectra of features and Jacobians by cell", "a forward and backward, own weights", version=2
    ),
    "image_features": Measurement(_CHANNELS, "outputs [C, positions] by module, of one image", _ONE_IMAGE),
    "channel_correlations": Measurement(_CHANNELS, "λ_min of channel correlations by module", _ONE_IMAGE),
    "sampled_correlations": Measurement(_CHANNELS, "λ_min of correlations of 8 channels, by module", _ONE_IMAGE),
    "inverse_conditions": Measurement(_CHANNELS, "smallest over largest singular value, by module", _ONE_IMAGE),
    "output_curve": Measurement(
        _CURVE,
        "derivatives of outputs along a circle of inputs",
        "one forward and four backwards of one sample",
    ),
    "small_network_grams": Measurement(
        _SMALL, "Gram matrices [N, N] of small networks", "3 N backwards, own small networks", exhaustive=True
    ),
    "channel_graph": Measurement(
        "harness.measurements.channel_graph", "degrees of a small network's channels", "a forward of each of its layers"
    ),
    "cell_regions": Measurement(_SMALL, "sign patterns over crops in one cell", "9 forwards of a cell of one channel"),
}

GIVEN = ("network", "batch", "setting", "rebuild", "requested", "renew")
"""What a measurement may read in addition to other measurements."""

SIZES = frozenset({"parameter_count", "macs"})
"""Measurements that follow from the architecture's closed form, without weights or a batch."""

OF_THE_ARCHITECTURE = SIZES | {"channel_graph"}
"""Measurements in which architectures that are the same network may differ: they count operations that do nothing."""
