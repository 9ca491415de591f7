# Makes kinds.json.gz and kinds.safetensors.gz: weights after GLoRA, OFT and BOFT by ComfyUI 0.33.0's own comfy.lora.load_lora and calculate_weight.
# python make_kinds.py COMFYUI_FOLDER (torch on the CPU)
import gzip, json, os, sys
folder = sys.argv[1]
sys.argv = ["x", "--cpu"]
sys.path.insert(0, folder)
import torch
from safetensors.torch import save
import comfy.options
comfy.options.enable_args_parsing()
import comfy.lora

torch.manual_seed(11)
r = lambda *shape: torch.randn(*shape) * 0.5
alpha = lambda value: torch.tensor(float(value))
glora = lambda a1, a2, b1, b2, **more: {".a1.weight": r(*a1), ".a2.weight": r(*a2), ".b1.weight": r(*b1), ".b2.weight": r(*b2), **{f".{k}": v for k, v in more.items()}}
oft = lambda *shape, **more: {".oft_blocks": r(*shape), **{f".{k}": v for k, v in more.items()}}
up, down = ".lora_up.weight", ".lora_down.weight"
LINEAR, SQUARE, CONV = (8, 6), (6, 6), (8, 6, 3, 3)
CASES = {
    "glora": (LINEAR, [(0.7, glora((6, 2), (2, 6), (8, 2), (2, 6), alpha=alpha(1)))]),
    "glora without alpha": (LINEAR, [(-1.3, glora((6, 2), (2, 6), (8, 2), (2, 6)))]),
    "glora, old order": (LINEAR, [(0.7, glora((2, 6), (6, 2), (2, 6), (8, 2), alpha=alpha(1)))]),
    "glora, old order, square": (SQUARE, [(0.7, glora((2, 6), (6, 2), (2, 6), (6, 2), alpha=alpha(3)))]),
    "glora that fits both orders": (SQUARE, [(0.7, glora((6, 6), (6, 6), (6, 6), (6, 6), alpha=alpha(3)))]),
    "glora convolution": (CONV, [(0.7, glora((6, 2, 1, 1), (2, 6, 1, 1), (8, 2, 1, 1), (2, 6, 3, 3), alpha=alpha(1)))]),
    "glora point convolution, old order": ((8, 6, 1, 1), [(0.4, glora((2, 6, 1, 1), (6, 2, 1, 1), (2, 6, 1, 1), (8, 2, 1, 1), alpha=alpha(1)))]),
    "glora with dora": (LINEAR, [(0.6, glora((6, 2), (2, 6), (8, 2), (2, 6), alpha=alpha(1), dora_scale=r(8, 1)))]),
    "glora after lora": (LINEAR, [(0.7, {up: r(8, 2), down: r(2, 6)}), (0.6, glora((6, 2), (2, 6), (8, 2), (2, 6), alpha=alpha(1)))]),
    "oft": (LINEAR, [(1.0, oft(2, 4, 4))]),
    "oft, part of the strength": (LINEAR, [(0.7, oft(2, 4, 4))]),
    "oft, negative": (LINEAR, [(-0.7, oft(4, 2, 2))]),
    "oft with a constraint": (LINEAR, [(0.7, oft(2, 4, 4, alpha=alpha(0.3)))]),
    "oft with a wide constraint": (LINEAR, [(0.7, oft(2, 4, 4, alpha=alpha(50)))]),
    "oft with rescale": (LINEAR, [(0.7, oft(2, 4, 4, alpha=alpha(0.3), rescale=r(8, 1)))]),
    "oft convolution": (CONV, [(0.7, oft(2, 4, 4, alpha=alpha(0.5)))]),
    "oft of a norm": ((8,), [(0.7, oft(2, 4, 4))]),
    "oft with dora": (LINEAR, [(0.6, oft(2, 4, 4, alpha=alpha(0.5), dora_scale=r(8, 1)))]),
    "oft with dora by columns, no alpha": (LINEAR, [(1.0, oft(2, 4, 4, dora_scale=r(1, 6)))]),
    "oft, then lora": (LINEAR, [(0.7, oft(2, 4, 4)), (0.6, {up: r(8, 2), down: r(2, 6)})]),
    "boft": (LINEAR, [(1.0, oft(2, 2, 4, 4, alpha=alpha(0)))]),
    "boft, part of the strength": (LINEAR, [(0.7, oft(2, 2, 4, 4, alpha=alpha(0)))]),
    "boft of three steps": ((16, 6), [(0.7, oft(3, 4, 4, 4, alpha=alpha(0.4)))]),
    "boft with a constraint": (LINEAR, [(0.7, oft(2, 2, 4, 4, alpha=alpha(0.4)))]),
    "boft with rescale": (LINEAR, [(0.7, oft(2, 2, 4, 4, alpha=alpha(0.4), rescale=r(8, 1)))]),
    "boft convolution with rescale": (CONV, [(-0.5, oft(2, 2, 4, 4, alpha=alpha(0.4), rescale=r(8, 1, 1, 1)))]),
    "boft with dora": (LINEAR, [(0.6, oft(1, 2, 4, 4, alpha=alpha(0.4), dora_scale=r(8, 1)))]),
    "reshape_weight": (LINEAR, [(0.7, {up: r(8, 2), down: r(2, 6), ".alpha": alpha(1), ".reshape_weight": torch.tensor([8, 6])})]),
    # the original reports an error and does not change the weight
    "refused: boft without alpha": (LINEAR, [(0.7, oft(2, 2, 4, 4))]),
    "refused: oft of other rows": ((9, 6), [(0.7, oft(2, 4, 4))]),
    "refused: boft with a rescale of other rows": (LINEAR, [(0.7, oft(1, 2, 4, 4, alpha=alpha(0.4), rescale=r(5, 1)))]),
    "refused: boft of too many steps": (LINEAR, [(0.7, oft(4, 2, 4, 4, alpha=alpha(0.4)))]),
    "refused: glora of another width": (LINEAR, [(0.7, glora((5, 2), (2, 5), (8, 2), (2, 5)))]),
}
tensors, cases = {}, []
for name, (shape, loras) in CASES.items():
    weight = r(*shape)
    tensors[f"{name}/weight"] = weight
    patches, inputs = [], {"weight": f"{name}/weight"}
    for i, (strength, parts) in enumerate(loras):
        lora = {f"layer{end}": value for end, value in parts.items()}
        for key, value in lora.items():
            tensors[f"{name}/{i}/{key}"] = value
            inputs[f"{i}/{key}"] = f"{name}/{i}/{key}"
        patches.append((strength, comfy.lora.load_lora(lora, {"layer": "layer.weight"})["layer.weight"], 1.0, None, None))
    tensors[f"{name}/out"] = comfy.lora.calculate_weight(patches, weight.clone(), name)
    assert name.startswith("refused") == torch.equal(tensors[f"{name}/out"], weight), name
    cases.append({"id": name, "params": {"strengths": [s for s, _ in loras]}, "inputs": inputs, "outputs": {"out": f"{name}/out"}})
here = os.path.dirname(os.path.abspath(__file__))
write = lambda end, data: open(os.path.join(here, f"kinds.{end}.gz"), "wb").write(gzip.compress(data, 9, mtime=0))
write("json", json.dumps({"family": "lora", "group": "kinds", "cases": cases}).encode())
write("safetensors", save({k: v.contiguous() for k, v in tensors.items()}))
