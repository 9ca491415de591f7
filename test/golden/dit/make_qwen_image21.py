# Makes qwen_image21.json.gz and .safetensors.gz: Qwen-Image 2.1 with small random weights, in float32 on the CPU: its text encoder with pictures, predictions,
# its autoencoder, its node and whole pictures. python make_qwen_image21.py COMFYUI_FOLDER
# The folder is ComfyUI 0.33.0 with the parts of 0.37.4 that know this model: comfy/ldm/qwen_image21, comfy/text_encoders/qwen_image21.py, PoseBranchCache
# (comfy/ldm/wan/model_animate2.py), comfy/ldm/wan/vae2_2.py, and its places in comfy/{sd,model_base,model_detection,supported_models,latent_formats}.py and
# comfy_extras/nodes_qwen.py. Sizes that ComfyUI writes as constants are those of TE, VISION and DIT.
import math, os, sys
import torch

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import comfyui

# the attention of GPUs: that of CPUs adds masks of truth values as numbers
comfyui.start(sys.argv[1], "--use-pytorch-cross-attention")
import comfy.model_detection, comfy.sample, comfy.samplers, comfy.sd
import comfy.text_encoders.qwen3vl as qwen3vl
import nodes
from comfy.ldm.wan.model_animate2 import PoseBranchCache
from comfy_extras.nodes_qwen import TextEncodeQwenImage21
from seeded import both, fill, made, seeded, write

torch.set_num_threads(1)
torch.set_grad_enabled(False)
VOCABULARY, WIDTH = 151936, 32

# the text encoder
TE = {"hidden_size": WIDTH, "intermediate_size": 48, "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "rope_dims": [4, 2, 2]}
VISION = {"hidden_size": 48, "intermediate_size": 56, "depth": 4, "deepstack_visual_indexes": [0, 1, 3], "num_heads": 2, "num_position_embeddings": 16}


class Small(qwen3vl.Qwen3VL_8BConfig):
    def __init__(self, **options):
        super().__init__(**options)
        self.__dict__.update(TE)


qwen3vl.QWEN3VL_CONFIGS["qwen3vl_8b"] = Small
qwen3vl.QWEN3VL_VISION_COMMON.update(VISION)
qwen3vl.QWEN3VL_VISION["qwen3vl_8b"] = VISION
heads, inner = 16, 48
shapes = {"model.language_model.embed_tokens.weight": (VOCABULARY, WIDTH), "model.language_model.norm.weight": (WIDTH,)}
for i in range(TE["num_hidden_layers"]):
    at = f"model.language_model.layers.{i}"
    shapes |= {f"{at}.{name}.weight": (WIDTH,) for name in ("input_layernorm", "post_attention_layernorm")}
    shapes |= {f"{at}.self_attn.{n}_proj.weight": (count * 16, WIDTH) for n, count in (("q", 4), ("k", 2), ("v", 2))}
    shapes |= {f"{at}.self_attn.{n}_norm.weight": (16,) for n in ("q", "k")}
    shapes |= {f"{at}.self_attn.o_proj.weight": (WIDTH, 64), f"{at}.mlp.down_proj.weight": (WIDTH, 48)}
    shapes |= {f"{at}.mlp.{n}_proj.weight": (48, WIDTH) for n in ("gate", "up")}
tower = qwen3vl.Qwen3VLVisionModel({**qwen3vl.QWEN3VL_VISION_COMMON, **VISION, "out_hidden_size": WIDTH}, ops=torch.nn)
shapes |= {f"model.visual.{name}": tuple(t.shape) for name, t in tower.state_dict().items()}
te_weights, te = seeded(shapes, gain=0.8)
clip = comfy.sd.load_text_encoder_state_dicts([dict(te)], clip_type=comfy.sd.CLIPType.QWEN_IMAGE)

# the transformer
DIT = {"axes_dims_rope": (4, 6, 6)}
C, DEPTH, RATIO, BLOCKS = 64, 16, 3, 3
shapes = {"img_in.weight": (C, 64), "txt_in.text_norm.weight": (WIDTH,), "txt_in.in_layer.weight": (C, WIDTH), "txt_in.out_layer.weight": (C, C), "modulation.1.weight": (4 * C, C), "norm_out.linear.weight": (C, C), "proj_out.weight": (64, C)}
shapes |= {"time_text_embed.timestep_embedder.linear_1.weight": (C, 256), "time_text_embed.timestep_embedder.linear_2.weight": (C, C)}
for i in range(BLOCKS):
    at = f"transformer_blocks.{i}"
    shapes |= {f"{at}.attn.to_{n}.weight": (C, C) for n in ("q", "k", "v", "out.0")}
    shapes |= {f"{at}.attn.norm_{n}.weight": (DEPTH,) for n in ("q", "k")}
    shapes |= {f"{at}.img_mlp.gate_up.weight": (2 * RATIO * C, C), f"{at}.img_mlp.out.weight": (C, RATIO * C)}
dit_weights, dit = seeded(shapes, gain=1.4, first=1001)
for one in dit_weights:  # stored as the difference to 1
    if one["name"] == "txt_in.text_norm.weight":
        one["around"] = 0.0
        dit[one["name"]] = dit[one["name"]] - 1
split = {}
for name, value in dit.items():
    if "gate_up" in name:
        gate, up = value.chunk(2)
        split |= {name.replace("gate_up", "gate_layer"): gate, name.replace("gate_up", "proj"): up}
    else:
        split[name] = value
detect = comfy.model_detection.detect_unet_config


def detected(*args, **named):
    found = detect(*args, **named)
    return {**found, **DIT} if found["image_model"] == "qwen_image21" else found


comfy.model_detection.detect_unet_config = detected
load = lambda sd: comfy.sd.load_diffusion_model_state_dict(dict(sd), model_options={"dtype": torch.float32})
model, apart = load(dit), load(split)

# the autoencoder
import comfy.ldm.wan.vae2_2 as wan

autoencoder = wan.WanVAE(dim=4, dec_dim=8, z_dim=64, dim_mult=[1, 2, 4, 8, 8], num_res_blocks=2, temperal_downsample=[False, True, True, True], image_channels=4, patch_size=1, temporal_kernel=1)
vae_weights, tensors_of_vae = seeded({name: tuple(t.shape) for name, t in autoencoder.state_dict().items()}, gain=0.8, first=2001)
for one in vae_weights:
    if one["name"].endswith("gamma"):
        one["around"] = 1.0
        tensors_of_vae[one["name"]] = tensors_of_vae[one["name"]] + 1
vae = comfy.sd.VAE(sd=dict(tensors_of_vae), dtype=torch.float32)

cases, tensors, measured, inputs = [], {}, {}, {}


def keep(name, run):
    result, moved = both(torch.inference_mode()(run))
    tensors[name], measured[name] = result.float().clone(), [moved, float(result.double().abs().max())]
    print(name, tuple(result.shape), "deviation", float(result.double().std()), measured[name])
    return name


def given(name, shape, seed, scale=3.0, around=0.0):
    """An input, which tests make by themselves."""
    inputs[name] = {"shape": shape, "seed": seed, "scale": scale, "around": around}
    tensors[name] = made(shape, seed, scale, around)
    return name


def image(name, height, width, seed, channels=3):
    return given(name, [1, height, width, channels], seed, 1.0, 0.5)


def case(id, params, inputs, outputs):
    cases.append({"id": id, "params": params, "inputs": inputs, "outputs": outputs})


PROMPTS = ["a photo of a red fox in the snow, golden hour", " ", "(masterpiece:1.2), it's 12345 Straße\n\n  café 🦊 <|im_end|>"]
image("wide", 32, 64, 1)
image("tall", 70, 41, 2)
image("clear", 40, 36, 3, 4)


def encode(text, images=(), **options):
    seen = [tensors[name][..., :3] for name in images]
    return clip.encode_from_tokens(clip.tokenize(text, images=seen, **options), return_dict=True)


for i, (text, images, keeps) in enumerate([*((one, [], False) for one in PROMPTS), (PROMPTS[0], ["wide"], False), (PROMPTS[0], ["wide"], True), (PROMPTS[2], ["tall", "wide"], False), (PROMPTS[2], ["tall", "wide", "clear"], True)]):
    result = encode(text, images, keep_vision=keeps)
    params = {"text": text, "images": images, "keepsImages": keeps, "slots": result.get("image_slots"), "masked": "attention_mask" in result}
    case(f"te_{i}", params, {}, {"cond": keep(f"te_{i}/cond", lambda: encode(text, images, keep_vision=keeps)["cond"])})

# predictions
for name, shape, seed, scale in [("x", [1, 64, 4, 6], 11, 3.0), ("x2", [2, 64, 3, 5], 12, 3.0), ("context", [1, 9, WIDTH], 13, 3.0), ("context2", [2, 7, WIDTH], 14, 3.0), ("reference", [1, 64, 3, 2], 15, 6.0), ("reference2", [1, 64, 4, 5], 16, 6.0)]:
    given(name, shape, seed, scale)
sigmas = {"x": [0.7], "x2": [0.9, 0.2]}


def predict(which, x, context, references, **more):
    latents = {"reference_latents": [tensors[name] for name in references]} if references else {}
    x, sigma = tensors[x], torch.tensor(sigmas[x])
    options = more.pop("options", {})
    conds = which.model.extra_conds(cross_attn=tensors[context], noise=x, device=x.device, **latents, **more)
    conds = {k: v.process_cond(batch_size=x.shape[0]).cond for k, v in conds.items()}
    shaped = sigma.view(-1, 1, 1, 1)
    return (x - which.model.apply_model(x.clone(), sigma, transformer_options=dict(options), **conds)) / shaped


for id, which, x, context, references, slots in [
    ("plain", model, "x", "context", [], None),
    ("apart", apart, "x", "context", [], None),
    ("batch", model, "x2", "context2", [], None),
    ("reference", model, "x", "context", ["reference"], [4]),
    ("references", model, "x", "context", ["reference", "reference2"], [0, 6]),
    ("same_slot", model, "x2", "context2", ["reference2", "reference"], [3, 3]),
    ("behind", model, "x", "context", ["reference"], None),
    ("too_few_slots", model, "x", "context", ["reference", "reference2"], [2]),
]:
    more = {"image_slots": slots} if slots is not None else {}
    params = {"x": x, "sigmas": sigmas[x], "context": context, "references": references, "slots": slots, "apart": which is apart}
    case(f"v_{id}", params, {}, {"v": keep(f"v_{id}/v", lambda: predict(which, x, context, references, **more))})

# the cache of keys and values
def stored():
    model.model.current_patcher = model
    result = predict(model, "x", "context", ["reference"], image_slots=[4], options={"qwen_image21_cache": {"device": "cpu", "dtype": "int8"}})
    model.model.current_patcher = None
    return result


case("v_int8", {"x": "x", "sigmas": sigmas["x"], "context": "context", "references": ["reference"], "slots": [4], "apart": False, "cache": "int8"}, {}, {"v": keep("v_int8/v", stored)})
given("keys", [2, 5, 3 * 128], 31, 6.0)
for dtype in ("int8", "int4"):
    cache = PoseBranchCache(dtype=dtype)
    cache.select(torch.zeros(1))
    cache.put(0, tensors["keys"].reshape(2, 5, 3, 128))
    case(f"cache_{dtype}", {"dtype": dtype, "heads": 3}, {}, {"keys": keep(f"cache_{dtype}/keys", lambda: cache.take(0, torch.device("cpu"), torch.float32, 2).reshape(2, 5, -1))})

# the autoencoder
for name in ("wide", "tall", "clear"):
    latent = keep(f"vae_{name}/latent", lambda: vae.encode(tensors[name]))
    case(f"vae_{name}", {"given": name}, {}, {"latent": latent, "image": keep(f"vae_{name}/image", lambda: vae.decode(tensors[latent]))})
given("latents", [2, 64, 2, 5], 21, 4.0)
scale = comfy.utils.tiled_scale
comfy.utils.tiled_scale = lambda *args, out_channels=4, **named: scale(*args, out_channels=out_channels, **named)  # 3 by default, with which ComfyUI fails
case("vae_two", {}, {}, {"image": keep("vae_two/image", lambda: vae.decode(tensors["latents"]))})
image("large", 96, 112, 4)
case("vae_tiled", {}, {}, {
    "latent": keep("vae_tiled/latent", lambda: vae.encode_tiled(tensors["large"], tile_x=64, tile_y=64, overlap=16)),
    "image": keep("vae_tiled/image", lambda: vae.decode_tiled(tensors["latents"], tile_x=4, tile_y=4, overlap=1)),
})

# the node
def node(images, resolution, with_vae=True, negative=""):
    named = {f"image_{i + 1}": tensors[name] for i, name in enumerate(images)}
    return TextEncodeQwenImage21.execute(clip, PROMPTS[0], negative, vae=vae if with_vae else None, resolution=resolution, images=named).args


for id, images, resolution, with_vae in [("text", [], 96, True), ("one", ["wide"], 64, True), ("two", ["tall", "clear"], 64, True), ("own_size", ["tall", "wide"], 0, True), ("seen", ["clear"], 64, False)]:
    run = lambda: node(images, resolution, with_vae)
    (positive, negative, latent) = run()
    references = positive[0][1].get("reference_latents", [])
    outputs = {"positive": keep(f"node_{id}/positive", lambda: run()[0][0][0]), "negative": keep(f"node_{id}/negative", lambda: run()[1][0][0])}
    outputs |= {f"reference{i}": keep(f"node_{id}/reference{i}", lambda: run()[0][0][1]["reference_latents"][i]) for i in range(len(references))}
    params = {"text": PROMPTS[0], "images": images, "resolution": resolution, "vae": with_vae, "slots": [one[0][1].get("image_slots") for one in (positive, negative)], "latent": list(latent["samples"].shape)}
    case(f"node_{id}", params, {}, outputs)


# whole pictures: KSampler (euler, simple), VAEDecode
def picture(images, resolution, seed, steps, cfg, size=None):
    positive, negative, latent = node(images, resolution, negative="blurry")
    if size:  # EmptyLatentImage
        latent = {"samples": torch.zeros([1, 4, size[1] // 8, size[0] // 8]), "downscale_ratio_spacial": 8}
    return nodes.common_ksampler(model, seed, steps, cfg, "euler", "simple", positive, negative, latent)[0]["samples"]


for id, images, resolution, seed, steps, cfg, size in [("text", [], 1024, 7, 4, 1.0, [96, 64]), ("guided", [], 1024, 8, 3, 3.0, [64, 64]), ("edit", ["wide", "clear"], 64, 9, 3, 2.5, None), ("edit_sized", ["tall"], 64, 10, 2, 1.0, [64, 96])]:
    run = lambda: picture(images, resolution, seed, steps, cfg, size)
    samples = keep(f"picture_{id}/samples", run)
    case(f"picture_{id}", {"text": PROMPTS[0], "negative": "blurry", "images": images, "resolution": resolution, "seed": seed, "steps": steps, "cfg": cfg, "size": size}, {}, {"samples": samples, **({"image": keep(f"picture_{id}/image", lambda: vae.decode(tensors[samples]))} if id == "edit" else {})})

tensors = {name: value for name, value in tensors.items() if name not in inputs}
write(here, "qwen_image21", cases, tensors, measured, inputs=inputs, weights={"te": te_weights, "dit": dit_weights, "vae": vae_weights})
