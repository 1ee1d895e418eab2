"""Products of weights in every spelling: counted by formula, or refused by name; never a zero or a part.

Oracle: the number of multiply-adds of y = Wx + b for W of 192 x 192, with and without b.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import harness

WIDE, HEAD = 192, 5
PRODUCT, BIAS = WIDE * WIDE, WIDE
Map = Callable[[Tensor, Tensor, Tensor], Tensor]
COUNTED: dict[str, tuple[Map, int]] = {
    "linear": (lambda x, w, b: functional.linear(x, w, b), PRODUCT + BIAS),
    "addmv": (lambda x, w, b: torch.stack([torch.addmv(b, w, row) for row in x]), PRODUCT + BIAS),
    "mv": (lambda x, w, b: torch.stack([w @ row for row in x]), PRODUCT),
    "addmm": (lambda x, w, b: torch.addmm(b, x, w), PRODUCT + BIAS),
    "addmm without what is added": (lambda x, w, b: torch.addmm(b, x, w, beta=0), PRODUCT),
    "addmm in place": (lambda x, w, b: b.expand(len(x), WIDE).clone().addmm_(x, w), PRODUCT + BIAS),
    "addbmm": (lambda x, w, b: torch.addbmm(b.expand(len(x), WIDE), x[None], w[None]), PRODUCT + BIAS),
    "baddbmm": (lambda x, w, b: torch.baddbmm(b.expand(1, len(x), WIDE), x[None], w[None])[0], PRODUCT + BIAS),
    "baddbmm in place": (
        lambda x, w, b: b.expand(1, len(x), WIDE).clone().baddbmm_(x[None], w[None])[0],
        PRODUCT + BIAS,
    ),
    "with an activation": (lambda x, w, b: torch._addmm_activation(b, x, w), PRODUCT + BIAS),
    "inner": (lambda x, w, b: torch.inner(x, w), PRODUCT),
    "einsum": (lambda x, w, b: torch.einsum("ni,io->no", x, w), PRODUCT),
    "complex": (lambda x, w, b: (x.to(torch.cfloat) @ w.to(torch.cfloat)).real, 4 * PRODUCT),
    "complex with bias": (lambda x, w, b: functional.linear(*(each.to(torch.cfloat) for each in (x, w, b))).real,
                          4 * PRODUCT + 2 * BIAS),
    "scaled entries of the weights": (lambda x, w, b: x @ (w * w).t(), PRODUCT),
    "gated features": (lambda x, w, b: (x @ w) * w[0], PRODUCT),
    "added table": (lambda x, w, b: (x @ w).view(-1, 2, WIDE // 2) .flatten(1) + w[:1], PRODUCT),
}  # fmt: skip
REFUSED: dict[str, tuple[Map, str]] = {
    "products, summed": (lambda x, w, b: (x[:, :, None] * w).sum(1), r"products of entries|mul, which spreads"),
    "vecdot": (lambda x, w, b: torch.linalg.vecdot(w, x[:, None]), "mul, which spreads|products of entries"),
    "products of windows": (
        lambda x, w, b: (x.view(-1, 16, 12) * w[:16, :12]).sum(2) @ w[:16],
        "products of entries and sum",
    ),
    "seen in another shape": (
        lambda x, w, b: (x * w.flatten()[:WIDE]).view(-1, 16, 12).mean(2) @ w[:16],
        "products of entries and mean",
    ),
    "cdist": (lambda x, w, b: torch.cdist(x, w), "_euclidean_dist"),
    "distances": (lambda x, w, b: (x[:, None] - w).square().sum(2), "sub, which spreads"),
    "other distances": (lambda x, w, b: torch.cdist(x, w, p=1.0), "_cdist_forward"),
    "sparse": (lambda x, w, b: torch.sparse.mm(x.to_sparse(), w), "sparse matrices"),
    "no weights": (lambda x, w, b: x, "no operation of the forward pass that counts"),
}


class Mapped(nn.Module):
    def __init__(self, function: Map) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(WIDE, WIDE) / 9), nn.Parameter(torch.randn(WIDE))
        self.function = function

    def forward(self, images: Tensor) -> Tensor:
        return self.function(images.flatten(1), self.weight, self.bias)[:, :HEAD]


def flops(function: Map) -> harness.Score:
    batch = harness.Batch(torch.randn(4, 3, 8, 8), torch.arange(4))
    return harness.score(Mapped(function), batch, ["flops"])["flops"]


@pytest.mark.parametrize("kind", COUNTED)
def test_a_product_counts_in_every_spelling(kind: str) -> None:
    function, expected = COUNTED[kind]
    found = flops(function)
    assert (found.status, found.value) == ("ok", expected), found


@pytest.mark.parametrize("kind", REFUSED)
def test_a_product_that_no_rule_counts_is_refused_by_name(kind: str) -> None:
    function, message = REFUSED[kind]
    found = flops(function)
    assert found.status == "not_applicable"
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(found.message)


def test_norms_scales_tables_and_look_ups_are_no_products() -> None:
    class Tables(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.place, self.scale = nn.Parameter(torch.randn(1, 8, 24)), nn.Parameter(torch.randn(24))
            self.words, self.norm, self.head = nn.Embedding(9, 24), nn.LayerNorm([8, 24]), nn.Linear(24, HEAD)

        def forward(self, images: Tensor) -> Tensor:
            rows = self.norm(images.view(-1, 8, 24) + self.place) * self.scale
            rows = rows + self.words((rows > 0).sum(2).clamp(max=8))
            return self.head(rows.mean(1))

    batch = harness.Batch(torch.randn(4, 3, 8, 8), torch.arange(4))
    found = harness.score(Tables(), batch, ["flops"])["flops"]
    assert (found.status, found.value) == ("ok", 24 * HEAD + HEAD), found
