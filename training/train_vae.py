"""Stages vae and decoder: the autoencoder, on crops of training images."""
import os
import random
import time

import torch
import torch.nn.functional as F

import state
from art import Art, Picker, compose
from autoencoder import AutoEncoder
from muon import Muon

CROP = 64
POOL = 2400


def edges(x):
    return x[..., 1:, :] - x[..., :-1, :], x[..., 1:] - x[..., :-1]


def picture_loss(got, want):
    """Loss on pixels, edges, coarse colours, and chrominance (purple, pink and brown are the hard ones)."""
    d = got - want
    loss = d.abs().mean() + 2 * d.square().mean()
    for a, b in zip(edges(got), edges(want)):
        loss = loss + (a - b).abs().mean()
    if got.shape[-1] >= 32:
        loss = loss + F.avg_pool2d(d, 4).abs().mean()
    chroma = d - d.mean(1, keepdim=True)
    return loss + 1.5 * chroma.abs().mean() + 6 * chroma.square().mean()


def latent_loss(z):
    """Pulls latents towards zero mean and unit variance, and into the range of the decoder's tanh."""
    pull = (z.mean((0, 2, 3)).square() + (z.std((0, 2, 3)) + 1e-4).log().square()).mean()
    return 0.1 * pull + 1e-2 * (z.abs() - 3).clamp(min=0).square().mean()


def optimizers_for(params, rate):
    inner = [p for p in params if p.ndim == 4 and min(p.shape[:2]) > 4]
    chosen = {id(p) for p in inner}
    rest = [p for p in params if id(p) not in chosen]
    return [Muon(inner, lr=10 * rate), torch.optim.AdamW(rest, lr=rate, betas=(0.9, 0.98), weight_decay=0)]


def crops_of(pool, count, rng):
    crops = []
    for _ in range(count):
        image = rng.choice(pool)
        y, x = rng.randint(0, image.shape[1] - CROP), rng.randint(0, image.shape[2] - CROP)
        crops.append(image[:, y:y + CROP, x:x + CROP])
    return (torch.stack(crops).float() / 255).contiguous(memory_format=torch.channels_last)


def train_vae(a, log, device, decoder_only):
    """Latents get a little noise and must survive 2x pooling; both make them easier for a small UNet. Training only the decoder
    keeps the latents, so UNets stay valid. On a CPU the costly blocks are switched off."""
    rng = random.Random(a.seed)
    torch.manual_seed(a.seed)
    art = Art(a.data)
    pick = Picker(art.items, rng)
    model = AutoEncoder().to(device, memory_format=torch.channels_last)
    path = os.path.join(a.work, "vae.pt")
    goes_on = decoder_only or os.path.exists(path)
    if goes_on:
        model.load_state_dict(state.load_pt(path))
    if device.type == "cpu":
        model.find_resting() if goes_on else model.lighten()
    if decoder_only:
        model.taesd_encoder.requires_grad_(False)
    params = [p for p in model.parameters() if p.requires_grad]
    optimizers = optimizers_for(params, a.lr or 1e-3)
    state.remember_rates(optimizers)
    batch = a.batch or (8 if device.type == "cpu" else 64)
    pool = []
    for _ in range(POOL):
        parts = pick.items_of_one_style(2) if rng.random() < 0.12 else [pick.item()]
        pool.append((compose(art, parts, pick.colour(), 128, 128, rng, 1.0) * 255).round().byte())
    save = lambda: state.save_pt(path, {k: v.detach().float().cpu().contiguous() for k, v in model.state_dict().items()})
    start, budget, saved = time.time(), a.minutes * 60, time.time()
    step, total = 0, 0.0
    while (elapsed := time.time() - start) < budget:
        state.set_rates(optimizers, state.schedule(elapsed / budget))
        want = crops_of(pool, batch, rng).to(device)
        target, pull = want, 0.0
        with torch.autocast(device.type, torch.bfloat16):
            z = model.encode(want).float()
            if not decoder_only:
                pull = latent_loss(z)
                if rng.random() < 0.04:
                    z, target = F.avg_pool2d(z, 2), F.avg_pool2d(want, 2)
            noisy = z + torch.randn_like(z) * torch.rand(len(z), 1, 1, 1, device=device) * 0.12
            got = model.decode(noisy.contiguous(memory_format=torch.channels_last)).float()
        loss = picture_loss(got, target) + pull
        for o in optimizers:
            o.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        for o in optimizers:
            o.step()
        step, total = step + 1, total + loss.item()
        if step % 100 == 0:
            log(f"vae step {step} loss {total / 100:.4f} {step * batch / (time.time() - start):.1f} crops/s")
            total = 0.0
        if time.time() - saved > 180:
            save()
            saved = time.time()
    save()
    log(f"vae done: {step} steps, {step * batch} crops")
