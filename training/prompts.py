#!/usr/bin/env python3
"""Writes prompts.json, the prompts of the score: every subject at least once; style and background at random, but no
background of the subject's own colour (a yellow star on yellow)."""
import json
import os
import random

import torch

from art import BACKGROUNDS, STYLES, Art

COUNT = 100
DROWNED = 0.3  # share of the subject's pixels near the background's colour
NEAR = 0.25
HERE = os.path.dirname(os.path.abspath(__file__))


def drowned(picture, background):
    """The share of an image's opaque pixels (premultiplied RGBA, 4,H,W) whose channels are all close to the background's."""
    colour = torch.tensor(BACKGROUNDS[background]).view(3, 1) / 255
    solid = picture[:, picture[3] > 0.9]
    return ((solid[:3] - colour).abs().amax(0) < NEAR).float().mean().item()


def main():
    rng = random.Random("score")
    art = Art(os.path.join(HERE, "build", "data"))
    with open(os.path.join(HERE, "subjects.json")) as f:
        subjects = json.load(f)["subjects"]
    stands_out = {name: [b for b in BACKGROUNDS if all(drowned(p, b) < DROWNED for p, item in zip(art.pictures, art.items) if item["name"] == name)]
                  for name in subjects}
    prompts, names = [], []
    while len(prompts) < COUNT:
        names = names or rng.sample(list(subjects), len(subjects))
        name = names.pop()
        style, background = rng.choice([*STYLES, None]), rng.choice(stands_out[name])
        words = [rng.choice(subjects[name]), *([f"{style} style"] if style else []), f"{background} background"]
        prompt = {"prompt": ", ".join(words), "subject": name, "style": style, "background": background}
        if prompt not in prompts:
            prompts.append(prompt)
    with open(os.path.join(HERE, "prompts.json"), "w") as f:
        f.write("[\n" + ",\n".join("  " + json.dumps(p).replace("{", "{ ").replace("}", " }") for p in prompts) + "\n]\n")


if __name__ == "__main__":
    main()
