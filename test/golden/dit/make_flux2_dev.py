# Makes flux2_dev.json.gz and .safetensors.gz: FLUX.2 dev with small random weights, by ComfyUI 0.33.0 in float32 on the CPU: the tokens and features of its
# text encoder (Mistral Small 3, the file with 30 layers), predictions, and a whole picture's latent. python make_flux2_dev.py COMFYUI_FOLDER
# Packages that only other models need are stubs; sizes that ComfyUI writes as constants are those of SIZES.
import base64, json, os, sys
from collections import Counter
import torch

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import comfyui

comfyui.start(sys.argv[1])
import comfy.model_detection, comfy.sampler_helpers, comfy.samplers, comfy.sample, comfy.sd
import comfy.text_encoders.flux as flux
import comfy.text_encoders.llama as llama
from comfy.text_encoders.bpe_tokenizer import _split_llama
from seeded import noise, seeded, write

torch.set_num_threads(1)
torch.set_grad_enabled(False)

PROMPTS = [
    "a photo of a red fox in the snow, golden hour",
    "",
    "(masterpiece:1.2), [INST]it's[/INST] 12345 Straße\n\n  café 🦊   aaaaaaa <unk>",
]

# the vocabulary: bytes, then the strings of bytes that are most frequent in some texts
SPECIAL = {0: "<unk>", 1: "<s>", 2: "</s>", 3: "[INST]", 4: "[/INST]", 11: "<pad>", 17: "[SYSTEM_PROMPT]", 18: "[/SYSTEM_PROMPT]"}
SPECIALS, WORDS, BEYOND = 20, 500, 8
counts = Counter()
for text in [*PROMPTS, flux.Flux2Tokenizer.__init__.__doc__ or "", "You are an AI that reasons about image descriptions. You give structured responses focusing on object relationships, object\nattribution and actions without speculation."]:
    for piece in _split_llama(text):
        data = piece.encode()
        counts.update(data[i:j] for i in range(len(data)) for j in range(i + 2, min(i + 7, len(data) + 1)))
words = sorted(counts, key=lambda w: (len(w), -counts[w], w))
words = [bytes([b]) for b in range(256)] + words[:WORDS + BEYOND]
tekken = json.dumps({
    "config": {"default_vocab_size": SPECIALS + 256 + WORDS, "default_num_special_tokens": SPECIALS, "version": "v7"},
    "vocab": [{"rank": rank, "token_bytes": base64.b64encode(word).decode()} for rank, word in enumerate(words)],
    "special_tokens": [{"rank": rank, "token_str": text, "is_control": True} for rank, text in SPECIAL.items()],
}).encode()
tekken = torch.frombuffer(bytearray(tekken), dtype=torch.uint8)

# the text encoder
WIDTH, INNER, LAYERS, HEADS, KV, DEPTH = 48, 64, 30, 4, 2, 16
shapes = {"model.embed_tokens.weight": (SPECIALS + 256 + WORDS, WIDTH)}
for i in range(LAYERS):
    at = f"model.layers.{i}"
    shapes |= {f"{at}.{name}.weight": (WIDTH,) for name in ("input_layernorm", "post_attention_layernorm")}
    shapes |= {f"{at}.self_attn.{n}_proj.weight": (rows * DEPTH, WIDTH) for n, rows in (("q", HEADS), ("k", KV), ("v", KV))}
    shapes |= {f"{at}.self_attn.o_proj.weight": (WIDTH, HEADS * DEPTH), f"{at}.mlp.down_proj.weight": (WIDTH, INNER)}
    shapes |= {f"{at}.mlp.{n}_proj.weight": (INNER, WIDTH) for n in ("gate", "up")}
te_weights, te = seeded(shapes, gain=0.7)


class Mistral(llama.Mistral3Small24BConfig):
    def __init__(self, **options):
        super().__init__(**options)
        self.vocab_size, self.hidden_size, self.intermediate_size = SPECIALS + 256 + WORDS, WIDTH, INNER
        self.num_attention_heads, self.num_key_value_heads, self.head_dim = HEADS, KV, DEPTH


llama.Mistral3Small24BConfig = Mistral
comfy.sd.detect_te_model = lambda sd: comfy.sd.TEModel.MISTRAL3_24B_PRUNED_FLUX2
clip = comfy.sd.load_text_encoder_state_dicts([{**te, "tekken_model": tekken}], clip_type=comfy.sd.CLIPType.FLUX2)

# the transformer
SIZES = {"axes_dim": [4, 4, 4, 4], "num_heads": 4}
C, CONTEXT = 64, 3 * WIDTH
shapes = {"img_in.weight": (C, 128), "txt_in.weight": (C, CONTEXT), "single_stream_modulation.lin.weight": (3 * C, C), "final_layer.linear.weight": (128, C), "final_layer.adaLN_modulation.1.weight": (2 * C, C)}
for name in ("time", "guidance"):
    shapes |= {f"{name}_in.in_layer.weight": (C, 256), f"{name}_in.out_layer.weight": (C, C)}
for stream in ("img", "txt"):
    at = f"double_blocks.0.{stream}"
    shapes |= {f"double_stream_modulation_{stream}.lin.weight": (6 * C, C), f"{at}_attn.qkv.weight": (3 * C, C), f"{at}_attn.proj.weight": (C, C), f"{at}_mlp.0.weight": (6 * C, C), f"{at}_mlp.2.weight": (C, 3 * C)}
    shapes |= {f"{at}_attn.norm.{n}_norm.weight": (16,) for n in ("query", "key")}
shapes |= {"single_blocks.0.linear1.weight": (9 * C, C), "single_blocks.0.linear2.weight": (C, 4 * C)}
shapes |= {f"single_blocks.0.norm.{n}_norm.weight": (16,) for n in ("query", "key")}
dit_weights, dit = seeded(shapes, gain=0.8, first=1001)
detect = comfy.model_detection.detect_unet_config
comfy.model_detection.detect_unet_config = lambda *args, **named: {**detect(*args, **named), **SIZES}
model = comfy.sd.load_diffusion_model_state_dict(dict(dit), model_options={"dtype": torch.float32})

cases, tensors, measured = [], {"tekken": tekken}, {}


def both(run):
    """A result, and how far another order of sums moves it."""
    first = run()
    with torch.backends.mkldnn.flags(enabled=False):
        second = run()
    return first, float((first.double() - second.double()).abs().max())


def keep(name, result):
    tensors[name], measured[name] = result[0].float(), [result[1], float(result[0].double().abs().max())]
    print(name, tuple(result[0].shape), "deviation", float(result[0].double().std()), measured[name])
    return name


def made(name, shape, seed, scale=3.0):
    tensors[name] = torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, scale)).reshape(shape)
    return name


for i, prompt in enumerate(PROMPTS):
    tokens = clip.tokenize(prompt)
    tensors[f"te_{i}/ids"] = torch.tensor([t[0] for t in tokens["mistral3_24b"][0]], dtype=torch.int32)
    encode = lambda: clip.encode_from_tokens(clip.tokenize(prompt), return_dict=True)
    cond = keep(f"te_{i}/cond", both(lambda: encode()["cond"]))
    tensors[f"te_{i}/attention_mask"] = encode()["attention_mask"].float()
    cases.append({"id": f"te_{i}", "params": {"text": prompt}, "inputs": {}, "outputs": {"ids": f"te_{i}/ids", "cond": cond, "attention_mask": f"te_{i}/attention_mask"}})

made("x", [1, 128, 5, 7], 1)
made("context", [1, 9, CONTEXT], 2)
made("reference", [1, 128, 4, 3], 3)
tensors["sigma"] = torch.tensor([0.7])
for id, params in {"default": {}, "guidance": {"guidance": 4.0}, "none": {"guidance": None}, "reference": {"guidance": 4.0, "method": "index"}, "time_zero": {"guidance": 4.0, "method": "index_timestep_zero"}}.items():
    more = {"reference_latents": [tensors["reference"]], "reference_latents_method": params["method"]} if "method" in params else {}
    if "guidance" in params:
        more["guidance"] = params["guidance"]
    x, sigma = tensors["x"], tensors["sigma"]
    conds = model.model.extra_conds(cross_attn=tensors["context"], noise=x, device=x.device, **more)
    conds = {k: v.process_cond(batch_size=1).cond for k, v in conds.items()}
    run = lambda: (x - model.model.apply_model(x.clone(), sigma, transformer_options={}, **conds)) / sigma
    inputs = {"x": "x", "sigma": "sigma", "context": "context", **({"reference": "reference"} if "method" in params else {})}
    cases.append({"id": id, "params": params, "inputs": inputs, "outputs": {"v": keep(f"{id}/v", both(run))}})

# a whole picture: FluxGuidance 4, BasicGuider, Flux2Scheduler (4 steps, 96 x 64), euler
from comfy_extras.nodes_flux import get_schedule

positive = clip.encode_from_tokens_scheduled(clip.tokenize(PROMPTS[0]), add_dict={"guidance": 4.0})
latent = torch.zeros([1, 128, 4, 6])


def picture():
    guider = comfy.samplers.CFGGuider(model)
    guider.inner_set_conds({"positive": positive})
    return guider.sample(comfy.sample.prepare_noise(latent, 7), latent, comfy.samplers.sampler_object("euler"), get_schedule(4, 96 * 64 // 256), seed=7)


samples = keep("picture/samples", both(picture))
cases.append({"id": "picture", "params": {"text": PROMPTS[0], "guidance": 4.0, "seed": 7, "steps": 4, "width": 96, "height": 64}, "inputs": {}, "outputs": {"samples": samples}})
write(here, "flux2_dev", cases, tensors, measured, weights={"te": te_weights, "dit": dit_weights})
