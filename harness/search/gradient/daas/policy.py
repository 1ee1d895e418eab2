"""The policy: a categorical distribution over sub-policies, moved by the score function's gradient.

The estimator and its reward are our reading of DAAS, of which the abstract says that the policy is trained by policy
gradients. A sub-policy τ_b of a sub-batch is rewarded by what its gradient does to the validation loss, to first order:

    r_b = ⟨∇_w L_val(w'), ∇_w ℓ(w, τ_b(x_b))⟩,    L_val(w − η g_b) ≈ L_val − η r_b,

and θ ascends the mean over b of (r_b − r̄) ∇_θ log π_θ(τ_b) by Adam. r̄ is a running mean of the rewards of earlier
steps, so that the estimator of ∇_θ E[r] is without bias as far as ∇L_val is fixed; it depends on the draws by w', and
the bias of that falls with the learning rate. In the first step, which has no r̄, the policy rests.

Legend: θ logits [K], π = softmax(θ), K sub-policies, B sub-batches, w weights before a step and w' after it.
"""

from __future__ import annotations

import torch
from torch import Tensor

MOMENTUM = 0.9
"""Momentum of the running mean of rewards; our choice."""
_BETAS = (0.5, 0.999)  # those of DARTS's architecture parameters
_LOGITS, _REWARDS, _WEIGHT = "policy/logits", "policy/rewards", "policy/weight"
_ADAM = {name: f"policy/{name}" for name in ("step", "exp_avg", "exp_avg_sq")}


def logits(memory: dict[str, Tensor], count: int) -> Tensor:
    """θ in the memory of a search, float64 [K]; zeros at first, so that all sub-policies are equally likely."""
    return memory.setdefault(_LOGITS, _zeros(count))


def probabilities(memory: dict[str, Tensor], count: int) -> Tensor:
    """π, float64 [K]."""
    return logits(memory, count).softmax(dim=0)


def drawn(probabilities: Tensor, count: int, generator: torch.Generator) -> list[int]:
    """Sub-policies by their numbers, drawn independently."""
    found: list[int] = torch.multinomial(probabilities, count, replacement=True, generator=generator).tolist()
    return found


def score_gradient(theta: Tensor, chosen: list[int], advantages: Tensor) -> Tensor:
    """Mean over b of a_b ∇_θ log π(τ_b) = a_b (e_{τ_b} − π), [K].

    Args:
        theta: θ, [K].
        chosen: τ_b, B numbers of sub-policies.
        advantages: a_b = r_b − r̄, [B].
    """
    one_hot = torch.nn.functional.one_hot(torch.tensor(chosen, device="cpu"), len(theta)).to(theta)
    return (advantages.to(theta)[:, None] * (one_hot - theta.softmax(dim=0))).mean(dim=0)


def ascend(memory: dict[str, Tensor], count: int, chosen: list[int], rewards: Tensor, rate: float) -> None:
    """One step of Adam on θ, which lies with Adam's state and the running mean of rewards in a search's memory.

    Args:
        memory: memory of the search.
        count: K.
        chosen: τ_b, B numbers of sub-policies.
        rewards: r_b, float64 [B].
        rate: learning rate of θ.
    """
    before = baseline(memory)
    _remember(memory, float(rewards.mean()))
    theta = logits(memory, count)
    if before is None:
        return
    for name, entry in _ADAM.items():
        memory.setdefault(entry, torch.zeros((), dtype=torch.float32) if name == "step" else _zeros(count))
    theta.grad = -score_gradient(theta, chosen, rewards - before)
    adam = torch.optim.Adam([theta], lr=rate, betas=_BETAS)
    adam.state[theta] = {name: memory[entry] for name, entry in _ADAM.items()}  # what it changes in place
    adam.step()
    theta.grad = None


def baseline(memory: dict[str, Tensor]) -> float | None:
    """The running mean r̄ of the rewards of the steps so far, corrected for its start; None before the first step."""
    if _WEIGHT not in memory:
        return None
    return float(memory[_REWARDS] / memory[_WEIGHT])


def _remember(memory: dict[str, Tensor], reward: float) -> None:
    for name, value in ((_REWARDS, reward), (_WEIGHT, 1.0)):
        before = memory.get(name, torch.zeros((), dtype=torch.float64, device="cpu"))
        memory[name] = MOMENTUM * before + (1 - MOMENTUM) * value


def _zeros(count: int) -> Tensor:
    return torch.zeros(count, dtype=torch.float64, device="cpu")
