# Makes graphs.json.gz and graphs.safetensors.gz: graphs with hooks, run by ComfyUI's own nodes.
# python make.py COMFYUI_FOLDER FIXTURES_FOLDER (torch on the CPU)
from graphs import *

FOX, SKY, BAD = "a photo of a red fox in the snow, golden hour", "night sky with stars", "blurry, low quality"

def regions(id, family, one, two, area="default", **sampling):
    """Two regional prompts with a hook each."""
    g, model, encode = start(family)
    fox, bad = encode(FOX), encode(BAD)
    left = g.add("PairConditioningSetProperties", positive_NEW=fox, negative_NEW=bad, strength=1.0, set_cond_area=area, mask=half(g, True), hooks=one(g))
    both = g.add("PairConditioningSetPropertiesAndCombine", positive=left(0), negative=left(1), positive_NEW=encode(SKY), negative_NEW=bad, strength=0.8, set_cond_area=area, mask=half(g, False), hooks=two(g))
    sample(g, model, both(0), both(1), **sampling)
    case(id, g)

first = lambda g: lora_hook(g, strength=0.9)
second = lambda g: lora_hook(g, "low.safetensors", -0.8)
regions("two regions", "sd1", first, second)
regions("two regions, one of full rank", "sd1", first, lambda g: lora_hook(g, "full.safetensors", 0.7))
regions("two regions in mask bounds", "sd1", first, second, "mask bounds")
regions("two regions, SDXL", "sdxl", lambda g: lora_hook(g, "tiny_lora_sdxl.safetensors", 1.2), lambda g: lora_hook(g, "tiny_lora_sdxl.safetensors", -0.7), steps=3, sampler="dpmpp_2m", scheduler="karras")
regions("two regions, a stack of hooks", "sd1", first, lambda g: g.add("CombineHooks4", hooks_B=second(g), hooks_D=lora_hook(g, "full.safetensors", 0.4))())
regions("two regions, a checkpoint as LoRA", "sd1", lambda g: g.add("CreateHookModelAsLora", ckpt_name="other.safetensors", strength_model=0.6, strength_clip=1.0)(), second)

def keyframes(id, hooks, sampler="euler", steps=6, **more):
    g, model, encode = start(**more)
    pair = props(g, encode(FOX), encode(BAD), hooks=hooks(g))
    sample(g, model, pair(0), pair(1), steps=steps, sampler=sampler)
    case(id, g)

keyframes("keyframes from 0 to 1", lambda g: keyframed(g, first(g)))
keyframes("keyframes, as many as steps", lambda g: keyframed(g, second(g), "ease_in_out", 0.1, 1.3, 6))
keyframes("keyframes with heun", lambda g: keyframed(g, second(g), "ease_in", 1.2, 0.0, 5), "heun")
keyframes("keyframes of full rank", lambda g: keyframed(g, lora_hook(g, "full.safetensors", 0.8), "ease_out", 0.0, 1.0, 3))
keyframes("keyframes of a checkpoint as LoRA", lambda g: keyframed(g, g.add("CreateHookModelAsLoraModelOnly", ckpt_name="other.safetensors", strength_model=1.0)(), count=3))

def chosen(g, hooks, frames):
    kf = {}
    for strength, percent in frames:
        kf = {"prev_hook_kf": g.add("CreateHookKeyframe", strength_mult=strength, start_percent=percent, **kf)()}
    return g.add("SetHookKeyframes", hooks=hooks, hook_kf=kf["prev_hook_kf"])()

keyframes("keyframes that last a step each", lambda g: chosen(g, second(g), [(1.0, 0.0), (-1.0, 0.2), (0.5, 0.21), (1.5, 0.22), (0.2, 0.8)]))
keyframes("keyframes of the same start, and later ones", lambda g: chosen(g, second(g), [(1.0, 0.5), (0.3, 0.5), (0.0, 0.5)]))
keyframes("keyframes over a LoRA of the model", lambda g: keyframed(g, first(g), count=3), lora="low.safetensors")

g, model, encode = start()
fox, sky, bad = encode(FOX), encode(SKY), encode(BAD)
pair = props(g, fox, bad, hooks=keyframed(g, second(g), count=3))
g.add("KSamplerAdvanced", id="out", model=model, positive=pair(0), negative=pair(1), latent_image=latent(g), add_noise="enable", noise_seed=3, steps=8, cfg=4.0, sampler_name="dpmpp_2m", scheduler="karras", start_at_step=2, end_at_step=6, return_with_leftover_noise="enable")
case("KSamplerAdvanced", g)

def custom(id, guider):
    g, model, encode = start()
    name, inputs = guider(g, model, encode)
    guide = g.add(name, **inputs)()
    g.add("SamplerCustomAdvanced", id="out", noise=g.add("RandomNoise", noise_seed=5)(), guider=guide, sampler=g.add("KSamplerSelect", sampler_name="dpmpp_2s_ancestral")(), sigmas=g.add("BasicScheduler", model=model, scheduler="simple", steps=5, denoise=1.0)(), latent_image=latent(g))
    case(id, g)

single = lambda g, cond, hooks: g.add("ConditioningSetProperties", cond_NEW=cond, strength=1.0, set_cond_area="default", hooks=hooks)()
custom("SamplerCustomAdvanced, CFGGuider", lambda g, model, encode: ("CFGGuider", {"model": model, "positive": single(g, encode(FOX), keyframed(g, first(g))), "negative": encode(BAD), "cfg": 3.5}))
custom("SamplerCustomAdvanced, BasicGuider", lambda g, model, encode: ("BasicGuider", {"model": model, "conditioning": single(g, encode(FOX), second(g))}))
custom("SamplerCustomAdvanced, DualCFGGuider", lambda g, model, encode: ("DualCFGGuider", {"model": model, "cond1": single(g, encode(FOX), first(g)), "cond2": single(g, encode(SKY), second(g)), "negative": encode(BAD), "cfg_conds": 3.0, "cfg_cond2_negative": 2.0, "style": "regular"}))

def default(id, hooks, both=True, **cond):
    g, model, encode = start()
    fox, sky, bad = encode(FOX), encode(SKY), encode(BAD)
    mask = half(g, True)
    if both:
        pair = g.add("PairConditioningSetProperties", positive_NEW=fox, negative_NEW=bad, strength=0.6, set_cond_area="default", mask=mask, hooks=first(g))
        ends = g.add("PairConditioningSetDefaultCombine", positive=pair(0), negative=pair(1), positive_DEFAULT=sky, negative_DEFAULT=bad, **hooks(g))
        sample(g, model, ends(0), ends(1))
    else:
        one = g.add("ConditioningSetArea", conditioning=fox, width=64, height=64, x=0, y=16, strength=0.9)()
        one = g.add("ConditioningSetDefaultCombine", cond=one, cond_DEFAULT=sky, **hooks(g))()
        sample(g, model, one, bad)
    case(id, g)

default("default", lambda g: {})
default("default with hooks", lambda g: {"hooks": second(g)})
default("default around an area", lambda g: {"hooks": second(g)}, both=False)

g, model, encode = start("sdxl")
image = g.add("MaskToImage", mask=half(g, True))()
net = g.add("ControlNetLoader", control_net_name="tiny_controlnet_sdxl.safetensors")()
hook = lora_hook(g, "tiny_lora_sdxl.safetensors", 1.3)
pair = props(g, encode(FOX), encode(BAD), hooks=keyframed(g, hook, count=3), mask=half(g, False))
controlled = g.add("ControlNetApplyAdvanced", positive=pair(0), negative=pair(1), control_net=net, image=image, strength=0.9, start_percent=0.0, end_percent=0.7)
ends = g.add("PairConditioningSetDefaultCombine", positive=controlled(0), negative=controlled(1), positive_DEFAULT=encode(SKY), negative_DEFAULT=encode(BAD))
sample(g, model, ends(0), ends(1), steps=4)
case("ControlNet", g)

def clip_case(id, options, hooks, lora=None, **more):
    g, model, encode = start(lora=lora, clip_hooks={"hooks": hooks, **options})
    positive, negative = encode(FOX), encode(BAD)
    if more:
        pair = props(g, positive, negative, hooks=more["added"](g))
        positive, negative = pair(0), pair(1)
    sample(g, model, positive, negative)
    case(id, g)

plain = {"apply_to_conds": True, "schedule_clip": False}
clip_case("model and CLIP", plain, first)
clip_case("CLIP alone", {**plain, "apply_to_conds": False}, first)
clip_case("model and CLIP, keyframes without a schedule", plain, lambda g: keyframed(g, first(g), count=3))
clip_case("model and CLIP, scheduled", {**plain, "schedule_clip": True}, lambda g: keyframed(g, first(g), count=4))
clip_case("CLIP scheduled from the middle", {**plain, "schedule_clip": True}, lambda g: g.add("CombineHooks2", hooks_A=keyframed(g, first(g), first=0.4, last=0.9, count=3, start=0.2), hooks_B=lora_hook(g, "low.safetensors", 0.5, 0.7))())
clip_case("CLIP over a LoRA, and more hooks on the conditionings", plain, first, lora="low.safetensors", added=second)
clip_case("CLIP by a checkpoint", plain, lambda g: g.add("CreateHookModelAsLora", ckpt_name="other.safetensors", strength_model=0.4, strength_clip=0.8)())

g, model, encode = start()
pair = props(g, encode(FOX), encode(BAD), hooks=keyframed(g, first(g), count=3))
patched = g.add("PerturbedAttentionGuidance", model=model, scale=2.0)()
sample(g, patched, pair(0), pair(1), steps=4)
case("perturbed attention", g)

g, model, encode = start(size=(160, 128))
pair = props(g, encode(FOX), encode(BAD), hooks=keyframed(g, second(g), count=3))
patched = g.add("SelfAttentionGuidance", model=model, scale=0.6, blur_sigma=2.0)()
sample(g, patched, pair(0), pair(1), steps=4)
case("self-attention guidance", g)

g, model, encode = start()
hooked = single(g, encode(FOX), first(g))
patched = g.add("FreeU_V2", model=model, b1=1.3, b2=1.4, s1=0.9, s2=0.2)()
sample(g, patched, hooked, encode(BAD), steps=4, cfg=1.0)
case("FreeU, without a negative side", g)

g, model, encode = start()
hooks = second(g)
ranges = g.add("ConditioningTimestepsRange", start_percent=0.4, end_percent=1.0)
bad = encode(BAD)
pair = g.add("PairConditioningSetProperties", positive_NEW=encode(FOX), negative_NEW=bad, strength=1.0, set_cond_area="default", hooks=hooks, timesteps=ranges(1))
ends = g.add("PairConditioningSetPropertiesAndCombine", positive=pair(0), negative=pair(1), positive_NEW=encode(SKY), negative_NEW=bad, strength=1.0, set_cond_area="default", hooks=first(g), timesteps=ranges(0))
sample(g, model, ends(0), ends(1))
case("one hook after the other", g)

write(here, "graphs", cases, tensors, measured)
