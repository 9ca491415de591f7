# Makes files.json.gz and files.safetensors.gz: prompts encoded by text encoders in other types than the
# fixtures', which ComfyUI 0.33.0 rounds in different ways. python make_files.py COMFYUI_FOLDER
# Packages that only other models need are stubs; sizes that ComfyUI writes as constants are those of the fixtures.
import gzip, os, sys, tempfile
import torch

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import comfyui

comfyui.start(sys.argv[1])
import comfy.sd
from safetensors.torch import load, save_file
from seeded import noise, write

torch.set_num_threads(1)
OPTIONS = comfyui.small_text_encoders("clip_l")


def fixture(name):
    return load(gzip.open(os.path.join(comfyui.FIXTURES, f"{name}.safetensors.gz")).read())


def varied(name, dtype):
    """Each weight times 1 + noise of 1e-3, seeded by its place in the order of names."""
    tensors = fixture(name)
    for seed, key in enumerate(sorted(tensors), 1):
        t = tensors[key]
        if t.dtype == torch.bfloat16:
            factor = torch.from_numpy(noise(t.numel(), seed, 1e-3)).reshape(t.shape) + 1
            tensors[key] = (t.float() * factor).to(dtype)
    return tensors


PROMPTS = ["a (red:1.2) fox in the snow", "", "two\nlines, (soft:0.4) light"]
FILES = [
    ("flux", "tiny_t5xxl", torch.float32),
    ("sd3", "tiny_t5xxl", torch.float32),
    ("chroma", "tiny_t5xxl", torch.float32),
    ("flux", "tiny_t5xxl", torch.bfloat16),
    ("lumina2", "tiny_gemma2_2b", torch.float32),
    ("lumina2", "tiny_gemma2_2b", torch.float16),
]
NAMES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}
cases, tensors = [], {}
folder = tempfile.mkdtemp()
path = lambda name: os.path.join(folder, f"{name}.safetensors")
save_file(fixture("tiny_clip_l"), path("tiny_clip_l"))
for family, name, dtype in FILES:
    save_file(varied(name, dtype), path("varied"))
    files = [path("tiny_clip_l"), path("varied")] if family == "flux" else [path("varied")]
    clip = comfy.sd.load_clip(files, clip_type=comfy.sd.CLIPType[family.upper()], model_options=dict(OPTIONS))
    for prompt in PROMPTS:
        id = f"{family}_{NAMES[dtype]}_{len(cases)}"
        # of padded prompts the first rows
        cond = clip.encode_from_tokens(clip.tokenize(prompt))[:, :24].float()
        tensors[f"{id}/cond"] = cond
        cases.append({"id": id, "params": {"family": family, "file": name, "dtype": NAMES[dtype], "text": prompt}, "inputs": {}, "outputs": {"cond": f"{id}/cond"}})
write(here, "files", cases, tensors)
