# Makes transformer_kinds.json.gz and .safetensors.gz: predictions of the small FLUX.1, and of the small Z-Image of ComfyUI's int8, with changes of every kind of comfy.weight_adapter, by ComfyUI 0.33.0.
# `v`: with the weights as they are, or dequantised; `int8`: as ComfyUI merges into int8 weights, which it quantises again. python make_transformer_kinds.py COMFYUI_FOLDER (torch on the CPU)
import gzip, os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(here)]
import comfyui
from comfyui import FIXTURES, SIZES
comfyui.start(sys.argv[1])
import torch
import comfy.model_detection, comfy.model_patcher, comfy.quant_ops, comfy.sd
from safetensors.torch import load
from seeded import made, write
from small_models import transformer

torch.set_grad_enabled(False)
torch.set_num_threads(1)
CPU = torch.device("cpu")
detect = comfy.model_detection.detect_unet_config
comfyui.small_z_image()
# what ComfyUI writes as constants
comfy.model_detection.detect_unet_config = lambda *a, **k: {**(config := detect(*a, **k)), **SIZES["unet"][f"{config['image_model']}_64"]}

patcher = lambda model: comfy.model_patcher.ModelPatcher(model, CPU, CPU)
flux = patcher(transformer(FIXTURES, "tiny_flux_dev"))
quantised = comfy.sd.load_diffusion_model_state_dict(load(gzip.open(os.path.join(FIXTURES, "tiny_z_image_int8_convrot.safetensors.gz")).read()))
plain = patcher(transformer(FIXTURES, "tiny_z_image"))
own = dict(plain.model.diffusion_model.named_parameters())
for name, value in quantised.model.diffusion_model.named_parameters():
    own[name].data = (value.data.dequantize() if isinstance(value.data, comfy.quant_ops.QuantizedTensor) else value.data).float()

# layers with their rows and columns
LAYERS = {
    "tiny_flux_dev": {"double_blocks.0.img_attn.proj": (64, 64), "double_blocks.1.txt_mlp.0": (256, 64), "single_blocks.0.linear1": (448, 64), "double_blocks.0.txt_attn.qkv": (192, 64)},
    "tiny_z_image_int8_convrot": {"layers.0.attention.out": (64, 64), "layers.0.feed_forward.w2": (64, 256), "layers.1.attention.qkv": (192, 64)},
}
DORA = {"dora_scale": lambda n, k: (n, 1)}
ALPHA = {"alpha": lambda n, k: ()}
LORA = {"lora_up.weight": lambda n, k: (n, 3), "lora_down.weight": lambda n, k: (3, k), **ALPHA}
LOHA = {"hada_w1_a": lambda n, k: (n, 3), "hada_w1_b": lambda n, k: (3, k), "hada_w2_a": lambda n, k: (n, 3), "hada_w2_b": lambda n, k: (3, k), **ALPHA}
LOKR = {"lokr_w1": lambda n, k: (4, 4), "lokr_w2_a": lambda n, k: (n // 4, 2), "lokr_w2_b": lambda n, k: (2, k // 4), **ALPHA}
KINDS = {
    "LoHa": LOHA,
    "DoRA by rows": {**LORA, **DORA},
    "DoRA by columns": {**LORA, "dora_scale": lambda n, k: (1, k)},
    "DoRA of LoHa": {**LOHA, **DORA},
    "LoKr": LOKR,
    "DoRA of LoKr": {**LOKR, **DORA},
    "GLoRA": {"a1.weight": lambda n, k: (k, 3), "a2.weight": lambda n, k: (3, k), "b1.weight": lambda n, k: (n, 3), "b2.weight": lambda n, k: (3, k), **ALPHA},
    "OFT": {"oft_blocks": lambda n, k: (n // 16, 16, 16), **ALPHA},
    "BOFT": {"oft_blocks": lambda n, k: (2, n // 8, 8, 8), **ALPHA},
    "difference": {"diff": lambda n, k: (n, k)},
}
cases, tensors = [], {"x": made([1, 16, 6, 8], 1), "flux/context": made([1, 5, 80], 2), "y": made([1, 32], 3), "z/context": made([1, 5, 32], 4), "sigma": torch.tensor([0.6])}

def predicted(model, file, strength, kind):
    changed = comfy.sd.load_lora_for_models(model, None, dict(file), strength, 0)[0]
    changed.patch_model(CPU)
    if kind == "tiny_flux_dev":
        out = changed.model.diffusion_model(tensors["x"], tensors["sigma"], tensors["flux/context"], y=tensors["y"], guidance=torch.tensor([3.5]))
    else:
        out = changed.model.diffusion_model(tensors["x"], tensors["sigma"], tensors["z/context"], num_tokens=5)
    changed.unpatch_model(CPU)
    return out.clone()

for model, layers in LAYERS.items():
    for strength, (kind, parts) in zip([1.0, 0.7] * 5, KINDS.items()):
        specs = []
        for i, (layer, (n, k)) in enumerate(layers.items()):
            for j, (part, shape) in enumerate(parts.items()):
                around = 1.5 if part == "alpha" else 1.0 if part == "dora_scale" else 0.0
                specs.append({"name": f"diffusion_model.{layer}.{part}", "shape": list(shape(n, k)), "seed": 40 + 10 * i + j, "scale": 0.0 if part == "alpha" else 0.4, "around": around})
        file = {s["name"]: made(s["shape"], s["seed"], s["scale"], s["around"]) for s in specs}
        id = f"{model} {kind}"
        outputs = {"v": f"{id}/v"}
        tensors[outputs["v"]] = predicted(flux if model == "tiny_flux_dev" else plain, file, strength, model)
        if model != "tiny_flux_dev":
            outputs["int8"] = f"{id}/int8"
            tensors[outputs["int8"]] = predicted(quantised, file, strength, model)
            v, q = tensors[outputs["v"]], tensors[outputs["int8"]]
            print("int8 differs by", ((v - q).norm() / v.norm()).item())
        cases.append({"id": id, "params": {"model": model, "strength": strength, "weights": specs}, "inputs": {}, "outputs": outputs})
        print(id, tensors[outputs["v"]].abs().max().item())
write(here, "transformer_kinds", cases, tensors)
