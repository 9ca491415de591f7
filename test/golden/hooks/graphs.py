# The fixture models in ComfyUI (0.3.64), more LoRAs and a checkpoint from seeds, and graphs of nodes.
import gzip, json, os, sys, tempfile
folder, fixtures, *packs = sys.argv[1:]
here = os.path.dirname(os.path.abspath(__file__))
golden = os.path.dirname(here)
sys.path[:0] = [golden, os.path.join(golden, "core_nodes")]
from originals import load
run = load(folder)
sys.argv = ["x", "--cpu", "--fp32-text-enc"]
import comfy.cli_args
comfy.cli_args.args.fp32_text_enc = True
import torch
torch.set_num_threads(1)
from safetensors.torch import load as read, save_file
import folder_paths
from seeded import noise, seeded, write

# the sizes of the fixtures in place of those that ComfyUI hard-codes
import comfy.sd1_clip, comfy.sdxl_clip, comfy.supported_models
sizes = json.load(open(os.path.join(fixtures, "fixture.json")))
for kind, name in [(comfy.supported_models.SD15, "unet_sd1"), (comfy.supported_models.SDXL, "unet_base")]:
    kind.unet_config = {k: sizes[name].get(k, v) for k, v in kind.unet_config.items()}
CLIP = comfy.sd1_clip.SDClipModel
original = CLIP.__init__
def init(self, *args, textmodel_json_config=None, **kwargs):
    name = "clip_l_sd1" if isinstance(self, comfy.sd1_clip.SD1CheckpointClipModel) else "clip_g" if isinstance(self, comfy.sdxl_clip.SDXLClipG) else "clip_l"
    path = textmodel_json_config or os.path.join(folder, "comfy", "sd1_clip_config.json")
    original(self, *args, textmodel_json_config={**json.load(open(path)), **sizes[name]}, **kwargs)
CLIP.__init__ = init
import comfy.sd
vae = comfy.sd.VAE.__init__
comfy.sd.VAE.__init__ = lambda self, sd=None, **more: vae(self, sd=sd, config={"params": {"embed_dim": 4, "ddconfig": sizes["vae"]}})

models = tempfile.mkdtemp()
FIXTURES = {"checkpoints": ["tiny_sd1", "tiny_sdxl_base"], "loras": ["tiny_lora_sd1", "tiny_lora_sdxl"], "controlnet": ["tiny_controlnet_sdxl"]}
for kind, names in FIXTURES.items():
    os.makedirs(os.path.join(models, kind))
    folder_paths.folder_names_and_paths[kind] = ([os.path.join(models, kind)], {".safetensors"})
    for name in names:
        with open(os.path.join(models, kind, name + ".safetensors"), "wb") as f:
            f.write(gzip.open(os.path.join(fixtures, name + ".safetensors.gz")).read())

# LoRAs from seeds: of low rank, and of full rank (LoHa)
LAYERS = ["input_blocks_1_1_transformer_blocks_0_attn2_to_k", "input_blocks_1_1_proj_in", "middle_block_1_transformer_blocks_0_attn1_to_q", "output_blocks_6_1_transformer_blocks_0_ff_net_2", "output_blocks_6_0_in_layers_2", "input_blocks_5_1_transformer_blocks_0_attn1_to_v"]
sd1 = read(gzip.open(os.path.join(fixtures, "tiny_sd1.safetensors.gz")).read())
by_name = {k[len("model.diffusion_model."):-len(".weight")].replace(".", "_"): tuple(v.shape) for k, v in sd1.items() if k.startswith("model.diffusion_model.") and k.endswith(".weight")}
low, full = {}, {}
for name in LAYERS:
    shape = by_name[name]
    rows, columns = shape[0], int(torch.tensor(shape[1:]).prod())
    low[f"lora_unet_{name}.lora_up.weight"] = (rows, 3) + (1, 1) * (len(shape) == 4)
    low[f"lora_unet_{name}.lora_down.weight"] = (3, *shape[1:])
    for part in "12":
        full[f"lora_unet_{name}.hada_w{part}_a"] = (rows, 2)
        full[f"lora_unet_{name}.hada_w{part}_b"] = (2, columns)
te = "lora_te_text_model_encoder_layers_0_"
low.update({te + "mlp_fc1.lora_up.weight": (512, 2), te + "mlp_fc1.lora_down.weight": (2, 128)})
files = {}
for name, shapes, gain, first in [("low.safetensors", low, 0.6, 1), ("full.safetensors", full, 0.7, 101)]:
    files[name], tensors = seeded(shapes, gain=gain, first=first)
    save_file(tensors, os.path.join(models, "loras", name))
# another checkpoint: noise is added to each tensor, with a seed for each in the order of names
OTHER = 0.03
save_file({k: sd1[k] + torch.from_numpy(noise(sd1[k].numel(), i + 1, OTHER)).reshape(sd1[k].shape) for i, k in enumerate(sorted(sd1))}, os.path.join(models, "checkpoints", "other.safetensors"))

LOADERS = ["CheckpointLoaderSimple", "ControlNetLoader", "CreateHookModelAsLora", "CreateHookModelAsLoraModelOnly"]
loaded = {}
MODULES = ["nodes", *(f"comfy_extras.nodes_{n}" for n in ["hooks", "mask", "custom_sampler", "pag", "sag", "freelunch", "cond", "perpneg"])]

def call(type, inputs):
    for module in MODULES:
        try:
            return run(module, type, inputs)
        except KeyError as error:
            if error.args != (type,):
                raise
    raise KeyError(type)

def results(graph):
    done = {}
    def of(id):
        if id not in done:
            inputs = {k: of(v[0])[v[1]] if isinstance(v, list) and len(v) == 2 and isinstance(v[0], str) else v for k, v in graph[id]["inputs"].items()}
            type = graph[id]["class_type"]
            key = (type, json.dumps(inputs)) if type in LOADERS else None
            done[id] = loaded[key] if key in loaded else call(type, inputs)
            if key:
                loaded[key] = done[id]
        return done[id]
    return of("out")

class Graph(dict):
    def add(self, type, id=None, **inputs):
        id = id or str(len(self) + 1)
        self[id] = {"class_type": type, "inputs": inputs}
        return lambda output=0: [id, output]

tensors, measured = {}, {}
cases = [{"id": "files", "params": {"files": files, "other": OTHER}, "inputs": {}, "outputs": {}}]

def case(id, graph):
    def samples(mkldnn):
        with torch.backends.mkldnn.flags(enabled=mkldnn):
            out = results(graph)[0]
        return (out["samples"] if isinstance(out, dict) else out).clone()
    one, two = samples(True), samples(False)
    measured[id] = [(one - two).abs().max().item()]
    tensors[id] = one
    print(id, one.shape, one.std().item(), measured[id][0], flush=True)
    cases.append({"id": id, "params": {"graph": dict(graph)}, "inputs": {}, "outputs": {"samples": id}})

def start(family="sd1", size=(64, 96), lora=None, clip_hooks=None):
    """A graph with a checkpoint; returns it, the model and a function that encodes prompts."""
    g = Graph()
    loaded = g.add("CheckpointLoaderSimple", ckpt_name={"sd1": "tiny_sd1.safetensors", "sdxl": "tiny_sdxl_base.safetensors"}[family])
    model, clip = loaded(0), loaded(1)
    if lora is not None:
        both = g.add("LoraLoader", model=model, clip=clip, lora_name=lora, strength_model=0.5, strength_clip=0.5)
        model, clip = both(0), both(1)
    if clip_hooks is not None:
        clip = g.add("SetClipHooks", clip=clip, **{**clip_hooks, "hooks": clip_hooks["hooks"](g)})()
    g.size = size
    encode = lambda text: g.add("CLIPTextEncode", text=text, clip=clip)()
    return g, model, encode

def half(g, left):
    """A mask [H,W] that is 1 in the left or the right half."""
    w, h = g.size
    base = g.add("SolidMask", value=0.0, width=w, height=h)()
    part = g.add("SolidMask", value=1.0, width=w // 2, height=h)()
    return g.add("MaskComposite", destination=base, source=part, x=0 if left else w // 2, y=0, operation="add")()

def latent(g):
    w, h = g.size
    return g.add("EmptyLatentImage", width=w, height=h, batch_size=1)()

def sample(g, model, positive, negative, steps=6, sampler="euler", scheduler="normal", cfg=4.0, seed=7, denoise=1.0):
    g.add("KSampler", id="out", model=model, positive=positive, negative=negative, latent_image=latent(g), seed=seed, steps=steps, cfg=cfg, sampler_name=sampler, scheduler=scheduler, denoise=denoise)

def lora_hook(g, name="tiny_lora_sd1.safetensors", strength=1.0, clip=1.0, **more):
    return g.add("CreateHookLora", lora_name=name, strength_model=strength, strength_clip=clip, **more)()

def keyframed(g, hooks, interpolation="linear", start=0.0, end=1.0, count=4, first=0.0, last=1.0, **more):
    kf = g.add("CreateHookKeyframesInterpolated", strength_start=start, strength_end=end, interpolation=interpolation, start_percent=first, end_percent=last, keyframes_count=count, print_keyframes=False, **more)()
    return g.add("SetHookKeyframes", hooks=hooks, hook_kf=kf)()

def props(g, positive, negative, **more):
    return g.add("PairConditioningSetProperties", positive_NEW=positive, negative_NEW=negative, strength=1.0, set_cond_area="default", **more)
