# Makes weights.json.gz and weights.safetensors.gz: small weights merged by ComfyUI's own nodes and ModelPatcher.
# python make.py COMFYUI_FOLDER (torch on the CPU)
import os, sys
folder = sys.argv[1]
here = os.path.dirname(os.path.abspath(__file__))
sys.argv = ["x", "--cpu"]
sys.path[:0] = [folder, os.path.dirname(here)]
import torch
import comfy.options
comfy.options.enable_args_parsing()
import comfy.lora, comfy.model_patcher
from comfy_extras.nodes_model_merging import NODE_CLASS_MAPPINGS as NODES
from comfy_extras.nodes_model_merging_model_specific import NODE_CLASS_MAPPINGS as SPECIFIC
from seeded import seeded, write

NODES = {**NODES, **SPECIFIC}
torch.set_grad_enabled(False)
UNET = {
    "time_embed.0.weight": (6, 4), "label_emb.0.0.weight": (6, 4), "input_blocks.0.0.weight": (6, 4, 3, 3), "input_blocks.1.0.emb_layers.1.weight": (6, 4),
    "input_blocks.11.0.emb_layers.1.weight": (6, 4), "middle_block.0.emb_layers.1.weight": (6, 4), "middle_block.1.norm.bias": (6,),
    "output_blocks.0.0.emb_layers.1.weight": (6, 4), "output_blocks.10.0.emb_layers.1.weight": (6, 4), "out.2.weight": (4, 6, 3, 3),
}
CLIP = {"clip_l.transformer.text_model.encoder.layers.0.mlp.fc1.weight": (6, 4), "clip_l.transformer.text_projection.weight": (4, 4), "clip_l.logit_scale": ()}

def module(weights):
    root = torch.nn.Module()
    for name, value in weights.items():
        at = root
        *path, last = name.split(".")
        for part in path:
            if part not in at._modules:
                at.add_module(part, torch.nn.Module())
            at = at._modules[part]
        at.register_parameter(last, torch.nn.Parameter(value))
    root.device = torch.device("cpu")
    return root

class Clip:
    def __init__(self, patcher): self.patcher = patcher
    def clone(self): return Clip(self.patcher.clone())
    def add_patches(self, *args): return self.patcher.add_patches(*args)
    def get_key_patches(self): return self.patcher.get_key_patches()

def network(shapes, first, prefix):
    specs, weights = seeded({prefix + k: v for k, v in shapes.items()}, first=first)
    return [{**s, "name": s["name"][len(prefix):]} for s in specs], comfy.model_patcher.ModelPatcher(module(weights), "cpu", "cpu")

tensors, cases = {}, []

def case(id, shapes, prefix, steps, other=None):
    """`steps`: nodes that follow one another, or LoRAs, on the network 1, 2 (before it is merged) or the result."""
    specs, one = network(shapes, 1, prefix)
    specs2, two = network(other or shapes, 101, prefix)
    wrap = (lambda p: p) if prefix else Clip
    one, two = wrap(one), wrap(two)
    log = []
    for i, (what, options) in enumerate(steps):
        if what == "lora":
            name, strength, which = options
            shape = shapes[name]
            lspecs, lora = seeded({"layer.lora_up.weight": (shape[0], 2), "layer.lora_down.weight": (2, shape[1])}, first=201 + 10 * i)
            loaded = comfy.lora.load_lora(lora, {"layer": prefix + name})
            target = one if which == 1 else two
            target = target.clone()
            target.add_patches(loaded, strength)
            one, two = (target, two) if which == 1 else (one, target)
            log.append({"lora": lspecs, "weight": name, "strength": strength, "network": which})
        else:
            node = NODES[what]()
            one = getattr(node, node.FUNCTION)(one, two, **options)[0]
            log.append({"node": what, "options": options})
    patcher = one if prefix else one.patcher
    outputs = {}
    sd = patcher.model.state_dict()
    for key in sd:
        value = sd[key].clone()
        if key in patcher.patches:
            value = comfy.lora.calculate_weight(patcher.patches[key], value, key)
        tensors[f"{id}/{key}"] = value
        outputs[key[len(prefix):]] = f"{id}/{key}"
    cases.append({"id": id, "params": {"one": specs, "two": specs2, "steps": log}, "inputs": {}, "outputs": outputs})

D = "diffusion_model."
layer = "input_blocks.1.0.emb_layers.1.weight"
xl = {name: 0.1 + 0.05 * i for i, name in enumerate(k for k in NODES["ModelMergeSDXL"].INPUT_TYPES()["required"] if not k.startswith("model"))}
sd1 = {name: 0.1 + 0.02 * i for i, name in enumerate(k for k in NODES["ModelMergeSD1"].INPUT_TYPES()["required"] if not k.startswith("model"))}
for id, steps, other in [
    ("simple", [("ModelMergeSimple", {"ratio": 0.3})], None),
    ("simple 1", [("ModelMergeSimple", {"ratio": 1.0})], None),
    ("blocks", [("ModelMergeBlocks", {"input": 0.2, "middle": 0.5, "out": 0.9})], None),
    ("SDXL", [("ModelMergeSDXL", xl)], None),
    ("SD1", [("ModelMergeSD1", sd1)], None),
    ("add", [("ModelMergeAdd", {})], None),
    ("subtract", [("ModelMergeSubtract", {"multiplier": 0.7})], None),
    ("subtract 0", [("ModelMergeSubtract", {"multiplier": 0.0})], None),
    ("subtract, then add", [("ModelMergeSubtract", {"multiplier": 1.0}), ("ModelMergeAdd", {})], None),
    ("LoRAs before, in the other and after", [("lora", (layer, 0.8, 1)), ("lora", (layer, -0.5, 2)), ("ModelMergeSimple", {"ratio": 0.4}), ("lora", (layer, 0.3, 1))], None),
    ("another shape", [("ModelMergeSimple", {"ratio": 0.25})], {**UNET, "input_blocks.0.0.weight": (6, 9, 3, 3)}),
]:
    case(id, UNET, D, steps, other)
for id, steps in [
    ("CLIP simple", [("CLIPMergeSimple", {"ratio": 0.3})]),
    ("CLIP add", [("CLIPMergeAdd", {})]),
    ("CLIP subtract", [("CLIPMergeSubtract", {"multiplier": 0.7})]),
]:
    case(id, CLIP, "", steps)
write(here, "weights", cases, tensors)
