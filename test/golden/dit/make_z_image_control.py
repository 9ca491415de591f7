# Makes z_image_control.json.gz and .safetensors.gz: Z-Image with Fun ControlNets of small sizes (QwenImageDiffsynthControlnet, ZImageFunControlnet), by ComfyUI 0.33.0's own nodes
# and modules; the autoencoder is a formula. python make_z_image_control.py COMFYUI_FOLDER FIXTURES_FOLDER (torch on the CPU)
import gzip, os, sys
folder, fixtures = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(here, "..", "core_nodes"), os.path.dirname(here)]
from originals import Finder, load
Finder.names = tuple(name for name in Finder.names if name != "av")
run = load(folder)
import torch
from safetensors.torch import load as read
import comfy.model_detection, comfy.ops
from comfy.ldm.lumina.controlnet import ZImage_Control
from comfy.ldm.lumina.model import NextDiT, TimestepEmbedder
from seeded import noise, seeded, write

common = {"dtype": torch.float32, "device": "cpu", "operations": comfy.ops.disable_weight_init}
sd = {k: v.float() for k, v in read(gzip.open(os.path.join(fixtures, "tiny_z_image.safetensors.gz")).read()).items()}
# what ComfyUI writes as constants (fixture2.json)
dim, heads = sd["x_embedder.bias"].shape[0], sd["layers.0.attention.out.weight"].shape[1] // sd["layers.0.attention.q_norm.weight"].shape[0]
layers = sum(f"layers.{i}.attention.qkv.weight" in sd for i in range(99))
net = NextDiT(patch_size=2, in_channels=16, dim=dim, cap_feat_dim=sd["cap_embedder.1.weight"].shape[1], n_layers=layers, n_heads=heads, n_kv_heads=heads, qk_norm=True, axes_dims=[8, 4, 4], axes_lens=[1024, 512, 512],
              rope_theta=256.0, ffn_dim_multiplier=8.0 / 3.0, z_image_modulation=True, time_scale=1000.0, pad_tokens_multiple=32, **common)
net.t_embedder = TimestepEmbedder(min(dim, 1024), output_size=min(dim, 256), **common)  # 256 in the original
net.load_state_dict(sd)

class Vae:
    """The mean colours of 8 x 8 pixels, spread over 16 channels."""
    def spacial_compression_encode(self): return 8
    def encode(self, pixels):
        means = torch.nn.functional.avg_pool2d(pixels.movedim(-1, 1)[:, :3], 8)
        return torch.cat([means[:, i % 3 : i % 3 + 1] * (i + 1) / 4 - 0.5 for i in range(16)], dim=1)

class Model:
    def __init__(self): self.patches = {}
    def clone(self): return self
    def set_model_noise_refiner_patch(self, patch): self.patches.setdefault("noise_refiner", []).append(patch)
    def set_model_double_block_patch(self, patch): self.patches.setdefault("double_block", []).append(patch)

KINDS = {"first": dict(n_control_layers=30), "lite": dict(n_control_layers=3, additional_in_dim=17, refiner_control=True), "second": dict(n_control_layers=15, additional_in_dim=17, refiner_control=True),
         "broken": dict(n_control_layers=15, additional_in_dim=17, refiner_control=True, broken=True)}
made = lambda shape, seed, scale=3.0, around=0.0: torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, scale) + around).float().reshape(shape)
tensors, cases = {"x": made([2, 16, 6, 10], 1), "context": made([2, 5, sd["cap_embedder.1.weight"].shape[1]], 2)}, []
images = {"image": made([1, 48, 80, 3], 3, 1.0, 0.5), "other size": made([1, 60, 90, 4], 4, 1.0, 0.5), "inpaint_image": made([1, 48, 80, 3], 5, 1.0, 0.5), "mask": (made([1, 48, 80], 6, 1.0, 0.5) > 0.5).float()}
controls = {}
for name, kind in KINDS.items():
    control = ZImage_Control(dim=dim, n_heads=heads, n_kv_heads=heads, **kind, **common)
    shapes = {k: tuple(v.shape) for k, v in control.state_dict().items()}
    specs, weights = seeded(shapes, gain=0.7, first=100)
    if kind.get("broken"):
        for i in range(2):
            weights[f"control_noise_refiner.{i}.after_proj.weight"].zero_()
    control.load_state_dict(weights)
    controls[name] = (control, specs)
def case(id, kind, strength, given, node):
    model = Model()
    for one, factor in zip(kind, strength):
        inputs = {key: images[value] for key, value in given.items()}
        if node == "QwenImageDiffsynthControlnet": inputs.setdefault("image", None)
        run("comfy_extras.nodes_model_patch", node, {"model": model, "model_patch": type("P", (), {"model": controls[one][0]}), "vae": Vae(), "strength": factor, **inputs})
    out = net(tensors["x"], torch.tensor([0.7, 0.7]), tensors["context"], 5, transformer_options={"patches": model.patches})
    tensors[f"{id}/v"] = out.clone()
    cases.append({"id": id, "params": {"kinds": kind, "strengths": strength, "given": given, "node": node}, "inputs": {"x": "x", "context": "context"}, "outputs": {"v": f"{id}/v"}})
QWEN, FUN = "QwenImageDiffsynthControlnet", "ZImageFunControlnet"
case("first", ["first"], [1.0], {"image": "image"}, QWEN)
case("first, another size", ["first"], [0.6], {"image": "other size"}, QWEN)
case("lite", ["lite"], [0.8], {"image": "image"}, FUN)
case("second", ["second"], [1.0], {"image": "image"}, QWEN)
case("second, inpainting", ["second"], [0.7], {"image": "image", "inpaint_image": "inpaint_image", "mask": "mask"}, FUN)
case("second, only inpainting", ["second"], [0.7], {"inpaint_image": "other size", "mask": "mask"}, FUN)
case("broken", ["broken"], [0.5], {"image": "image", "mask": "mask"}, QWEN)
case("two", ["second", "first"], [0.4, -0.3], {"image": "image"}, QWEN)
tensors.update({f"given {key}": value for key, value in images.items()})
cases[0]["params"]["weights"] = {name: specs for name, (_, specs) in controls.items()}
write(here, "z_image_control", cases, tensors)
