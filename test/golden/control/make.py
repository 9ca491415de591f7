# Makes kinds.json.gz and kinds.safetensors.gz: T2I-Adapters, union ControlNets, control LoRAs and differences by ComfyUI's own modules.
# python make.py COMFYUI_FOLDER FIXTURES_FOLDER (torch on the CPU)
import gzip, os, sys
folder, fixtures = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
sys.argv = ["x", "--cpu"]
sys.path[:0] = [folder, os.path.dirname(here)]
from types import SimpleNamespace
import torch
from safetensors.torch import load
import comfy.options
comfy.options.enable_args_parsing()
import comfy.controlnet, comfy.model_detection, comfy.ops, comfy.cldm.cldm, comfy.supported_models_base
from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel
from seeded import fill, made, noise, seeded, write

torch.manual_seed(1)
torch.set_grad_enabled(False)
tensors, cases = {}, []

def put(name, value):
    tensors[name] = value.detach().clone().float()
    return name

measured = {}

def case(id, params, outputs, exact={}):
    """`exact`: the same in float64, which tells how much of float32 is noise."""
    cases.append({"id": id, "params": params, "inputs": {}, "outputs": {k: put(f"{id}/out/{k}", v) for k, v in outputs.items()}})
    measured.update({f"{id}/out/{k}": [(v - exact[k]).abs().max().item()] for k, v in outputs.items() if k in exact})

def both(module, **kwargs):
    """A ControlNet's residuals in float32 and in float64."""
    given = [x, hint, t, context, y]
    one = residuals(module(*given, **kwargs))
    module.double()
    two = residuals(module(*(v.double() for v in given), **kwargs))
    module.float()
    return one, two

UNET = "model.diffusion_model."
sd = load(gzip.open(os.path.join(fixtures, "tiny_sdxl_base.safetensors.gz")).read())
base = {k[len(UNET):]: v.float() for k, v in sd.items() if k.startswith(UNET)}
config = comfy.supported_models_base.BASE(comfy.model_detection.detect_unet_config(sd, UNET)).unet_config
common = dict(dtype=torch.float32, device="cpu", operations=comfy.ops.disable_weight_init)
unet = UNetModel(**config, **common)
unet.load_state_dict(base)
INPUTS = {"x": ([1, 4, 10, 12], 1), "context": ([1, 77, config["context_dim"]], 2), "y": ([1, config["adm_in_channels"]], 3)}
x, context, y = (made(*INPUTS[k]) for k in ["x", "context", "y"])
t = torch.tensor([600.0])

def residuals(control):
    """By block as the UNet takes them: from the end of each list."""
    out = {}
    for key in control:
        taken = control[key][::-1]
        out.update({f"{key}_{i}": v for i, v in enumerate(taken) if v is not None})
    return out

# adapters
ADAPTERS = {
    "full": (dict(cin=192, channels=[8, 16, 32, 32], nums_rb=2, ksize=1, sk=True, use_conv=False, xl=False), False, (40, 56)),
    "full, convolutions, grey": (dict(cin=64, channels=[8, 16, 32, 32], nums_rb=2, ksize=3, sk=True, use_conv=True, xl=False), False, (40, 56)),
    "XL": (dict(cin=768, channels=[32, 64, 128, 128], nums_rb=2, ksize=1, sk=True, use_conv=False, xl=True), False, (80, 96)),
    "light": (dict(cin=192, channels=[8, 16, 32, 32], nums_rb=4), True, (40, 56)),
}
for id, (options, light, size) in ADAPTERS.items():
    kind = comfy.t2i_adapter.adapter.Adapter_light if light else comfy.t2i_adapter.adapter.Adapter
    model = kind(**options)
    specs = fill(model, gain=0.7)
    hint = made([2, 3, *size], 4, 1.0, 0.5)
    adapter = comfy.controlnet.load_t2i_adapter(model.state_dict()) if not light else comfy.controlnet.T2IAdapter(model, model.input_channels, 8, "nearest-exact")
    adapter.set_cond_hint(hint, 0.8)
    control = adapter.get_control(torch.zeros(2, 4, size[0] // 8, size[1] // 8), torch.tensor([1.0]), {}, 1, {})
    outputs = residuals(control)
    params = {"kind": "adapter", "weights": specs, "strength": 0.8, "size": size}
    if id == "XL":
        adapter.set_cond_hint(hint[:1], 0.8)
        adapter.cond_hint = None
        control = adapter.get_control(x, torch.tensor([1.0]), {}, 1, {})
        outputs["unet"] = unet(x, t, context, y, control={k: list(v) for k, v in control.items()}, transformer_options={})
    case(f"adapter {id}", params, outputs)

# ControlNets
control_config = {k: v for k, v in config.items() if k != "out_channels"}
hint = made([1, 3, 80, 96], 4, 1.0, 0.5)

def small_union():
    net = comfy.cldm.cldm.ControlNet(**control_config, hint_channels=3, union_controlnet_num_control_type=6, **common)
    c = config["model_channels"]
    net.task_embedding = torch.nn.Parameter(torch.empty(6, c))
    net.transformer_layes = torch.nn.Sequential(comfy.cldm.cldm.ResBlockUnionControlnet(c, 8, dtype=torch.float32, device="cpu", operations=comfy.ops.disable_weight_init))
    net.spatial_ch_projs = torch.nn.Linear(c, c)
    return net

union = small_union()
specs = fill(union)
params = {"kind": "union", "weights": specs}
for kind, types in [(None, []), (4, [4])]:
    case(f"union {kind}", {**params, "type": kind}, *both(union, control_type=types))

plain = comfy.cldm.cldm.ControlNet(**control_config, hint_channels=3, **common)
own = {k: tuple(v.shape) for k, v in plain.state_dict().items()}

# a control LoRA: hint, zero convolutions and norms whole, layers as factors
shapes = {"lora_controlnet": (1,)}
for name, shape in own.items():
    if name.startswith(("input_hint_block.", "zero_convs.", "middle_block_out.")) or ".norm" in name:
        shapes[name] = shape
    elif name.endswith(".weight") and len(shape) in (2, 4) and min(shape[:2]) >= 8:
        shapes[name[:-len("weight")] + "up"] = (shape[0], 4) + ((1, 1) if len(shape) == 4 else ())
        shapes[name[:-len("weight")] + "down"] = (4,) + shape[1:]
specs, weights = seeded(shapes, gain=0.6)
lora = comfy.controlnet.ControlLora(weights)
model = SimpleNamespace(model_config=SimpleNamespace(unet_config=config), manual_cast_dtype=None, get_dtype=lambda: torch.float32, diffusion_model=unet, model_sampling=None)
lora.pre_run(model, lambda p: p)
case("control LoRA", {"kind": "lora", "weights": specs}, *both(lora.control_model))

# differences, stored as halves
specs, weights = seeded({f"control_model.{k}": s for k, s in own.items()}, gain=0.2)
halves = {k: v.half() for k, v in weights.items()}
halves["difference"] = torch.tensor([])
fake = SimpleNamespace(model_state_dict=lambda: {f"diffusion_model.{k}": v for k, v in base.items()})
comfy.controlnet.comfy.model_management.load_models_gpu = lambda *a, **k: None
net = comfy.controlnet.load_controlnet_state_dict(halves, model=fake, model_options={"dtype": torch.float32})
case("differences", {"kind": "difference", "weights": specs}, *both(net.control_model))

write(here, "kinds", cases, tensors, measured=measured, inputs=INPUTS)
