# Makes sd3.json.gz and sd3.safetensors.gz: ControlNets of SD3 and SD3.5 in their published key layouts, with random weights, loaded and run by ComfyUI 0.33.0's own code.
# python make.py COMFYUI_FOLDER FIXTURES_FOLDER (torch on the CPU)
import os, sys
folder, fixtures = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here), os.path.join(os.path.dirname(here), "core_nodes")]
import av # before its stand-in: the nodes need it
from originals import load as load_original
load_original(folder)
import torch
import comfy.cldm.dit_embedder, comfy.controlnet, comfy.model_detection
from comfy_extras.nodes_controlnet import ControlNetInpaintingAliMamaApply
from layouts import diffusers, small_embedder, stability
from seeded import made, seeded, write
from small_models import transformer

torch.set_grad_enabled(False)
tensors, cases, measured = {}, [], {}

comfy.cldm.dit_embedder.ControlNetEmbedder = small_embedder(comfy.cldm.dit_embedder.ControlNetEmbedder)

models = {name: transformer(fixtures, name) for name in ["tiny_sd3_medium", "tiny_sd35_medium"]}

class BlockMeans:
    """Stands for the autoencoder: 16 channels, each the mean of a colour over 8 x 8 pixels times its number."""
    def spacial_compression_encode(self):
        return 8
    def encode(self, pixels):
        means = torch.nn.functional.avg_pool2d(pixels.movedim(-1, 1)[:, :3], 8)
        return torch.cat([means[:, c % 3:c % 3 + 1] * (c + 1) / 8 for c in range(16)], dim=1)

CASES = {
    "InstantX, one block": ("tiny_sd3_medium", diffusers(128, 1, table=10), {}, (2, 16, 11, 14)),
    "InstantX, half as many blocks": (None, diffusers(256, 2, qk=True, table=8), {}, (1, 16, 10, 13)),
    "InstantX, without a table": ("tiny_sd35_medium", diffusers(128, 1, qk=True), {}, (1, 16, 12, 9)),
    "Alimama, a mask beside the hint": ("tiny_sd3_medium", diffusers(128, 1, channels=17, table=10), {}, (1, 16, 12, 10)),
    "Alimama, an image and its mask": ("tiny_sd3_medium", diffusers(128, 1, channels=17, table=10), {}, (1, 16, 9, 12)),
    "InstantX, an image and a mask that is not used": ("tiny_sd3_medium", diffusers(128, 1, table=10), {}, (1, 16, 9, 12)),
    "Stability, large": ("tiny_sd35_medium", stability(128, 1, True), {"control_type": 0.0}, (1, 16, 12, 14)),
    "Stability, large, canny": ("tiny_sd35_medium", stability(128, 1, True), {"control_type": 1.0}, (2, 16, 8, 10)),
    "Stability, large, depth": ("tiny_sd35_medium", stability(128, 2, True), {"control_type": 2.0}, (1, 16, 10, 11)),
    "Stability, medium": ("tiny_sd35_medium", stability(128, 2, False), {}, (1, 16, 11, 14)),
}

def put(name, value):
    tensors[name] = value.detach().clone().float()
    return name

def weights_of(shapes, extra):
    specs, weights = seeded(shapes, gain=0.7)
    return specs, {**weights, **{name: torch.tensor(value) for name, value in extra.items()}}

def applied(control, hint, strength, mask):
    """The ControlNet with its hint, by ControlNetApplyAdvanced or, with a mask, by the node for inpainting."""
    if mask is None:
        return control.set_cond_hint(hint.movedim(-1, 1), strength, (0.0, 1.0), vae=BlockMeans())
    sides = [[[torch.zeros(1), {}]]] * 2
    result = ControlNetInpaintingAliMamaApply.execute(*sides, control, BlockMeans(), hint, mask, strength, 0.0, 1.0)
    return result.args[0][0][1]["control"]

def run(model, control, inputs, strength, double, mask):
    """The residuals of get_control with the hint in pixels, and the model's prediction with them."""
    kind = torch.float64 if double else torch.float32
    x, context, y, hint = (v.to(kind) for v in inputs)
    sigma = torch.full((x.shape[0],), 0.7, dtype=kind)
    if double:
        control.control_model.double()
        control.control_model.dtype = torch.float64
    control = applied(control, hint, strength, mask if mask is None else mask.to(kind))
    if model is not None:
        (model.double() if double else model.float())
        control.pre_run(model, lambda p: p * 0 + (1.0 if p == 0 else 0.0))
    else:
        control.model_sampling_current = models["tiny_sd3_medium"].model_sampling
    cond = {"c_crossattn": context.repeat(x.shape[0], 1, 1), "y": y.repeat(x.shape[0], 1)}
    given = control.get_control(x, sigma, cond, 1, {})
    out = {"hint": control.cond_hint, **{f"output_{i}": v for i, v in enumerate(given["output"])}}
    if model is not None:
        net = model.diffusion_model
        if double:
            net.dtype = torch.float64
        out["v"] = net(x, sigma * 1000, context=cond["c_crossattn"], y=cond["y"], control=given, transformer_options={})
    return out

for id, (name, shapes, extra, size) in CASES.items():
    specs, weights = weights_of(shapes, extra)
    inputs = made(size, 1), made([1, 20, 80], 2), made([1, 64], 3), made([1, 60, 70, 3], 4, 1.0, 0.5)
    masked = "mask that" in id or "its mask" in id
    mask = made([1, 30, 50], 5, 1.0, 0.5) if masked else None
    results = []
    for double in [False, True]:
        control = comfy.controlnet.load_controlnet_state_dict(dict(weights), model_options={"dtype": torch.float32})
        results.append(run(models.get(name), control, inputs, 0.8, double, mask))
    one, two = results
    cases.append({
        "id": id,
        "params": {"model": name, "weights": specs, "numbers": extra, "size": size, "strength": 0.8, "sigma": 0.7, "masked": masked},
        "inputs": {}, "outputs": {k: put(f"{id}/{k}", v) for k, v in one.items()},
    })
    measured.update({f"{id}/{k}": [(one[k] - two[k]).abs().max().item()] for k in one})

print({k: (v[0], tensors[k].abs().max().item()) for k, v in measured.items()})
write(here, "sd3", cases, tensors, measured=measured)
