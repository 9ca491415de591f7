# Makes cases.json.gz and cases.safetensors.gz: SD3.5 with skipped blocks, and MMDiTs with parts that the small checkpoints lack, by ComfyUI 0.33.0's own code; and the names of
# diffusers' layout. python make.py COMFYUI_FOLDER FIXTURES_FOLDER (torch on the CPU)
import gzip, os, sys
folder, fixtures = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
sys.argv = ["x", "--cpu"]
sys.path[:0] = [folder, os.path.dirname(here)]
import torch
from safetensors.torch import load
import comfy.options
comfy.options.enable_args_parsing()
import comfy.model_detection, comfy.ops, comfy.utils
from comfy.ldm.modules.diffusionmodules.mmdit import OpenAISignatureMMDITWrapper as MMDiT
from seeded import fill, made, write

torch.set_grad_enabled(False)
tensors, cases, measured = {}, [], {}
SIZES = {"x": [2, 16, 9, 12], "context": [2, 7], "y": [2, 64]}
TIMESTEPS = [700.0, 250.0]

def network(config, weights=None):
    common = dict(dtype=torch.float32, device="cpu", operations=comfy.ops.disable_weight_init)
    net = MMDiT(**config, **common)
    return (net, fill(net, gain=0.7)) if weights is None else (net, net.load_state_dict(weights))

def skip(args, extra):
    return args

def predict(net, width, skipped, kind):
    net.to(kind)
    net.dtype = kind
    x, context, y = (made(size, i + 1).to(kind) for i, size in enumerate([SIZES["x"], SIZES["context"] + [width], SIZES["y"]]))
    replace = {("double_block", i): skip for i in skipped}
    return net(x, torch.tensor(TIMESTEPS).to(kind), context=context, y=y, transformer_options={"patches_replace": {"dit": replace}})

def case(id, net, width, params, skipped=[]):
    out, exact = (predict(net, width, skipped, kind) for kind in [torch.float32, torch.float64])
    tensors[f"{id}/v"] = out.clone()
    measured[f"{id}/v"] = [(out - exact).abs().max().item()]
    cases.append({"id": id, "params": {**params, "sizes": {**SIZES, "context": SIZES["context"] + [width]}, "timesteps": TIMESTEPS, "skipped": skipped}, "inputs": {}, "outputs": {"v": f"{id}/v"}})

sd = {k: v.float() for k, v in load(gzip.open(os.path.join(fixtures, "tiny_sd35_medium.safetensors.gz")).read()).items()}
detected = comfy.model_detection.model_config_from_unet(sd, "").unet_config
for skipped in [[0], [1], [0, 1]]:
    net, _ = network(detected, sd)
    case(f"without blocks {skipped}", net, 80, {"model": "tiny_sd35_medium"}, skipped)

base = dict(input_size=None, patch_size=2, in_channels=16, depth=2, adm_in_channels=64, pos_embed_scaling_factor=None)
embedder = lambda width: {"target": "torch.nn.Linear", "params": {"in_features": width, "out_features": 128}}
VARIANTS = {
    "layers before the joint blocks": (dict(context_processor_layers=2, context_size=64, context_embedder_config=embedder(64), num_patches=64, pos_embed_max_size=8), 64),
    "positions without a table": (dict(context_embedder_config=embedder(48), qk_norm="rms"), 48),
    "all blocks of MMDiT-X": (dict(context_embedder_config=embedder(48), qk_norm="rms", x_block_self_attn_layers=[0, 1], num_patches=49, pos_embed_max_size=7), 48),
}
for id, (more, width) in VARIANTS.items():
    net, specs = network({**base, **more})
    case(id, net, width, {"weights": specs})

names = {}
for name, target in comfy.utils.mmdit_to_diffusers({"depth": 2}).items():
    original, part, change = (target, None, None) if isinstance(target, str) else (*target, None)[:3]
    names[name] = {"name": original, "rows": part and [part[1], part[1] + part[2]], "swapped": change is not None}
print({k: (v[0], tensors[k].abs().max().item()) for k, v in measured.items()})
cases.append({"id": "names", "params": names, "inputs": {}, "outputs": {}})
write(here, "cases", cases, tensors, measured=measured)
