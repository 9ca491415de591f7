# Makes extract.json.gz and extract.safetensors.gz: factors by extract_lora of ComfyUI 0.33.0 (comfy_extras/nodes_lora_extract.py), the file that LoraSave writes for
# the small SD1 UNet with a LoRA minus the one without, and the names it gives to a text encoder's tensors. python make_extract.py COMFYUI_FOLDER FIXTURES_FOLDER
import gzip, os, sys, tempfile
folder, fixtures = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(here), "core_nodes"), os.path.dirname(here)]
from originals import Finder, load
Finder.names = tuple(name for name in Finder.names if name != "av")
load(folder)
import torch
import comfy.lora, comfy.sd, comfy.sd1_clip, comfy.utils, folder_paths
from comfy_extras import nodes_lora_extract as original
from comfy_extras.nodes_model_merging import ModelSubtract
from safetensors.torch import load as load_tensors
from seeded import noise, write
from small_models import unet_patcher

tensors, cases, measured = {}, [], {}
made = lambda shape, seed, scale=2.0: torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, scale)).reshape(shape)

def of_other_order(difference, rank):
    """The factors from the same matrix with its rows turned around, which changes the order of sums."""
    up, down = original.extract_lora(difference.flip(0), rank)
    return up.flip(0), down

def case(id, difference, rank, params):
    up, down = original.extract_lora(difference, rank)
    other_up, other_down = of_other_order(difference, rank)
    # signs are arbitrary
    signs = (down.flatten(1) * other_down.flatten(1)).sum(1).sign()
    other_up, other_down = other_up * signs.reshape([1, -1] + [1] * (up.ndim - 2)), other_down * signs.reshape([-1] + [1] * (down.ndim - 1))
    tensors[f"{id}/up"], tensors[f"{id}/down"] = up, down
    # the limit depends on the signs, so only values below it tell about rounding
    for name, one, two in (("up", up, other_up), ("down", down, other_down)):
        top = min(one.abs().max(), two.abs().max())
        measured[f"{id}/{name}"] = [((one - two).abs() * ((one.abs() < top) & (two.abs() < top))).max().item()]
    cases.append({"id": id, "params": {**params, "shape": list(difference.shape), "rank": rank}, "inputs": {}, "outputs": {"up": f"{id}/up", "down": f"{id}/down"}})

for id, shape, rank, seed in [("square", (24, 24), 4, 1), ("wide", (20, 60), 8, 2), ("tall", (70, 18), 18, 3), ("3x3", (12, 10, 3, 3), 16, 4), ("1x1", (12, 10, 1, 1), 4, 5)]:
    case(id, made(shape, seed), rank, {"seed": seed})
case("of rank 3", made((40, 3), 6) @ made((3, 30), 7), 3, {"seed": 6, "other": 7})

def saved(id, **inputs):
    with tempfile.TemporaryDirectory() as output:
        folder_paths.set_output_directory(output)
        original.LoraSave.execute(filename_prefix="x", **inputs)
        return load_tensors(open(os.path.join(output, os.listdir(output)[0]), "rb").read())

model = unet_patcher(fixtures)
lora = load_tensors(gzip.open(os.path.join(fixtures, "tiny_lora_sd1.safetensors.gz")).read())
changed, _ = comfy.sd.load_lora_for_models(model, None, lora, 1.0, 0)
difference = ModelSubtract().merge(changed, model, 1.0)[0]
for id, inputs in [("standard", {"rank": 4, "lora_type": "standard", "bias_diff": True}), ("standard, without biases", {"rank": 2, "lora_type": "standard", "bias_diff": False}), ("full_diff", {"rank": 4, "lora_type": "full_diff", "bias_diff": True})]:
    file = saved(id, model_diff=difference, **inputs)
    chosen = [k for k in file if "input_blocks.1.1.transformer_blocks.0.attn2" in k or "input_blocks.1.0" in k or "middle_block.0" in k]
    for k in chosen:
        tensors[f"{id}/{k}"] = file[k].float()
    cases.append({"id": id, "params": {"node": inputs, "tensors": {k: [str(v.dtype), list(v.shape)] for k, v in file.items()}}, "inputs": {}, "outputs": {k: f"{id}/{k}" for k in chosen}})

config = {"architectures": ["CLIPTextModel"], "attention_dropout": 0.0, "bos_token_id": 0, "eos_token_id": 49407, "hidden_act": "quick_gelu", "hidden_size": 128, "intermediate_size": 512,
          "layer_norm_eps": 1e-5, "max_position_embeddings": 77, "model_type": "clip_text_model", "num_attention_heads": 2, "num_hidden_layers": 3, "pad_token_id": 1, "projection_dim": 128, "vocab_size": 49408}
class Encoders(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.clip_l = comfy.sd1_clip.SDClipModel(device="cpu", dtype=torch.float32, textmodel_json_config=config)
import comfy.model_patcher
patcher = comfy.model_patcher.ModelPatcher(Encoders(), torch.device("cpu"), torch.device("cpu"))
original.extract_lora = lambda diff, rank: (diff[:1], diff[:1])  # the token table's whole decomposition takes 10 GB
names = original.calc_lora_model(patcher, 4, "", "text_encoders.", {}, original.LORAType.STANDARD, bias_diff=True)
cases.append({"id": "names of a text encoder", "params": {"names": sorted(names)}, "inputs": {}, "outputs": {}})
write(here, "extract", cases, tensors, measured)
