"""Small networks of the kinds that users bring: residual, with depthwise layers, transformers, a mixer."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

SIDE, CLASSES = 16, 10
INPUTS = (3, SIDE, SIDE)


class BasicBlock(nn.Module):
    """Two convolutions beside a shortcut (He et al. 2016)."""

    def __init__(self, given: int, wide: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(given, wide, 3, stride, 1, bias=False)
        self.bn1, self.relu = nn.BatchNorm2d(wide), nn.ReLU(inplace=True)
        self.conv2, self.bn2 = nn.Conv2d(wide, wide, 3, 1, 1, bias=False), nn.BatchNorm2d(wide)
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or given != wide:
            self.shortcut = nn.Sequential(nn.Conv2d(given, wide, 1, stride, bias=False), nn.BatchNorm2d(wide))

    def forward(self, images: Tensor) -> Tensor:
        inner = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(images)))))
        return self.relu(inner + self.shortcut(images))


def resnet(width: int = 8, blocks: int = 1) -> nn.Module:
    stem = [nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    more = [BasicBlock(4 * width, 4 * width, 1) for _ in range(blocks - 1)]
    stages = [BasicBlock(width, 2 * width, 2), BasicBlock(2 * width, 4 * width, 2), *more]
    return nn.Sequential(*stem, *stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * width, CLASSES))


class InvertedResidual(nn.Module):
    """Widen, a depthwise convolution, narrow, with ReLU6 (Sandler et al. 2018)."""

    def __init__(self, given: int, wide: int, stride: int, ratio: int = 3) -> None:
        super().__init__()
        inner = given * ratio
        self.residual = stride == 1 and given == wide
        self.layers = nn.Sequential(
            nn.Conv2d(given, inner, 1, bias=False), nn.BatchNorm2d(inner), nn.ReLU6(inplace=True),
            nn.Conv2d(inner, inner, 3, stride, 1, groups=inner, bias=False), nn.BatchNorm2d(inner),
            nn.ReLU6(inplace=True), nn.Conv2d(inner, wide, 1, bias=False), nn.BatchNorm2d(wide),
        )  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        inner: Tensor = self.layers(images)
        return images + inner if self.residual else inner


def mobilenet(width: int = 8) -> nn.Module:
    blocks = [InvertedResidual(width, width, 1), InvertedResidual(width, 2 * width, 2)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(2 * width, CLASSES)]
    return nn.Sequential(nn.Conv2d(3, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU6(), *blocks, *head)


class FusedAttention(nn.Module):
    """Self-attention by PyTorch's fused function, as timm writes it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, rows: Tensor) -> Tensor:
        count, length, width = rows.shape
        q, k, v = self.qkv(rows).reshape(count, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(q, k, v)
        out: Tensor = self.proj(mixed.transpose(1, 2).reshape(count, length, width))
        return out


class LayeredAttention(nn.Module):
    """Self-attention by PyTorch's layer, as torchvision writes it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.layer = nn.MultiheadAttention(width, heads, batch_first=True)

    def forward(self, rows: Tensor) -> Tensor:
        out: Tensor = self.layer(rows, rows, rows, need_weights=False)[0]
        return out


class EncoderBlock(nn.Module):
    def __init__(self, width: int, attention: nn.Module) -> None:
        super().__init__()
        self.norm1, self.attention, self.norm2 = nn.LayerNorm(width), attention, nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, rows: Tensor) -> Tensor:
        rows = rows + self.attention(self.norm1(rows))
        out: Tensor = rows + self.mlp(self.norm2(rows))
        return out


class VisionTransformer(nn.Module):
    """Patches, a class token, positions, encoder blocks (Dosovitskiy et al. 2021)."""

    def __init__(self, attention: Callable[[int, int], nn.Module], width: int = 16, blocks: int = 2) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, 4, 4)
        self.token = nn.Parameter(0.02 * torch.randn(1, 1, width))
        self.positions = nn.Parameter(0.02 * torch.randn(1, 1 + (SIDE // 4) ** 2, width))
        self.blocks = nn.Sequential(*(EncoderBlock(width, attention(width, 2)) for _ in range(blocks)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        rows = self.patches(images).flatten(2).transpose(1, 2)
        rows = torch.cat([self.token.expand(len(rows), -1, -1), rows], dim=1) + self.positions
        out: Tensor = self.head(self.norm(self.blocks(rows))[:, 0])
        return out


class MixerBlock(nn.Module):
    """An MLP over the patches, then one over the channels (Tolstikhin et al. 2021)."""

    def __init__(self, patches: int, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.tokens = nn.Sequential(nn.Linear(patches, patches), nn.GELU(), nn.Linear(patches, patches))
        self.channels = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, rows: Tensor) -> Tensor:
        rows = rows + self.tokens(self.norm1(rows).transpose(1, 2)).transpose(1, 2)
        out: Tensor = rows + self.channels(self.norm2(rows))
        return out


class Mixer(nn.Module):
    def __init__(self, width: int = 16, blocks: int = 2) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, 4, 4)
        self.blocks = nn.Sequential(*(MixerBlock((SIDE // 4) ** 2, width) for _ in range(blocks)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        rows = self.blocks(self.patches(images).flatten(2).transpose(1, 2))
        out: Tensor = self.head(self.norm(rows).mean(dim=1))
        return out


MODELS: dict[str, Callable[[], nn.Module]] = {
    "resnet": resnet,
    "resnet, wide": lambda: resnet(12),
    "resnet, deep": lambda: resnet(8, 3),
    "mobilenet|v2": mobilenet,
    "=vit (fused)": lambda: VisionTransformer(FusedAttention),
    "vit, layers": lambda: VisionTransformer(LayeredAttention),
    "mixer & co": Mixer,
}
"""Names with signs that files, spreadsheets and pages read as something else."""
TRANSFORMERS = ("=vit (fused)", "vit, layers")
