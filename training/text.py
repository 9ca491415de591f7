"""Both text encoders with embedding tables of the known words only; the full tables exist in checkpoints."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from models import CONFIG, make_clip_g, make_clip_l
from tokens import BOS, EOS

VOCABULARY = 49408


class Text(nn.Module):
    """forward returns (context, pooled). Unknown words have a zero embedding."""

    def __init__(self, known):
        super().__init__()
        self.known = known
        self.l, self.g = make_clip_l(), make_clip_g()
        lookup = torch.zeros(VOCABULARY, dtype=torch.long)
        lookup[known] = torch.arange(1, len(known) + 1)
        self.register_buffer("lookup", lookup, persistent=False)
        self.table_l = nn.Parameter(torch.randn(len(known), CONFIG["clip_l"]["c"]) * 0.6)
        self.table_g = nn.Parameter(torch.randn(len(known), CONFIG["clip_g"]["c"]) * 0.6)
        for encoder in (self.l, self.g):
            encoder.token_embedding.weight = nn.Parameter(torch.zeros(0), requires_grad=False)
        self.start_as_mean()

    @torch.no_grad()
    def start_as_mean(self):
        """Values and outputs of the attentions start as identities and special tokens small, so that from the first step on every
        position carries about the mean of the words before it. From random weights the text is ignored for hours."""
        for table in (self.table_l, self.table_g):
            for special in (0, BOS, EOS):
                table[self.known.index(special)] *= 0.1
        self.l.text_model["embeddings"]["position_embedding"].weight.mul_(0.3)
        self.g.positional_embedding.mul_(0.3)
        for layer in self.l.text_model["encoder"]["layers"]:
            attn = layer.self_attn
            attn.q_proj.weight.mul_(0.5)
            for part in (attn.v_proj, attn.out_proj):
                nn.init.eye_(part.weight)
            for part in (attn.q_proj, attn.k_proj, attn.v_proj, attn.out_proj):
                nn.init.zeros_(part.bias)
            layer.mlp["fc2"].weight.mul_(0.5)
        for layer in self.g.transformer["resblocks"]:
            width = layer.attn.out_proj.weight.shape[0]
            layer.attn.in_proj_weight[:width].mul_(0.5)
            nn.init.eye_(layer.attn.in_proj_weight[2 * width:])
            nn.init.eye_(layer.attn.out_proj.weight)
            nn.init.zeros_(layer.attn.out_proj.bias)
            layer.mlp["c_proj"].weight.mul_(0.5)

    def forward(self, tokens_l, tokens_g):
        hidden_g, pooled = self.g_and_pooled(tokens_g)
        hidden_l = self.l(self.lookup[tokens_l], with_zero_row(self.table_l))
        return torch.cat([hidden_l, hidden_g], -1), pooled

    def g_and_pooled(self, tokens_g):
        """The refiner's inputs: (CLIP-G's context, pooled)."""
        eos_at = (tokens_g == EOS).int().argmax(-1)
        return self.g(self.lookup[tokens_g], with_zero_row(self.table_g), eos_at)


def with_zero_row(table):
    return F.pad(table, (0, 0, 1, 0))


def full_table(rows, known):
    table = torch.zeros(VOCABULARY, rows.shape[1])
    table[known] = rows
    return table


def checkpoint_parts(state, known):
    """A state_dict of Text as (CLIP-L, CLIP-G) with full tables, as in a checkpoint."""
    part = lambda prefix: {k[2:]: v for k, v in state.items() if k.startswith(prefix)}
    l, g = part("l."), part("g.")
    l["text_model.embeddings.token_embedding.weight"] = full_table(state["table_l"], known)
    g["token_embedding.weight"] = full_table(state["table_g"], known)
    return l, g


def state_of_parts(l, g, known):
    """The reverse of checkpoint_parts."""
    state = {"l." + k: v for k, v in l.items()} | {"g." + k: v for k, v in g.items()}
    state["table_l"] = state["l.text_model.embeddings.token_embedding.weight"][known]
    state["table_g"] = state["g.token_embedding.weight"][known]
    for name in ("l.text_model.embeddings.token_embedding.weight", "g.token_embedding.weight"):
        state[name] = torch.zeros(0)
    return state
