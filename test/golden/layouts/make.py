# Makes names.json.gz: names of tensors in diffusers' layouts and in the original one, by ComfyUI's own conversions.
# python make.py COMFYUI_FOLDER FIXTURES_FOLDER (torch on the CPU)
import gzip, json, os, sys
folder, fixtures = sys.argv[1:3]
sys.argv = ["x", "--cpu"]
sys.path.insert(0, folder)
import torch
from safetensors.torch import load
import comfy.options
comfy.options.enable_args_parsing()
import comfy.utils, comfy.diffusers_convert, comfy.model_detection

read = lambda name: load(gzip.open(os.path.join(fixtures, f"{name}.safetensors.gz")).read())
unets = {}
UNET = "model.diffusion_model."
for name in ["tiny_sdxl_base", "tiny_sdxl_refiner", "tiny_sd1"]:
    sd = read(name)
    config = comfy.model_detection.detect_unet_config(sd, UNET)
    names = {k[len(UNET):] for k in sd if k.startswith(UNET)}
    pairs = comfy.utils.unet_to_diffusers(config)
    unets[name] = {d: o for d, o in pairs.items() if o in names and not d.startswith("class_embedding")}
    assert set(unets[name].values()) == names, names - set(unets[name].values())
XL = dict(model_channels=320, use_linear_in_transformer=True, context_dim=2048, num_head_channels=64)
ssd = dict(XL, num_res_blocks=[2, 2, 2], channel_mult=[1, 2, 4], transformer_depth=[0, 0, 2, 2, 4, 4], transformer_depth_output=[0, 0, 0, 1, 1, 2, 10, 4, 4], transformer_depth_middle=-1)
koala = dict(XL, num_res_blocks=[1, 1, 1], channel_mult=[1, 2, 4], transformer_depth=[0, 2, 5], transformer_depth_output=[0, 0, 2, 2, 5, 5], transformer_depth_middle=-2)
# of the blocks one transformer layer will do
part = lambda pairs: {d: o for d, o in pairs.items() if "transformer_blocks" not in d or "transformer_blocks.0.norm1" in d}
unets["SSD-1B"], unets["KOALA-700M"] = part(comfy.utils.unet_to_diffusers(ssd)), part(comfy.utils.unet_to_diffusers(koala))

vae = read("tiny_vae")
levels = 1 + max(int(k.split(".")[2]) for k in vae if k.startswith("decoder.up."))
back = {}
for k in vae:
    d = k
    for o, h in comfy.diffusers_convert.vae_conversion_map:
        d = d.replace(o, h)
    if "attentions" in d:
        for o, h in [("norm.", "group_norm."), ("q.", "to_q."), ("k.", "to_k."), ("v.", "to_v."), ("proj_out.", "to_out.0.")]:
            if d.split("attentions.0.")[1].startswith(o):
                d = d.replace("attentions.0." + o, "attentions.0." + h)
                break
    back[d] = k
there = comfy.diffusers_convert.convert_vae_state_dict({d: torch.empty(1, 1) for d in back})
assert set(there) == set(vae), set(there) ^ set(vae)
probe = {d: torch.full((1, 1), float(i)) for i, d in enumerate(back)}
there = {int(v.flatten()[0]): k for k, v in comfy.diffusers_convert.convert_vae_state_dict(probe).items()}
vaes = {"tiny_vae": {d: there[i] for i, d in enumerate(back)}}
here = os.path.dirname(os.path.abspath(__file__))
with gzip.GzipFile(os.path.join(here, "names.json.gz"), "wb", 9, mtime=0) as f:
    f.write(json.dumps({"unets": unets, "vaes": vaes, "levels": levels}).encode())
print({k: len(v) for k, v in {**unets, **vaes}.items()})
