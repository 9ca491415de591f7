"""The classifier of the score: a small network for subject, style and background of an image, with a class NONE for blobs, wrong
colours and fragments. Trained on the rendered art only, never on a generated image."""
import random

import torch
import torch.nn as nn
import torch.nn.functional as F

from art import BACKGROUNDS, STYLES, compose

SIDE = 64
TWINS = ("apple", "heart")  # another colour is another subject


def block(i, o, stride):
    return nn.Sequential(nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU())


class Judge(nn.Module):
    """forward: images (B,3,SIDE,SIDE in 0..1) -> logits of subjects (the last one is NONE), styles, backgrounds."""

    def __init__(self, subjects):
        super().__init__()
        self.body = nn.Sequential(block(3, 32, 2), block(32, 64, 2), block(64, 96, 1), block(96, 128, 2), block(128, 128, 1), nn.Dropout2d(0.1))
        self.subject = nn.Linear(128 * 16, subjects + 1)
        self.style = nn.Linear(128 * 2, len(STYLES))
        self.background = nn.Linear(128 * 2, len(BACKGROUNDS))

    def forward(self, x):
        h = self.body(x * 2 - 1)
        both = torch.cat([h.mean((2, 3)), h.amax((2, 3))], 1)
        return self.subject(F.adaptive_avg_pool2d(h, 4).flatten(1)), self.style(both), self.background(both)


def shrink(images):
    return F.interpolate(images, (SIDE, SIDE), mode="area")


class Pictures:
    """Rendered images with their labels, some of them encoded and decoded."""

    def __init__(self, art, autoencoder, count, seed):
        self.rng, self.art = random.Random(seed), art
        self.names = list(dict.fromkeys(item["name"] for item in art.items))
        torch.manual_seed(seed)
        images, labels = [], []
        for k in range(count):
            i = k % len(art.items)
            background = self.rng.randrange(len(BACKGROUNDS))
            images.append(compose(art, [i], list(BACKGROUNDS)[background], 128, 128, self.rng, 0.6))
            labels.append([self.names.index(art.items[i]["name"]), STYLES.index(art.items[i]["style"]), background])
        images = torch.stack(images)
        self.clean = shrink(images)
        self.coded = torch.cat([shrink(self.through(autoencoder, images[k:k + 32])) for k in range(0, count, 32)])
        self.labels = torch.tensor(labels)

    @torch.no_grad()
    def through(self, autoencoder, images):
        """Encoded and decoded with noise on the latents: the artefacts of generated images."""
        with torch.autocast("cpu", torch.bfloat16):
            z = autoencoder.encode(images).float()
            noise = torch.randn_like(z) * torch.rand(len(z), 1, 1, 1) * 0.35
            coarse = F.interpolate(torch.randn(len(z), 4, 4, 4), z.shape[2:], mode="bilinear") * torch.rand(len(z), 1, 1, 1) * 0.35
            return autoencoder.decode(z + noise + coarse).float().clamp(0, 1)

    def batch(self, size):
        """(images, labels), augmented in ways that keep the label; a quarter of them damaged, which makes them NONE."""
        k = torch.randint(len(self.labels), (size,))
        coded = (torch.rand(size) < 0.7).view(-1, 1, 1, 1)
        x = moved(torch.where(coded, self.coded[k], self.clean[k]))
        labels = self.labels[k].clone()
        for j in range(size):
            if self.rng.random() < 0.25:
                spoiled = self.spoil(x[j], x[self.rng.randrange(size)], self.names[labels[j, 0]])
                if spoiled is not None:
                    x[j], labels[j, 0] = spoiled, len(self.names)
            elif self.rng.random() < 0.4:
                x[j] = blur(x[j], self.rng.uniform(0.3, 1.0))
        x = x + torch.randn_like(x) * torch.rand(size, 1, 1, 1) * 0.05 + torch.randn(size, 3, 1, 1) * 0.02
        return x.clamp(0, 1), labels

    def spoil(self, x, other, name):
        way = self.rng.randrange(4)
        if way == 0:
            return blur(x, self.rng.uniform(4, 8))
        if way == 1:  # quarters in another order
            order = self.rng.sample(range(4), 4)
            if order == sorted(order):
                return None
            parts = [q for half in x.chunk(2, 1) for q in half.chunk(2, 2)]
            a, b, c, d = (parts[i] for i in order)
            return torch.cat([torch.cat([a, b], 2), torch.cat([c, d], 2)], 1)
        if way == 2:  # two subjects through each other
            return None if other is x else 0.5 * x + 0.5 * other
        turned = x[[1, 2, 0]] if self.rng.random() < 0.5 else x[[2, 0, 1]]
        middle = (slice(None), slice(16, 48), slice(16, 48))  # wrong colours, where the subject has some
        if name.endswith(TWINS) or (turned[middle] - x[middle]).abs().mean() < 0.12:
            return None
        return turned


def moved(x):
    """Rotated by up to 8 degrees, moved and scaled; the border is extended outwards."""
    n = len(x)
    angle = (torch.rand(n) - 0.5) * 0.28
    scale = 1 + (torch.rand(n) - 0.5) * 0.2
    stretch = 1 + (torch.rand(n) - 0.5) * 0.16
    shift = (torch.rand(n, 2) - 0.5) * 0.14
    cos, sin = angle.cos() * scale, angle.sin() * scale
    theta = torch.stack([torch.stack([cos * stretch, -sin, shift[:, 0]], 1), torch.stack([sin, cos, shift[:, 1]], 1)], 1)
    return F.grid_sample(x, F.affine_grid(theta, x.shape, align_corners=False), padding_mode="border", align_corners=False)


def blur(x, sigma):
    radius = max(1, round(2.5 * sigma))
    line = torch.exp(-torch.arange(-radius, radius + 1).float().square() / (2 * sigma * sigma))
    line = line / line.sum()
    x = F.pad(x[:, None], (radius,) * 4, mode="replicate")
    return F.conv2d(F.conv2d(x, line.view(1, 1, 1, -1)), line.view(1, 1, -1, 1))[:, 0]


def train_judge(pictures, batches, log):
    torch.manual_seed(1)
    judge = Judge(len(pictures.names))
    optimizer = torch.optim.AdamW(judge.parameters(), lr=2e-3, weight_decay=1e-2)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=batches)
    total = 0.0
    for step in range(1, batches + 1):
        x, labels = pictures.batch(64)
        logits = judge(x)
        known = labels[:, 0] < len(pictures.names)
        loss = F.cross_entropy(logits[0], labels[:, 0], label_smoothing=0.05)
        loss = loss + sum(F.cross_entropy(part[known], labels[known, i]) for i, part in ((1, logits[1]), (2, logits[2])))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rates.step()
        total += loss.item()
        if step % 100 == 0:
            log(f"judge step {step} loss {total / 100:.3f}")
            total = 0.0
    return judge.eval()
