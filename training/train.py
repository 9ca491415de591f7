#!/usr/bin/env python3
"""Trains the embedded model from scratch. Each stage continues from what is in --work:

  vae       the autoencoder (TAESD's layout)
  latents   encodes the training pictures once
  base      both text encoders and the base UNet
  refiner   the refiner UNet (little noise only), the base's text encoder as it is
  decoder   the autoencoder's decoder alone: latents and UNets stay valid
  export    writes the checkpoints again (base and refiner write them at each snapshot)
"""
import argparse
import os

import torch

from export import export
from latents import cache_latents
from state import Log, pick_device
from train_unet import train_unet
from train_vae import train_vae

STAGES = {
    "vae": lambda a, log, device: train_vae(a, log, device, False),
    "decoder": lambda a, log, device: train_vae(a, log, device, True),
    "latents": cache_latents,
    "base": lambda a, log, device: train_unet(a, log, device, False),
    "refiner": lambda a, log, device: train_unet(a, log, device, True),
    "export": lambda a, log, device: [export(a, name, log) for name in ("base", "refiner")],
}


def parse():
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "build")
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("stage", choices=STAGES)
    p.add_argument("--minutes", type=float, default=15, help="time of this stage")
    p.add_argument("--pictures", type=int, default=0, help="base, refiner: train until so many were seen, instead of --minutes (where the pace varies)")
    p.add_argument("--data", default=os.path.join(here, "data"), help="the art, by prepare.mjs")
    p.add_argument("--work", default=os.path.join(here, "work"), help="snapshots to go on from")
    p.add_argument("--out", default=os.path.join(here, "out"), help="checkpoints and the log")
    p.add_argument("--device", default="auto", help="cpu, cuda or auto")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--batch", type=int, default=0, help="pictures a step (0: by device)")
    p.add_argument("--lr", type=float, default=0, help="highest rate: of Muon for UNets, of AdamW for the autoencoder")
    p.add_argument("--text-lr", type=float, default=1e-3, help="highest rate of the text encoders")
    p.add_argument("--ema", type=float, default=0, help="decay of the averaged weights (0: by device)")
    p.add_argument("--span", default="0,1", help="the part of the learning-rate schedule this run covers: 0,0.5 then 0.5,1 make a whole one")
    p.add_argument("--variants", type=int, default=1, help="latents: times the plan of pictures; more for a longer training")
    p.add_argument("--jitter", type=float, default=0.1, help="latents: how much size and place vary, 0..1")
    p.add_argument("--pairs", type=float, default=0.4, help="weight of a picture of two objects against one of one")
    p.add_argument("--snapshot-minutes", type=float, default=10)
    p.add_argument("--seed", type=int, default=1, help="another one for each run that goes on, or it sees the same batches")
    return p.parse_args()


def main():
    a = parse()
    os.makedirs(a.work, exist_ok=True)
    torch.set_num_threads(a.threads)
    device = pick_device(a.device)
    log = Log(os.path.join(a.out, "train.log"))
    log(f"--- {vars(a)} on {device}")
    STAGES[a.stage](a, log, device)


if __name__ == "__main__":
    main()
