# Makes keys.json.gz: what ComfyUI calls the weights of the fixture models in LoRA files, by its own model_lora_keys_unet and model_lora_keys_clip.
# python make_keys.py COMFYUI_FOLDER FIXTURES (unpacked .safetensors)
import gzip, json, os, sys
folder, fixtures = sys.argv[1:3]
sys.argv = ["x", "--cpu"]
sys.path.insert(0, folder)
import comfy.options
comfy.options.enable_args_parsing()
import comfy.lora, comfy.model_detection
from safetensors.torch import load_file


class Model:
    def __init__(self, names, config=None):
        self.names = names
        self.model_config = type("Config", (), {"unet_config": config})

    def state_dict(self):
        return dict.fromkeys(self.names)


BLOCKS = ["mlp.fc1", "mlp.fc2", "self_attn.k_proj", "self_attn.q_proj", "self_attn.v_proj", "self_attn.out_proj", "layer_norm1", "layer_norm2"]
encoder = lambda kind: [f"{kind}.transformer.text_model.encoder.layers.{i}.{b}.weight" for i in range(3) for b in BLOCKS] + [
    f"{kind}.transformer.text_model.embeddings.position_embedding.weight",
    f"{kind}.transformer.text_model.final_layer_norm.weight",
    f"{kind}.transformer.text_projection.weight",
]
CLIPS = {"tiny_sdxl_base": ["clip_l", "clip_g"], "tiny_sdxl_refiner": ["clip_g"], "tiny_sd1": ["clip_l"], "clip_h": ["clip_h"]}
keys = {}
for name, clips in CLIPS.items():
    found = {}
    if name != "clip_h":
        sd = load_file(f"{fixtures}/{name}.safetensors")
        start = "model.diffusion_model."
        names = [k[len("model."):] for k in sd if k.startswith(start)]
        config = comfy.model_detection.detect_unet_config(sd, start)
        found = {k: v for k, v in comfy.lora.model_lora_keys_unet(Model(names, config), {}).items() if v in names}
    text = comfy.lora.model_lora_keys_clip(Model([n for c in clips for n in encoder(c)]), {})
    keys[name] = {"unet": found, "clip": text}
here = os.path.dirname(os.path.abspath(__file__))
open(os.path.join(here, "keys.json.gz"), "wb").write(gzip.compress(json.dumps(keys, sort_keys=True).encode(), 9, mtime=0))
