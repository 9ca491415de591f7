"""The training images: emoji art (see prepare.mjs) on plain backgrounds."""
import json
import os

import numpy as np
import torch
import torch.nn.functional as F

BACKGROUNDS = {
    "white": (255, 255, 255), "black": (0, 0, 0), "red": (214, 40, 40), "orange": (247, 140, 32), "yellow": (255, 214, 51),
    "green": (58, 160, 72), "blue": (45, 108, 223), "purple": (124, 63, 178), "pink": (255, 158, 200), "gray": (150, 150, 150),
}
COLOURS = [name for name in BACKGROUNDS if name != "white"]
STYLES = ("noto", "flat")
WHITE_SHARE = 0.4


def read_index(folder):
    """art.json: size, sources, items (name, style, captions)."""
    with open(os.path.join(folder, "art.json")) as f:
        return json.load(f)


class Art:
    """The rendered art; each image is trimmed to its opaque part and centred in a square, colours premultiplied by alpha."""

    def __init__(self, folder):
        index = read_index(folder)
        self.items, n = index["items"], index["size"]
        raw = np.fromfile(os.path.join(folder, "art.bin"), np.uint8).reshape(len(self.items), n, n, 4)
        self.pictures = [self.trim(rgba) for rgba in raw]

    @staticmethod
    def trim(rgba):
        ys, xs = np.nonzero(rgba[..., 3] > 8)
        top, left, high, wide = ys.min(), xs.min(), np.ptp(ys) + 1, np.ptp(xs) + 1
        side = max(high, wide)
        y, x = (side - high) // 2, (side - wide) // 2
        square = np.zeros((side, side, 4), np.float32)
        square[y:y + high, x:x + wide] = rgba[top:top + high, left:left + wide] / np.float32(255)
        square[..., :3] *= square[..., 3:]
        return torch.from_numpy(square).permute(2, 0, 1).contiguous()

    def paste(self, canvas, index, size, cx, cy):
        """Draws image `index`, `size` pixels wide, around (cx, cy) onto canvas (3,H,W in 0..1), in place."""
        art = F.interpolate(self.pictures[index][None], (size, size), mode="bilinear", antialias=True, align_corners=False)[0]
        h, w = canvas.shape[1:]
        x, y = round(cx - size / 2), round(cy - size / 2)
        x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + size, w), min(y + size, h)
        part = art[:, y0 - y:y1 - y, x0 - x:x1 - x]
        canvas[:, y0:y1, x0:x1].mul_(1 - part[3:]).add_(part[:3])


def compose(art, parts, colour, height, width, rng, jitter):
    """One image (3,H,W in 0..1): `parts` (indices, None for an empty cell) side by side on a background, each about 86 % of its cell.
    jitter 0..1: how much size and position vary; small values give sharper images on a small training budget."""
    image = (torch.tensor(BACKGROUNDS[colour], dtype=torch.float32) / 255).view(3, 1, 1).repeat(1, height, width)
    cell_width = width / len(parts)
    cell = min(cell_width, height)
    for i, index in enumerate(parts):
        if index is None:
            continue
        size = round(cell * (0.86 + jitter * rng.uniform(-0.14 if len(parts) == 1 else -0.04, 0.09)))
        shift = lambda room: rng.uniform(-1, 1) * min((room - size) / 2, 0.06 * cell * jitter)
        art.paste(image, index, size, cell_width * (i + 0.5) + shift(cell_width), height / 2 + shift(height))
    return image


class Picker:
    """Chooses what to draw."""

    def __init__(self, items, rng):
        self.items, self.rng = items, rng

    def item(self):
        return self.rng.randrange(len(self.items))

    def items_of_one_style(self, count):
        """`count` different ones."""
        first = self.item()
        others = [i for i, item in enumerate(self.items) if i != first and item["style"] == self.items[first]["style"]]
        return [first, *self.rng.sample(others, count - 1)]

    def colour(self):
        return "white" if self.rng.random() < WHITE_SHARE else self.rng.choice(COLOURS)
