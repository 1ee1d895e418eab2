"""Searches that query a table, one run at a time in plain Python; nothing of the package under test.

`draws` yields what the run under test drew in each step, as that run's own entries.
"""

from __future__ import annotations

import collections
import itertools

NODES = (1, 2, 3)
OPERATIONS = 5
CELLS = 15_625


class Account:
    """Values and seconds by cell, and one run's budget, as the loops of NAS-Bench-201's scripts keep it."""

    def __init__(self, values, seconds, budget, crossing="dropped"):
        self.values, self.seconds, self.budget, self.crossing = values, seconds, budget, crossing
        self.spent, self.is_open, self.trace = 0.0, True, []

    def ask(self, cell, fidelity=0):
        """The value, or None when the run is over and the query is dropped."""
        assert self.is_open
        cost = self.seconds[fidelity][cell]
        if self.trace and self.spent + cost > self.budget:
            self.is_open = False
            if self.crossing == "dropped":
                return None
            if self.crossing == "charged":
                self.spent += cost
        else:
            self.spent += cost
            if self.spent >= self.budget:
                self.is_open = False
        value = self.values[fidelity][cell]
        self.trace.append((cell, fidelity, value))
        return value

    def chosen(self):
        """The best of the last fidelity that was asked for; the first asked among equals."""
        last = max(fidelity for _, fidelity, _ in self.trace)
        return max((asked for asked in self.trace if asked[1] == last), key=lambda asked: asked[2])[0]


def decode(cell):
    digits = []
    for _ in range(sum(NODES)):
        digits.append(cell % OPERATIONS)
        cell //= OPERATIONS
    return digits[::-1]


def encode(digits):
    cell = 0
    for digit in digits:
        cell = cell * OPERATIONS + digit
    return cell


def mutate(cell, uniforms):
    digits = decode(cell)
    nodes = [[0], [1, 2], [3, 4, 5]]
    edges = nodes[int(uniforms[0] * 3)]
    edge = edges[int(uniforms[1] * len(edges))]
    # the other operations in the order that begins behind the old one
    others = [(digits[edge] + step) % OPERATIONS for step in range(1, OPERATIONS)]
    digits[edge] = others[int(uniforms[2] * len(others))]
    return encode(digits)


def random_search(account, draws):
    while account.is_open:
        account.ask(int(next(draws) * CELLS))


def evolution(account, draws, first, tournament=3):
    population = collections.deque()
    for cell in first:
        if not account.is_open:
            return
        population.append((cell, account.ask(cell)))
    while account.is_open:
        sample = [list(population)[int(uniform * len(population))] for uniform in next(draws)]
        assert len(sample) == tournament
        parent = max(sample, key=lambda member: member[1])
        child = mutate(parent[0], next(draws))
        population.append((child, account.ask(child)))
        population.popleft()


def regularised_evolution(account, draws):
    evolution(account, draws, [int(uniform * CELLS) for uniform in next(draws)])


def assisted_evolution(account, draws, scores, population=10):
    scored = [cell for cell in range(CELLS) if scores[cell] == scores[cell]]
    pool = [scored[int(uniform * len(scored))] for uniform in next(draws)]
    kept = sorted(sorted(range(len(pool)), key=lambda place: -scores[pool[place]])[:population])
    evolution(account, draws, [pool[place] for place in kept])


def best_of_samples(draws, scores):
    scored = [cell for cell in range(CELLS) if scores[cell] == scores[cell]]
    best = None
    for uniform in next(draws):
        cell = scored[int(uniform * len(scored))]
        if best is None or scores[cell] > scores[best]:
            best = cell
    return best


def local_search(account, draws):
    known = {}
    at = int(next(draws) * CELLS)
    while account.is_open:
        digits = decode(at)
        around = [at]
        for edge in range(6):
            for step in range(1, OPERATIONS):
                other = list(digits)
                other[edge] = (digits[edge] + step) % OPERATIONS
                around.append(encode(other))
        for cell in around:
            if cell in known:
                continue
            value = account.ask(cell)
            next(draws)
            if value is None or not account.is_open:
                return
            known[cell] = value
        uniform = next(draws)
        best = max(around, key=lambda cell: known[cell])
        at = best if known[best] > known[at] else int(uniform * CELLS)


def successive_halving(account, draws, rungs=2):
    pool, place = list(range(CELLS)), 0
    asked = []
    while account.is_open and account.spent < account.budget / rungs:
        other = place + int(next(draws) * (CELLS - place))
        pool[place], pool[other] = pool[other], pool[place]
        value = account.ask(pool[place])
        if value is not None:
            asked.append((pool[place], value))
        place += 1
    for rung in range(1, rungs):
        promoted = sorted(asked, key=lambda one: -one[1])
        asked = []
        for cell, _ in promoted:
            if not account.is_open or account.spent >= account.budget * (rung + 1) / rungs:
                break
            value = account.ask(cell, rung)
            if value is not None:
                asked.append((cell, value))


def reinforce(account, draws, learning_rate=0.01, momentum=0.9):
    """By PyTorch's autograd and Adam, in float64."""
    import torch

    theta = torch.nn.Parameter(1e-3 * torch.as_tensor(next(draws)))
    optimizer = torch.optim.Adam([theta], lr=learning_rate)
    numerator = denominator = 0.0
    while account.is_open:
        distribution = torch.distributions.Categorical(logits=theta)
        cumulated = distribution.probs.detach().cumsum(-1).tolist()
        action = [
            next(place for place, upper in enumerate([*row[:-1], 2.0]) if uniform < upper)
            for row, uniform in zip(cumulated, next(draws), strict=True)
        ]
        reward = account.ask(encode(action))
        if reward is None:
            return
        numerator = momentum * numerator + (1 - momentum) * reward
        denominator = momentum * denominator + (1 - momentum)
        log_probability = distribution.log_prob(torch.tensor(action))
        loss = (-log_probability * (reward - numerator / denominator)).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def radars(account, draws, keep=2, queries=20):
    """By PyTorch's autograd and Adam; θ of an operation that has gone is masked out."""
    import torch

    theta = torch.nn.Parameter(1e-3 * torch.as_tensor(next(draws)))
    optimizer = torch.optim.Adam([theta], lr=2 / queries)
    left = [list(range(OPERATIONS)) for _ in range(sum(NODES))]
    numerator = denominator = 0.0
    for _ in range(OPERATIONS - keep):
        for _ in range(queries):
            if not account.is_open:
                return
            mask = torch.tensor([[place in row for place in range(OPERATIONS)] for row in left])
            log_probabilities = theta.masked_fill(~mask, -torch.inf).log_softmax(dim=-1)
            action = [
                next(place for place, upper in enumerate([*row[:-1], 2.0]) if uniform < upper)
                for row, uniform in zip(log_probabilities.detach().exp().cumsum(-1).tolist(), next(draws), strict=True)
            ]
            reward = account.ask(encode(action))
            if reward is None:
                return
            numerator, denominator = 0.9 * numerator + 0.1 * reward, 0.9 * denominator + 0.1
            chosen = log_probabilities.gather(1, torch.tensor(action)[:, None])
            optimizer.zero_grad()
            (-chosen * (reward - numerator / denominator)).sum().backward()
            optimizer.step()
        for row, values in zip(left, theta.tolist(), strict=True):
            row.remove(min(row, key=lambda place: values[place]))
    _ask_for_the_rest(account, left, next(draws))


def random_pruning(account, draws, keep=2, queries=20):
    order = next(draws).tolist()
    left = [list(range(OPERATIONS)) for _ in range(sum(NODES))]
    for _ in range(OPERATIONS - keep):
        for _ in range(queries):
            if not account.is_open:
                return
            action = [
                row[min(int(uniform * len(row)), len(row) - 1)] for row, uniform in zip(left, next(draws), strict=True)
            ]
            if account.ask(encode(action)) is None:
                return
        for row, values in zip(left, order, strict=True):
            row.remove(min(row, key=lambda place: values[place]))
    _ask_for_the_rest(account, left, next(draws))


def _ask_for_the_rest(account, left, uniforms):
    """The cells of the sub-space that were not asked for, in the order of their random numbers."""
    cells = [encode(action) for action in itertools.product(*left)]
    known = {cell for cell, _, _ in account.trace}
    for _, cell in sorted(zip(uniforms, cells, strict=True)):
        if cell not in known and (not account.is_open or account.ask(cell) is None):
            return
