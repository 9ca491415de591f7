#!/usr/bin/env python3
"""Scores images that Darkroom drew for prompts.json (draw.ts): how often subject, style and background match the prompt.

  score.py judge              trains the judge (classifier.py) on rendered art and says how good it is on pictures it never saw
  score.py FOLDER [JSON]      scores FOLDER/base and FOLDER/refined, prints confusions, writes JSON
"""
import json
import os
import sys
from collections import Counter

import numpy as np
import torch
from PIL import Image

from art import BACKGROUNDS, STYLES, Art
from autoencoder import AutoEncoder
from classifier import Judge, Pictures, shrink, train_judge
from state import load_pt, save_pt

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "build")
JUDGE = os.path.join(BUILD, "judge.pt")
NONE = "nothing"


def read_json(name):
    with open(os.path.join(HERE, name)) as f:
        return json.load(f)


def share(flags):
    return round(float(torch.as_tensor(flags).float().mean()), 4)


@torch.no_grad()
def judge_accuracy(judge, held):
    """On renders with other positions, sizes, backgrounds and noise than in training; damaged ones must be classified as NONE."""
    report = {}
    for name, images in (("clean", held.clean), ("through the autoencoder", held.coded)):
        said = [part.argmax(1) for part in judge(images)]
        right = [said[i] == held.labels[:, i] for i in range(3)]
        report[name] = {"subject": share(right[0]), "style": share(right[1]), "background": share(right[2]), "all": share(right[0] & right[1] & right[2])}
    x, labels = held.batch(600)
    spoiled = labels[:, 0] == len(held.names)
    said = judge(x)[0].argmax(1)
    report["changed as in training"] = {"subject": share((said == labels[:, 0])[~spoiled]), "spoiled ones called nothing": share((said == labels[:, 0])[spoiled])}
    return report


def make_judge(batches=900):
    autoencoder = AutoEncoder()
    autoencoder.load_state_dict(load_pt(os.path.join(BUILD, "work", "vae.pt")))
    autoencoder.find_resting().eval()
    art = Art(os.path.join(BUILD, "data"))
    pictures = Pictures(art, autoencoder, 12 * len(art.items), seed=1)
    judge = train_judge(pictures, batches, print)
    accuracy = judge_accuracy(judge, Pictures(art, autoencoder, 4 * len(art.items), seed=2))
    save_pt(JUDGE, {"judge": judge.state_dict(), "names": pictures.names, "accuracy": accuracy})
    print(json.dumps(accuracy, indent=1))


def read_pictures(folder):
    """[(index of the prompt, image)] of every FOLDER/012-1.png."""
    found = []
    for name in sorted(os.listdir(folder)):
        rgb = np.asarray(Image.open(os.path.join(folder, name)).convert("RGB"), np.float32) / 255
        found.append((int(name[:3]), torch.from_numpy(rgb).permute(2, 0, 1)))
    return found


@torch.no_grad()
def score(judge, names, prompts, folder):
    found = read_pictures(folder)
    if len({i for i, _ in found}) != len(prompts):
        raise SystemExit(f"{folder} has pictures of {len({i for i, _ in found})} prompts, not of all {len(prompts)}: run draw.ts to its end")
    logits = judge(shrink(torch.stack([image for _, image in found])))
    subjects, styles, backgrounds = ([labels[i] for i in part.argmax(1)] for part, labels in zip(logits, ([*names, NONE], STYLES, list(BACKGROUNDS))))
    asked = [prompts[i] for i, _ in found]
    subject = [a["subject"] == s for a, s in zip(asked, subjects)]
    background = [a["background"] == s for a, s in zip(asked, backgrounds)]
    style = [a["style"] in (None, s) for a, s in zip(asked, styles)]
    # the same images with other prompts: the level of chance
    turn = len(found) // 3 + 1
    others = [asked[(k + turn) % len(asked)] for k in range(len(asked))]
    chance = [o["subject"] == s and o["background"] == b for o, s, b in zip(others, subjects, backgrounds)]
    wrong = Counter(f"{a['subject']} -> {s}" for a, s in zip(asked, subjects) if a["subject"] != s)
    return {
        "pictures": len(found),
        "subject": share(subject),
        "background": share(background),
        "style where asked": share([s for s, a in zip(style, asked) if a["style"]]),
        "subject and background": share([s and b for s, b in zip(subject, background)]),
        "subject, background and style": share([s and b and t for s, b, t in zip(subject, background, style)]),
        "subject and background, against another prompt": share(chance),
        "confusions": dict(wrong.most_common()),
        "background confusions": dict(Counter(f"{a['background']} -> {s}" for a, s in zip(asked, backgrounds) if a["background"] != s).most_common()),
    }


def main():
    if sys.argv[1] == "judge":
        return make_judge(*map(int, sys.argv[2:]))
    folder = sys.argv[1]
    saved = load_pt(JUDGE)
    judge = Judge(len(saved["names"]))
    judge.load_state_dict(saved["judge"])
    judge.eval()
    prompts = read_json("prompts.json")
    results = {"judge": saved["accuracy"], **{way: score(judge, saved["names"], prompts, os.path.join(folder, way)) for way in ("base", "refined")}}
    text = json.dumps(results, indent=1)
    print(text)
    if len(sys.argv) > 2:
        with open(sys.argv[2], "w") as f:
            f.write(text + "\n")


if __name__ == "__main__":
    main()
