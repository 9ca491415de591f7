# Counts how many of 42 evaluations of the tiny Z-Image in ComfyUI's int8 pass the rule of test/support/golden.ts when the original is compared with itself: other instruction sets, another
# attention, parts computed in float64. The counts are in docs/parity.md. FILE gets the inputs and results of the first way, which bench/int8-spread.ts compares Darkroom's with.
# python int8_spread.py COMFYUI_FOLDER FILE.safetensors (torch and comfy-kitchen on the CPU; every way runs in a process of its own)
import gzip, math, os, subprocess, sys, tempfile
WAYS = {
    "SDPA, AVX-512": {},
    "SDPA, AVX2": {"ATEN_CPU_CAPABILITY": "avx2"},
    "SDPA, no vector instructions": {"ATEN_CPU_CAPABILITY": "default"},
    "SDPA, AVX-512, int8 products without VNNI": {"ONEDNN_MAX_CPU_ISA": "AVX2"},
    "sub-quadratic attention": {"WAY": "attention_sub_quad"},
    "vectors' layers in float64": {"WAY": "vectors"},
    "RMSNorm in float64": {"WAY": "rms"},
    "SiLU in float64": {"WAY": "silu"},
    "ConvRot by Kronecker factors": {"WAY": "rotation"},
    "these four": {"WAY": "vectors rms silu rotation"},
}
folder, file = sys.argv[1:3]
if "INT8_SPREAD" not in os.environ:
    from safetensors.torch import load_file
    first = None
    for name, env in WAYS.items():
        path = file if first is None else os.path.join(tempfile.gettempdir(), "int8_spread.safetensors")
        subprocess.run([sys.executable, __file__, folder, path], check=True, env={**os.environ, **env, "INT8_SPREAD": "1"}, stderr=subprocess.DEVNULL)
        found = load_file(path)
        first = first or found
        ids = [key for key in first if key.endswith("/y")]
        passes = lambda a, b: bool((a - b).abs().max() <= max(2e-6, 1e-5 * a.abs().max().item()))
        print(f"{name}: {sum(passes(first[id], found[id]) for id in ids)} of {len(ids)}")
    sys.exit()

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import comfyui
comfyui.start(folder, "--use-pytorch-cross-attention")
import torch
import torch.nn.functional as F
from safetensors.torch import load, save_file
import comfy.ldm.modules.attention as attention
import comfy.sd, comfy.ldm.lumina.model as lumina
import comfy_kitchen.backends.eager.quantization as quantization
torch.set_num_threads(1)
torch.set_grad_enabled(False)
read = lambda path: load(gzip.open(path).read())
comfyui.small_z_image()

way = os.environ.get("WAY", "").split()
linear = F.linear
def vector_linear(x, w, b=None):
    if x.numel() > x.shape[-1]: return linear(x, w, b)
    y = x.double() @ w.double().T
    return (y if b is None else y + b.double()).float()
def rms(x, shape, weight, eps):
    x = x.double()
    return (x * torch.rsqrt((x ** 2).mean(-1, keepdim=True) + (eps or torch.finfo(torch.float32).eps)) * weight.double()).float()
def rotation(x, _, size):
    columns = 4 ** math.ceil(math.log2(size) / 4)
    y = x.reshape(-1, size // columns, columns) @ quantization._build_hadamard(columns)
    return (quantization._build_hadamard(size // columns) @ y if columns < size else y).reshape(x.shape)
for name in way:
    if name.startswith("attention"): lumina.optimized_attention_masked = getattr(attention, name)
if "vectors" in way: F.linear = vector_linear
if "rms" in way: F.rms_norm = rms
if "silu" in way: F.silu = lambda x, inplace=False: (x.double() / (1 + (-x.double()).exp())).float()
if "rotation" in way: quantization._rotate_activation = rotation

model = comfy.sd.load_diffusion_model_state_dict(read(os.path.join(comfyui.FIXTURES, "tiny_z_image_int8_convrot.safetensors.gz"))).model
golden = read(os.path.join(here, "models.safetensors.gz"))
cases = [(golden[f"tiny_z_image_{i}/x"], golden["tiny_flux_dev_0/sigma"], golden["tiny_z_image_0/context"]) for i in (0, 1)]
for i in range(40):
    random = torch.Generator().manual_seed(100 + i)
    height, width = [(8, 8), (8, 6), (12, 8), (10, 10), (16, 16)][i % 5]
    tokens = [20, 7, 32, 41, 77][(i // 2) % 5]
    x = torch.randn((1, 16, height, width), generator=random) * 1.5
    cases.append((x, torch.tensor([[0.7, 0.95, 0.3, 1.0][i % 4]]), torch.randn((1, tokens, 32), generator=random) * 1.2))
tensors = {}
for i, (x, sigma, context) in enumerate(cases):
    y = model.apply_model(x, sigma, c_crossattn=context, num_tokens=context.shape[1])
    tensors.update({f"{i}/{name}": t.clone().contiguous() for name, t in (("x", x), ("sigma", sigma), ("context", context), ("y", y))})
save_file(tensors, file)
