"""The UNet of SDXL (module names of the original checkpoint), with few channels."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from autoencoder import conv3
from clip import HEAD, attention


def sinusoid(t, dim):
    half = dim // 2
    freqs = torch.exp(torch.arange(half, dtype=torch.float32, device=t.device) * (-math.log(10000) / half))
    a = t.float()[:, None] * freqs
    return torch.cat([a.cos(), a.sin()], -1)


class Res(nn.Module):
    def __init__(self, i, o, emb):
        super().__init__()
        self.in_layers = nn.Sequential(nn.GroupNorm(32, i), nn.SiLU(), conv3(i, o))
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(emb, o))
        self.out_layers = nn.Sequential(nn.GroupNorm(32, o), nn.SiLU(), nn.Identity(), conv3(o, o))
        self.skip_connection = nn.Identity() if i == o else nn.Conv2d(i, o, 1)
        nn.init.zeros_(self.out_layers[3].weight)

    def forward(self, x, emb, context):
        h = self.in_layers(x) + self.emb_layers(emb)[:, :, None, None]
        return self.skip_connection(x) + self.out_layers(h)


class CrossAttention(nn.Module):
    def __init__(self, c, context):
        super().__init__()
        self.heads = c // HEAD
        self.to_q = nn.Linear(c, c, bias=False)
        self.to_k = nn.Linear(context, c, bias=False)
        self.to_v = nn.Linear(context, c, bias=False)
        self.to_out = nn.Sequential(nn.Linear(c, c), nn.Identity())

    def forward(self, x, context):
        return self.to_out(attention(self.to_q(x), self.to_k(context), self.to_v(context), self.heads))


class GEGLU(nn.Module):
    def __init__(self, c, o):
        super().__init__()
        self.proj = nn.Linear(c, 2 * o)

    def forward(self, x):
        a, gate = self.proj(x).chunk(2, -1)
        return a * F.gelu(gate)


class TransformerBlock(nn.Module):
    def __init__(self, c, context):
        super().__init__()
        self.attn1 = CrossAttention(c, c)
        self.attn2 = CrossAttention(c, context)
        self.ff = nn.ModuleDict({"net": nn.Sequential(GEGLU(c, 4 * c), nn.Identity(), nn.Linear(4 * c, c))})
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(c) for _ in range(3))

    def forward(self, x, context):
        n = self.norm1(x)
        x = x + self.attn1(n, n)
        x = x + self.attn2(self.norm2(x), context)
        return x + self.ff["net"](self.norm3(x))


class SpatialTransformer(nn.Module):
    def __init__(self, c, depth, context):
        super().__init__()
        self.norm = nn.GroupNorm(32, c, eps=1e-6)
        self.proj_in = nn.Linear(c, c)
        self.transformer_blocks = nn.ModuleList(TransformerBlock(c, context) for _ in range(depth))
        self.proj_out = nn.Linear(c, c)
        nn.init.zeros_(self.proj_out.weight)

    def forward(self, x, emb, context):
        b, c, h, w = x.shape
        t = self.proj_in(self.norm(x).permute(0, 2, 3, 1).reshape(b, h * w, c))
        for block in self.transformer_blocks:
            t = block(t, context)
        return x + self.proj_out(t).reshape(b, h, w, c).permute(0, 3, 1, 2)


class Down(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.op = conv3(c, c, stride=2)

    def forward(self, x, emb, context):
        return self.op(x)


class Up(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = conv3(c, c)

    def forward(self, x, emb, context, size=None):
        return self.conv(F.interpolate(x, size or (x.shape[2] * 2, x.shape[3] * 2), mode="nearest"))


class First(nn.Conv2d):
    def forward(self, x, emb, context):
        return nn.Conv2d.forward(self, x)


class UNet(nn.Module):
    def __init__(self, channels, mult, depth, middle, context, adm, res_blocks=2, latent=4):
        super().__init__()
        self.channels = channels
        emb = 4 * channels
        self.time_embed = nn.Sequential(nn.Linear(channels, emb), nn.SiLU(), nn.Linear(emb, emb))
        self.label_emb = nn.Sequential(nn.Sequential(nn.Linear(adm, emb), nn.SiLU(), nn.Linear(emb, emb)))
        tr = lambda c, d: [SpatialTransformer(c, d, context)] if d else []
        self.input_blocks = nn.ModuleList([nn.ModuleList([First(latent, channels, 3, padding=1)])])
        ch, skips = channels, [channels]
        for level, m in enumerate(mult):
            for _ in range(res_blocks):
                self.input_blocks.append(nn.ModuleList([Res(ch, m * channels, emb), *tr(m * channels, depth[level])]))
                ch = m * channels
                skips.append(ch)
            if level < len(mult) - 1:
                self.input_blocks.append(nn.ModuleList([Down(ch)]))
                skips.append(ch)
        self.middle_block = nn.ModuleList([Res(ch, ch, emb), SpatialTransformer(ch, middle, context), Res(ch, ch, emb)])
        self.output_blocks = nn.ModuleList()
        for level, m in reversed(list(enumerate(mult))):
            for i in range(res_blocks + 1):
                layers = [Res(ch + skips.pop(), m * channels, emb), *tr(m * channels, depth[level])]
                ch = m * channels
                if level and i == res_blocks:
                    layers.append(Up(ch))
                self.output_blocks.append(nn.ModuleList(layers))
        self.out = nn.Sequential(nn.GroupNorm(32, ch), nn.SiLU(), conv3(ch, latent))
        nn.init.zeros_(self.out[2].weight)
        nn.init.zeros_(self.out[2].bias)

    def forward(self, x, t, context, y):
        emb = self.time_embed(sinusoid(t, self.channels)) + self.label_emb(y)
        h, skips = x, []
        for block in self.input_blocks:
            for layer in block:
                h = layer(h, emb, context)
            skips.append(h)
        for layer in self.middle_block:
            h = layer(h, emb, context)
        for block in self.output_blocks:
            h = torch.cat([h, skips.pop()], 1)
            for layer in block:
                if isinstance(layer, Up):
                    h = layer(h, emb, context, skips[-1].shape[2:] if skips else None)
                else:
                    h = layer(h, emb, context)
        return self.out(h)
