"""Stages base and refiner: the UNets, the base together with both text encoders."""
import os
import random
import time

import torch
import torch.nn.functional as F

import cpu_conv
import state
from art import BACKGROUNDS, STYLES
from captions import vocabulary
from export import export
from latents import Batches
from models import CONFIG, adm, alphas_cumprod, make_base, make_refiner
from muon import Muon
from text import Text
from tokens import Tokenizer, known_tokens, rows_for

REFINER_TOP = 400  # the refiner knows only timesteps below
NOT_MUON = ("embed", "label_emb", "input_blocks.0", "out.2")  # first and last layers


def loss_weights(snr):
    """Min-SNR with gamma 5, and more weight at high noise: half way to the loss on v."""
    return (snr.clamp(max=5.0) / snr) * ((1 + snr) / snr).sqrt().clamp(max=4.0)


def timesteps(n, refiner, device):
    """Stratified, for less noise in the gradient of a small batch; half of the almost clean ones moved up for the base."""
    top = REFINER_TOP if refiner else 1000
    t = ((torch.rand(n, device=device) + torch.randperm(n, device=device)) / n * top).long().clamp(max=top - 1)
    if refiner:
        return t
    move = (t < 160) & (torch.rand(n, device=device) < 0.5)
    return torch.where(move, torch.randint(160, top, (n,), device=device), t)


def sizes_for(n, rng, refiner):
    """Random size conditioning, so that the numbers a workflow passes do not matter."""
    size = lambda: rng.choice((128, 192, 256, 512, 768, 1024, 1024))
    rows = []
    for _ in range(n):
        h = size()
        w = h if rng.random() < 0.8 else size()
        crop = [0, 0] if rng.random() < 0.9 else [rng.randint(0, 64), rng.randint(0, 64)]
        rows.append([h, w, *crop, *([rng.choice((6.0, 6.0, 2.5, rng.uniform(2, 9)))] if refiner else [h, w])])
    return torch.tensor(rows, dtype=torch.float32)


def noised(z, alpha, refiner):
    """(noisy latents, the noise in them). The base gets noise with a small offset. The refiner gets latents like a base's: slightly
    wrong in their coarse parts."""
    n, _, h, w = z.shape
    noise = torch.randn_like(z)
    if not refiner:
        noise = noise + 0.08 * torch.randn(n, 4, 1, 1, device=z.device)
        return alpha.sqrt() * z + (1 - alpha).sqrt() * noise, noise
    coarse = F.interpolate(torch.randn(n, 4, h // 2, w // 2, device=z.device), (h, w), mode="nearest")
    x = alpha.sqrt() * (z + 0.15 * torch.rand(n, 1, 1, 1, device=z.device) * coarse) + (1 - alpha).sqrt() * noise
    return x, (x - alpha.sqrt() * z) / (1 - alpha).sqrt()


def without_sizes(unet):
    """The size columns of the vector conditioning stay zero: 1,500 random inputs would dominate the 128 of the prompt."""
    width = CONFIG["clip_g"]["c"]
    weight = unet.label_emb[0][0].weight
    weight.data[:, width:] = 0
    weight.register_hook(lambda grad: F.pad(grad[:, :width], (0, grad.shape[1] - width)))


def optimizers_for(unet, text, a):
    """Muon for the UNet's matrices, AdamW for the rest. The text encoders' gradients are weak: Muon's fixed step would make them drift."""
    params = {True: [], False: []}
    for name, p in unet.named_parameters():
        params[p.ndim in (2, 4) and not any(part in name for part in NOT_MUON)].append(p)
    rate = a.lr or 0.012
    slow = [{"params": params[False]}]
    if text is not None:
        slow.append({"params": [p for p in text.parameters() if p.requires_grad and p.numel()], "lr": a.text_lr})
    return [Muon(params[True], lr=rate), torch.optim.AdamW(slow, lr=rate / 12, betas=(0.9, 0.99), weight_decay=0.0)]


class Run:
    """A UNet in training with everything in a snapshot."""

    def __init__(self, a, log, device, refiner):
        self.a, self.log, self.device, self.refiner = a, log, device, refiner
        self.name = "refiner" if refiner else "base"
        self.path = os.path.join(a.work, self.name + ".pt")
        self.rng = random.Random(f"{a.seed} {self.name}")
        torch.manual_seed(a.seed)
        self.tokenizer = Tokenizer()
        self.batches = Batches(a, self.rng)
        base = state.load_pt(os.path.join(a.work, "base.pt")) if refiner or os.path.exists(self.path) else None
        known = base["known"] if base else known_tokens(vocabulary(self.batches.items, STYLES, BACKGROUNDS), self.tokenizer)
        self.text = Text(known).to(device)
        self.unet = (make_refiner() if refiner else make_base()).to(device, memory_format=torch.channels_last)
        without_sizes(self.unet)
        if refiner:
            self.text.load_state_dict(base["ema"][1])
            self.text.requires_grad_(False)
        trained = [self.unet] if refiner else [self.unet, self.text]
        self.modules = trained
        self.optimizers = optimizers_for(self.unet, None if refiner else self.text, a)
        state.remember_rates(self.optimizers)
        self.params = [p for group in state.groups(self.optimizers) for p in group["params"]]
        self.ema = state.Ema(trained, a.ema or (0.992 if device.type == "cpu" else 0.9995))
        self.step, self.seen, self.before = 0, 0, 0.0
        if os.path.exists(self.path):
            self.load(state.load_pt(self.path))

    def load(self, snapshot):
        for module, live in zip(self.modules, snapshot["live"]):
            module.load_state_dict(live)
        self.ema.load(snapshot["ema"], snapshot["step"])
        state.load_optimizers(self.optimizers, snapshot["opt"])
        self.step, self.seen, self.before = snapshot["step"], snapshot["seen"], snapshot["elapsed"]
        self.log(f"{self.name}: goes on at step {self.step}, {self.seen} pictures, {self.before / 60:.1f} min")

    def save(self, elapsed):
        state.save_pt(self.path, {
            "live": [m.state_dict() for m in self.modules], "ema": self.ema.shadow, "opt": [o.state_dict() for o in self.optimizers],
            "step": self.step, "seen": self.seen, "elapsed": self.before + elapsed, "known": self.text.known,
            **({"text": self.text.state_dict()} if self.refiner else {}),
        })
        export(self.a, self.name, self.log)

    def train_step(self, weight, acp):
        z, texts, pieces = self.batches.next(self.a.batch or (32 if self.device.type == "cpu" else 256))
        tokens_l, tokens_g = (rows.to(self.device) for rows in rows_for(texts, self.tokenizer, self.rng))
        z = z.to(self.device).contiguous(memory_format=torch.channels_last)
        t = timesteps(len(z), self.refiner, self.device)
        if pieces and not self.refiner:
            t = (t * 0.4).long()
        x, noise = noised(z, acp[t].view(-1, 1, 1, 1), self.refiner)
        size = sizes_for(len(z), self.rng, self.refiner).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16):
            context, pooled = self.text.g_and_pooled(tokens_g) if self.refiner else self.text(tokens_l, tokens_g)
            if self.rng.random() < 0.3:  # zeroed conditioning, for one picture of some batches
                keep = torch.ones(len(z), 1, 1, device=self.device)
                keep[0] = 0
                context, pooled = context * keep, pooled * keep[:, 0]
            got = self.unet(x, t, context, adm(pooled.float(), size)).float()
        each = (got - noise).square().mean((1, 2, 3))
        loss = (each * weight[t]).mean()
        for o in self.optimizers:
            o.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.params, 1.0)
        for o in self.optimizers:
            o.step()
        self.ema.update()
        self.step, self.seen = self.step + 1, self.seen + len(z)
        return loss.item(), t, each.detach()


def train_unet(a, log, device, refiner):
    if device.type == "cpu":
        cpu_conv.install()
    run = Run(a, log, device, refiner)
    acp = alphas_cumprod().float().to(device)
    weight = torch.ones_like(acp) if refiner else loss_weights(acp / (1 - acp))
    quarter = (REFINER_TOP if refiner else 1000) // 4
    first, last = (float(v) for v in a.span.split(","))
    start, begun = time.time(), run.seen
    saved, since, seen, losses, bands = start, start, run.seen, [], [[] for _ in range(4)]
    part_done = lambda: (run.seen - begun) / max(a.pictures - begun, 1) if a.pictures else (time.time() - start) / (a.minutes * 60)
    while (done := part_done()) < 1:
        state.set_rates(run.optimizers, state.schedule(first + (last - first) * done))
        loss, t, each = run.train_step(weight, acp)
        losses.append(loss)
        for band, error in zip((t // quarter).tolist(), each.tolist()):
            bands[band].append(error)
        if len(losses) == 20:
            now = time.time()
            by_band = " ".join(f"{sum(b) / max(len(b), 1):.3f}" for b in bands)
            log(f"{run.name} step {run.step} loss {sum(losses) / 20:.4f} bands {by_band} seen {run.seen} {(run.seen - seen) / (now - since):.1f}/s")
            since, seen, losses, bands = now, run.seen, [], [[] for _ in range(4)]
        if time.time() - saved > a.snapshot_minutes * 60:
            run.save(time.time() - start)
            saved = time.time()
    run.save(time.time() - start)
    log(f"{run.name} done: {run.step} steps, {run.seen} pictures")
