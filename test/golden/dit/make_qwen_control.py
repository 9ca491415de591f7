# Makes qwen_control.json.gz and .safetensors.gz: Qwen-Image with ControlNets of DiffSynth of small sizes (QwenImageDiffsynthControlnet), by ComfyUI 0.33.0's own node and modules;
# the autoencoder is a formula. python make_qwen_control.py COMFYUI_FOLDER FIXTURES_FOLDER (torch on the CPU)
import os, sys
folder, fixtures = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(here, "..", "core_nodes"), os.path.dirname(here)]
from originals import Finder, load
Finder.names = tuple(name for name in Finder.names if name != "av")
run = load(folder)
import torch
import comfy.model_detection, comfy.ops
from comfy_extras.nodes_model_patch import QwenImageBlockWiseControlNet
from seeded import made, seeded, write
from small_models import transformer

torch.set_grad_enabled(False)
# what ComfyUI writes as constants (fixture2.json)
SMALL = {"attention_head_dim": 16, "num_attention_heads": 4, "joint_attention_dim": 64, "axes_dims_rope": [4, 6, 6]}
detect = comfy.model_detection.detect_unet_config
comfy.model_detection.detect_unet_config = lambda *args, **kwargs: {**detect(*args, **kwargs), **SMALL}
WIDTH = 64
net = transformer(fixtures, "tiny_qwen_image").diffusion_model
blocks = len(net.transformer_blocks)

class BlockMeans:
    """Stands for the autoencoder: 16 channels, each the mean of a colour over 8 x 8 pixels times its number; one frame."""
    def spacial_compression_encode(self):
        return 8
    def encode(self, pixels):
        means = torch.nn.functional.avg_pool2d(pixels.movedim(-1, 1)[:, :3], 8)
        return torch.cat([means[:, c % 3:c % 3 + 1] * (c + 1) / 8 for c in range(16)], dim=1).unsqueeze(2)

class Model:
    def __init__(self): self.patches = {}
    def clone(self): return self
    def set_model_double_block_patch(self, patch): self.patches.setdefault("double_block", []).append(patch)

images = {"same size": made([1, 48, 80, 3], 3, 1.0, 0.5), "other size": made([1, 60, 90, 4], 4, 1.0, 0.5), "mask": (made([1, 40, 30], 6, 1.0, 0.5) > 0.5).float()}
tensors, cases, controls = {f"given {name}": value for name, value in images.items()}, [], {}
for number, (name, extra) in enumerate({"plain": 0, "inpainting": 4}.items()):
    control = QwenImageBlockWiseControlNet(num_layers=blocks, additional_in_dim=extra, dim=WIDTH, device="cpu", dtype=torch.float32, operations=comfy.ops.disable_weight_init)
    specs, weights = seeded({k: tuple(v.shape) for k, v in control.state_dict().items()}, gain=0.7, first=100 + 1000 * number)
    control.load_state_dict(weights)
    controls[name] = (control, specs)

def case(id, kinds, strengths, image, size=(2, 16, 1, 6, 10), mask=None, reference=None):
    model = Model()
    for kind, strength in zip(kinds, strengths):
        given = {"image": images[image], **({"mask": images[mask]} if mask else {})}
        run("comfy_extras.nodes_model_patch", "QwenImageDiffsynthControlnet", {"model": model, "model_patch": type("P", (), {"model": controls[kind][0]}), "vae": BlockMeans(), "strength": strength, **given})
    x, context = made(size, 1), made([size[0], 5, 64], 2)
    latents = {"ref_latents": [made(reference, 5)]} if reference else {}
    out = net(x, torch.full((size[0],), 0.7), context=context, transformer_options={"patches": model.patches}, **latents)
    tensors[f"{id}/v"] = out.clone()
    cases.append({"id": id, "params": {"kinds": kinds, "strengths": strengths, "image": image, "mask": mask, "size": size, "reference": reference, "sigma": 0.7}, "inputs": {}, "outputs": {"v": f"{id}/v"}})

case("plain", ["plain"], [1.0], "same size")
case("another size", ["plain"], [0.6], "other size")
case("odd size", ["plain"], [0.8], "other size", size=(1, 16, 1, 7, 9))
case("inpainting", ["inpainting"], [0.9], "same size", mask="mask")
case("inpainting without a mask", ["inpainting"], [1.1], "other size")
case("two", ["inpainting", "plain"], [0.4, -0.3], "same size")
case("with a reference image", ["plain"], [1.0], "same size", size=(1, 16, 1, 6, 10), reference=(1, 16, 1, 6, 4))
cases[0]["params"]["weights"] = {name: specs for name, (_, specs) in controls.items()}
write(here, "qwen_control", cases, tensors)
