# Makes int8_neighbours.json.gz and .safetensors.gz: denoised latents of the cases of `models` when
# the inputs of all linear layers are moved by 1e-7 (relative, normal). Inputs near the middle of two
# 8-bit steps then fall on the other side; each different result is kept once.
# python neighbours.py COMFYUI_FOLDER (torch and comfy-kitchen on the CPU)
import gzip, json, os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import comfyui
comfyui.start(sys.argv[1])
import torch
from safetensors.torch import load, save
import comfy.sd

NAME, NOISE, RUNS = "tiny_z_image_int8_convrot", 1e-7, 60
torch.set_num_threads(1)
torch.set_grad_enabled(False)
read = lambda path: load(gzip.open(path).read())
comfyui.small_z_image()

model = comfy.sd.load_diffusion_model_state_dict(read(os.path.join(comfyui.FIXTURES, NAME + ".safetensors.gz"))).model
random = torch.Generator().manual_seed(1)
def move(module, inputs):
    x = inputs[0]
    return (x * (1 + NOISE * torch.randn(x.shape, generator=random)),)
for module in model.diffusion_model.modules():
    if type(module).__name__ == "Linear": module.register_forward_pre_hook(move)

golden = read(os.path.join(here, "models.safetensors.gz"))
tensors, cases = {}, []
for i in (0, 1):
    id, found = f"{NAME}_{i}", [golden[f"{NAME}_{i}/denoised"]]
    context = golden["tiny_z_image_0/context"]
    for _ in range(RUNS):
        y = model.apply_model(golden[f"tiny_z_image_{i}/x"], golden["tiny_flux_dev_0/sigma"], c_crossattn=context, num_tokens=context.shape[1])
        if all((y - other).abs().max() > 1e-4 for other in found): found.append(y)
    names = {f"denoised_{k}": f"{id}/denoised_{k}" for k in range(len(found) - 1)}
    tensors.update({name: y.contiguous() for name, y in zip(names.values(), found[1:])})
    cases.append({"id": id, "params": {"model": NAME, "noise": NOISE}, "inputs": {}, "outputs": names})

about = "results of 'models' when the inputs of linear layers are moved by 1e-7 (neighbours.py)"
info = {"family": "weights", "group": "int8_neighbours", "about": about, "cases": cases, "measured": {}}
for end, data in (("json", json.dumps(info).encode()), ("safetensors", save(tensors))):
    with open(os.path.join(here, f"int8_neighbours.{end}.gz"), "wb") as file:
        with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packed: packed.write(data)
