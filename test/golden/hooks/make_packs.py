# Makes packs.json.gz and packs.safetensors.gz: conditionings with hooks in samplers of the Impact Pack, SeargeSDXL (v4.3.2) and ComfyUI_Noise.
# python make_packs.py COMFYUI_FOLDER FIXTURES_FOLDER IMPACT_FOLDER SEARGE_FOLDER NOISE_FOLDER (torch on the CPU)
import importlib, importlib.util, inspect, os, sys, types
impact, searge, noise_pack = sys.argv[3:6]
from graphs import *
import graphs, originals

originals.Finder.names += ("segment_anything", "piexif", "impact.impact_server")
sys.path.append(os.path.join(impact, "modules"))
package = types.ModuleType("searge")
package.__path__ = [os.path.join(searge, "modules")]
sys.modules["searge"] = package
spec = importlib.util.spec_from_file_location("noise_pack", os.path.join(noise_pack, "nodes.py"))
unsampling = importlib.util.module_from_spec(spec)
spec.loader.exec_module(unsampling)
PACKS = [types.SimpleNamespace(**unsampling.NODE_CLASS_MAPPINGS), *(importlib.import_module(name) for name in ["searge._legacy", "impact.special_samplers", "impact.segs_nodes", "impact.pipe"])]
import nodes, server, comfy_extras.nodes_mask
server.PromptServer.instance = server.PromptServer()
nodes.NODE_CLASS_MAPPINGS.update(comfy_extras.nodes_mask.NODE_CLASS_MAPPINGS)
core = graphs.call

def call(type, inputs):
    for module in PACKS:
        if hasattr(module, type):
            node = getattr(module, type)
            function = getattr(node(), node.FUNCTION)
            hidden = {"unique_id": "1"} if "unique_id" in inspect.signature(function).parameters else {}
            return list(function(**inputs, **hidden))
    return core(type, inputs)
graphs.call = call

FOX, SKY, BAD = "a photo of a red fox in the snow, golden hour", "night sky with stars", "blurry, low quality"
first = lambda g: lora_hook(g, strength=0.9)
second = lambda g: lora_hook(g, "low.safetensors", -0.8)

def advanced(g, model, positive, negative, sampler):
    pipe = g.add("ToBasicPipe", model=model, clip=["1", 1], vae=["1", 2], positive=positive, negative=negative)()
    return g.add("KSamplerAdvancedProvider", cfg=4.0, sampler_name=sampler, scheduler="normal", sigma_factor=1.0, basic_pipe=pipe)()

def regional(id, sampler):
    """The base and the region have the same keyframes."""
    g, model, encode = start()
    bad, hooks = encode(BAD), keyframed(g, second(g), start=1.4, end=0.1, last=0.9)
    base = props(g, encode(FOX), bad, hooks=hooks)
    region = props(g, encode(SKY), bad, hooks=g.add("CombineHooks2", hooks_A=hooks, hooks_B=first(g))())
    prompts = g.add("RegionalPrompt", mask=half(g, True), advanced_sampler=advanced(g, model, region(0), region(1), sampler), variation_seed=0, variation_strength=0.0, variation_method="linear")()
    g.add("RegionalSamplerAdvanced", id="out", add_noise=True, noise_seed=3, steps=4, start_at_step=0, end_at_step=10000, overlap_factor=1, restore_latent=True, return_with_leftover_noise=False, latent_image=latent(g), base_sampler=advanced(g, model, base(0), base(1), sampler), regional_prompts=prompts, additional_mode="ratio between", additional_sampler="AUTO", additional_sigma_ratio=0.3)
    case(id, g)

regional("RegionalSamplerAdvanced", "euler")
regional("RegionalSamplerAdvanced, two evaluations in a step", "heun")

def picture(g):
    """A gradient of masks as an image [1,H,W,3]."""
    w, h = g.size
    return g.add("MaskToImage", mask=g.add("FeatherMask", mask=g.add("SolidMask", value=0.8, width=w, height=h)(), left=20, top=10, right=30, bottom=5)())()

g, model, encode = start()
pair = props(g, encode(FOX), encode(BAD), hooks=keyframed(g, first(g), count=3))
segs = g.add("MaskToSEGS", mask=half(g, True), combined=False, crop_factor=1.5, bbox_fill=False, drop_size=4, contour_fill=False)()
g.add("SEGSUpscaler", id="out", image=picture(g), segs=segs, model=model, clip=["1", 1], vae=["1", 2], rescale_factor=1.0, resampling_method="lanczos", supersample="false", rounding_modulus=8, seed=11, steps=3, cfg=4.0, sampler_name="dpmpp_2m", scheduler="karras", positive=pair(0), negative=pair(1), denoise=0.6, feather=0, inpaint_model=False, noise_mask_feather=0)
case("SEGSUpscaler", g)

def searge_inputs(g, model, encode):
    bad = encode(BAD)
    base = props(g, encode(FOX), bad, hooks=keyframed(g, first(g), count=3))
    refiner = props(g, encode(SKY), bad, hooks=second(g))
    return dict(base_model=model, base_positive=base(0), base_negative=base(1), refiner_model=model, refiner_positive=refiner(0), refiner_negative=refiner(1), noise_seed=9, steps=5, cfg=4.0, sampler_name="euler", scheduler="normal", base_ratio=0.6, noise_offset=1, refiner_strength=1.0)

g, model, encode = start()
g.add("SeargeSDXLSampler2", id="out", latent_image=latent(g), denoise=1.0, refiner_prep_steps=1, **searge_inputs(g, model, encode))
case("SeargeSDXLSampler2", g)
g, model, encode = start()
g.add("SeargeSDXLImage2ImageSampler", id="out", image=picture(g), vae=["1", 2], denoise=0.5, scaled_width=64, scaled_height=96, softness=0.0, **searge_inputs(g, model, encode))
case("SeargeSDXLImage2ImageSampler", g)

g, model, encode = start()
pair = props(g, encode(FOX), encode(BAD), hooks=keyframed(g, second(g), start=1.4, end=0.1))
inputs = dict(model=model, cfg=1.5, sampler_name="euler", scheduler="normal", positive=pair(0), negative=pair(1), steps=5)
start_latent = g.add("KSampler", latent_image=latent(g), seed=2, denoise=1.0, **inputs)()
g.add("BNK_Unsampler", id="out", end_at_step=1, normalize="disable", latent_image=start_latent, **inputs)
case("BNK_Unsampler", g)

write(here, "packs", cases, tensors, measured)
