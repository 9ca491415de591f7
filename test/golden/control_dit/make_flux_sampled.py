# Makes flux_sampled.json.gz and flux_sampled.safetensors.gz: comfy.sample.sample of the small FLUX.1 and Chroma with ControlNets, whose weights are those of make_flux.py.
# python make_flux_sampled.py COMFYUI_FOLDER (0.33.0) FIXTURES_FOLDER (torch on the CPU)
import gzip, json, os, sys
folder, fixtures = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here), os.path.join(os.path.dirname(here), "core_nodes")]
from originals import load
load(folder)
import torch
import comfy.controlnet, comfy.model_detection, comfy.model_patcher, comfy.sample
from safetensors.torch import load as load_tensors
from seeded import made, write

# what ComfyUI writes as constants (fixture2.json)
SMALL = {"flux": {"axes_dim": [4, 6, 6], "num_heads": 4}, "chroma": {"axes_dim": [4, 6, 6], "num_heads": 4, "out_dim": 64, "hidden_dim": 48}}
detect = comfy.model_detection.detect_unet_config
def small(*args, **kwargs):
    config = detect(*args, **kwargs)
    return {**config, **SMALL.get(config.get("image_model"), {})}
comfy.model_detection.detect_unet_config = small
NETS = {case["id"]: case["params"]["nets"][0] for case in json.load(gzip.open(os.path.join(here, "flux.json.gz")))["cases"]}

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

tensors, cases = {}, []
def case(id, model, net, size, lengths, images=1, guidances=(None, None), range_=(0.0, 1.0), seed=7, pooled_widths=None):
    sides = []
    for i, (length, guidance) in enumerate(zip(lengths, guidances)):
        more = {} if guidance is None else {"guidance": guidance}
        # Chroma's text encoder has no pooled prompt, those of FLUX.1 have
        width = pooled_widths[i] if pooled_widths else 0 if model == "tiny_chroma" else 32
        pooled = {"pooled_output": made([1, width], 12 + i)} if width else {}
        sides.append([[made([1, length, 80], 2 + i), {**pooled, **more}]])
    weights = {s["name"]: made(s["shape"], s["seed"], s["scale"], s["around"]) for s in NETS[net]["weights"]}
    control = comfy.controlnet.load_controlnet_state_dict(weights, model_options={"dtype": torch.float32})
    if NETS[net]["kind"] is not None:
        control.set_extra_arg("control_type", [NETS[net]["kind"]])
    control.set_cond_hint(made([images, 60, 70, 3], 4, 1.0, 0.5).movedim(-1, 1), 0.8, range_, vae=BlockMeans() if control.latent_format else None)
    for side in sides:
        side[0][1].update({"control": control, "control_apply_to_uncond": False})
    latent = torch.zeros(size)
    start = comfy.sample.prepare_noise(latent, seed)
    tensors[id] = comfy.sample.sample(opened(model), start, 4, 4.0, "euler", "simple", *sides, latent, denoise=1.0, seed=seed, disable_pbar=True)
    print(id, tensors[id].abs().max().item())
    params = {"model": model, "net": net, "size": size, "lengths": lengths, "images": images, "guidances": guidances, "range": range_, **({"pooledWidths": pooled_widths} if pooled_widths else {})}
    cases.append({"id": id, "params": params, "inputs": {}, "outputs": {"samples": id}})

case("a union network, for a part of the denoising", "tiny_flux_dev", "union, canny", [2, 16, 7, 10], [5, 9], guidances=[3.5, 1.0], range_=[0.1, 0.8])
case("one hint for each picture", "tiny_flux_dev", "XLabs", [2, 16, 8, 6], [5, 5], images=2)
case("Chroma", "tiny_chroma", "union, repaint", [1, 16, 8, 10], [5, 5])
case("Chroma, both prompts pooled", "tiny_chroma", "XLabs", [1, 16, 8, 10], [5, 5], pooled_widths=[32, 40])
case("Chroma, one prompt pooled", "tiny_chroma", "XLabs", [2, 16, 8, 6], [5, 5], images=2, pooled_widths=[32, 0])
write(here, "flux_sampled", cases, tensors)
