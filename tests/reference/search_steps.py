"""Steps of searches by plain automatic differentiation of a loss given as a function; imports torch alone.

`loss(state, alpha)` is a scalar; `state` maps names of weights to tensors and `alpha` is one tensor.
"""

import torch


def gradient(value, inputs, create_graph=False):
    return torch.autograd.grad(value, inputs, create_graph=create_graph, allow_unused=True, materialize_grads=True)


def unrolled(training_loss, validation_loss, state, alpha, *, rate, momentum, decay, buffers):
    """∇α L_val(w − ξ (μ m + ∇w L_train(w, α) + λ w), α) through the inner step (DARTS, equation 6), exactly."""
    state = {name: weight.detach().clone().requires_grad_() for name, weight in state.items()}
    alpha = alpha.detach().clone().requires_grad_()
    inner = gradient(training_loss(state, alpha), list(state.values()), create_graph=True)
    ahead = {
        name: weight - rate * (momentum * buffers.get(name, 0) + part + decay * weight)
        for (name, weight), part in zip(state.items(), inner, strict=True)
    }
    return gradient(validation_loss(ahead, alpha), [alpha])[0]


def finite_difference(training_loss, validation_loss, state, alpha, *, rate, momentum, decay, buffers):
    """DARTS, equations 7 and 8, with ε = 0.01/‖∇w' L_val‖, as the authors' code has it."""

    def by_alpha(weights, loss):
        leaf = alpha.detach().clone().requires_grad_()
        return gradient(loss(weights, leaf), [leaf])[0]

    leaves = {name: weight.detach().clone().requires_grad_() for name, weight in state.items()}
    inner = gradient(training_loss(leaves, alpha.detach()), list(leaves.values()))
    ahead = {
        name: (weight - rate * (momentum * buffers.get(name, 0) + part + decay * weight)).detach().requires_grad_()
        for (name, weight), part in zip(state.items(), inner, strict=True)
    }
    vector = gradient(validation_loss(ahead, alpha.detach()), list(ahead.values()))
    epsilon = 0.01 / torch.cat([part.flatten() for part in vector]).norm()
    up, down = (
        by_alpha(
            {name: state[name] + sign * epsilon * part for name, part in zip(state, vector, strict=True)}, training_loss
        )
        for sign in (1, -1)
    )
    return by_alpha(ahead, validation_loss) - rate * (up - down) / (2 * epsilon)


def trace_and_gradient(loss, state, alpha):
    """‖∇w L‖² and its gradient by α, through the backward pass."""
    state = {name: weight.detach().clone().requires_grad_() for name, weight in state.items()}
    alpha = alpha.detach().clone().requires_grad_()
    parts = gradient(loss(state, alpha), list(state.values()), create_graph=True)
    trace = sum((part**2).sum() for part in parts)
    return trace.detach(), gradient(trace, [alpha])[0]


def nasi_parameters(traces, gradients, *, nu, mu, adaptive):
    """α* of NASI's equations 13 and 18 from the traces and their gradients of all steps, from the paper."""
    largest, total = 0.0, 0.0
    for step, (trace, part) in enumerate(zip(traces, gradients, strict=True)):
        bound = (nu + sum(traces[:step])) / (step + 1) if adaptive else nu
        ascent = part - mu * part if trace > bound else part
        largest = max(largest, float((ascent**2).sum() ** 0.5))
        total = total + ascent / largest
    return total / len(traces)


def crop(image, top, left, padding):
    """[C, H, W] moved so that pixel (top − padding, left − padding) comes first, zeros where there is none."""
    channels, height, width = image.shape
    moved = torch.zeros_like(image)
    for c in range(channels):
        for i in range(height):
            for j in range(width):
                row, column = i + top - padding, j + left - padding
                if 0 <= row < height and 0 <= column < width:
                    moved[c, i, j] = image[c, row, column]
    return moved
