# Makes files.json.gz and files.safetensors.gz: prompts encoded by text encoders in other types than the
# fixtures', which ComfyUI 0.33.0 rounds in different ways. python make_files.py COMFYUI_FOLDER
# Packages that only other models need are stubs; sizes that ComfyUI writes as constants are those of the fixtures.
import gzip, importlib.abc, importlib.machinery, json, os, sys, tempfile
from unittest.mock import MagicMock
import torch, transformers  # noqa: F401

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(here), sys.argv[1]]
fixtures = os.path.join(here, "..", "..", "fixtures")
sys.argv = ["make_files.py", "--cpu"]


class Stub(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if name.split(".")[0] in ("torchvision", "torchaudio") else None

    def create_module(self, spec):
        module = MagicMock(name=spec.name)
        module.__path__, module.__spec__, module.__name__ = [], spec, spec.name
        return module

    def exec_module(self, module):
        pass


sys.meta_path.insert(0, Stub())
import comfy.options

comfy.options.enable_args_parsing()
import comfy.sd
import comfy.text_encoders.llama as llama
import comfy.text_encoders.long_clipl as long_clipl
from safetensors.torch import load, save_file
from seeded import noise, write

torch.set_num_threads(1)
sizes = json.load(open(os.path.join(fixtures, "fixture2.json")))["te"]
long_clipl.model_options_long_clip = lambda sd, tokenizer, options: (tokenizer, options)
OPTIONS = {f"{name}_model_config": sizes[name] for name in ("clip_l", "t5xxl")}
detect = comfy.sd.detect_te_model
KINDS = {"encoder.block.23.layer.1.DenseReluDense.wi_1.weight": "T5_XXL", "model.layers.0.post_feedforward_layernorm.weight": "GEMMA_2_2B"}
comfy.sd.detect_te_model = lambda sd: next((comfy.sd.TEModel[kind] for name, kind in KINDS.items() if name in sd), None) or detect(sd)


class Gemma(llama.Gemma2_2B_Config):
    def __init__(self, **options):
        super().__init__(**{k: v for k, v in options.items() if k in llama.Gemma2_2B_Config.__dataclass_fields__})
        self.__dict__.update(sizes["gemma2_2b"])


llama.Gemma2_2B_Config = Gemma


def fixture(name):
    return load(gzip.open(os.path.join(fixtures, f"{name}.safetensors.gz")).read())


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
