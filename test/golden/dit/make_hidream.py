# Makes hidream.json.gz and .safetensors.gz, and ../text/llama3.*: the tokens of Llama 3 for the texts of ../text/vocabularies; HiDream-I1 with small random weights, by ComfyUI 0.33.0 in float32 on the CPU: the conditioning of its four text encoders (the
# fixtures' CLIP-L, CLIP-G and T5-XXL, and a Llama of three layers), predictions and their values inside, and a whole picture's latent. python make_hidream.py COMFYUI_FOLDER VOCABULARY MERGES
# VOCABULARY and MERGES are llama3Tokenizer.vocabById and the keys of .merges (llama3-tokenizer-js 1.2.0) in their order as JSON, from which ComfyUI's tokenizer.json is made again.
import gzip, json, os, sys, tempfile
import torch
from safetensors.torch import load

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import comfyui

_, folder, vocabulary, merges = sys.argv
comfyui.start(folder, "--fp32-text-enc")
import comfy.model_detection, comfy.sample, comfy.samplers, comfy.sd
import comfy.ldm.hidream.model as hidream
import comfy.text_encoders.bpe_tokenizer as bpe
import comfy.text_encoders.hidream as encoders
import comfy.text_encoders.hunyuan_video as hunyuan
import comfy.text_encoders.llama as llama
from seeded import both, made, seeded, write

torch.set_grad_enabled(False)
SPECIAL = {0: "<|begin_of_text|>", 1: "<|end_of_text|>", 6: "<|start_header_id|>", 7: "<|end_header_id|>", 9: "<|eot_id|>", 256: "<unk>", 257: "<image>", 258: "<pad>"}
reserved = iter(range(300))
special = [SPECIAL.get(i) or f"<|reserved_special_token_{next(reserved)}|>" for i in range(259)]
words = json.load(open(vocabulary))[:128000]
tokenizer = {
    "model": {"vocab": {word: i for i, word in enumerate(words)}, "merges": json.load(open(merges))},
    "added_tokens": [{"id": 128000 + i, "content": text} for i, text in enumerate(special)],
    "pre_tokenizer": {"type": "Split", "pattern": {"Regex": bpe._LLAMA_PATTERN}},
    "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<|begin_of_text|>"}}]},
}
made_folder = tempfile.mkdtemp()
json.dump(tokenizer, open(os.path.join(made_folder, "tokenizer.json"), "w"))
from_json = bpe.from_tokenizer_json
bpe.from_tokenizer_json = lambda path: from_json(made_folder if path.endswith("llama_tokenizer") else path)

PROMPTS = [
    "a photo of a red fox in the snow, golden hour",
    "",
    "(a (red:1.3) fox:0.7), it's 12345 Straße\n\n  café 🦊   aaaaaaa <|eot_id|> end",
    " ".join(["many words, (a few of them are weighted:1.1)"] * 30),
]

# Llama with three layers; comfy.text_encoders.llama.Llama2Config writes the sizes of 8B
WIDTH, INNER, LAYERS, HEADS, KV, DEPTH = 16, 24, 3, 2, 1, 8
shapes = {"model.embed_tokens.weight": (128256, WIDTH), "model.norm.weight": (WIDTH,)}
for i in range(LAYERS):
    at = f"model.layers.{i}"
    shapes |= {f"{at}.{name}.weight": (WIDTH,) for name in ("input_layernorm", "post_attention_layernorm")}
    shapes |= {f"{at}.self_attn.{n}_proj.weight": (rows * DEPTH, WIDTH) for n, rows in (("q", HEADS), ("k", KV), ("v", KV))}
    shapes |= {f"{at}.self_attn.o_proj.weight": (WIDTH, HEADS * DEPTH), f"{at}.mlp.down_proj.weight": (WIDTH, INNER)}
    shapes |= {f"{at}.mlp.{n}_proj.weight": (INNER, WIDTH) for n in ("gate", "up")}
llama_weights, llama_tensors = seeded(shapes)


class Small(llama.Llama2Config):
    def __init__(self, **options):
        super().__init__(**{k: v for k, v in options.items() if k in llama.Llama2Config.__dataclass_fields__})
        self.hidden_size, self.intermediate_size, self.num_hidden_layers = WIDTH, INNER, LAYERS
        self.num_attention_heads, self.num_key_value_heads, self.head_dim = HEADS, KV, DEPTH


llama.Llama2Config = Small
options = comfyui.small_text_encoders("clip_l", "clip_g")
fixture = lambda name: load(gzip.open(os.path.join(comfyui.FIXTURES, f"{name}.safetensors.gz")).read())
clip_l = {**fixture("tiny_clip_l"), "text_projection.weight": made([32, 32], 9)}
files = [clip_l, fixture("tiny_clip_g"), fixture("tiny_t5xxl"), dict(llama_tensors)]
clip = comfy.sd.load_text_encoder_state_dicts(files, model_options=options)

# the transformer: two blocks of each kind
C, T5, PATCHES = 32, 80, 64
SIZES = {"attention_head_dim": 16, "axes_dims_rope": [8, 4, 4], "caption_channels": [T5, WIDTH], "llama_layers": [0, 1, 2, 2], "num_attention_heads": 2, "num_layers": 2, "num_single_layers": 2, "text_emb_dim": 64}
detect = comfy.model_detection.detect_unet_config
comfy.model_detection.detect_unet_config = lambda *a, **k: {**detect(*a, **k), **SIZES}
feed_forward = hidream.FeedForwardSwiGLU.__init__
hidream.FeedForwardSwiGLU.__init__ = lambda self, *a, **k: feed_forward(self, *a, **{**k, "multiple_of": 8})
config = {"image_model": "hidream", **detect({"caption_projection.0.linear.weight": torch.zeros(1)}, ""), **SIZES}
config.pop("image_model")
net = hidream.HiDreamImageTransformer2DModel(**config, dtype=torch.float32, device="cpu", operations=__import__("comfy.ops").ops.disable_weight_init)
dit_weights, dit = seeded({name: tuple(t.shape) for name, t in net.state_dict().items()}, first=1001)
model = comfy.sd.load_diffusion_model_state_dict(dict(dit), model_options={"dtype": torch.float32})

cases, tensors, measured = [], {}, {}


def keep(name, result):
    tensors[name], measured[name] = result[0].float(), [result[1], float(result[0].double().abs().max())]
    print(name, tuple(result[0].shape), "deviation", float(result[0].double().std()), measured[name])
    return name


def beside(states):
    """[1, L, T, D] -> [1, T, L D]"""
    return states.movedim(1, 2).flatten(2)


for i, text in enumerate(PROMPTS):
    tokens = clip.tokenize(text)
    ids = {kind: torch.tensor([t[0] for t in tokens[kind][0]], dtype=torch.int32) for kind in ("t5xxl", "llama")}
    tensors.update({f"te_{i}/{kind}": value for kind, value in ids.items()})
    encode = lambda: clip.encode_from_tokens(clip.tokenize(text), return_dict=True)
    outputs = {kind: f"te_{i}/{kind}" for kind in ids}
    for key in ("cond", "pooled_output"):
        outputs[key] = keep(f"te_{i}/{key}", both(lambda: encode()[key].clone()))
    outputs["layers"] = keep(f"te_{i}/layers", both(lambda: beside(encode()["conditioning_llama3"])))
    cases.append({"id": f"te_{i}", "params": {"text": text}, "inputs": {}, "outputs": outputs})

inside = {}
for name, module in model.model.diffusion_model.named_modules():
    if name.count(".") == 1 and "stream_blocks" in name:
        def hook(_, __, out, name=name):
            for k, part in enumerate(out if isinstance(out, tuple) else [out]):
                inside[f"{name}_{k}"] = part.clone()
        module.register_forward_hook(hook)

tensors["y"] = made([1, 64], 5)
for id, shape, length, sigma, edits in [("c0", [1, 16, 6, 8], 7, 0.7, False), ("odd", [2, 16, 5, 7], 3, 0.3, False), ("edit", [1, 16, 4, 6], 5, 0.9, True)]:
    x = tensors[f"{id}/x"] = made(shape, 1)
    context = tensors[f"{id}/context"] = made([1, 9, T5], 2)
    states = made([1, LAYERS, length, WIDTH], 3)
    tensors[f"{id}/layers"], tensors[f"{id}/sigma"] = beside(states), torch.tensor([sigma])
    more = {"concat_latent_image": made(shape, 4)} if edits else {}
    tensors.update({f"{id}/image": model.model.process_latent_in(value) for value in more.values()})
    conds = model.model.extra_conds(cross_attn=context, pooled_output=tensors["y"], conditioning_llama3=states, noise=x, device=x.device, **more)
    conds = {k: v.process_cond(batch_size=shape[0], area=None).cond for k, v in conds.items()}
    t = torch.full([shape[0]], sigma)
    run = lambda: (x - model.model.apply_model(x.clone(), t, transformer_options={}, **conds)) / sigma
    outputs = {"v": keep(f"{id}/v", both(run))}
    if id == "c0":
        for name in list(inside):
            outputs[f"in_{name}"] = keep(f"{id}/in_{name}", both(lambda: (run(), inside[name])[1]))
    inputs = {"x": f"{id}/x", "sigma": f"{id}/sigma", "context": f"{id}/context", "layers": f"{id}/layers", "y": "y", **({"image": f"{id}/image"} if edits else {})}
    cases.append({"id": id, "params": {}, "inputs": inputs, "outputs": outputs})

# a whole picture: KSampler, 4 steps of euler, 80 x 64
latent = torch.zeros([1, 16, 8, 10])
encoded = [clip.encode_from_tokens_scheduled(clip.tokenize(text)) for text in (PROMPTS[0], PROMPTS[2])]
picture = lambda: comfy.sample.sample(model, comfy.sample.prepare_noise(latent, 7), 4, 5.0, "euler", "simple", *encoded, latent, seed=7)
cases.append({"id": "picture", "params": {"positive": PROMPTS[0], "negative": PROMPTS[2], "seed": 7, "steps": 4, "cfg": 5.0, "width": 80, "height": 64}, "inputs": {}, "outputs": {"samples": keep("picture/samples", both(picture))}})

texts = json.load(gzip.open(os.path.join(here, "..", "text", "vocabularies.json.gz")))["cases"]
tokenize = hunyuan.LLAMA3Tokenizer().tokenizer
ids = [{"id": case["id"], "params": case["params"], "inputs": {}, "outputs": {}, "scalars": {"llama3": tokenize(case["params"]["prompt"])["input_ids"][1:]}} for case in texts]
write(os.path.join(here, "..", "text"), "llama3", ids, {"none": torch.zeros(1)})
write(here, "hidream", cases, tensors, measured, weights={"llama": llama_weights, "dit": dit_weights})
