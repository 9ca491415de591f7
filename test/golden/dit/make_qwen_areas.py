# Makes qwen_areas.json.gz and .safetensors.gz: comfy.sample.sample of the small Qwen-Image, whose latents have frames, with prompts for areas and masks, by ComfyUI 0.33.0.
# python make_qwen_areas.py COMFYUI_FOLDER (torch on the CPU)
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(here)]
from comfyui import FIXTURES, SIZES, start
start(sys.argv[1])
import torch
import comfy.model_detection, comfy.model_patcher, comfy.sample, nodes
from seeded import made, write
from small_models import transformer

torch.set_grad_enabled(False)
detect = comfy.model_detection.detect_unet_config
# what ComfyUI writes as constants
comfy.model_detection.detect_unet_config = lambda *a, **k: {**detect(*a, **k), **SIZES["unet"]["qwen_image_64"]}
patcher = comfy.model_patcher.ModelPatcher(transformer(FIXTURES, "tiny_qwen_image"), torch.device("cpu"), torch.device("cpu"))
tensors, cases = {}, []
# height, width, y, x and strength
area = lambda *a: ("ConditioningSetArea", dict(zip(("height", "width", "y", "x", "strength"), a)))
share = lambda *a: ("ConditioningSetAreaPercentage", dict(zip(("height", "width", "y", "x", "strength"), a)))
mask = lambda seed, count=1, strength=0.8, bounds="default": ("ConditioningSetMask", {"mask": [seed, count], "strength": strength, "set_cond_area": bounds})
default = ("ConditioningSetDefaultCombine", {})

def case(id, size, prompts):
    """prompts: for each the node and its inputs that places it; all of them are positive."""
    positive = []
    for i, placed in enumerate(prompts):
        prompt = [[made([1, 5, 64], 2 + i), {}]]
        for node, given in placed:
            if node == "ConditioningSetDefaultCombine":
                prompt[0][1]["default"] = True
                continue
            given = dict(given)
            if "mask" in given:
                seed, count = given["mask"]
                given["mask"] = made([count, 40, 56], seed, 1.0, 0.5)
            kind = nodes.NODE_CLASS_MAPPINGS[node]
            [prompt] = getattr(kind(), kind.FUNCTION)(conditioning=prompt, **given)
        positive += prompt
    params = {"size": size, "prompts": prompts}
    latent = torch.zeros(size)
    try:
        tensors[id] = comfy.sample.sample(patcher, comfy.sample.prepare_noise(latent, 7), 3, 4.0, "euler", "simple", positive, [[made([1, 5, 64], 9), {}]], latent, denoise=1.0, seed=7, disable_pbar=True)
        print(id, tensors[id].abs().max().item())
        cases.append({"id": id, "params": params, "inputs": {}, "outputs": {"samples": id}})
    except Exception as error:
        print(id, "raises", repr(error)[:150])
        cases.append({"id": id, "params": params, "inputs": {}, "outputs": {}, "note": f"raises {error.__class__.__name__}"})

IMAGE, TWO, FRAMES = [1, 16, 1, 10, 14], [2, 16, 1, 10, 14], [1, 16, 3, 10, 14]
LEFT, RIGHT = area(80, 64, 0, 0, 1.0), area(64, 72, 16, 40, 0.7)
for name, size in (("an image", IMAGE), ("two images", TWO), ("frames", FRAMES)):
    case(f"areas of {name}", size, [[LEFT], [RIGHT]])
    case(f"an area beside a whole prompt, of {name}", size, [[RIGHT], []])
    case(f"a mask for {name}", size, [[mask(20)], []])
    case(f"a mask for the bounds of {name}", size, [[mask(20, bounds="mask bounds")], []])
    case(f"a mask in an area of {name}", size, [[RIGHT, mask(20)], []])
    case(f"two masks for {name}", size, [[mask(20, 2)], []])
    case(f"three masks for {name}", size, [[mask(20, 3)], []])
    case(f"three masks in an area of {name}", size, [[RIGHT, mask(20, 3)], []])
    case(f"percentages of {name}", size, [[share(0.5, 0.5, 0.25, 0.25, 1.0)], []])
    case(f"the rest of {name}", size, [[LEFT, mask(21)] if size is not FRAMES else [mask(21, 3)], [default]])
write(here, "qwen_areas", cases, tensors)
