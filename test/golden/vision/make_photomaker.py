# Makes photomaker.json.gz and photomaker.safetensors.gz: what ComfyUI's PhotoMaker (comfy_extras/nodes_photomaker.py) fuses into a token with a small model,
# and the tokens that PhotoMakerEncode encodes. python make_photomaker.py COMFYUI_FOLDER (torch on the CPU)
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(here), "core_nodes"), os.path.dirname(here)]
from originals import Finder, load
Finder.names = tuple(name for name in Finder.names if name != "av")
load(sys.argv[1])
import torch
import comfy.ops, comfy.sdxl_clip
from comfy_extras import nodes_photomaker as original
from seeded import noise, seeded, write

WIDTH = 128
original.VISION_CONFIG_DICT.update(hidden_size=32, image_size=28, intermediate_size=48, patch_size=7, projection_dim=64)
preprocess = original.comfy.clip_vision.clip_preprocess
original.comfy.clip_vision.clip_preprocess = lambda image: preprocess(image, size=28)
model = original.PhotoMakerIDEncoder()
model.visual_projection_2 = comfy.ops.manual_cast.Linear(32, 64, bias=False)
model.fuse_module = original.FuseModule(WIDTH, comfy.ops.manual_cast)
specs, weights = seeded({k: tuple(v.shape) for k, v in model.state_dict().items()}, gain=0.8)
model.load_state_dict(weights)

made = lambda shape, seed, scale=1.0, around=0.0: torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, scale)).reshape(shape) + around

class Clip:
    """SDXL's tokenizer, and features that depend on nothing."""
    def tokenize(self, text, return_word_ids):
        return comfy.sdxl_clip.SDXLTokenizer().tokenize_with_weights(text, return_word_ids)
    def encode_from_tokens(self, tokens, return_pooled):
        self.tokens = tokens
        return made([1, 77, WIDTH], 3), made([1, 8], 4)

tensors, cases = {}, []
TEXTS = ["photograph of photomaker", "photomaker", "a man photomaker", "(a (portrait:1.2) of:0.8) photomaker smiling", "nobody here", "one photomaker, no space", "(x:1.1) (y:1.2) photomaker (z:0.5) w"]
for i, text in enumerate(TEXTS):
    clip = Clip()
    images = made([2, 28, 28, 3], 10 + i, 1.0, 0.5) if i == 0 else made([1, 40, 33, 3], 10 + i, 1.0, 0.5)
    [[cond, more]] = original.PhotoMakerEncode.execute(model, images, clip, text).result[0]
    changed = [p for p in range(77) if not torch.equal(cond[0, p], made([1, 77, WIDTH], 3)[0, p])]
    assert len(changed) == ("photomaker" in text.split(" ")), text
    outputs = {}
    if changed:
        tensors[f"{text}/fused"] = cond[0, changed[0]][None].contiguous()
        outputs = {"fused": f"{text}/fused"}
    tokens = {key: [[[value, weight] for value, weight, *_ in chunk] for chunk in chunks] for key, chunks in clip.tokens.items()}
    cases.append({"id": text, "params": {"shape": list(images.shape), "seed": 10 + i, "position": (changed or [-1])[0], "tokens": tokens, **({"weights": specs} if i == 0 else {})}, "inputs": {}, "outputs": outputs})
write(here, "photomaker", cases, tensors)
