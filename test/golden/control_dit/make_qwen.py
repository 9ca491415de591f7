# Makes qwen.json.gz and qwen.safetensors.gz: ControlNets of Qwen-Image in their published key layout (InstantX), with random weights, loaded and run by ComfyUI 0.33.0's own
# code. python make_qwen.py COMFYUI_FOLDER FIXTURES_FOLDER (torch on the CPU)
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
SMALL = {"attention_head_dim": 16, "num_attention_heads": 4, "joint_attention_dim": 64, "axes_dims_rope": [4, 6, 6]}
detect = comfy.model_detection.detect_unet_config
comfy.model_detection.detect_unet_config = lambda *args, **kwargs: {**detect(*args, **kwargs), **SMALL}
WIDTH, HEAD = 64, 16

model = transformer(fixtures, "tiny_qwen_image")

class BlockMeans:
    """Stands for the autoencoder: 16 channels, each the mean of a colour over 8 x 8 pixels times its number; one frame."""
    def spacial_compression_encode(self):
        return 8
    def encode(self, pixels):
        means = torch.nn.functional.avg_pool2d(pixels.movedim(-1, 1)[:, :3], 8)
        return torch.cat([means[:, c % 3:c % 3 + 1] * (c + 1) / 8 for c in range(16)], dim=1).unsqueeze(2)

def linear(name, out, width):
    return {f"{name}.weight": (out, width), f"{name}.bias": (out,)}

def instantx(blocks, channels=16):
    out = {**linear("img_in", WIDTH, 64), **linear("txt_in", WIDTH, 64), "txt_norm.weight": (64,), **linear("controlnet_x_embedder", WIDTH, 4 * channels)}
    out.update(linear("time_text_embed.timestep_embedder.linear_1", WIDTH, 256))
    out.update(linear("time_text_embed.timestep_embedder.linear_2", WIDTH, WIDTH))
    for i in range(blocks):
        b = f"transformer_blocks.{i}"
        for name in ["to_q", "to_k", "to_v", "to_out.0", "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out"]:
            out.update(linear(f"{b}.attn.{name}", WIDTH, WIDTH))
        for name in ["norm_q", "norm_k", "norm_added_q", "norm_added_k"]:
            out[f"{b}.attn.{name}.weight"] = (HEAD,)
        for stream in ["img", "txt"]:
            out.update(linear(f"{b}.{stream}_mod.1", 6 * WIDTH, WIDTH))
            out.update(linear(f"{b}.{stream}_mlp.net.0.proj", 4 * WIDTH, WIDTH))
            out.update(linear(f"{b}.{stream}_mlp.net.2", WIDTH, 4 * WIDTH))
        out.update(linear(f"controlnet_blocks.{i}", WIDTH, WIDTH))
    return out

CASES = {
    "InstantX": {"nets": [instantx(5)], "size": (1, 16, 1, 8, 10)},
    "odd size, a batch": {"nets": [instantx(7)], "size": (2, 16, 1, 7, 10)},
    "inpainting": {"nets": [instantx(6, 17)], "size": (1, 16, 1, 8, 6), "mask": True},
    "two networks": {"nets": [instantx(7), instantx(5)], "size": (1, 16, 1, 9, 5)},
    "with a reference image": {"nets": [instantx(5)], "size": (1, 16, 1, 8, 6), "reference": (1, 16, 1, 6, 4)},
}

for id, case in CASES.items():
    size = case["size"]
    rows = size[0]
    x, context, hint = made(size, 1), made([1, 5, 64], 2), made([1, 60, 70, 3], 4, 1.0, 0.5)
    mask = made([1, 40, 30], 6, 1.0, 0.5) if case.get("mask") else None
    strengths = [0.8, 1.3][:len(case["nets"])]
    previous, nets = None, []
    for i, (shapes, strength) in enumerate(zip(case["nets"], strengths)):
        specs, weights = seeded(shapes, gain=0.7, first=1000 * i + 1)
        control = comfy.controlnet.load_controlnet_state_dict(weights, model_options={"dtype": torch.float32})
        image, extra = hint, []
        if mask is not None:
            # ControlNetInpaintingAliMamaApply
            kept = 1.0 - mask.reshape((-1, 1, *mask.shape[-2:]))
            applied = comfy.utils.common_upscale(kept, image.shape[2], image.shape[1], "bilinear", "center").round()
            image, extra = image * applied.movedim(1, -1).repeat(1, 1, 1, image.shape[3]), [kept]
        control.set_cond_hint(image.movedim(-1, 1), strength, (0.0, 1.0), vae=BlockMeans(), extra_concat=extra)
        control.set_previous_controlnet(previous)
        previous = control
        nets.append({"weights": specs, "strength": strength})
    control.pre_run(model, lambda p: p * 0 + (1.0 if p == 0 else 0.0))
    sigma = torch.full((rows,), 0.7)
    given = control.get_control(x, sigma, {"c_crossattn": context.repeat(rows, 1, 1)}, 1, {})
    out = {"hint": control.cond_hint, **{f"input_{i}": v for i, v in enumerate(given["input"][:2])}}
    reference = [made(case["reference"], 5)] if "reference" in case else None
    more = {} if reference is None else {"ref_latents": reference}
    out["v"] = model.diffusion_model(x, sigma, context=context.repeat(rows, 1, 1), control=given, transformer_options={}, **more)
    tensors.update({f"{id}/{k}": v.clone().float() for k, v in out.items()})
    cases.append({
        "id": id,
        "params": {"nets": nets, "count": len(given["input"]), "size": size, "masked": mask is not None, "reference": case.get("reference"), "sigma": 0.7},
        "inputs": {}, "outputs": {k: f"{id}/{k}" for k in out},
    })

print({k: v.abs().max().item() for k, v in tensors.items()})
write(here, "qwen", cases, tensors)
