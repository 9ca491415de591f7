"""FILE PIXELS TYPE…: stable-diffusion.cpp (pip install stable-diffusion-cpp-python) on two threads: seconds per step with both sides of cfg and
peak memory for each type of weights (f16, q8_0 …), each in a fresh process."""
import json
import re
import subprocess
import sys
import time

STEPS = 3


def status(name):
    with open("/proc/self/status") as text:
        return int(re.search(name + r":\s+(\d+)", text.read()).group(1)) * 1024


def measure(file, pixels, kind):
    from stable_diffusion_cpp import StableDiffusion

    began = time.perf_counter()
    model = StableDiffusion(model_path=file, wtype=kind, n_threads=2, verbose=False)
    load = time.perf_counter() - began
    stamps = []
    model.generate_image(
        prompt="a fox", negative_prompt="blurred", cfg_scale=7.0, width=pixels, height=pixels, sample_steps=STEPS, sample_method="euler", seed=1,
        progress_callback=lambda step, steps, seconds: stamps.append(time.perf_counter()),
    )
    steps = sorted(b - a for a, b in zip(stamps, stamps[1:]))
    print(json.dumps({"type": kind, "load": round(load, 1), "step": round(steps[len(steps) // 2], 2), "peak": round(status("VmHWM") / 1e9, 1)}))


file, pixels, *kinds = sys.argv[1:]
if len(kinds) == 1:
    measure(file, int(pixels), kinds[0])
else:
    for kind in kinds:
        said = subprocess.run([sys.executable, __file__, file, pixels, kind], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
        print(said.stdout.strip().split("\n")[-1], flush=True)
