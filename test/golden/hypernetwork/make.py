# Makes two small hypernetworks (.pt) and sd1.json.gz, sd1.safetensors.gz: what the small SD1 UNet predicts with them, by ComfyUI's loader.
# python make.py COMFYUI_FOLDER FIXTURES_FOLDER (torch on the CPU)
import gzip, os, sys
folder, fixtures = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
sys.argv = ["x", "--cpu"]
sys.path[:0] = [folder, os.path.dirname(here)]
from collections import OrderedDict
import torch
from safetensors.torch import load
import comfy.options
comfy.options.enable_args_parsing()
import comfy.model_detection, comfy.ops, comfy.supported_models
from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel
from comfy_extras.nodes_hypernetwork import load_hypernetwork_patch
from seeded import noise, write

torch.manual_seed(5)
torch.set_grad_enabled(False)
UNET = "model.diffusion_model."
sd = load(gzip.open(os.path.join(fixtures, "tiny_sd1.safetensors.gz")).read())
config = comfy.supported_models.SD15(comfy.model_detection.detect_unet_config(sd, UNET)).unet_config
unet = UNetModel(**config, dtype=torch.float32, device="cpu", operations=comfy.ops.disable_weight_init)
unet.load_state_dict({k[len(UNET):]: v.float() for k, v in sd.items() if k.startswith(UNET)})
widths = sorted({v.shape[1] for k, v in sd.items() if k.startswith(UNET) and k.endswith("to_k.weight")})

def network(width, inner, norm):
    layers, index = OrderedDict(), 0
    for out, into in [(inner, width), (width, inner)]:
        layers[f"linear.{index}.weight"] = (torch.randn(out, into) * into ** -0.5 * 0.5).half()
        layers[f"linear.{index}.bias"] = (torch.randn(out) * 0.1).half()
        index += 2
        if norm:
            layers[f"linear.{index}.weight"] = (1 + torch.randn(out) * 0.1).half()
            layers[f"linear.{index}.bias"] = (torch.randn(out) * 0.1).half()
            index += 1
    return layers

made = lambda shape, seed: torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, 3.0)).reshape(shape)
x, context, t = made([1, 4, 8, 12], 1), made([1, 77, config["context_dim"]], 2), torch.tensor([600.0])
tensors, cases, measured = {}, [], {}

def case(id, names):
    used = [load_hypernetwork_patch(os.path.join(here, f"{name}.pt"), strength) for name, strength in names]
    options = {"patches": {"attn1_patch": used, "attn2_patch": used}} if used else {}
    tensors[id] = unet(x, t, context, transformer_options=options)
    # the same in float64 tells how much of float32 is noise
    for patch in used:
        for net in patch.hypernet.values():
            net.double()
    exact = unet.double()(x.double(), t.double(), context.double(), transformer_options=options)
    unet.float()
    measured[id] = [(tensors[id] - exact).abs().max().item()]
    cases.append({"id": id, "params": {"hypernetworks": names}, "inputs": {}, "outputs": {"out": id}})

for name, options, norm in [("plain", {}, False), ("normed", {"activation_func": "relu", "is_layer_norm": True, "activate_output": True}, True)]:
    pairs = {w: (network(w, 16, norm), network(w, 16, norm)) for w in widths}
    torch.save({**pairs, "step": 100, "name": name, "layer_structure": [1, 0.25, 1], **options}, os.path.join(here, f"{name}.pt"))
case("none", [])
case("plain", [("plain", 1.0)])
case("normed", [("normed", 0.6)])
case("both", [("plain", -0.5), ("normed", 1.5)])
write(here, "sd1", cases, tensors, measured=measured)
print(measured)
print(widths)
