# Makes flux_redux.json.gz and .safetensors.gz: comfy.sample.sample of the small FLUX.1 and Chroma with a small Redux, whose tokens StyleModelApply weighs by either strength_type, by ComfyUI 0.33.0.
# python make_redux.py COMFYUI_FOLDER (torch on the CPU)
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(here)]
from comfyui import FIXTURES, SIZES, start
start(sys.argv[1])
import torch
import comfy.model_detection, comfy.model_patcher, comfy.sample, comfy.sd, nodes
from comfy.ldm.flux.redux import ReduxImageEncoder
from seeded import fill, made, write
from small_models import transformer

torch.set_grad_enabled(False)
detect = comfy.model_detection.detect_unet_config
comfy.model_detection.detect_unet_config = lambda *a, **k: {**(config := detect(*a, **k)), **SIZES["unet"][f"{config['image_model']}_64"]}
redux = ReduxImageEncoder(redux_dim=8, txt_in_features=80)
specs = fill(redux)
style = comfy.sd.StyleModel(redux)
seen = lambda images, seed: type("Seen", (), {"last_hidden_state": made([images, 3, 8], seed)})
tensors, cases = {}, []

def case(id, model, size, sides):
    """sides: for each the tokens of its prompt, and what is applied to it, one after another: (images, seed, strength, strength_type)."""
    conditionings = []
    for i, (length, applied) in enumerate(sides):
        pooled = {"pooled_output": made([1, 32], 12 + i)} if model == "tiny_flux_dev" else {}
        conditioning = [[made([1, length, 80], 2 + i), pooled]]
        for images, seed, strength, kind in applied:
            [conditioning] = nodes.StyleModelApply().apply_stylemodel(conditioning, style, seen(images, seed), strength, kind)
        conditionings.append(conditioning)
    outputs = {"samples": id}
    for name, [[_, values]] in zip(("positive", "negative"), conditionings):
        if "attention_mask" in values:
            outputs[name] = f"{id}/{name}"
            tensors[outputs[name]] = values["attention_mask"].float()
    latent = torch.zeros(size)
    net = transformer(FIXTURES, model)
    patcher = comfy.model_patcher.ModelPatcher(net, torch.device("cpu"), torch.device("cpu"))
    tensors[id] = comfy.sample.sample(patcher, comfy.sample.prepare_noise(latent, 7), 3, 4.0, "euler", "simple", *conditionings, latent, denoise=1.0, seed=7, disable_pbar=True)
    print(id, tensors[id].abs().max().item(), {k: tuple(tensors[v].shape) for k, v in outputs.items()})
    cases.append({"id": id, "params": {"model": model, "size": size, "sides": sides}, "inputs": {}, "outputs": outputs})

plain = [5, []]
case("multiply", "tiny_flux_dev", [1, 16, 8, 10], [[5, [(1, 20, 0.4, "multiply")]], plain])
case("weaker, a batch", "tiny_flux_dev", [2, 16, 7, 10], [[5, [(1, 20, 0.4, "attn_bias")]], plain])
case("stronger, of two images, on both sides", "tiny_flux_dev", [2, 16, 6, 4], [[5, [(2, 20, 2.5, "attn_bias")]], [5, [(2, 21, 0.7, "attn_bias")]]])
case("one after another", "tiny_flux_dev", [1, 16, 8, 8], [[4, [(1, 20, 0.3, "attn_bias"), (2, 21, 1.5, "multiply"), (1, 22, 10.0, "attn_bias")]], plain])
case("a strength of 1", "tiny_flux_dev", [1, 16, 8, 8], [[4, [(1, 20, 1.0, "attn_bias")]], [7, [(1, 20, 1.0, "attn_bias"), (1, 20, 0.001, "attn_bias")]]])
case("Chroma", "tiny_chroma", [1, 16, 8, 10], [[5, [(1, 20, 0.4, "attn_bias")]], [8, [(1, 21, 1.2, "attn_bias")]]])
cases[0]["params"]["redux"] = specs
write(here, "flux_redux", cases, tensors)
