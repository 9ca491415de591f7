# Makes z_image.json.gz and z_image.safetensors.gz: the ControlNets of Z-Image (alibaba-pai's Fun, model patches) on a Z-Image of 30 narrow layers, with random weights in their published key layout, loaded and applied by ComfyUI 0.33.0's own nodes.
# python make_z_image.py COMFYUI_FOLDER (torch on the CPU)
import os, sys
folder = sys.argv[1]
here = os.path.dirname(os.path.abspath(__file__))
sys.argv = ["x", "--cpu"]
sys.path[:0] = [folder, os.path.dirname(here)]
import torch
import comfy.options
comfy.options.enable_args_parsing()
import comfy.ldm.lumina.controlnet, comfy.model_patcher, comfy.ops, comfy.utils, folder_paths
from comfy.ldm.lumina.model import NextDiT, TimestepEmbedder
from comfy_extras.nodes_model_patch import ModelPatchLoader, QwenImageDiffsynthControlnet, ZImageFunControlnet
from seeded import fill, made, seeded, write

torch.set_grad_enabled(False)
tensors, cases = {}, []
# what ComfyUI writes as constants (fixture2.json)
SIZES = {"dim": 64, "n_heads": 4, "n_kv_heads": 4, "multiple_of": 16, "ffn_dim_multiplier": 8 / 3, "qk_norm": True}
CONTEXT = 32
control = comfy.ldm.lumina.controlnet.ZImage_Control
class SmallControl(control):
    def __init__(self, **options):
        super().__init__(**{**options, **SIZES})
comfy.ldm.lumina.controlnet.ZImage_Control = SmallControl

net = NextDiT(in_channels=16, n_layers=30, n_refiner_layers=2, cap_feat_dim=CONTEXT, axes_dims=[8, 4, 4], axes_lens=[1536, 512, 512], rope_theta=256.0, z_image_modulation=True, time_scale=1000.0, pad_tokens_multiple=32, dtype=torch.float32, device="cpu", operations=comfy.ops.disable_weight_init, **SIZES)
# ComfyUI writes 256 for the width of the embedded time
net.t_embedder = TimestepEmbedder(64, dtype=torch.float32, device="cpu", operations=comfy.ops.disable_weight_init)
model_specs = fill(net, gain=0.7)

class BlockMeans:
    """Stands for the autoencoder: 16 channels, each the mean of a colour over 8 x 8 pixels times its number."""
    def spacial_compression_encode(self):
        return 8
    def encode(self, pixels):
        means = torch.nn.functional.avg_pool2d(pixels.movedim(-1, 1)[:, :3], 8)
        return torch.cat([means[:, c % 3:c % 3 + 1] * (c + 1) / 8 for c in range(16)], dim=1)

class Patched:
    """Records what the nodes do to a model."""
    def __init__(self, patches=()):
        self.patches = {"noise_refiner": [], "double_block": [], **{k: list(v) for k, v in dict(patches).items()}}
    def clone(self):
        return Patched(self.patches)
    def set_model_noise_refiner_patch(self, patch):
        self.patches["noise_refiner"].append(patch)
    def set_model_double_block_patch(self, patch):
        self.patches["double_block"].append(patch)

def published(shapes):
    """The names in published files: queries, keys and values apart, as diffusers has them."""
    out = {}
    for name, shape in shapes.items():
        if name.endswith(".attention.qkv.weight"):
            for part in "qkv":
                out[name.replace("qkv", f"to_{part}")] = (shape[0] // 3, shape[1])
        else:
            out[name.replace(".attention.out.", ".attention.to_out.0.").replace(".q_norm.", ".norm_q.").replace(".k_norm.", ".norm_k.")] = shape
    return out

def network(layers, first, broken=False):
    config = {6: {}, 3: {"n_control_layers": 3, "additional_in_dim": 17, "refiner_control": True}, 15: {"n_control_layers": 15, "additional_in_dim": 17, "refiner_control": True}}[layers]
    module = SmallControl(dtype=torch.float32, device="cpu", operations=comfy.ops.disable_weight_init, **config)
    specs, weights = seeded(published({k: tuple(v.shape) for k, v in module.state_dict().items()}), gain=0.7, first=first)
    if broken:
        name = "control_noise_refiner.0.after_proj.weight"
        weights[name] = weights[name] * 0
        specs = [{**one, "scale": 0.0} if one["name"] == name else one for one in specs]
    folder_paths.get_full_path_or_raise = lambda *_: "file"
    comfy.utils.load_torch_file = lambda *_, **__: (dict(weights), {})
    return specs, ModelPatchLoader().load_model_patch("file")[0]

# networks: number of layers, strength, inputs of the node
CASES = {
    "six layers": {"nets": [(6, 0.8, ["image"])], "size": (2, 16, 9, 12)},
    "six layers, by the node for Qwen-Image": {"nets": [(6, 1.0, ["image", "mask"])], "qwen": True},
    "three layers": {"nets": [(3, 1.0, ["image"])]},
    "fifteen layers": {"nets": [(15, 0.7, ["image"])], "size": (2, 16, 8, 10)},
    "fifteen layers, inpainting": {"nets": [(15, 1.0, ["image", "inpaint_image", "mask"])], "size": (1, 16, 11, 8)},
    "fifteen layers, a mask alone": {"nets": [(15, 1.0, ["image", "mask"])]},
    "fifteen layers, an image for inpainting alone": {"nets": [(15, 1.0, ["inpaint_image"])]},
    "fifteen layers, the refiner's weights are 0": {"nets": [(15, 1.0, ["image"])], "broken": True},
    "two images": {"nets": [(6, 1.0, ["image"])], "size": (2, 16, 8, 8), "images": 2},
    "two networks": {"nets": [(6, 0.6, ["image"]), (3, -0.5, ["image"])]},
}

for id, case in CASES.items():
    size, images = case.get("size", (1, 16, 8, 10)), case.get("images", 1)
    given = {"image": made([images, 60, 70, 3], 4, 1.0, 0.5), "inpaint_image": made([images, 50, 64, 3], 5, 1.0, 0.5), "mask": made([1, 40, 30], 6, 1.0, 0.5)}
    patched, nets = Patched(), []
    for i, (layers, strength, inputs) in enumerate(case["nets"]):
        first = 10000 * (i + 1)
        specs, patch = network(layers, first, case.get("broken", False))
        node = QwenImageDiffsynthControlnet if case.get("qwen") else ZImageFunControlnet
        patched = node().diffsynth_controlnet(patched, patch, BlockMeans(), strength=strength, **{k: given[k] for k in inputs})[0]
        nets.append({"weights": specs, "strength": strength, "inputs": inputs})
    x, context = made(size, 1), made([size[0], 5, CONTEXT], 2)
    sigma = torch.full((size[0],), 0.7)
    for name in ["v", "again"]:
        # the second evaluation finds what the first one left in the patches
        tensors[f"{id}/{name}"] = net(x, sigma, context, 5, transformer_options={"patches": patched.patches}).clone()
    assert torch.equal(tensors[f"{id}/v"], tensors.pop(f"{id}/again"))
    cases.append({"id": id, "params": {"nets": nets, "size": size, "images": images, "sigma": 0.7}, "inputs": {}, "outputs": {"v": f"{id}/v"}})
tensors["alone/v"] = net(x, sigma, context, 5)
cases.append({"id": "alone", "params": {"model": model_specs, "nets": [], "size": size, "sigma": 0.7}, "inputs": {}, "outputs": {"v": "alone/v"}})
print({k: v.abs().max().item() for k, v in tensors.items()}, (tensors["two networks/v"] - tensors["alone/v"]).abs().max().item())
write(here, "z_image", cases, tensors)
