"""The library's body in plain PyTorch eager, for comparison: same keys, same arithmetic, no tricks.

Needs torch only (1.13 or later). The peer has no door: its inputs are slots and stream positions.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F


def rotate(x, cos, sin):
    """Rotate-half RoPE of [B, heads, L, d]."""
    half = x.shape[-1] // 2
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)


class SelfBlock(nn.Module):
    def __init__(self, dim, heads, dropout):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.ff = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Dropout(dropout), nn.Linear(4 * dim, dim))

    def forward(self, x, cos, sin):
        b, n, d = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if hasattr(F, "scaled_dot_product_attention"):
            o = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:  # before PyTorch 2.0
            mask = torch.ones(n, n, dtype=torch.bool, device=x.device).triu(1)
            scores = (q @ k.transpose(-2, -1) / math.sqrt(d // self.heads)).masked_fill(mask, float("-inf"))
            o = scores.softmax(-1) @ v
        x = x + self.proj(o.transpose(1, 2).reshape(b, n, d))
        return x + self.ff(self.norm2(x))


class MemoryBlock(nn.Module):
    CHUNK = 64

    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.gate = nn.Parameter(torch.zeros(1))
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.norm = nn.LayerNorm(dim)

    def forward(self, x):
        b, n, d = x.shape
        h, c = self.heads, min(self.CHUNK, n)
        q, k, v = self.qkv(self.norm(x)).view(b, n, 3, h, d // h).permute(2, 0, 3, 1, 4)
        q, k = F.elu(q) + 1, F.elu(k) + 1
        pad = -n % c
        q, k, v = (F.pad(t, (0, 0, 0, pad)).reshape(b, h, -1, c, d // h) for t in (q, k, v))
        weights = (q @ k.transpose(-2, -1)).tril()
        numerator, denominator = weights @ v, weights.sum(-1, keepdim=True)
        if q.shape[2] > 1:
            state = (k[:, :, :-1].transpose(-2, -1) @ v[:, :, :-1]).cumsum(2)
            keys = k[:, :, :-1].sum(-2, keepdim=True).cumsum(2)
            numerator = numerator + q @ F.pad(state, (0, 0, 0, 0, 1, 0))
            denominator = denominator + (q * F.pad(keys, (0, 0, 0, 0, 1, 0))).sum(-1, keepdim=True)
        o = (numerator / (denominator + 1e-6)).view(b, h, -1, d // h)[:, :, :n]
        return x + self.gate.tanh() * self.proj(o.transpose(1, 2).reshape(b, n, d))


class Body(nn.Module):
    def __init__(self, dim=512, layers=6, heads=8, dropout=0.1, vocabulary=258):
        super().__init__()
        self.head_dim = dim // heads
        self.self_blocks = nn.ModuleList(SelfBlock(dim, heads, dropout) for _ in range(layers))
        self.mem_blocks = nn.ModuleList(MemoryBlock(dim, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, vocabulary)

    def forward(self, slots, stream):
        x = torch.cat([slots, stream], 1)
        positions = torch.arange(x.shape[1], device=x.device, dtype=torch.float64)
        frequencies = 10000.0 ** (-torch.arange(0, self.head_dim, 2, device=x.device, dtype=torch.float64) / self.head_dim)
        angles = positions[:, None] * frequencies
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        for block, memory in zip(self.self_blocks, self.mem_blocks):
            x = memory(block(x, cos, sin))
        return self.head(self.norm(x[:, slots.shape[1]:]))
