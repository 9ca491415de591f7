# Makes adapters.json.gz and adapters.safetensors.gz: weights after patches by ComfyUI's own comfy.lora.load_lora and calculate_weight.
# python make.py COMFYUI_FOLDER (torch on the CPU)
import gzip, json, os, sys
folder = sys.argv[1]
sys.argv = ["x", "--cpu"]
sys.path.insert(0, folder)
import torch
from safetensors.torch import save
import comfy.options
comfy.options.enable_args_parsing()
import comfy.lora

torch.manual_seed(7)
r = lambda *shape: torch.randn(*shape) * 0.5
alpha = lambda value: torch.tensor(float(value))
LINEAR, CONV = (6, 4), (6, 4, 3, 3)
up, down = ".lora_up.weight", ".lora_down.weight"
CASES = {
    "linear": (LINEAR, [(0.7, {up: r(6, 2), down: r(2, 4), ".alpha": alpha(1)})]),
    "no alpha, peft names": (LINEAR, [(-1.3, {".lora_B.weight": r(6, 2), ".lora_A.weight": r(2, 4)})]),
    "stacked": (LINEAR, [(0.7, {up: r(6, 2), down: r(2, 4), ".alpha": alpha(1)}), (0.25, {up: r(6, 3), down: r(3, 4), ".alpha": alpha(2)})]),
    "convolution": (CONV, [(0.7, {up: r(6, 2, 1, 1), down: r(2, 4, 3, 3), ".alpha": alpha(1)})]),
    "point convolution by matrices": ((6, 4, 1, 1), [(0.7, {up: r(6, 2), down: r(2, 4), ".alpha": alpha(1)})]),
    "other shape, same size": ((4, 6), [(0.7, {up: r(6, 2), down: r(2, 4), ".alpha": alpha(1)})]),
    "tucker": (CONV, [(0.7, {up: r(6, 2, 1, 1), down: r(2, 4, 1, 1), ".lora_mid.weight": r(2, 2, 3, 3), ".alpha": alpha(1)})]),
    "loha": (LINEAR, [(0.7, {".hada_w1_a": r(6, 2), ".hada_w1_b": r(2, 4), ".hada_w2_a": r(6, 2), ".hada_w2_b": r(2, 4), ".alpha": alpha(1)})]),
    "loha convolution": (CONV, [(0.7, {".hada_w1_a": r(6, 2), ".hada_w1_b": r(2, 36), ".hada_w2_a": r(6, 2), ".hada_w2_b": r(2, 36), ".alpha": alpha(1)})]),
    "loha tucker": (CONV, [(0.7, {".hada_w1_a": r(2, 6), ".hada_w1_b": r(3, 4), ".hada_w2_a": r(2, 6), ".hada_w2_b": r(3, 4), ".hada_t1": r(2, 3, 3, 3), ".hada_t2": r(2, 3, 3, 3), ".alpha": alpha(1)})]),
    "lokr": (LINEAR, [(0.7, {".lokr_w1": r(2, 2), ".lokr_w2": r(3, 2), ".alpha": alpha(1)})]),
    "lokr split right": (LINEAR, [(0.7, {".lokr_w1": r(2, 2), ".lokr_w2_a": r(3, 2), ".lokr_w2_b": r(2, 2), ".alpha": alpha(1)})]),
    "lokr split left": (LINEAR, [(0.7, {".lokr_w1_a": r(2, 1), ".lokr_w1_b": r(1, 2), ".lokr_w2": r(3, 2), ".alpha": alpha(3)})]),
    "lokr convolution": (CONV, [(0.7, {".lokr_w1": r(2, 2), ".lokr_w2": r(3, 2, 3, 3)})]),
    "lokr split convolution": (CONV, [(0.7, {".lokr_w1": r(2, 2), ".lokr_w2_a": r(3, 2), ".lokr_w2_b": r(2, 18), ".alpha": alpha(1)})]),
    "lokr tucker": (CONV, [(0.7, {".lokr_w1": r(2, 2), ".lokr_w2_a": r(2, 3), ".lokr_w2_b": r(2, 2), ".lokr_t2": r(2, 2, 3, 3), ".alpha": alpha(1)})]),
    "dora by rows": (LINEAR, [(0.6, {up: r(6, 2), down: r(2, 4), ".alpha": alpha(1), ".dora_scale": r(6, 1)})]),
    "dora by columns": (LINEAR, [(0.6, {up: r(6, 2), down: r(2, 4), ".alpha": alpha(1), ".dora_scale": r(1, 4)})]),
    "dora whole": (LINEAR, [(1.0, {up: r(6, 2), down: r(2, 4), ".alpha": alpha(1), ".dora_scale": r(1, 4)})]),
    "dora convolution": (CONV, [(-0.5, {up: r(6, 2, 1, 1), down: r(2, 4, 3, 3), ".alpha": alpha(1), ".dora_scale": r(1, 4, 1, 1)})]),
    "dora convolution by rows": (CONV, [(1.0, {up: r(6, 2, 1, 1), down: r(2, 4, 3, 3), ".dora_scale": r(6, 1, 1, 1)})]),
    "dora of loha": (LINEAR, [(0.6, {".hada_w1_a": r(6, 2), ".hada_w1_b": r(2, 4), ".hada_w2_a": r(6, 2), ".hada_w2_b": r(2, 4), ".alpha": alpha(1), ".dora_scale": r(6, 1)})]),
    "dora after lora": (LINEAR, [(0.7, {up: r(6, 2), down: r(2, 4)}), (0.6, {up: r(6, 2), down: r(2, 4), ".dora_scale": r(1, 4)})]),
    "difference": (LINEAR, [(0.7, {".diff": r(6, 4)})]),
    "norm": ((6,), [(0.7, {".w_norm": r(6)})]),
    "set, then lora": (LINEAR, [(0.2, {".set_weight": r(6, 4)}), (0.7, {up: r(6, 2), down: r(2, 4)})]),
    "difference over lora in one file": (LINEAR, [(0.7, {up: r(6, 2), down: r(2, 4), ".diff": r(6, 4)})]),
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
    cases.append({"id": name, "params": {"strengths": [s for s, _ in loras]}, "inputs": inputs, "outputs": {"out": f"{name}/out"}})
here = os.path.dirname(os.path.abspath(__file__))
write = lambda end, data: open(os.path.join(here, f"adapters.{end}.gz"), "wb").write(gzip.compress(data, 9, mtime=0))
write("json", json.dumps({"family": "lora", "group": "adapters", "cases": cases}).encode())
write("safetensors", save({k: v.contiguous() for k, v in tensors.items()}))
