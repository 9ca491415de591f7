#!/usr/bin/env python3
"""Turns a pair of checkpoints back into snapshots to resume from: resume.py FOLDER [WORK]. Optimizers start anew."""
import gzip
import json
import os
import sys

from safetensors.torch import load

from state import save_pt
from text import state_of_parts
from tokens import BOS, EOS


def read(folder, name):
    """(tensors as float32, metadata) of a checkpoint, gzipped or not."""
    path = os.path.join(folder, f"darkroom-tiny-{name}.safetensors")
    with (open(path, "rb") if os.path.exists(path) else gzip.open(path + ".gz")) as f:
        data = f.read()
    header = json.loads(data[8:8 + int.from_bytes(data[:8], "little")])
    return {k: v.float() for k, v in load(data).items()}, header["__metadata__"]


def part(tensors, prefix):
    return {k[len(prefix):]: v for k, v in tensors.items() if k.startswith(prefix)}


def main():
    folder = sys.argv[1]
    here = os.path.dirname(os.path.abspath(__file__))
    work = sys.argv[2] if len(sys.argv) > 2 else os.path.join(here, "build", "work")
    (base, base_info), (refiner, refiner_info) = read(folder, "base"), read(folder, "refiner")
    l, g = part(base, "conditioner.embedders.0.transformer."), part(base, "conditioner.embedders.1.model.")
    used = g["token_embedding.weight"].abs().sum(1).nonzero().flatten().tolist()
    known = sorted({0, BOS, EOS, *used})
    text = state_of_parts(l, g, known)
    g_of_refiner = part(refiner, "conditioner.embedders.0.model.")
    for name, tensors, info, states in (("base", base, base_info, [text]), ("refiner", refiner, refiner_info, [])):
        progress = json.loads(info["training"])
        states = [part(tensors, "model.diffusion_model."), *states]
        save_pt(os.path.join(work, name + ".pt"), {
            "live": states, "ema": states, "opt": [], "step": 0, "seen": progress["samples"],
            "elapsed": progress["minutes"] * 60, "known": known, **({"text": state_of_parts(l, g_of_refiner, known)} if name == "refiner" else {}),
        })
        print(name, progress)
    save_pt(os.path.join(work, "vae.pt"), part(base, "first_stage_model."))


if __name__ == "__main__":
    main()
