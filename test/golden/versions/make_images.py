# Makes images_<release>.json.gz and .safetensors.gz: nodes whose handling of batches, alpha and sizes changed. See releases.py.
import itertools, math, types
from unittest import mock
from releases import FOLDERS, NEW, OLD, here, outcome, take
import numpy as np
import torch
from PIL import Image
from seeded import noise, write

io = types.SimpleNamespace(NodeOutput=lambda *a, **k: a, ComfyNode=object)

def comfy(v):
    names = ["bislerp", "lanczos", "common_upscale", "repeat_to_batch_size"]
    env = take(v, "comfy/utils.py", dict(torch=torch, math=math, np=np, Image=Image, itertools=itertools), *names)
    return types.SimpleNamespace(utils=types.SimpleNamespace(**{n: env[n] for n in names}), model_management=mock.MagicMock())

def env_of(v):
    fix = take(v, "node_helpers.py", dict(torch=torch), "image_alpha_fix")["image_alpha_fix"]
    return dict(torch=torch, math=math, comfy=comfy(v), io=io, IO=io, node_helpers=types.SimpleNamespace(image_alpha_fix=fix))

def node(v, path, cls, old, *helpers):
    """A node's function; `old` is its name in 0.3.64."""
    name = old if v == OLD else "execute"
    return take(v, path, env_of(v), *helpers, f"{cls}.{name}")[f"{cls}_{name}"]

NODES = {
    "JoinImageWithAlpha": lambda v, image, alpha: node(v, "comfy_extras/nodes_compositing.py", "JoinImageWithAlpha", "join_image_with_alpha", "resize_mask")(None, image, alpha),
    "ImageBatch": lambda v, image1, image2: take(v, "nodes.py", env_of(v), "ImageBatch.batch")["ImageBatch_batch"](None, image1, image2),
    "ImageCompositeMasked": lambda v, destination, source: node(v, "comfy_extras/nodes_mask.py", "ImageCompositeMasked", "composite", "composite")(None, destination, source, 0, 0, False),
    "ImageBlend": lambda v, image1, image2: take(v, "comfy_extras/nodes_post_processing.py", env_of(v), "Blend")["Blend"].execute(image1, image2, 0.25, "normal"),
    "ImageScale": lambda v, image: take(v, "nodes.py", env_of(v), "ImageScale.upscale")["ImageScale_upscale"](None, image, "lanczos", 6, 8, "disabled"),
}
MORE = {"ImageCompositeMasked": dict(x=0, y=0, resize_source=False), "ImageBlend": dict(blend_factor=0.25, blend_mode="normal"),
    "ImageScale": dict(upscale_method="lanczos", width=6, height=8, crop="disabled")}

def total_pixels(v):
    """The size that ImageScaleToTotalPixels scales to."""
    got = []
    env = env_of(v)
    env["comfy"].utils.common_upscale = lambda s, width, height, *a: (got.append([width, height]), s)[1]
    c = take(v, "comfy_extras/nodes_post_processing.py", env, "ImageScaleToTotalPixels")["ImageScaleToTotalPixels"]
    def size(width, height, megapixels):
        c.execute(torch.zeros(1, height, width, 3), "area", megapixels, *([1] if v == NEW else []))
        return got.pop()
    return size

seeds = itertools.count(1)
def rnd(*shape):
    return torch.from_numpy(noise(math.prod(shape), next(seeds), 1.0)).reshape(shape) + 0.5
images1, images2, images3 = rnd(1, 3, 2, 3), rnd(2, 3, 2, 3), rnd(3, 3, 2, 4)
masks1, masks2, masks3 = rnd(1, 3, 2), rnd(2, 5, 4), rnd(3, 3, 2)
rgb, rgba, larger, gray = rnd(1, 3, 2, 3), rnd(1, 3, 2, 4), rnd(2, 5, 3, 4), rnd(1, 3, 2, 1)
CALLS = [
    *(("JoinImageWithAlpha", dict(image=i, alpha=m)) for i, m in [(images2, masks3), (images1, masks3), (images2, masks1), (images3, masks2), (images2, masks2)]),
    *(("ImageBatch", dict(image1=a, image2=b)) for a, b in [(rgba, rgb), (rgb, rgba), (rgb, larger), (larger, rgb), (gray, rgb), (rgb, images1)]),
    *((type, dict(zip(names, pair))) for type, names in [("ImageCompositeMasked", ("destination", "source")), ("ImageBlend", ("image1", "image2"))] for pair in [(rgba, rgb), (rgb, rgba)]),
    ("ImageScale", dict(image=gray)),
]
SIZES = [(415, 16, 0.01), (513, 333, 0.01), (618, 512, 0.01), (100, 100, 0.01), (513, 333, 1.23)]
for v in FOLDERS:
    cases, tensors = [], {}
    for i, (type_, inputs) in enumerate(CALLS):
        id = f"{i} {type_}"
        named = {k: f"{id}/{k}" for k in inputs}
        tensors |= {f"{id}/{k}": t.clone() for k, t in inputs.items()}
        result = outcome(lambda: NODES[type_](v, **inputs)[0])
        case = {"id": id, "params": {"node": type_, **MORE.get(type_, {})}, "inputs": named, "outputs": {}}
        if isinstance(result, dict):
            case["note"] = result["error"]
        else:
            tensors[f"{id}/out"] = result
            case["outputs"]["out"] = f"{id}/out"
        cases.append(case)
        print(v, id, case.get("note") or list(result.shape))
    size = total_pixels(v)
    for w, h, mp in SIZES:
        cases.append({"id": f"{w}x{h} at {mp}", "params": {"node": "ImageScaleToTotalPixels", "width": w, "height": h, "megapixels": mp}, "inputs": {}, "outputs": {}, "scalars": {"size": size(w, h, mp)}})
        print(v, cases[-1]["id"], cases[-1]["scalars"])
    write(here, f"images_{v}", cases, tensors)
