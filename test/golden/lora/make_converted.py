# Makes converted.json.gz and .safetensors.gz: LoRAs of FLUX.1 whose names ComfyUI 0.33.0 converts (control LoRAs of Black Forest Labs, USO), by its own lora_convert, load_lora and calculate_weight.
# python make_converted.py COMFYUI_FOLDER FIXTURES_FOLDER (torch on the CPU)
import gzip, os, sys
folder, fixtures = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
sys.argv = ["x", "--cpu"]
sys.path[:0] = [folder, os.path.dirname(here)]
import torch
from safetensors.torch import load
import comfy.options
comfy.options.enable_args_parsing()
import comfy.lora, comfy.lora_convert, comfy.model_detection, comfy.ops
from comfy.ldm.flux.model import Flux
from seeded import noise, seeded, write

torch.set_grad_enabled(False)
FILE, WIDTH, RANK = "tiny_flux_dev", 64, 3
base = {k.replace(".scale", ".weight"): v.float() for k, v in load(gzip.open(os.path.join(fixtures, f"{FILE}.safetensors.gz")).read()).items()}
# what ComfyUI writes as constants (fixture2.json)
config = {**comfy.model_detection.detect_unet_config({k: v for k, v in base.items()}, ""), "axes_dim": [4, 6, 6], "num_heads": 4}
KEYS = {"diffusion_model." + k[:-len(".weight")]: k for k in base if k.endswith(".weight")}
KEYS.update({f"diffusion_model.single_blocks.{i}.linear1_qkv": (f"single_blocks.{i}.linear1.weight", (0, 0, 3 * WIDTH)) for i in range(2)})

def control():
    """All layers, with biases, and the scales of all norms; the image enters as further channels."""
    shapes = {}
    for k, v in base.items():
        if k.endswith("_norm.weight"):
            shapes[k.replace(".weight", ".scale")] = tuple(v.shape)
        elif k.endswith(".weight"):
            layer, inputs = k[:-len(".weight")], 2 * v.shape[1] if k == "img_in.weight" else v.shape[1]
            shapes |= {f"{layer}.lora_A.weight": (RANK, inputs), f"{layer}.lora_B.weight": (v.shape[0], RANK), f"{layer}.lora_B.bias": (v.shape[0],)}
    return shapes

def uso():
    shapes = {}
    add = lambda layer, inputs, outputs: shapes.update({f"{layer}.down.weight": (RANK, inputs), f"{layer}.up.weight": (outputs, RANK)})
    for i in [0, 1, 18]:
        for name, outputs in [("qkv_lora1", 192), ("qkv_lora2", 192), ("proj_lora1", 64), ("proj_lora2", 64)]:
            add(f"double_blocks.{i}.processor.{name}", 64, outputs)
    for i in [0, 1, 37]:
        add(f"single_blocks.{i}.processor.qkv_lora", 64, 192)
        add(f"single_blocks.{i}.processor.proj_lora", 320, 64)
    return shapes

def predicted(loras, inputs):
    patches = {}
    for lora, strength in loras:
        for key, patch in comfy.lora.load_lora(comfy.lora_convert.convert_lora(lora), KEYS, log_missing=False).items():
            name, offset = (key, None) if isinstance(key, str) else key
            patches.setdefault(name, []).append((strength, patch, 1.0, offset, None))
    sd = {k: comfy.lora.calculate_weight(patches[k], v.clone(), k) if k in patches else v for k, v in base.items()}
    net = Flux(**{**config, "in_channels": sd["img_in.weight"].shape[1] // 4}, dtype=torch.float32, device="cpu", operations=comfy.ops.disable_weight_init)
    net.load_state_dict(sd)
    return net(inputs["x"], inputs["sigma"], context=inputs["context"], y=inputs["y"], guidance=torch.tensor([3.5, 3.5]))

def made(name, shape, seed):
    tensors[name] = torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, 3.0)).reshape(shape)
    return name

cases, tensors = [], {"sigma": torch.tensor([0.9, 0.3])}
common = {"sigma": "sigma", "context": made("context", [2, 5, 80], 2), "y": made("y", [2, 32], 3)}
x16, x32 = made("x16", [2, 16, 7, 10], 1), made("x32", [2, 32, 7, 10], 5)
# a plain LoRA of the layer that control LoRAs enlarge
plain = {"diffusion_model.img_in.lora_A.weight": (RANK, 64), "diffusion_model.img_in.lora_B.weight": (64, RANK)}
files = {"control": seeded(control(), gain=0.4), "uso": seeded(uso(), gain=0.5), "plain": seeded(plain)}
for id, names, x in [("control", [("control", 1.0)], x32), ("control at 0.6", [("control", 0.6)], x32), ("uso", [("uso", 0.8)], x16), ("uso, then control", [("uso", 0.8), ("control", 0.7)], x32), ("control, then uso", [("control", 0.7), ("uso", -0.5)], x32), ("plain, then control", [("plain", 0.9), ("control", 0.7)], x32), ("control, then plain", [("control", 0.7), ("plain", 0.9)], x32)]:
    inputs = {**common, "x": x}
    v = predicted([(files[name][1], strength) for name, strength in names], {k: tensors[name] for k, name in inputs.items()})
    assert bool(v.isfinite().all())
    tensors[f"{id}/v"] = v
    cases.append({"id": id, "params": {"model": FILE, "guidance": [3.5, 3.5], "loras": [{"file": name, "strength": strength} for name, strength in names]}, "inputs": inputs, "outputs": {"v": f"{id}/v"}})
cases[0]["params"]["files"] = {name: specs for name, (specs, _) in files.items()}
write(here, "converted", cases, tensors)
