# Makes cut.json.gz and cut.safetensors.gz: small networks in the architectures of cut-down models (SSD-1B, KOALA), of SD2 and its unCLIP
# models, and of a ControlNet without attention, by ComfyUI's modules. python make_cut.py COMFYUI_FOLDER (torch on the CPU)
import os, sys
folder = sys.argv[1]
here = os.path.dirname(os.path.abspath(__file__))
sys.argv = ["x", "--cpu"]
sys.path[:0] = [folder, os.path.dirname(here)]
import torch
import comfy.options
comfy.options.enable_args_parsing()
import comfy.cldm.cldm, comfy.model_detection, comfy.ops
from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel
from seeded import fill, noise, write

torch.set_grad_enabled(False)
made = lambda shape, seed: torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, 3.0)).reshape(shape)
COMMON = dict(image_size=32, use_spatial_transformer=True, legacy=False, in_channels=4, out_channels=4, num_heads=-1, num_head_channels=64, use_linear_in_transformer=True,
              context_dim=24, dtype=torch.float32, device="cpu", operations=comfy.ops.disable_weight_init)
XL = dict(COMMON, num_classes="sequential", adm_in_channels=40, model_channels=32, channel_mult=[1, 2, 4])
NETS = {
    "SSD-1B": dict(XL, num_res_blocks=[2, 2, 2], transformer_depth=[0, 0, 1, 1, 2, 2], transformer_depth_output=[0, 0, 0, 1, 1, 1, 3, 2, 2], transformer_depth_middle=-1),
    "KOALA-700M": dict(XL, num_res_blocks=[1, 1, 1], transformer_depth=[0, 1, 2], transformer_depth_output=[0, 0, 1, 1, 2, 2], transformer_depth_middle=-2),
    "KOALA-1B": dict(XL, num_res_blocks=[1, 1, 1], transformer_depth=[0, 1, 3], transformer_depth_output=[0, 0, 1, 1, 3, 3], transformer_depth_middle=2),
    "SD2": dict(COMMON, model_channels=64, channel_mult=[1, 2], num_res_blocks=[2, 2], transformer_depth=[1, 1, 0, 0], transformer_depth_output=[1, 1, 1, 0, 0, 0], transformer_depth_middle=1, adm_in_channels=None),
    "SD2 unCLIP": dict(COMMON, num_classes="sequential", adm_in_channels=48, model_channels=64, channel_mult=[1, 2], num_res_blocks=[2, 2], transformer_depth=[1, 1, 0, 0], transformer_depth_output=[1, 1, 1, 0, 0, 0], transformer_depth_middle=1),
}
tensors, cases, measured = {}, [], {}
x, t, context = made([1, 4, 8, 12], 1), torch.tensor([600.0]), made([1, 77, 24], 2)
for id, config in NETS.items():
    net = UNetModel(**config)
    specs = fill(net, gain=0.8)
    y = made([1, config["adm_in_channels"]], 3) if config["adm_in_channels"] else None
    out = net(x, t, context, y)
    exact = net.double()(x.double(), t.double(), context.double(), y.double() if y is not None else None)
    tensors[id], measured[id] = out, [(out - exact).abs().max().item()]
    found = comfy.model_detection.detect_unet_config(net.state_dict(), "")
    for key in ["transformer_depth", "transformer_depth_middle", "num_res_blocks", "adm_in_channels"]:
        assert found[key] == config[key], (id, key, found[key])
    cases.append({"id": id, "params": {"weights": specs, "adm": config["adm_in_channels"]}, "inputs": {}, "outputs": {"out": id}})

config = dict(XL, num_res_blocks=[2, 2, 2], transformer_depth=[0] * 6, transformer_depth_middle=0, hint_channels=3)
config.pop("out_channels")
net = comfy.cldm.cldm.ControlNet(**config)
specs = fill(net, gain=0.8)
hint, y = made([1, 3, 64, 96], 4), made([1, 40], 3)
given = [x, hint, t, context, y]
out, exact = net(*given), net.double()(*(v.double() for v in given))
outputs = {}
for key in out:
    for i, (one, two) in enumerate(zip(out[key][::-1], exact[key][::-1])):
        tensors[f"control/{key}_{i}"], measured[f"control/{key}_{i}"] = one, [(one - two).abs().max().item()]
        outputs[f"{key}_{i}"] = f"control/{key}_{i}"
cases.append({"id": "ControlNet small", "params": {"weights": specs, "control": True}, "inputs": {}, "outputs": outputs})
write(here, "cut", cases, tensors, measured=measured)
