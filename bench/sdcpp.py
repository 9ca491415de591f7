"""FILE PIXELS TYPE… [--with NAME=FILE…]: stable-diffusion.cpp (pip install stable-diffusion-cpp-python) on two threads: seconds to load, seconds
per step and peak memory for each type of weights (f16, q8_0 …), each in a fresh process. A checkpoint is run with both sides of cfg; a diffusion model,
whose text encoders and VAE are given (`--with llm=FILE vae=FILE`; t5xxl, clip_l …), with one."""
import argparse
import json
import re
import subprocess
import sys
import time

STEPS = 3

arguments = argparse.ArgumentParser()
arguments.add_argument("file")
arguments.add_argument("pixels", type=int)
arguments.add_argument("types", nargs="+")
arguments.add_argument("--with", dest="others", nargs="+", default=[], metavar="NAME=FILE")
arguments = arguments.parse_args()


def status(name):
    with open("/proc/self/status") as text:
        return int(re.search(name + r":\s+(\d+)", text.read()).group(1)) * 1024


def measure(kind):
    from stable_diffusion_cpp import StableDiffusion

    others = {f"{name}_path": file for name, file in (part.split("=", 1) for part in arguments.others)}
    files = {"diffusion_model_path" if others else "model_path": arguments.file, **others}
    began = time.perf_counter()
    model = StableDiffusion(**files, wtype=kind, n_threads=2, verbose=False)
    load = time.perf_counter() - began
    stamps = []
    model.generate_image(
        prompt="a fox", negative_prompt="blurred", cfg_scale=1.0 if arguments.others else 7.0, width=arguments.pixels, height=arguments.pixels,
        sample_steps=STEPS, sample_method="euler", seed=1, progress_callback=lambda step, steps, seconds: stamps.append(time.perf_counter()),
    )
    steps = sorted(b - a for a, b in zip(stamps, stamps[1:]))
    print(json.dumps({"type": kind, "load": round(load, 1), "step": round(steps[len(steps) // 2], 2), "peak": round(status("VmHWM") / 1e9, 1)}))


if len(arguments.types) == 1:
    measure(arguments.types[0])
else:
    for kind in arguments.types:
        command = [sys.executable, __file__, arguments.file, str(arguments.pixels), kind, *(["--with", *arguments.others] if arguments.others else [])]
        said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
        print(said.stdout.strip().split("\n")[-1], flush=True)
