# Makes boxes.json.gz and boxes.safetensors.gz: ComfyUI's GLIGEN (comfy/gligen.py) in the small SD1 UNet: tokens of objects, predictions, and runs in which the negative
# prompt gets the objects of the positive one. python make.py COMFYUI_FOLDER FIXTURES_FOLDER (torch on the CPU)
import os, sys
folder, fixtures = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(here), "core_nodes"), os.path.dirname(here)]
from originals import Finder, load
Finder.names = tuple(name for name in Finder.names if name != "av")
load(folder)
import torch
import comfy.gligen, comfy.model_patcher, comfy.sample
from seeded import noise, seeded, write
from small_models import unet_patcher

KEY, FREQUENCIES = 768, 64
model = unet_patcher(fixtures)
made = lambda shape, seed, scale=2.0: torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, scale)).reshape(shape)
shapes = {"position_net.linears.0.weight": (512, KEY + FREQUENCIES), "position_net.linears.0.bias": (512,), "position_net.linears.2.weight": (512, 512), "position_net.linears.2.bias": (512,),
          "position_net.linears.4.weight": (KEY, 512), "position_net.linears.4.bias": (KEY,), "position_net.null_positive_feature": (KEY,), "position_net.null_position_feature": (FREQUENCIES,)}
for name, weight in model.model.diffusion_model.state_dict().items():
    if not name.endswith(".transformer_blocks.0.attn1.to_q.weight"):
        continue
    fuser, c = name.replace("attn1.to_q.weight", "fuser."), weight.shape[0]
    shapes |= {fuser + k: v for k, v in {
        "linear.weight": (c, KEY), "linear.bias": (c,), "attn.to_q.weight": (c, c), "attn.to_k.weight": (c, c), "attn.to_v.weight": (c, c), "attn.to_out.0.weight": (c, c), "attn.to_out.0.bias": (c,),
        "ff.net.0.proj.weight": (c * 8, c), "ff.net.0.proj.bias": (c * 8,), "ff.net.2.weight": (c, c * 4), "ff.net.2.bias": (c,),
        "norm1.weight": (c,), "norm1.bias": (c,), "norm2.weight": (c,), "norm2.bias": (c,), "alpha_attn": (), "alpha_dense": ()}.items()}
specs, weights = seeded(shapes)
loaded = comfy.gligen.load_gligen(weights)
gligen = comfy.model_patcher.ModelPatcher(loaded, torch.device("cpu"), torch.device("cpu"))

# features, then height, width, y, x in latent cells, as GLIGENTextBoxApply stores them
OBJECTS = [(made([1, KEY], 21), 4, 6, 1, 2), (made([1, KEY], 22), 8, 5, 0, 7), (made([1, KEY], 23), 3, 3, 5, 0)]
tensors, cases, measured = {}, [], {}

def case(id, params, out, other=None):
    tensors[id] = out.float().contiguous()
    cases.append({"id": id, "params": params, "inputs": {}, "outputs": {"out": id}})
    if other is not None:
        measured[id] = [(out - other).abs().max().item()]

def threads(run):
    """With one thread and with two, which sum in other orders."""
    torch.set_num_threads(1)
    one = run()
    torch.set_num_threads(2)
    return one, run()

position = {}
loaded._set_position = lambda boxes, masks, embeddings: position.update(out=loaded.position_net(boxes, masks, embeddings))
loaded.set_position((1, 4, 8, 12), OBJECTS, "cpu")
del loaded._set_position
case("tokens", {"kind": "tokens", "weights": specs, "size": [8, 12]}, position["out"][0, [0, 1, 2, 3, 29]])

x, context, sigma = made([2, 4, 8, 12], 1), made([2, 77, 128], 2), torch.tensor([3.0, 3.0])
def predict(count):
    options = {"patches": {"middle_patch": [loaded.set_position(x.shape, OBJECTS[:count], "cpu")]}}
    return lambda: model.model.apply_model(x, sigma, c_crossattn=context, transformer_options=options)
for count in (1, 3):
    case(f"prediction with {count}", {"kind": "prediction", "count": count, "sigma": 3.0}, *threads(predict(count)))

def entry(seed, **more):
    return [made([1, 77, 128], seed), more]
boxes = lambda *which: {"gligen": ("position", gligen, [OBJECTS[i] for i in which])}
RUNS = {
    "the negative prompt gets the objects": ([entry(3, **boxes(0, 2))], [entry(4)]),
    "an area without objects beside it": ([entry(3, **boxes(1)), entry(5, area=(6, 8, 2, 2), strength=0.8)], [entry(4)]),
    "objects in an area": ([entry(3), entry(5, area=(6, 8, 2, 4), strength=1.2, **boxes(0))], [entry(4)]),
    "two prompts with objects": ([entry(3, **boxes(0)), entry(5, **boxes(1))], [entry(4)]),
    "objects of the negative prompt": ([entry(3, **boxes(0))], [entry(4, **boxes(1))]),
}
for id, (positive, negative) in RUNS.items():
    run = lambda: comfy.sample.sample(model, made([1, 4, 8, 12], 9), 3, 4.0, "euler", "normal", positive, negative, torch.zeros([1, 4, 8, 12]), denoise=1.0, disable_pbar=True, seed=1)
    describe = lambda entries: [{"seed": seed_of(cond), **{k: v for k, v in more.items() if k != "gligen"}, "objects": [next(i for i, o in enumerate(OBJECTS) if o is p) for p in more["gligen"][2]] if "gligen" in more else []} for cond, more in entries]
    seed_of = lambda cond: next(s for s in (3, 4, 5) if torch.equal(cond, made([1, 77, 128], s)))
    case(id, {"kind": "run", "positive": describe(positive), "negative": describe(negative)}, *threads(run))
write(here, "boxes", cases, tensors, measured)
