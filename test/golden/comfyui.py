# ComfyUI 0.33.0 for generators: its folder on the path, stubs in place of packages that only other models need, and the sizes of the fixtures (fixture2.json) where ComfyUI writes constants.
import importlib.abc, importlib.machinery, json, os, sys
from unittest.mock import MagicMock

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures")
SIZES = json.load(open(os.path.join(FIXTURES, "fixture2.json")))


class Stub(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if name.split(".")[0] in ("torchvision", "torchaudio", "av") else None

    def create_module(self, spec):
        module = MagicMock(name=spec.name)
        module.__path__, module.__spec__, module.__name__ = [], spec, spec.name
        return module

    def exec_module(self, module):
        pass


def start(folder, *options):
    """Makes `comfy` importable, with these options of its command line."""
    import transformers  # noqa: F401  it asks for the real packages

    sys.meta_path.insert(0, Stub())
    sys.path.insert(0, folder)
    sys.argv = ["x", "--cpu", *options]
    import comfy.options

    comfy.options.enable_args_parsing()


def small_text_encoders(*clips):
    """The fixtures' T5, Gemma 2 and Qwen3, and these encoders of CLIP, are recognised. Returns the options of comfy.sd.load_clip."""
    import comfy.sd
    import comfy.text_encoders.llama as llama
    import comfy.text_encoders.long_clipl as long_clipl

    sizes = SIZES["te"]
    kinds = {
        "encoder.block.23.layer.1.DenseReluDense.wi_1.weight": "T5_XXL",
        "text_model.encoder.layers.30.mlp.fc1.weight": "CLIP_G",
        "text_model.encoder.layers.1.mlp.fc1.weight": "CLIP_L",
        "model.layers.0.post_feedforward_layernorm.weight": "GEMMA_2_2B",
        "model.layers.29.input_layernorm.weight": "QWEN3_4B",
    }
    detect = comfy.sd.detect_te_model
    comfy.sd.detect_te_model = lambda sd: next((comfy.sd.TEModel[kind] for name, kind in kinds.items() if name in sd), None) or detect(sd)
    long_clipl.model_options_long_clip = lambda sd, tokenizer, options: (tokenizer, options)

    def small(config, name):
        class Small(config):
            def __init__(self, **options):
                super().__init__(**{k: v for k, v in options.items() if k in config.__dataclass_fields__})
                self.__dict__.update(sizes[name])

        return Small

    llama.Gemma2_2B_Config = small(llama.Gemma2_2B_Config, "gemma2_2b")
    llama.Qwen3_4BConfig = small(llama.Qwen3_4BConfig, "qwen3_4b")
    return {f"{name}_model_config": sizes[name] for name in (*clips, "t5xxl")}


def small_z_image():
    """The fixtures' Z-Image is recognised."""
    import comfy.model_detection, comfy.ldm.lumina.model as lumina

    sizes = SIZES["unet"]["lumina2_64"]
    detect = comfy.model_detection.detect_unet_config
    comfy.model_detection.detect_unet_config = lambda *a, **k: {**detect(*a, **k), **sizes}
    embedder = lumina.TimestepEmbedder.__init__

    def narrow(self, hidden_size, *a, **k):
        if k.get("output_size"):
            k["output_size"] = min(k["output_size"], 64)
        embedder(self, hidden_size, *a, **k)

    lumina.TimestepEmbedder.__init__ = narrow
