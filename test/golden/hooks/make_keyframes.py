# Makes keyframes.json.gz: keyframes, their strengths along runs, and schedules of CLIPs by comfy.hooks (0.3.64).
# python make_keyframes.py COMFYUI_FOLDER
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
golden = os.path.dirname(here)
sys.path[:0] = [golden, os.path.join(golden, "core_nodes")]
from originals import load
run = load(sys.argv[1])
import torch
from types import SimpleNamespace
import comfy.hooks as hooks, comfy.model_sampling, comfy.samplers
from seeded import write

class Sampling(comfy.model_sampling.ModelSamplingDiscrete, comfy.model_sampling.EPS):
    pass
sampling = Sampling()
model = SimpleNamespace(model_sampling=sampling)
cases = []

def case(id, params, values):
    cases.append({"id": id, "params": params, "inputs": {}, "outputs": {}, "scalars": {"values": values}})

def group(frames):
    kf = hooks.HookKeyframeGroup()
    for strength, start, guarantee in frames:
        kf.add(hooks.HookKeyframe(strength=strength, start_percent=start, guarantee_steps=guarantee))
    return kf

told = lambda kf: [[float(k.strength), k.start_percent, k.guarantee_steps] for k in kf.keyframes]

for interpolation in hooks.InterpolationMethod._LIST:
    for options in [dict(strength_start=0.0, strength_end=1.0, start_percent=0.0, end_percent=1.0, keyframes_count=5), dict(strength_start=1.7, strength_end=0.3, start_percent=0.1, end_percent=0.85, keyframes_count=12)]:
        values = {**options, "interpolation": interpolation, "print_keyframes": False}
        [kf] = run("comfy_extras.nodes_hooks", "CreateHookKeyframesInterpolated", values)
        case(f"{len(cases)} {interpolation}", {"node": "CreateHookKeyframesInterpolated", "values": values}, told(kf))
for floats in (0.5, [0.25, 1.5, -1.0], [1.0]):
    values = {"floats_strength": floats, "start_percent": 0.2, "end_percent": 0.6, "print_keyframes": False}
    [kf] = run("comfy_extras.nodes_hooks", "CreateHookKeyframesFromFloats", values)
    case(f"{len(cases)} floats", {"node": "CreateHookKeyframesFromFloats", "values": values}, told(kf))

FRAMES = {
    "one": [(0.5, 0.3, 1)],
    "in turn": [(1.0, 0.0, 1), (0.2, 0.25, 1), (0.7, 0.5, 1), (0.0, 0.75, 1)],
    "close together": [(1.0, 0.0, 1), (-1.0, 0.2, 1), (0.5, 0.201, 1), (1.5, 0.202, 1), (0.2, 0.8, 1)],
    "skipped": [(1.0, 0.0, 1), (-1.0, 0.2, 0), (0.5, 0.201, 0), (1.5, 0.202, 0), (0.2, 0.8, 0)],
    "of three steps": [(1.0, 0.1, 3), (0.4, 0.15, 3), (0.3, 0.9, 1)],
    "unsorted, of the same start": [(0.9, 0.5, 1), (0.1, 0.0, 1), (0.8, 0.5, 1), (0.7, 0.5, 0)],
}
for name, frames in FRAMES.items():
    for steps, cut, twice in [(6, 0, False), (10, 4, False), (5, 0, True)]:
        sigmas = comfy.samplers.calculate_sigmas(sampling, "normal", steps)[cut:]
        evaluated = [s for i, s in enumerate(sigmas[:-1]) for s in ([s, sigmas[i + 1]] if twice and sigmas[i + 1] > 0 else [s])]
        kf = group(frames)
        kf.reset()
        kf.initialize_timesteps(model)
        strengths = []
        for sigma in evaluated:
            kf.prepare_current_keyframe(sigma, {"sample_sigmas": sigmas})
            strengths.append(float(kf.strength))
        case(f"{name}, {steps} steps from {cut}{', two evaluations each' if twice else ''}", {"keyframes": told(kf), "sigmas": sigmas.tolist(), "evaluated": [float(s) for s in evaluated]}, strengths)

# a run that begins at the sigma at which the one before has ended
kf = group(FRAMES["in turn"])
sigmas = comfy.samplers.calculate_sigmas(sampling, "normal", 4)
strengths = []
for part in (sigmas[:3], sigmas[2:]):
    kf.reset()
    kf.initialize_timesteps(model)
    for sigma in (part if len(part) == 3 and part[-1] > 0 else part[:-1]):
        kf.prepare_current_keyframe(sigma, {"sample_sigmas": part})
        strengths.append(float(kf.strength))
case("runs", {"keyframes": told(kf), "runs": [sigmas[:3].tolist(), sigmas[2:].tolist()]}, strengths)

def schedule(id, *groups):
    all_hooks = hooks.HookGroup()
    for frames in groups:
        hook = hooks.WeightHook()
        hook.hook_keyframe = group(frames)
        all_hooks.add(hook)
    parts = [[*span, [1.0 if k is None else float(k.strength) for _, k in frames]] for span, frames in all_hooks.get_hooks_for_clip_schedule()]
    case(f"schedule {id}", {"hooks": [told(hook.hook_keyframe) for hook in all_hooks.hooks]}, parts)

schedule("without keyframes", [], [])
for name, frames in FRAMES.items():
    schedule(name, frames)
schedule("of two", FRAMES["in turn"], FRAMES["close together"])
schedule("of equal strengths", [(0.5, 0.0, 1), (0.5, 0.3, 1), (0.6, 0.5, 1), (0.6, 1.0, 1)], [])
schedule("at the end", [(0.5, 1.0, 1)])
write(here, "keyframes", cases, {})
os.remove(os.path.join(here, "keyframes.safetensors.gz"))
