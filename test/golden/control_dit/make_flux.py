# Makes flux.json.gz and flux.safetensors.gz: ControlNets of FLUX.1 in their published key layouts, with random weights, loaded and run by ComfyUI 0.33.0's own code.
# python make_flux.py COMFYUI_FOLDER FIXTURES_FOLDER (torch on the CPU)
import os, sys
folder, fixtures = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
sys.argv = ["x", "--cpu"]
sys.path[:0] = [folder, os.path.dirname(here)]
import torch
import comfy.options
comfy.options.enable_args_parsing()
import comfy.controlnet, comfy.model_detection
from seeded import made, seeded, write
from small_models import transformer

torch.set_grad_enabled(False)
tensors, cases = {}, []
# what ComfyUI writes as constants (fixture2.json)
SMALL = {"flux": {"axes_dim": [4, 6, 6], "num_heads": 4}, "chroma": {"axes_dim": [4, 6, 6], "num_heads": 4, "out_dim": 64, "hidden_dim": 48}}
detect = comfy.model_detection.detect_unet_config
def small(*args, **kwargs):
    config = detect(*args, **kwargs)
    return {**config, **SMALL.get(config.get("image_model"), {})}
comfy.model_detection.detect_unet_config = small

WIDTH, CONTEXT, VECTOR, HEAD = 64, 80, 32, 16

models = {name: transformer(fixtures, name) for name in ["tiny_flux_dev", "tiny_chroma"]}

class BlockMeans:
    """Stands for the autoencoder: 16 channels, each the mean of a colour over 8 x 8 pixels times its number."""
    def spacial_compression_encode(self):
        return 8
    def encode(self, pixels):
        means = torch.nn.functional.avg_pool2d(pixels.movedim(-1, 1)[:, :3], 8)
        return torch.cat([means[:, c % 3:c % 3 + 1] * (c + 1) / 8 for c in range(16)], dim=1)

def linear(name, out, width):
    return {f"{name}.weight": (out, width), f"{name}.bias": (out,)}

def conv(name, out, width, side):
    return {f"{name}.weight": (out, width, side, side), f"{name}.bias": (out,)}

def diffusers(double, single, channels=16, guidance=True, modes=0):
    """diffusers' FluxControlNetModel (InstantX, Shakker, alimama)."""
    out = {**linear("x_embedder", WIDTH, 64), **linear("controlnet_x_embedder", WIDTH, 4 * channels), **linear("context_embedder", WIDTH, CONTEXT)}
    for name, width in [("timestep", 256), ("text", VECTOR)] + ([("guidance", 256)] if guidance else []):
        out.update(linear(f"time_text_embed.{name}_embedder.linear_1", WIDTH, width))
        out.update(linear(f"time_text_embed.{name}_embedder.linear_2", WIDTH, WIDTH))
    for i in range(double):
        b = f"transformer_blocks.{i}"
        for name in ["to_q", "to_k", "to_v", "to_out.0", "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out"]:
            out.update(linear(f"{b}.attn.{name}", WIDTH, WIDTH))
        for name in ["norm_q", "norm_k", "norm_added_q", "norm_added_k"]:
            out[f"{b}.attn.{name}.weight"] = (HEAD,)
        for end in ["", "_context"]:
            out.update(linear(f"{b}.norm1{end}.linear", 6 * WIDTH, WIDTH))
            out.update(linear(f"{b}.ff{end}.net.0.proj", 4 * WIDTH, WIDTH))
            out.update(linear(f"{b}.ff{end}.net.2", WIDTH, 4 * WIDTH))
        out.update(linear(f"controlnet_blocks.{i}", WIDTH, WIDTH))
    for i in range(single):
        b = f"single_transformer_blocks.{i}"
        for name in ["to_q", "to_k", "to_v"]:
            out.update(linear(f"{b}.attn.{name}", WIDTH, WIDTH))
        for name in ["norm_q", "norm_k"]:
            out[f"{b}.attn.{name}.weight"] = (HEAD,)
        out.update(linear(f"{b}.norm.linear", 3 * WIDTH, WIDTH))
        out.update(linear(f"{b}.proj_mlp", 4 * WIDTH, WIDTH))
        out.update(linear(f"{b}.proj_out", WIDTH, 5 * WIDTH))
        out.update(linear(f"controlnet_single_blocks.{i}", WIDTH, WIDTH))
    if modes:
        out["controlnet_mode_embedder.weight"] = (modes, WIDTH)
    return out

def original(double, single, mistoline):
    """XLabs' and Mistoline's files: FLUX's own names."""
    out = {**linear("img_in", WIDTH, 64), **linear("pos_embed_input", WIDTH, 64), **linear("txt_in", WIDTH, CONTEXT)}
    for name, width in [("time", 256), ("vector", VECTOR), ("guidance", 256)]:
        out.update(linear(f"{name}_in.in_layer", WIDTH, width))
        out.update(linear(f"{name}_in.out_layer", WIDTH, WIDTH))
    for i in range(double):
        for stream in ["img", "txt"]:
            b = f"double_blocks.{i}.{stream}"
            out.update(linear(f"{b}_mod.lin", 6 * WIDTH, WIDTH))
            out.update(linear(f"{b}_attn.qkv", 3 * WIDTH, WIDTH))
            out.update(linear(f"{b}_attn.proj", WIDTH, WIDTH))
            for norm in ["query", "key"]:
                out[f"{b}_attn.norm.{norm}_norm.scale"] = (HEAD,)
            out.update(linear(f"{b}_mlp.0", 4 * WIDTH, WIDTH))
            out.update(linear(f"{b}_mlp.2", WIDTH, 4 * WIDTH))
        out.update(linear(f"controlnet_blocks.{i}" + (".linear" if mistoline else ""), WIDTH, WIDTH))
    for i in range(single):
        b = f"single_blocks.{i}"
        out.update(linear(f"{b}.modulation.lin", 3 * WIDTH, WIDTH))
        out.update(linear(f"{b}.linear1", 7 * WIDTH, WIDTH))
        out.update(linear(f"{b}.linear2", WIDTH, 5 * WIDTH))
        for norm in ["query", "key"]:
            out[f"{b}.norm.{norm}_norm.scale"] = (HEAD,)
        out.update(linear(f"single_controlnet_blocks.{i}.linear", WIDTH, WIDTH))
    name, sides = ("input_cond_block.encoder", [3, 1, 3, 3, 3, 3, 3, 3, 1, 3]) if mistoline else ("input_hint_block", [3] * 8)
    for i, side in enumerate(sides):
        out.update(conv(f"{name}.{2 * i}", 16, 3 if i == 0 else 16, side))
    return out

UNION = diffusers(1, 2, modes=8)
# networks: key layout, type of control, whether a mask is given
CASES = {
    "InstantX": {"nets": [(diffusers(2, 1), None)], "size": (2, 16, 7, 10), "hints": 2},
    "without guidance": {"nets": [(diffusers(3, 0, guidance=False), None)]},
    "union without a type": {"nets": [(UNION, None)]},
    "union, canny": {"nets": [(UNION, 3)], "size": (2, 16, 8, 6)},
    "union, repaint": {"nets": [(UNION, 7)]},
    "alimama, everything is kept": {"nets": [(diffusers(1, 1, channels=17, guidance=False), None)], "size": (1, 16, 9, 10)},
    "alimama, with a mask": {"nets": [(diffusers(1, 1, channels=17, guidance=False), None)], "mask": True},
    "XLabs": {"nets": [(original(2, 0, False), None)], "size": (2, 16, 8, 6)},
    "Mistoline": {"nets": [(original(2, 1, True), None)]},
    "two networks": {"nets": [(original(2, 0, False), None), (UNION, 4)]},
    "Chroma": {"nets": [(UNION, 5)], "model": "tiny_chroma", "size": (2, 16, 7, 10)},
    "with a reference image": {"nets": [(diffusers(2, 1), None)], "reference": (1, 16, 6, 5)},
}

def network(shapes, kind, i):
    specs, weights = seeded(shapes, gain=0.7, first=100 * i + 1)
    control = comfy.controlnet.load_controlnet_state_dict(weights, model_options={"dtype": torch.float32})
    if kind is not None:
        control.set_extra_arg("control_type", [kind])
    return specs, control

def run(model, controls, inputs, mask, strengths, chroma):
    """The residuals of get_control with the hints in pixels, and the model's prediction with them."""
    x, context, y, hint, reference = inputs
    rows = x.shape[0]
    sigma = torch.full((rows,), 0.7)
    previous = None
    for control, strength in zip(controls, strengths):
        image, extra = hint, []
        if mask is not None:
            # ControlNetInpaintingAliMamaApply
            kept = 1.0 - mask.reshape((-1, 1, *mask.shape[-2:]))
            applied = comfy.utils.common_upscale(kept, image.shape[2], image.shape[1], "bilinear", "center").round()
            image, extra = image * applied.movedim(1, -1).repeat(1, 1, 1, image.shape[3]), [kept]
        control.set_cond_hint(image.movedim(-1, 1), strength, (0.0, 1.0), vae=BlockMeans() if control.latent_format else None, extra_concat=extra)
        control.set_previous_controlnet(previous)
        previous = control
    control.pre_run(model, lambda p: p * 0 + (1.0 if p == 0 else 0.0))
    guidance = torch.full((rows,), 0.0 if chroma else 3.5)
    cond = {"c_crossattn": context.repeat(rows, 1, 1), "guidance": guidance, **({} if chroma else {"y": y.repeat(rows, 1)})}
    given = control.get_control(x, sigma, cond, 1, {})
    lists = {f"{name}_{i}": v for name in ["input", "output"] for i, v in enumerate(given[name][:3])}
    net = model.diffusion_model
    more = {} if chroma else {"y": cond["y"], **({} if reference is None else {"ref_latents": [reference]})}
    v = net(x, sigma, context=cond["c_crossattn"], guidance=guidance, control=given, transformer_options={}, **more)
    return {"hint": control.cond_hint, **lists, "v": v}, {name: len(given[name]) for name in ["input", "output"]}

for id, case in CASES.items():
    name, size = case.get("model", "tiny_flux_dev"), case.get("size", (1, 16, 8, 10))
    inputs = [made(size, 1), made([1, 5, CONTEXT], 2), made([1, VECTOR], 3), made([case.get("hints", 1), 60, 70, 3], 4, 1.0, 0.5), None]
    if "reference" in case:
        inputs[4] = made(case["reference"], 5)
    mask = made([1, 40, 30], 6, 1.0, 0.5) if case.get("mask") else None
    strengths = [0.8, 1.3][:len(case["nets"])]
    made_nets = [network(shapes, kind, i) for i, (shapes, kind) in enumerate(case["nets"])]
    out, counts = run(models[name], [c for _, c in made_nets], inputs, mask, strengths, name == "tiny_chroma")
    tensors.update({f"{id}/{k}": v.clone().float() for k, v in out.items()})
    nets = [{"weights": specs, "kind": kind, "strength": s} for (specs, _), (_, kind), s in zip(made_nets, case["nets"], strengths)]
    cases.append({
        "id": id,
        "params": {"model": name, "nets": nets, "counts": counts, "size": size, "hints": case.get("hints", 1), "masked": bool(case.get("mask")), "reference": case.get("reference"), "sigma": 0.7},
        "inputs": {}, "outputs": {k: f"{id}/{k}" for k in out},
    })

print({k: v.abs().max().item() for k, v in tensors.items()})
write(here, "flux", cases, tensors)
