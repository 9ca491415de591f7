# Makes families.json.gz and .safetensors.gz: FLUX.2 klein and Qwen-Image of the fixtures with the weights of their blocks in fp8 with scales, in ComfyUI's int8 and in GGUF's Q8_0, by ComfyUI
# 0.33.0 (comfy-kitchen) and ComfyUI-GGUF on the CPU in float32. Scales are powers of two, so that tests quantise the fixtures to the same bytes; of int8 also the results with the inputs of linear
# layers moved by 1e-7 (neighbours.py says why): some, and the largest distance between two of all. python make_families.py COMFYUI_FOLDER COMFYUI_GGUF_FOLDER (pip install gguf)
import gzip, json, os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import comfyui
sys.path.append(sys.argv[2])
comfyui.start(sys.argv[1])
import gguf, torch
from safetensors.torch import load
import comfy.model_detection, comfy.sd
from dequant import dequantize
from seeded import made, write

torch.set_num_threads(1)
torch.set_grad_enabled(False)
FAMILIES = {"tiny_flux2_klein": ("flux2_64", (1, 128, 4, 6), (1, 9, 96), 512), "tiny_qwen_image": ("qwen_image_64", (1, 16, 1, 6, 8), (1, 7, 64), 0)}
NOISE, RUNS, KEPT = 1e-7, 40, 6
detect = comfy.model_detection.detect_unet_config

def powers(values, most):
    """The least powers of two that make the largest of values at most `most`."""
    return torch.exp2(torch.ceil(torch.log2(values / most)))

def fp8(w):
    scale = powers(w.abs().amax(), 448)
    return {"": (w / scale).to(torch.float8_e4m3fn), "_scale": scale, "format": "float8_e4m3fn"}

def int8(w):
    scale = powers(w.abs().amax(dim=1, keepdim=True), 127)
    return {"": torch.round(w / scale).to(torch.int8), "_scale": scale, "format": "int8_tensorwise"}

def q8_0(w):
    blocks = w.reshape(-1, 32)
    scale = powers(blocks.abs().amax(dim=1, keepdim=True).clamp(min=1e-6), 127)
    data = torch.cat([scale.half().view(torch.uint8).reshape(-1, 2), torch.round(blocks / scale).to(torch.int8).view(torch.uint8)], dim=1)
    return dequantize(data.reshape(w.shape[0], -1), gguf.GGMLQuantizationType.Q8_0, w.shape)

def varied(sd):
    """The weights of blocks times 0.85 to 1.15, seeded by their place in the order of names: those of the fixtures have few bits."""
    names = sorted(name for name, t in sd.items() if "blocks." in name and t.ndim == 2)
    return {**sd, **{name: sd[name].float() * made(sd[name].shape, seed, 0.3, 1.0) for seed, name in enumerate(names, 1)}}

def quantised(sd, how):
    out = {}
    for name, t in sd.items():
        if "blocks." not in name or t.ndim != 2:
            out[name] = t
        elif how == q8_0:
            out[name] = q8_0(t)
        else:
            layer, parts = name.removesuffix(".weight"), how(t)
            out[f"{layer}.comfy_quant"] = torch.frombuffer(bytearray(json.dumps({"format": parts.pop("format")}).encode()), dtype=torch.uint8)
            out |= {name + end: value.clone() for end, value in parts.items()}
    return out

cases, tensors = [], {}
for number, (name, (sizes, shape, prompt, least)) in enumerate(FAMILIES.items()):
    comfy.model_detection.detect_unet_config = lambda *a, **k: {**detect(*a, **k), **comfyui.SIZES["unet"][sizes]}
    sd = load(gzip.open(os.path.join(comfyui.FIXTURES, f"{name}.safetensors.gz")).read())
    sd = varied(sd)
    x, context, sigma = made(shape, 1 + number), made(prompt, 11 + number), torch.tensor([0.7])
    context = torch.nn.functional.pad(context, (0, 0, max(0, least - prompt[1]), 0))
    for how in (fp8, int8, q8_0):
        model = comfy.sd.load_diffusion_model_state_dict(quantised(sd, how)).model
        run = lambda: model.apply_model(x, sigma, c_crossattn=context)
        found = [run()]
        if how == int8:
            random = torch.Generator().manual_seed(1)
            move = lambda module, inputs: (inputs[0] * (1 + NOISE * torch.randn(inputs[0].shape, generator=random)),)
            for module in model.diffusion_model.modules():
                if type(module).__name__ == "Linear": module.register_forward_pre_hook(move)
            for _ in range(RUNS):
                y = run()
                if all((y - other).abs().max() > 1e-4 for other in found): found.append(y)
        id = f"{name} {how.__name__}"
        plain = comfy.sd.load_diffusion_model_state_dict(dict(sd)).model.apply_model(x, sigma, c_crossattn=context)
        print(id, len(found), "results; from the plain model", float((found[0] - plain).abs().max()), float(plain.abs().max()))
        spread = max(float((a - b).abs().max()) for a in found for b in found)
        outputs = {f"denoised_{i}": f"{id}/{i}" for i in range(min(KEPT, len(found)))}
        tensors |= {key: y.float() for key, y in zip(outputs.values(), found)}
        cases.append({"id": id, "params": {"model": name, "format": how.__name__, "x": [*shape], "context": [*prompt], "seeds": [1 + number, 11 + number], "sigma": 0.7, "spread": spread}, "inputs": {}, "outputs": outputs})
write(here, "families", cases, tensors)
