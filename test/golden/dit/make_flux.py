# Makes flux_variants.json.gz and .safetensors.gz: skipped blocks, Chroma's guidance and FLUX.1 with further input channels, by ComfyUI 0.33.0's own modules.
# python make_flux.py COMFYUI_FOLDER FIXTURES_FOLDER (torch on the CPU)
import gzip, os, sys
folder, fixtures = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
sys.argv = ["x", "--cpu"]
sys.path[:0] = [folder, os.path.dirname(here)]
import torch
from safetensors.torch import load
import comfy.options
comfy.options.enable_args_parsing()
import comfy.model_detection, comfy.ops
from comfy.ldm.chroma.model import Chroma
from comfy.ldm.flux.model import Flux
from seeded import noise, write

torch.set_grad_enabled(False)
cases, tensors = [], {}
# what ComfyUI writes as constants (fixture2.json)
SMALL = {Flux: {"axes_dim": [4, 6, 6], "num_heads": 4}, Chroma: {"axes_dim": [4, 6, 6], "num_heads": 4, "out_dim": 64, "hidden_dim": 48}}

def model(kind, name, changed={}):
    sd = load(gzip.open(os.path.join(fixtures, f"{name}.safetensors.gz")).read())
    sd = {**{k: v.float() for k, v in sd.items()}, **changed}
    config = {**comfy.model_detection.detect_unet_config(sd, ""), **SMALL[kind]}
    net = kind(**config, dtype=torch.float32, device="cpu", operations=comfy.ops.disable_weight_init)
    net.load_state_dict({k.replace(".scale", ".weight"): v for k, v in sd.items()})
    return net

def made(name, shape, seed):
    tensors[name] = torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, 3.0)).reshape(shape)
    return name

def case(id, net, file, inputs, params={}):
    guidance = params.get("guidance")
    skipped = params.get("skipped", {})
    replace = {(f"{kind}_block", i): lambda args, _: args for kind, blocks in skipped.items() for i in blocks}
    options = {"patches_replace": {"dit": replace}}
    given = {k: tensors[v] for k, v in inputs.items()}
    x, sigma = given.pop("x"), given.pop("sigma")
    guided = None if guidance is None else torch.tensor(guidance)
    tensors[f"{id}/v"] = net(x, sigma, guidance=guided, transformer_options=options, **given)
    cases.append({"id": id, "params": {"model": file, **params}, "inputs": inputs, "outputs": {"v": f"{id}/v"}})

common = {"x": made("x", [2, 16, 7, 10], 1), "sigma": "sigma", "context": made("context", [2, 5, 80], 2)}
tensors["sigma"] = torch.tensor([0.9, 0.3])
with_y = {**common, "y": made("y", [2, 32], 3)}
flux, chroma = model(Flux, "tiny_flux_dev"), model(Chroma, "tiny_chroma")
for name, skipped in [("double", {"double": [1]}), ("single", {"single": [0, 1]}), ("both", {"double": [0], "single": [1]}), ("beyond", {"double": [7, 8, 9], "single": [7, 8, 9]})]:
    case(f"flux_skip_{name}", flux, "tiny_flux_dev", with_y, {"guidance": [3.5, 3.5], "skipped": skipped})
    case(f"chroma_skip_{name}", chroma, "tiny_chroma", common, {"guidance": [0.0, 0.0], "skipped": skipped})
case("flux_guidance", flux, "tiny_flux_dev", with_y, {"guidance": [1.0, 30.0]})
case("chroma_guidance", chroma, "tiny_chroma", common, {"guidance": [2.5, 4.0]})
# the Canny and Depth variants: the image's latent follows the noise
wide = torch.from_numpy(noise(64 * 128, 4, 0.3)).reshape(64, 128)
tensors["img_in"] = wide
control = model(Flux, "tiny_flux_dev", {"img_in.weight": wide})
case("flux_control", control, "tiny_flux_dev", {**with_y, "x": made("x32", [2, 32, 7, 10], 5)}, {"guidance": [10.0, 10.0], "img_in": "img_in"})
write(here, "flux_variants", cases, tensors)
