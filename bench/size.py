"""One process of size.ts beside size-measure.ts: COMFYUI VARIANT FILE PART INPUTS OUTPUT EVALUATIONS. The same with ComfyUI's own modules.
VARIANT: fused (PyTorch's attention), default (ComfyUI's on a CPU), bf16 (fused, computed in bfloat16), openvino or openvino-bf16 (the fused
module converted by OpenVINO, which keeps the result beside the inputs)."""
import importlib
import json
import os
import re
import sys
import threading
import time

ARGV = list(sys.argv)
comfy_dir, variant, file, part, inputs_file, output, evaluations = sys.argv[1:]
sys.argv = [sys.argv[0], "--cpu", "--force-fp32", *([] if variant == "default" else ["--use-pytorch-cross-attention"])]
sys.path.insert(0, comfy_dir)
import comfy.options

comfy.options.enable_args_parsing()
import torch
import comfy.cldm.cldm
import comfy.model_detection
import comfy.ops
from comfy.ldm.models.autoencoder import AutoencoderKL
from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel
from safetensors import safe_open
from safetensors.torch import load_file, save_file

DTYPE = torch.bfloat16 if variant == "bf16" else torch.float32
OPS = comfy.ops.disable_weight_init
UNET, CONTROL, VAE = "model.diffusion_model.", "control_model.", "first_stage_model."
KL = dict(double_z=True, z_channels=4, resolution=256, in_channels=3, out_ch=3, ch=128, ch_mult=[1, 2, 4, 4], num_res_blocks=2, attn_resolutions=[], dropout=0.0)


def status(name):
    with open("/proc/self/status") as text:
        return int(re.search(name + r":\s+(\d+)", text.read()).group(1)) * 1024


anonymous = 0


def watch():
    global anonymous
    while True:
        anonymous = max(anonymous, status("RssAnon"))
        time.sleep(0.02)


def shapes(prefix, under):
    with safe_open(file, "pt") as opened:
        return {under + k[len(prefix):]: torch.empty(opened.get_slice(k).get_shape(), device="meta") for k in opened.keys() if k.startswith(prefix)}


def fill(model, prefix, renamed=lambda tensors: tensors):
    """Converts tensor by tensor to the compute type, so that at most one is in memory twice."""
    with safe_open(file, "pt") as opened:
        names = [k for k in opened.keys() if k.startswith(prefix)]
        model.load_state_dict(renamed({k[len(prefix):]: opened.get_tensor(k).to(DTYPE) for k in names}), assign=True)
    return model.eval().requires_grad_(False)


def unet(i):
    config = comfy.model_detection.model_config_from_unet(shapes(UNET, UNET), UNET).unet_config
    model = fill(UNetModel(device="meta", dtype=DTYPE, operations=OPS, **config), UNET)
    names = [n for n in ("x", "timesteps", "context", "y") if n in i]
    if variant.startswith("openvino"):
        return openvino(model, [i[n] for n in names])
    return lambda: {"out": model(i["x"].to(DTYPE), i["timesteps"], context=i["context"].to(DTYPE), y=i["y"].to(DTYPE) if "y" in i else None).float()}


# comfy.model_base's classes
TRANSFORMERS = {
    "lumina2": ("comfy.ldm.lumina.model", "NextDiT"),
    "flux": ("comfy.ldm.flux.model", "Flux"),
    None: ("comfy.ldm.modules.diffusionmodules.mmdit", "OpenAISignatureMMDITWrapper"),
}


def transformer(i):
    prefix = UNET if shapes(UNET, UNET) else ""
    detected = comfy.model_detection.model_config_from_unet(full(shapes(prefix, UNET)), UNET)
    config = dict(detected.unet_config)
    module, name = TRANSFORMERS[config.pop("image_model", None)]
    model = getattr(importlib.import_module(module), name)(device="meta", dtype=DTYPE, operations=OPS, **config)
    fill(model, prefix, detected.process_unet_state_dict)
    x, context = i["x"].to(DTYPE), i["context"].to(DTYPE)
    more = {"y": i["y"].to(DTYPE)} if "y" in i else {"num_tokens": context.shape[1]} if name == "NextDiT" else {}
    return lambda: {"out": model(x, i["timesteps"], context=context, **more).float()}


def full(found):
    """The names that model_detection reads values of are filled with zeros."""
    return {k: torch.zeros(v.shape) if v.numel() < 1e5 else v for k, v in found.items()}


def encoder(i):
    kind = "t5" if shapes("encoder.", "") else "llama"
    module = importlib.import_module("comfy.text_encoders." + kind)
    with torch.device("meta"):
        model = module.T5(t5_config(), DTYPE, "meta", OPS) if kind == "t5" else module.Qwen3_4B({}, DTYPE, "meta", OPS)
    shorten(model, kind)
    fill(model, "")
    evaluations = iter(range(10**6))

    def run():
        result = model((i["tokens"] + next(evaluations)).long(), attention_mask=None, dtype=DTYPE)
        return {"out": result[0].float()}

    return run


def t5_config():
    with open(os.path.join(comfy_dir, "comfy", "text_encoders", "t5_config_xxl.json")) as text:
        return json.load(text)


def shorten(model, kind):
    """Drops the layers that the file does not have."""
    owner, name, prefix = (model.encoder, "block", "encoder.block.") if kind == "t5" else (model.model, "layers", "model.layers.")
    count = 1 + max(int(k[len(prefix):].split(".")[0]) for k in shapes(prefix, prefix))
    setattr(owner, name, getattr(owner, name)[:count])


def openvino(model, given):
    import openvino as ov

    class Plain(torch.nn.Module):
        def forward(self, x, timesteps, context, y=None):
            return model(x, timesteps, context=context, y=y)

    kept = os.path.join(os.path.dirname(inputs_file), os.path.basename(file) + ".xml")
    if not os.path.exists(kept):
        ov.save_model(ov.convert_model(Plain(), example_input=tuple(given), input=[tuple(t.shape) for t in given]), kept, compress_to_fp16=True)
        os.execv(sys.executable, [sys.executable, *ARGV])
    hint = "bf16" if variant.endswith("bf16") else "f32"
    compiled = ov.Core().compile_model(kept, "CPU", {"INFERENCE_PRECISION_HINT": hint})
    return lambda: {"out": torch.from_numpy(compiled([t.numpy() for t in given])[0])}


def controlnet(i):
    found = shapes(CONTROL, UNET)
    found[UNET + "out.2.weight"] = torch.empty(4, 320, 3, 3, device="meta")
    config = dict(comfy.model_detection.model_config_from_unet(found, UNET, True).unet_config)
    config.pop("out_channels")
    model = fill(comfy.cldm.cldm.ControlNet(device="meta", dtype=DTYPE, operations=OPS, hint_channels=3, **config), CONTROL)

    def run():
        result = model(i["x"], i["hint"], i["timesteps"], i["context"], y=i.get("y"))
        return {str(n): t for n, t in enumerate([*result["output"], *result["middle"]])}

    return run


def vae(i):
    with torch.device("meta"):
        model = AutoencoderKL(ddconfig=KL, embed_dim=4)
    fill(model, VAE)
    return lambda: {"out": ((model.decode(i["z"]) + 1) / 2).clamp(0, 1).movedim(1, -1)}


def upscaler(i):
    """Real-ESRGAN (RRDBNet), from its paper and its tensors' names."""
    with safe_open(file, "pt") as opened:
        w = {k: opened.get_tensor(k).to(DTYPE) for k in opened.keys()}
    blocks = 1 + max(int(k.split(".")[1]) for k in w if k.startswith("body."))

    def conv(name, x):
        return torch.nn.functional.conv2d(x, w[name + ".weight"], w[name + ".bias"], padding=1)

    def leaky(x):
        return torch.nn.functional.leaky_relu(x, 0.2, inplace=True)

    def dense(name, x):
        outputs = [x]
        for k in range(1, 5):
            outputs.append(leaky(conv(f"{name}.conv{k}", torch.cat(outputs, 1))))
        return conv(f"{name}.conv5", torch.cat(outputs, 1)) * 0.2 + x

    def block(name, x):
        return dense(f"{name}.rdb3", dense(f"{name}.rdb2", dense(f"{name}.rdb1", x))) * 0.2 + x

    def run():
        first = h = conv("conv_first", i["pixels"].movedim(-1, 1).to(DTYPE))
        for k in range(blocks):
            h = block(f"body.{k}", h)
        h = first + conv("conv_body", h)
        for k in (1, 2):
            h = leaky(conv(f"conv_up{k}", torch.nn.functional.interpolate(h, scale_factor=2, mode="nearest")))
        return {"out": conv("conv_last", leaky(conv("conv_hr", h))).float().clamp(0, 1).movedim(1, -1)}

    return run


threading.Thread(target=watch, daemon=True).start()
inputs = load_file(inputs_file)
times = []
with torch.inference_mode():
    began = time.perf_counter()
    evaluate = {"unet": unet, "transformer": transformer, "encoder": encoder, "controlnet": controlnet, "vae": vae, "upscaler": upscaler}[part](inputs)
    load = time.perf_counter() - began
    for _ in range(int(evaluations)):
        began = time.perf_counter()
        result = evaluate()
        times.append(time.perf_counter() - began)
peak = status("VmHWM")
save_file({k: v.contiguous() for k, v in result.items()}, output)
print(json.dumps({"load": load, "times": times, "peak": peak, "anonymous": anonymous}))
