# Makes sampled.json.gz and sampled.safetensors.gz: comfy.sample.sample of the small SD3 models with ControlNets, whose weights are those of make.py.
# python make_sampled.py COMFYUI_FOLDER (0.33.0) FIXTURES_FOLDER (torch on the CPU)
# `measured`: the largest difference from a run without oneDNN's convolutions and with another attention.
import gzip, os, sys
folder, fixtures = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here), os.path.join(os.path.dirname(here), "core_nodes")]
from originals import load
load(folder)
import torch
torch.set_num_threads(1)
import comfy.cldm.dit_embedder, comfy.controlnet, comfy.ldm.modules.attention as attention, comfy.model_detection, comfy.model_patcher, comfy.sample
from safetensors.torch import load as load_tensors
from layouts import diffusers, stability, small_embedder
from seeded import made, seeded, write

comfy.cldm.dit_embedder.ControlNetEmbedder = small_embedder(comfy.cldm.dit_embedder.ControlNetEmbedder)

class BlockMeans:
    """make.py's."""
    def spacial_compression_encode(self):
        return 8
    def encode(self, pixels):
        means = torch.nn.functional.avg_pool2d(pixels.movedim(-1, 1)[:, :3], 8)
        return torch.cat([means[:, c % 3:c % 3 + 1] * (c + 1) / 8 for c in range(16)], dim=1)

def opened(name):
    sd = {k: v.float() for k, v in load_tensors(gzip.open(os.path.join(fixtures, f"{name}.safetensors.gz")).read()).items()}
    config = comfy.model_detection.model_config_from_unet(sd, "")
    config.set_inference_dtype(torch.float32, None)
    model = config.get_model(sd, "")
    model.load_model_weights(sd, "")
    return comfy.model_patcher.ModelPatcher(model, torch.device("cpu"), torch.device("cpu"))

LAYOUTS = {
    "instantx": lambda: diffusers(128, 1, table=10),
    "medium": lambda: stability(128, 2, False),
    "large": lambda: stability(128, 1, True),
}
SPECS, WEIGHTS = {}, {}
for name, layout in LAYOUTS.items():
    SPECS[name], WEIGHTS[name] = seeded(layout(), gain=0.7)

def sampled(model, controls, size, lengths=(20, 9), images=1, doubled=None, range_=(0.0, 1.0), seed=7):
    patched = opened(model)
    if doubled:
        key = f"diffusion_model.{doubled}"
        patched.add_patches({key: (patched.model_state_dict()[key].clone(),)}, 1.0)
    sides = [[[made([1, length, 80], 2 + i), {"pooled_output": made([1, 64], 12 + i)}]] for i, length in enumerate(lengths)]
    hint = made([images, 60, 70, 3], 4, 1.0, 0.5).movedim(-1, 1)
    previous = None
    for name in controls:
        net = comfy.controlnet.load_controlnet_state_dict(dict(WEIGHTS[name]), model_options={"dtype": torch.float32})
        net.set_cond_hint(hint, 0.8, range_, vae=BlockMeans())
        net.set_previous_controlnet(previous)
        previous = net
    for side in sides:
        side[0][1].update({"control": previous, "control_apply_to_uncond": False})
    latent = torch.zeros(size)
    start = comfy.sample.prepare_noise(latent, seed)
    return comfy.sample.sample(patched, start, 4, 4.0, "euler", "simple", *sides, latent, denoise=1.0, seed=seed, disable_pbar=True)

ATTENTION = attention.optimized_attention
def otherwise(*args, **kwargs):
    import comfy.ldm.modules.diffusionmodules.mmdit as mmdit
    mmdit.optimized_attention = attention.attention_basic
    try:
        with torch.backends.mkldnn.flags(enabled=False):
            return sampled(*args, **kwargs)
    finally:
        mmdit.optimized_attention = ATTENTION

tensors, cases, measured = {}, [], {}
def case(id, *args, **options):
    one, two = sampled(*args, **options), otherwise(*args, **options)
    tensors[id], measured[id] = one, [(one - two).abs().max().item()]
    names = ["model", "controls", "size"]
    cases.append({"id": id, "params": {**dict(zip(names, args)), **options}, "inputs": {}, "outputs": {"samples": id}})
    print(id, one.abs().max().item(), measured[id])

case("InstantX, a part of the denoising", "tiny_sd3_medium", ["instantx"], [2, 16, 11, 14], range_=[0.1, 0.8])
case("two images, prompts of one length", "tiny_sd3_medium", ["instantx"], [2, 16, 10, 9], lengths=[20, 20], images=2)
case("two ControlNets of SD3.5", "tiny_sd35_medium", ["medium", "large"], [1, 16, 12, 9])
case("over a changed model", "tiny_sd35_medium", ["medium"], [1, 16, 12, 9], doubled="x_embedder.proj.weight")
cases.append({"id": "weights", "params": SPECS, "inputs": {}, "outputs": {}})
write(here, "sampled", cases, tensors, measured=measured)
