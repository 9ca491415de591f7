# Makes dit.json.gz and .safetensors.gz: predictions of FLUX.1 and SD3 merged block by block with a model whose weights are 1.5 times as large, by ComfyUI 0.33.0's own nodes and
# modules. python make_dit.py COMFYUI_FOLDER FIXTURES_FOLDER (torch on the CPU)
import gzip, os, sys
folder, fixtures = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(here, "..", "core_nodes"), os.path.dirname(here)]
from originals import Finder, load
Finder.names = tuple(name for name in Finder.names if name != "av")
run = load(folder)
import torch
from safetensors.torch import load as read
import comfy.model_detection, comfy.model_patcher, comfy.ops
from comfy.ldm.flux.model import Flux
from comfy.ldm.modules.diffusionmodules.mmdit import OpenAISignatureMMDITWrapper as MMDiT
from seeded import noise, write

FACTOR = 1.5
# what ComfyUI writes as constants (fixture2.json)
SMALL = {Flux: {"axes_dim": [4, 6, 6], "num_heads": 4}, MMDiT: {}}
made = lambda shape, seed: torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, 3.0)).reshape(shape)

class Model(torch.nn.Module):
    def __init__(self, net):
        super().__init__()
        self.diffusion_model, self.device = net, torch.device("cpu")

def patcher(name, kind, factor):
    sd = {k: v.float() * factor for k, v in read(gzip.open(os.path.join(fixtures, f"{name}.safetensors.gz")).read()).items()}
    config = comfy.model_detection.model_config_from_unet(sd, "").unet_config
    net = kind(**{**config, **SMALL[kind]}, dtype=torch.float32, device="cpu", operations=comfy.ops.disable_weight_init)
    net.load_state_dict({k.replace(".scale", ".weight") if kind is Flux else k: v for k, v in sd.items()})
    return comfy.model_patcher.ModelPatcher(Model(net), torch.device("cpu"), torch.device("cpu"))

def ratio_names(node):
    import comfy_extras.nodes_model_merging_model_specific as specific
    return [key for key in specific.NODE_CLASS_MAPPINGS[node].INPUT_TYPES()["required"] if not key.startswith("model")]

tensors, cases = {"x": made([1, 16, 7, 10], 1)}, []
def case(node, name, kind, ratios, timestep, more):
    one, two = (patcher(name, kind, factor) for factor in (1.0, FACTOR))
    given = {key: ratios.get(key, 1.0) for key in ratio_names(node)}
    [merged] = run("comfy_extras.nodes_model_merging_model_specific", node, {"model1": one, "model2": two, **given})
    merged.patch_model()
    inputs = {"context": f"{name} context", "y": f"{name} y"}
    out = merged.model.diffusion_model(tensors["x"], torch.tensor([timestep]), **{k: tensors[v] for k, v in inputs.items()}, **more)
    tensors[f"{node}/v"] = out
    cases.append({"id": node, "params": {"model": name, "ratios": given, "factor": FACTOR, "timestep": timestep}, "inputs": {"x": "x", **inputs}, "outputs": {"v": f"{node}/v"}})

tensors.update({"tiny_flux_dev context": made([1, 5, 80], 2), "tiny_flux_dev y": made([1, 32], 3), "tiny_sd3_medium context": made([1, 5, 80], 4), "tiny_sd3_medium y": made([1, 64], 5)})
case("ModelMergeFlux1", "tiny_flux_dev", Flux, {"img_in.": 0.3, "guidance_in": 0.5, "double_blocks.1.": 0.2, "single_blocks.0.": 0.6, "final_layer.": 0.25}, 0.6, {"guidance": torch.tensor([3.5])})
# the table of positions is a buffer, which patches do not change
for node in ("ModelMergeSD3_2B", "ModelMergeSD35_Large"):
    case(node, "tiny_sd3_medium", MMDiT, {"pos_embed.": 0.4, "x_embedder.": 0.7, "joint_blocks.0.": 0.1, "final_layer.": 0.8}, 600.0, {})
write(here, "dit", cases, tensors)
