"""Stage latents: encodes the training images once; and the batches drawn from them."""
import os
import random
from itertools import accumulate

import torch

from art import COLOURS, Art, Picker, compose, read_index
from autoencoder import AutoEncoder
from captions import caption
from state import load_pt, save_pt

WHITE = 8  # pictures of each item on white; one on every other colour, and EXTRA
EXTRA = 3
PAIRS = 240
WIDE = 360
PIECE = (10, 10)  # of a picture at twice the size, for tiles: seen with little noise only
FLAT_WEIGHT = 2  # flat pictures are drawn so many times as often: simpler, and a prompt without a style then means mostly one picture
# shapes of latents with their shares of the steps
SHAPES = {(16, 16): 0.86, (16, 24): 0.02, (24, 24): 0.05, (16, 48): 0.04, PIECE: 0.03}


def wide_parts(pick, rng):
    """Three cells: one object, three, or none."""
    roll = rng.random()
    if roll < 0.15:
        return [None] * 3
    if roll < 0.5:
        return pick.items_of_one_style(3)
    place = rng.randrange(3)
    return [pick.item() if i == place else None for i in range(3)]


def plan_for(items, pick, rng, scale):
    """[(height, width), items, background] of every image; `scale` multiplies their number (larger on a GPU)."""
    plan = []
    for _ in range(scale):
        for i in range(len(items)):
            colours = ["white"] * WHITE + COLOURS + rng.sample(COLOURS, EXTRA)
            plan += [((16, 16), [i], colour) for colour in colours]
            plan += [((24, 24), [i], pick.colour()), (PIECE, [i], pick.colour()), (PIECE, [i], pick.colour())]
        for shape in ((16, 16), (16, 24)):
            plan += [(shape, pick.items_of_one_style(2), pick.colour()) for _ in range(PAIRS)]
        plan += [((16, 48), wide_parts(pick, rng), pick.colour()) for _ in range(WIDE)]
    return plan


def render(art, shape, parts, colour, rng, jitter):
    h, w = shape[0] * 8, shape[1] * 8
    if shape != PIECE:
        return compose(art, parts, colour, h, w, rng, jitter)
    image = compose(art, parts, colour, 256, 256, rng, jitter)
    y, x = rng.randrange(257 - h), rng.randrange(257 - w)
    return image[:, y:y + h, x:x + w]


@torch.no_grad()
def cache_latents(a, log, device):
    rng = random.Random(a.seed)
    art = Art(a.data)
    model = AutoEncoder()
    model.load_state_dict(load_pt(os.path.join(a.work, "vae.pt")))
    model = model.find_resting().to(device, memory_format=torch.channels_last).eval()
    plan = plan_for(art.items, Picker(art.items, rng), rng, a.variants)
    groups = {}
    for shape in SHAPES:
        entries = [(parts, colour) for s, parts, colour in plan if s == shape]
        found = []
        for k in range(0, len(entries), 32):
            images = torch.stack([render(art, shape, parts, colour, rng, a.jitter) for parts, colour in entries[k:k + 32]])
            with torch.autocast(device.type, torch.bfloat16):
                z = model.encode(images.to(device).contiguous(memory_format=torch.channels_last))
            found.append(z.float().cpu().contiguous().half())
        groups[shape] = {"z": torch.cat(found), "parts": [p for p, _ in entries], "colour": [c for _, c in entries]}
        z = groups[shape]["z"].float()
        log(f"latents {shape}: {len(entries)}, mean {z.mean().item():.3f} std {z.std().item():.3f}")
    save_pt(os.path.join(a.work, "latents.pt"), groups)


class Batches:
    """Batches of (latents, captions) from the cache; captions are generated anew each time."""

    def __init__(self, a, rng):
        self.items, self.rng = read_index(a.data)["items"], rng
        self.groups = load_pt(os.path.join(a.work, "latents.pt"))
        self.weights = {shape: list(accumulate(self.weight(parts, a.pairs) for parts in group["parts"])) for shape, group in self.groups.items()}

    def weight(self, parts, pair_weight):
        if len(parts) > 1:
            return pair_weight
        return FLAT_WEIGHT if self.items[parts[0]]["style"] == "flat" else 1

    def next(self, size):
        """About `size` images, fewer of the large shapes: (latents, captions, whether they are crops)."""
        shape = self.rng.choices(list(SHAPES), list(SHAPES.values()))[0]
        group = self.groups[shape]
        count = max(1, round(size * 256 / (shape[0] * shape[1])))
        chosen = self.rng.choices(range(len(group["parts"])), cum_weights=self.weights[shape], k=count)
        texts = [caption([None if i is None else self.items[i] for i in group["parts"][k]], group["colour"][k], self.rng) for k in chosen]
        return group["z"][chosen].float(), texts, shape == PIECE
