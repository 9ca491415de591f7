# Makes props.json.gz: what ComfyUI's own nodes of nodes_hooks.py set in conditionings. python make_props.py COMFYUI_FOLDER
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here)]
from originals import load
run = load(sys.argv[1])
import torch
from seeded import write

H = "comfy_extras.nodes_hooks"
prompt = lambda name, **values: [[name, values]]
A, B = prompt("a", strength=0.7) + prompt("a2"), prompt("b", start_percent=0.1, mask_strength=3.0)
cases = []

def told(conditioning):
    """Prompts with their values; a mask is told by its shape."""
    return [[name, {k: list(v.shape) if torch.is_tensor(v) else v for k, v in values.items()}] for name, values in conditioning]

def case(type, **inputs):
    results = run(H, type, dict(inputs))
    given = {k: told(v) if isinstance(v, list) and isinstance(v[0], list) else list(v.shape) if torch.is_tensor(v) else v for k, v in inputs.items()}
    values = [told(r) if isinstance(r, list) else r for r in results]
    cases.append({"id": f"{len(cases)} {type}", "params": {"node": type, **given}, "inputs": {}, "outputs": {}, "scalars": {"values": values}})

for more in ({}, {"mask": torch.ones(2, 3, 4)}, {"mask": torch.ones(3, 4), "timesteps": (0.25, 0.5)}, {"timesteps": (0.0, 1.0)}):
    for area in ("default", "mask bounds"):
        options = {"strength": 0.4, "set_cond_area": area, **more}
        case("ConditioningSetProperties", cond_NEW=A, **options)
        case("ConditioningSetPropertiesAndCombine", cond=A, cond_NEW=B, **options)
        case("PairConditioningSetProperties", positive_NEW=A, negative_NEW=B, **options)
        case("PairConditioningSetPropertiesAndCombine", positive=A, negative=B, positive_NEW=B, negative_NEW=A, **options)
case("PairConditioningCombine", positive_A=A, negative_A=B, positive_B=B, negative_B=A)
case("ConditioningTimestepsRange", start_percent=0.2, end_percent=0.7)
[strength] = run("nodes", "ConditioningSetAreaStrength", {"conditioning": A, "strength": 0.3})
cases.append({"id": "strength", "params": {"node": "ConditioningSetAreaStrength", "conditioning": told(A), "strength": 0.3}, "inputs": {}, "outputs": {}, "scalars": {"values": [told(strength)]}})
write(here, "props", cases, {})
os.remove(os.path.join(here, "props.safetensors.gz"))
