"""The two text encoders: CLIP-L in Hugging Face's layout, CLIP-G in open_clip's. Smaller than SDXL's, otherwise the same."""
import torch
import torch.nn as nn
import torch.nn.functional as F

HEAD = 64


def quick_gelu(x):
    return x * torch.sigmoid(1.702 * x)


def attention(q, k, v, heads, causal=False):
    b, n, c = q.shape
    split = lambda t: t.view(b, -1, heads, c // heads).transpose(1, 2)
    return F.scaled_dot_product_attention(split(q), split(k), split(v), is_causal=causal).transpose(1, 2).reshape(b, n, c)


class LAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads = c // HEAD
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(c, c) for _ in range(4))

    def forward(self, x):
        return self.out_proj(attention(self.q_proj(x), self.k_proj(x), self.v_proj(x), self.heads, causal=True))


class LLayer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.layer_norm1, self.layer_norm2 = nn.LayerNorm(c), nn.LayerNorm(c)
        self.self_attn = LAttention(c)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(c, 4 * c), "fc2": nn.Linear(4 * c, c)})

    def forward(self, x):
        x = x + self.self_attn(self.layer_norm1(x))
        return x + self.mlp["fc2"](quick_gelu(self.mlp["fc1"](self.layer_norm2(x))))


class ClipL(nn.Module):
    """Hugging Face layout (text_model.*). forward: rows of `table` -> the penultimate hidden state."""

    def __init__(self, c, layers, vocab=49408, positions=77):
        super().__init__()
        self.text_model = nn.ModuleDict({
            "embeddings": nn.ModuleDict({"token_embedding": nn.Embedding(vocab, c), "position_embedding": nn.Embedding(positions, c)}),
            "encoder": nn.ModuleDict({"layers": nn.ModuleList(LLayer(c) for _ in range(layers))}),
            "final_layer_norm": nn.LayerNorm(c),
        })
        nn.init.normal_(self.token_embedding.weight, std=0.3)
        nn.init.normal_(self.text_model["embeddings"]["position_embedding"].weight, std=0.1)

    @property
    def token_embedding(self):
        return self.text_model["embeddings"]["token_embedding"]

    def forward(self, tokens, table):
        x = F.embedding(tokens, table) + self.text_model["embeddings"]["position_embedding"].weight
        for layer in self.text_model["encoder"]["layers"][:-1]:
            x = layer(x)
        return x


class GAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads = c // HEAD
        self.in_proj_weight = nn.Parameter(torch.empty(3 * c, c))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * c))
        self.out_proj = nn.Linear(c, c)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, x):
        q, k, v = F.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, -1)
        return self.out_proj(attention(q, k, v, self.heads, causal=True))


class GBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(c), nn.LayerNorm(c)
        self.attn = GAttention(c)
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(c, 4 * c), "c_proj": nn.Linear(4 * c, c)})

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](self.ln_2(x))))


class ClipG(nn.Module):
    """open_clip layout. forward: rows of `table` -> (penultimate hidden state, pooled at `eos_at` and projected)."""

    def __init__(self, c, layers, vocab=49408, positions=77):
        super().__init__()
        self.token_embedding = nn.Embedding(vocab, c)
        self.positional_embedding = nn.Parameter(torch.randn(positions, c) * 0.1)
        self.transformer = nn.ModuleDict({"resblocks": nn.ModuleList(GBlock(c) for _ in range(layers))})
        self.ln_final = nn.LayerNorm(c)
        self.text_projection = nn.Parameter(torch.randn(c, c) * c ** -0.5)
        self.logit_scale = nn.Parameter(torch.tensor(4.6055), requires_grad=False)
        nn.init.normal_(self.token_embedding.weight, std=0.3)

    def forward(self, tokens, table, eos_at):
        x = F.embedding(tokens, table) + self.positional_embedding
        *body, last = self.transformer["resblocks"]
        for block in body:
            x = block(x)
        y = self.ln_final(last(x)[torch.arange(len(tokens), device=x.device), eos_at])
        return x, y @ self.text_projection
