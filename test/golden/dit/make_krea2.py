# Makes krea2_encoder.json.gz and .safetensors.gz: prompts, with and without images, encoded by a Qwen3-VL with small random weights, and ../graphs_flow/krea2.*: whole pictures of
# the small Krea 2 with it; by ComfyUI 0.33.0 in float32 on the CPU. python make_krea2.py COMFYUI_FOLDER
# Packages that only other models need are stubs; sizes that ComfyUI writes as constants are those of fixture2.json and of SMALL and VISION.
import gzip, os, sys
import torch

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import comfyui

comfyui.start(sys.argv[1])
import comfy.model_detection, comfy.sample, comfy.sd
import comfy.text_encoders.qwen3vl as qwen3vl
import node_helpers
from safetensors.torch import load
from seeded import both, made, seeded, write

torch.set_num_threads(1)
torch.set_grad_enabled(False)
SMALL = {"hidden_size": 48, "intermediate_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "rope_dims": [4, 2, 2]}
VISION = {"hidden_size": 32, "intermediate_size": 40, "depth": 6, "deepstack_visual_indexes": [1, 2, 4]}
COMMON = {"num_heads": 2, "num_position_embeddings": 100}
LAYERS, VOCABULARY = 36, 151936


class Small(qwen3vl.Qwen3VL_4BConfig):
    def __init__(self, **options):
        super().__init__(**options)
        self.__dict__.update(SMALL)


qwen3vl.QWEN3VL_CONFIGS["qwen3vl_4b"] = Small
qwen3vl.QWEN3VL_VISION["qwen3vl_4b"] = VISION
qwen3vl.QWEN3VL_VISION_COMMON.update(COMMON)
comfy.sd.detect_te_model = lambda sd: comfy.sd.TEModel.QWEN3VL_4B
sizes = comfyui.SIZES["unet"]["krea2_64"]
detect = comfy.model_detection.detect_unet_config
comfy.model_detection.detect_unet_config = lambda *args, **named: {**detect(*args, **named), **sizes}


def layer(name, out, width, bias=True):
    return {f"{name}.weight": (out, width), **({f"{name}.bias": (out,)} if bias else {})}


def norm(name, width):
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def language_model():
    width, inner, depth = SMALL["hidden_size"], SMALL["intermediate_size"], SMALL["head_dim"]
    out = {"embed_tokens.weight": (VOCABULARY, width), "norm.weight": (width,)}
    for i in range(LAYERS):
        at = f"layers.{i}"
        out |= {f"{at}.{name}.weight": (width,) for name in ("input_layernorm", "post_attention_layernorm")}
        out |= {f"{at}.self_attn.{name}_norm.weight": (depth,) for name in "qk"}
        for name, heads in (("q", "num_attention_heads"), ("k", "num_key_value_heads"), ("v", "num_key_value_heads")):
            out |= layer(f"{at}.self_attn.{name}_proj", SMALL[heads] * depth, width, False)
        out |= layer(f"{at}.self_attn.o_proj", width, SMALL["num_attention_heads"] * depth, False)
        for name in ("gate", "up"):
            out |= layer(f"{at}.mlp.{name}_proj", inner, width, False)
        out |= layer(f"{at}.mlp.down_proj", width, inner, False)
    return {f"model.language_model.{name}": shape for name, shape in out.items()}


def tower():
    width, inner, joined, out_width = VISION["hidden_size"], VISION["intermediate_size"], 4 * VISION["hidden_size"], SMALL["hidden_size"]
    out = {"patch_embed.proj.weight": (width, 3, 2, 16, 16), "patch_embed.proj.bias": (width,), "pos_embed.weight": (COMMON["num_position_embeddings"], width)}
    for i in range(VISION["depth"]):
        at = f"blocks.{i}"
        out |= norm(f"{at}.norm1", width) | norm(f"{at}.norm2", width)
        out |= layer(f"{at}.attn.qkv", 3 * width, width) | layer(f"{at}.attn.proj", width, width)
        out |= layer(f"{at}.mlp.linear_fc1", inner, width) | layer(f"{at}.mlp.linear_fc2", width, inner)
    for at, normed in (("merger", width), *((f"deepstack_merger_list.{i}", joined) for i in range(3))):
        out |= norm(f"{at}.norm", normed) | layer(f"{at}.linear_fc1", joined, joined) | layer(f"{at}.linear_fc2", out_width, joined)
    return {f"model.visual.{name}": shape for name, shape in out.items()}


weights, te = seeded({**language_model(), **tower()}, gain=0.9)
clip = comfy.sd.load_text_encoder_state_dicts([dict(te)], clip_type=comfy.sd.CLIPType.KREA2)
encoder = clip.cond_stage_model.qwen3vl_4b.transformer
fixture = lambda name: load(gzip.open(os.path.join(comfyui.FIXTURES, f"{name}.safetensors.gz")).read())
model = comfy.sd.load_diffusion_model_state_dict(fixture("tiny_krea2"), model_options={"dtype": torch.float32})
vae = comfy.sd.VAE(sd=fixture("tiny_wan21_vae"))


class Group:
    def __init__(self):
        self.cases, self.tensors, self.measured = [], {}, {}

    def add(self, id, params, **results):
        for name, (value, floor) in results.items():
            key = f"{id}/{name}"
            self.tensors[key] = value if value.dtype == torch.uint8 else value.float()
            self.measured[key] = [floor, float(value.double().abs().max())]
            print(key, tuple(value.shape), "deviation", float(value.double().std()), "floor", floor)
        self.cases.append({"id": id, "params": params, "inputs": {}, "outputs": {name: f"{id}/{name}" for name in results}})


encoded = Group()
PROMPTS = [
    "a photo of a red fox in the snow, golden hour",
    "",
    "<|im_start|>user\nonly this<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>one message",
]
for i, text in enumerate(PROMPTS):
    encoded.add(f"text_{i}", {"text": text}, cond=both(lambda: clip.encode_from_tokens(clip.tokenize(text))))

image = lambda height, width, seed: made([1, height, width, 3], seed, 1.0, 0.5)
for height, width in ((64, 96), (61, 130), (20, 30)):
    def see():
        merged, extra = encoder.preprocess_embed({"type": "image", "data": image(height, width, 5)}, "cpu")
        return torch.cat([merged, *extra["deepstack"]], dim=-1)

    encoded.add(f"tower_{height}_{width}", {"height": height, "width": width, "seed": 5}, tokens=both(see))

# the template of TextEncodeQwenImageEditPlus
EDIT = "<|im_start|>system\nDescribe the key features of the input image (color, shape, size, texture, objects, background), then explain how the user's text instruction should alter or modify the image. Generate a new image that meets the user's requirements while maintaining consistency with the original input where appropriate.<|im_end|>\n<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
SEEN = "Picture {}: <|vision_start|><|image_pad|><|vision_end|>"
for id, shapes, text in (("one", [(64, 96)], "cute"), ("two", [(96, 64), (33, 70)], "change the sky to a starry night")):
    images = [image(*shape, 7 + i) for i, shape in enumerate(shapes)]
    prompt = "".join(SEEN.format(i + 1) for i in range(len(images))) + text
    run = lambda: clip.encode_from_tokens(clip.tokenize(prompt, images=images, llama_template=EDIT))
    encoded.add(f"edit_{id}", {"prompt": prompt, "images": shapes}, cond=both(run))
own = lambda: clip.encode_from_tokens(clip.tokenize("a cat", images=[image(64, 96, 7)]))
encoded.add("own_template", {"prompt": "a cat", "images": [(64, 96)]}, cond=both(own))
write(here, "krea2_encoder", encoded.cases, encoded.tensors, encoded.measured, weights={"te": weights})


def graph(seed, lora=None, **sampler):
    """The prompt of the official template, without what writes its text."""
    nodes = {
        "1": ("UNETLoader", {"unet_name": "tiny_krea2.safetensors", "weight_dtype": "default"}),
        "2": ("CLIPLoader", {"clip_name": "tiny_qwen3vl_4b.safetensors", "type": "krea2", "device": "default"}),
        "3": ("VAELoader", {"vae_name": "tiny_wan21_vae.safetensors"}),
        "4": ("CLIPTextEncode", {"clip": ["2", 0], "text": PROMPTS[0]}),
        "5": ("ConditioningZeroOut", {"conditioning": ["4", 0]}),
        "6": ("EmptyLatentImage", {"width": 80, "height": 64, "batch_size": 1}),
        "7": ("KSampler", {"model": ["10" if lora else "1", 0], "seed": seed, "scheduler": "simple", "positive": ["4", 0], "negative": ["5", 0], "latent_image": ["6", 0], "denoise": 1.0, **sampler}),
        "8": ("VAEDecode", {"samples": ["7", 0], "vae": ["3", 0]}),
        "9": ("SaveImage", {"images": ["8", 0], "filename_prefix": "ComfyUI"}),
    }
    if lora:
        nodes["10"] = ("LoraLoaderModelOnly", {"model": ["1", 0], "lora_name": "lora_krea2_peft.safetensors", "strength_model": lora})
    return {id: {"class_type": name, "inputs": inputs} for id, (name, inputs) in nodes.items()}


GRAPHS = {
    "official": graph(42, steps=8, cfg=1.0, sampler_name="euler"),
    "cfg": graph(3, steps=3, cfg=3.5, sampler_name="er_sde"),
    "lora": graph(7, lora=0.8, steps=4, cfg=1.0, sampler_name="euler"),
}
pictures = Group()
for id, prompt in GRAPHS.items():
    inputs = prompt["7"]["inputs"]
    patched = model
    if "10" in prompt:
        patched, _ = comfy.sd.load_lora_for_models(model, None, fixture("lora_krea2_peft"), prompt["10"]["inputs"]["strength_model"], 0)
    positive = clip.encode_from_tokens_scheduled(clip.tokenize(PROMPTS[0]))
    negative = node_helpers.conditioning_set_values([[torch.zeros_like(positive[0][0]), positive[0][1].copy()]], {})

    def samples():
        latent = comfy.sample.fix_empty_latent_channels(patched, torch.zeros([1, 4, 8, 10]), 8)
        noise = comfy.sample.prepare_noise(latent, inputs["seed"])
        return comfy.sample.sample(patched, noise, inputs["steps"], inputs["cfg"], inputs["sampler_name"], "simple", positive, negative, latent, denoise=1.0, seed=inputs["seed"])

    def picture(latent):
        pixels = vae.decode(latent)
        pixels = pixels.reshape(-1, *pixels.shape[-3:])
        return (255 * pixels).clamp(0, 255).to(torch.uint8)

    latent = both(samples)
    pictures.add(id, {"model": "krea2"}, samples=latent, image=both(lambda: picture(latent[0])))
write(os.path.join(here, "..", "graphs_flow"), "krea2", pictures.cases, pictures.tensors, pictures.measured, prompts=GRAPHS)
