# Makes parts.json.gz and parts.safetensors.gz: weights after LoRAs of some of their rows, and of halves in another order, by ComfyUI 0.33.0's own comfy.lora.load_lora and calculate_weight.
# python make_parts.py COMFYUI_FOLDER (torch on the CPU)
import gzip, json, os, sys
folder = sys.argv[1]
sys.argv = ["x", "--cpu"]
sys.path.insert(0, folder)
import torch
from safetensors.torch import save
import comfy.options
comfy.options.enable_args_parsing()
import comfy.lora, comfy.utils

torch.manual_seed(21)
r = lambda *shape: torch.randn(*shape) * 0.5
alpha = lambda value: torch.tensor(float(value))
lora = lambda rows, columns=6, **more: {".lora_B.weight": r(rows, 2), ".lora_A.weight": r(2, columns), **{f".{k}": v for k, v in more.items()}}
# the parts of a weight of 16 rows: queries, keys and values of 3, an MLP of 7
W = "layer.weight"
KEYS = {"layer": W, "q": (W, (0, 0, 3)), "k": (W, (0, 3, 3)), "v": (W, (0, 6, 3)), "qkv": (W, (0, 0, 9)), "mlp": (W, (0, 9, 7)), "swapped": (W, None, comfy.utils.swap_scale_shift)}
CASES = {
    "first rows": [(0.7, {"q": lora(3)})],
    "rows between": [(-0.6, {"k": lora(3, alpha=alpha(1))})],
    "last rows": [(0.7, {"mlp": lora(7)})],
    "two parts": [(0.7, {"q": lora(3), "v": lora(3)})],
    "the whole and a part": [(0.7, {"layer": lora(16), "q": lora(3, alpha=alpha(4))})],
    "parts that overlap": [(0.7, {"k": lora(3), "qkv": lora(9)})],
    "two files": [(0.7, {"layer": lora(16)}), (-0.4, {"q": lora(3), "mlp": lora(7)})],
    "halves": [(0.7, {"swapped": lora(16)})],
    "halves and a part": [(0.7, {"swapped": lora(16), "k": lora(3)})],
    "dora of a part": [(0.7, {"k": lora(3, dora_scale=r(3, 1))})],
    "dora of a part, then the whole": [(0.7, {"k": lora(3, dora_scale=r(3, 1))}), (0.5, {"layer": lora(16)})],
    "dora of halves": [(0.7, {"swapped": lora(16, dora_scale=r(16, 1))})],
    "lokr of a part": [(0.7, {"v": {".lokr_w1": r(3, 2), ".lokr_w2": r(1, 3)}})],
    "loha of halves": [(0.7, {"swapped": {".hada_w1_a": r(16, 2), ".hada_w1_b": r(2, 6), ".hada_w2_a": r(16, 2), ".hada_w2_b": r(2, 6)}})],
    "difference of a part": [(0.7, {"k": {".diff": r(3, 6)}})],
    "difference of halves": [(0.7, {"swapped": {".diff": r(16, 6)}})],
    "new rows": [(0.7, {"k": {".set_weight": r(3, 6)}})],
    "oft of a part": [(0.7, {"q": {".oft_blocks": r(1, 3, 3), ".alpha": alpha(0.5)}})],
}
tensors, cases = {}, []
for name, loras in CASES.items():
    weight = r(16, 6)
    tensors[f"{name}/weight"] = weight
    patches, inputs = [], {"weight": f"{name}/weight"}
    for i, (strength, parts) in enumerate(loras):
        file = {key + end: value for key, ends in parts.items() for end, value in ends.items()}
        for key, value in file.items():
            tensors[f"{name}/{i}/{key}"] = value
            inputs[f"{i}/{key}"] = f"{name}/{i}/{key}"
        # as ModelPatcher.add_patches
        for key, patch in comfy.lora.load_lora(file, KEYS).items():
            _, offset, function = (key, None, None) if isinstance(key, str) else (*key, None)[:3]
            patches.append((strength, patch, 1.0, offset, function))
    tensors[f"{name}/out"] = comfy.lora.calculate_weight(patches, weight.clone(), name)
    assert not torch.equal(tensors[f"{name}/out"], weight), name
    cases.append({"id": name, "params": {"strengths": [s for s, _ in loras]}, "inputs": inputs, "outputs": {"out": f"{name}/out"}})
here = os.path.dirname(os.path.abspath(__file__))
write = lambda end, data: open(os.path.join(here, f"parts.{end}.gz"), "wb").write(gzip.compress(data, 9, mtime=0))
write("json", json.dumps({"family": "lora", "group": "parts", "cases": cases}).encode())
write("safetensors", save({k: v.contiguous() for k, v in tensors.items()}))
