# Makes longcat.json.gz and .safetensors.gz: LongCat-Image with small random weights, by ComfyUI 0.33.0 in float32 on the CPU: the tokens and features of its text encoder
# (Qwen2.5-VL of the fixtures), with a picture too, predictions, and a whole picture's latent. python make_longcat.py COMFYUI_FOLDER
# Packages that only other models need are stubs; sizes that ComfyUI writes as constants are those of the fixtures.
import gzip, os, sys
import torch

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import comfyui

comfyui.start(sys.argv[1])
import comfy.model_detection, comfy.sample, comfy.samplers, comfy.sd, comfy.supported_models
import comfy.text_encoders.llama as llama
import comfy.text_encoders.qwen_vl as qwen_vl
from safetensors.torch import load
from seeded import both, made, seeded, write

torch.set_num_threads(1)
torch.set_grad_enabled(False)

PROMPTS = [
    "a shop sign that says 'OPEN 24h' and \u201c\u5496\u5561\u201d, it's raining",
    "",
    'letters "a b" don\'t (count:1.2), \'unclosed',  # of several such words the original replaces one by another, in an order that changes from start to start
    "word " * 600,
    "<|im_start|>user\na plain message<|im_end|>",
]

# the text encoder
sizes = comfyui.SIZES["te"]


class Qwen(llama.Qwen25_7BVLI_Config):
    def __init__(self, **options):
        super().__init__(**options)
        self.__dict__.update(sizes["qwen25_7b"])


class Visual(qwen_vl.Qwen2VLVisionTransformer):
    def __init__(self, **options):
        super().__init__(**{**options, **sizes["qwen25_visual"]})


llama.Qwen25_7BVLI_Config, qwen_vl.Qwen2VLVisionTransformer = Qwen, Visual
comfy.sd.detect_te_model = lambda sd: comfy.sd.TEModel.QWEN25_7B
te = load(gzip.open(os.path.join(comfyui.FIXTURES, "tiny_qwen25_vl_7b.safetensors.gz")).read())
clip = comfy.sd.load_text_encoder_state_dicts([te], clip_type=comfy.sd.CLIPType.LONGCAT_IMAGE)

# the transformer
C, CONTEXT = 64, 64
shapes = {"img_in.weight": (C, 64), "img_in.bias": (C,), "txt_in.weight": (C, CONTEXT), "txt_in.bias": (C,), "final_layer.linear.weight": (64, C), "final_layer.linear.bias": (64,)}
linear = lambda name, out, width: {f"{name}.weight": (out, width), f"{name}.bias": (out,)}
shapes |= linear("final_layer.adaLN_modulation.1", 2 * C, C) | linear("time_in.in_layer", C, 256) | linear("time_in.out_layer", C, C)
for stream in ("img", "txt"):
    at = f"double_blocks.0.{stream}"
    shapes |= linear(f"{at}_mod.lin", 6 * C, C) | linear(f"{at}_attn.qkv", 3 * C, C) | linear(f"{at}_attn.proj", C, C) | linear(f"{at}_mlp.0", 4 * C, C) | linear(f"{at}_mlp.2", C, 4 * C)
    shapes |= {f"{at}_attn.norm.{n}_norm.weight": (16,) for n in ("query", "key")}
for i in range(2):
    at = f"single_blocks.{i}"
    shapes |= linear(f"{at}.modulation.lin", 3 * C, C) | linear(f"{at}.linear1", 7 * C, C) | linear(f"{at}.linear2", C, 5 * C)
    shapes |= {f"{at}.norm.{n}_norm.weight": (16,) for n in ("query", "key")}
weights, dit = seeded(shapes, gain=0.8, first=2001)
detect = comfy.model_detection.detect_unet_config
comfy.model_detection.detect_unet_config = lambda *args, **named: {**detect(*args, **named), **comfyui.SIZES["unet"]["flux_64"], "txt_ids_dims": [1, 2]}
comfy.supported_models.LongCatImage.unet_config["context_in_dim"] = CONTEXT
model = comfy.sd.load_diffusion_model_state_dict(dict(dit), model_options={"dtype": torch.float32})
assert type(model.model).__name__ == "LongCatImage", type(model.model)

cases, tensors, measured = [], {}, {}


def keep(name, result):
    tensors[name], measured[name] = result[0].float(), [result[1], float(result[0].double().abs().max())]
    print(name, tuple(result[0].shape), "deviation", float(result[0].double().std()), measured[name])
    return name


# of features every 16th row, and the last one
some = lambda cond: torch.cat([cond[:, ::16], cond[:, -1:]], dim=1)
picture = made([1, 56, 84, 3], 9, 1.0, 0.5)
tensors["picture"] = picture
for i, (prompt, images) in enumerate([*((prompt, []) for prompt in PROMPTS), ("make it 'BLUE'", [picture])]):
    tokens = clip.tokenize(prompt, images=images)
    ids = [t[0] if not isinstance(t[0], dict) else -1 for t in tokens["qwen25_7b"][0]]
    tensors[f"te_{i}/ids"] = torch.tensor(ids, dtype=torch.int32)
    encode = lambda: clip.encode_from_tokens(clip.tokenize(prompt, images=images), return_dict=True)
    out = encode()
    cond = keep(f"te_{i}/cond", both(lambda: some(encode()["cond"])))
    mask = out.get("attention_mask")
    cases.append({
        "id": f"te_{i}", "params": {"text": prompt, "hasPicture": len(images) > 0, "rows": out["cond"].shape[1], "seen": None if mask is None else int(mask.sum())},
        "inputs": {}, "outputs": {"ids": f"te_{i}/ids", "cond": cond},
    })

tensors |= {"x": made([2, 16, 7, 10], 1), "context": made([1, 9, CONTEXT], 2), "reference": made([1, 16, 6, 4], 3), "second": made([1, 16, 3, 8], 4), "sigma": torch.tensor([0.7, 0.4])}
for id, params in {"default": {}, "guidance": {"guidance": 4.0}, "reference": {"references": ["reference"]}, "index": {"references": ["reference", "second"], "method": "index"}, "uxo": {"references": ["reference"], "method": "uxo"}}.items():
    x, sigma = tensors["x"], tensors["sigma"]
    more = {"guidance": params["guidance"]} if "guidance" in params else {}
    if "references" in params:
        more |= {"reference_latents": [tensors[name] for name in params["references"]], "reference_latents_method": params.get("method")}
    conds = model.model.extra_conds(cross_attn=tensors["context"], noise=x, device=x.device, **more)
    conds = {k: v.process_cond(batch_size=2).cond for k, v in conds.items()}
    run = lambda: (x - model.model.apply_model(x.clone(), sigma, transformer_options={}, **conds)) / sigma.reshape(2, 1, 1, 1)
    cases.append({"id": id, "params": params, "inputs": {"x": "x", "sigma": "sigma", "context": "context"}, "outputs": {"v": keep(f"{id}/v", both(run))}})

# a whole picture: KSampler, 3 steps of euler with the scheduler simple, cfg 4, 48 x 32
sides = [clip.encode_from_tokens_scheduled(clip.tokenize(prompt)) for prompt in (PROMPTS[0], "blurry")]
latent = torch.zeros([1, 16, 4, 6])
sample = lambda: comfy.sample.sample(model, comfy.sample.prepare_noise(latent, 7), 3, 4.0, "euler", "simple", *sides, latent, seed=7)
cases.append({"id": "picture", "params": {"texts": [PROMPTS[0], "blurry"], "seed": 7, "steps": 3, "cfg": 4.0, "width": 48, "height": 32}, "inputs": {}, "outputs": {"samples": keep("picture/samples", both(sample))}})
write(here, "longcat", cases, tensors, measured, weights={"dit": weights})
