"""Writes a checkpoint: the averaged weights in fp16 safetensors, with the key layout of the original SDXL pair; plain and gzipped."""
import gzip
import json
import os
import shutil
import time

import torch
from safetensors.torch import save_file

from art import read_index
from state import load_pt, write_atomic
from text import checkpoint_parts

TITLES = {"base": "Darkroom Tiny Base", "refiner": "Darkroom Tiny Refiner"}


def tensors_of(work, name):
    snapshot = load_pt(os.path.join(work, name + ".pt"))
    prefixed = lambda part, prefix: {prefix + k: v for k, v in part.items()}
    text = snapshot["text"] if name == "refiner" else snapshot["ema"][1]
    l, g = checkpoint_parts(text, snapshot["known"])
    tensors = prefixed(snapshot["ema"][0], "model.diffusion_model.")
    if name == "base":
        tensors |= prefixed(l, "conditioner.embedders.0.transformer.") | prefixed(g, "conditioner.embedders.1.model.")
    else:
        tensors |= prefixed(g, "conditioner.embedders.0.model.")
    tensors |= prefixed(load_pt(os.path.join(work, "vae.pt")), "first_stage_model.")
    half = {k: v.detach().half().contiguous() for k, v in tensors.items()}
    for k, v in half.items():
        if not torch.isfinite(v).all():
            raise ValueError(f"{k}: not finite in fp16")
    return half, snapshot


def export(a, name, log):
    tensors, snapshot = tensors_of(a.work, name)
    sources = read_index(a.data)["sources"].values()
    progress = {"step": snapshot["step"], "samples": snapshot["seen"], "minutes": round(snapshot["elapsed"] / 60, 1)}
    metadata = {
        "format": "pt",
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": f"stable-diffusion-xl-v1-{name}",
        "modelspec.implementation": "sgm",
        "modelspec.title": TITLES[name],
        "modelspec.license": "Apache-2.0 AND MIT",
        "modelspec.resolution": "128x128",
        "modelspec.prediction_type": "epsilon",
        "modelspec.date": time.strftime("%Y-%m-%d"),
        "training_data": "; ".join(f"{s['package']} {s['version']} ({s['license']})" for s in sources),
        "training": json.dumps(progress),
    }
    path = os.path.join(a.out, f"darkroom-tiny-{name}.safetensors")
    write_atomic(path, lambda p: save_file(tensors, p, metadata=metadata))
    if a.stage == "export":
        write_atomic(path + ".gz", lambda p: compress(path, p))
    log(f"{path}: {len(tensors)} tensors, {os.path.getsize(path) / 1e6:.1f} MB, {progress}")


def compress(source, target):
    """gzip without name and time: the same weights give the same file."""
    with open(source, "rb") as f, open(target, "wb") as out, gzip.GzipFile("", "wb", 9, out, mtime=0) as packed:
        shutil.copyfileobj(f, packed, 1 << 20)
