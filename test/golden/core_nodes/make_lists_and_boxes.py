# Makes lists_and_boxes.json.gz and .safetensors.gz: lists of images (tiles, duplicates, grids, random crops and orders) and crops by boxes and masks, by the originals of ComfyUI
# 0.33.0, with Pillow 11 or 12 (13 resizes in another order). python make_lists_and_boxes.py COMFYUI_0.33.0
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here)]
from originals import Finder, load
Finder.names = (*(name for name in Finder.names if name != "av"), "kornia")
load(sys.argv[1])
import numpy, torch, torchvision.transforms
from PIL import Image
# torchvision's two conversions, for float images
torchvision.transforms.ToPILImage = lambda: lambda x: Image.fromarray(x.mul(255).byte().permute(1, 2, 0).numpy())
torchvision.transforms.ToTensor = lambda: lambda x: torch.from_numpy(numpy.array(x)).permute(2, 0, 1).float().div(255)
from comfy_extras import nodes_dataset, nodes_images, nodes_rtdetr, nodes_sdpose
from seeded import noise, write

made = lambda shape, seed, scale=1.0, around=0.5: torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, scale)).reshape(shape) + around
tensors, cases = {}, []
def case(id, out=None, **params):
    if out is not None:
        tensors[id] = out.float().contiguous()
    cases.append({"id": id, "params": params, "inputs": {}, "outputs": {} if out is None else {"out": id}})

for size, tile, overlap in (((150, 201), (64, 90), 16), ((70, 64), (64, 64), 0), ((100, 90), (120, 64), 60), ((64, 100), (70, 65), 4096)):
    image = made([2, size[0], size[1], 1], 1)
    coords = nodes_images.SplitImageToTileList.get_grid_coords(size[1], size[0], tile[1], tile[0], overlap)
    tiles = nodes_images.SplitImageToTileList.execute(image, tile[1], tile[0], overlap).result[0]
    for i, t in enumerate(tiles): t *= 1 + i / 10
    merged = nodes_images.ImageMergeTileList.execute([t.clone() for t in tiles[: -1 if len(tiles) > 3 else None]], [size[1]], [size[0]], [overlap]).result[0]
    case(f"tiles {size} {tile} {overlap}", merged[:, ::3, ::3], node="tiles", size=size, tile=tile, overlap=overlap, coords=coords)

images = [made([1 + i % 2, 20 + i, 30 - i, 3], 30 + i % 3, 0.6) for i in range(5)]
SHAPES = [list(image.shape) for image in images]
case("ImageGrid", nodes_dataset.ImageGridNode.execute(images, columns=[3], cell_width=[32], cell_height=[40], padding=[3]).result[0][:, ::2], node="ImageGrid", shapes=SHAPES)
case("ImageGrid RGBA", nodes_dataset.ImageGridNode.execute([made([2, 40, 17, 4], 5)], columns=[1], cell_width=[32], cell_height=[33], padding=[0]).result[0][:, ::2], node="ImageGrid RGBA")
for threshold in (0.95, 0.6, 0.5, 1.0):
    # each image again, slightly brighter
    kept = nodes_dataset.ImageDeduplicationNode.execute(images + [i * 1.02 for i in images], similarity_threshold=[threshold]).result[0]
    flat = [f for i in images + [i * 1.02 for i in images] for f in i.split(1)]
    at = [next(j for j, f in enumerate(flat) if f.shape == k.shape and torch.equal(f, k)) for k in kept]
    case(f"ImageDeduplication {threshold}", node="ImageDeduplication", threshold=threshold, kept=at, shapes=SHAPES)
for seed in (0, 7, 2**32 - 1, 2**32 + 5, 2**64 - 1):
    order = nodes_dataset.ShuffleDatasetNode.execute([torch.full([11, 1, 1, 3], 0.0) + torch.arange(11).reshape(11, 1, 1, 1)], seed=[seed]).result[0]
    case(f"ShuffleDataset {seed}", node="ShuffleDataset", seed=str(seed), order=[int(o[0, 0, 0, 0]) for o in order])
    for width, height in ((5, 4), (40, 3), (4, 40)):
        case(f"RandomCropImages {seed} {width} {height}", nodes_dataset.RandomCropImagesNode.execute(made([2, 9, 12, 3], 6), width=width, height=height, seed=seed).result[0], node="RandomCropImages", seed=str(seed), options={"width": width, "height": height})

BOXES = {
    "one": {"x": 5, "y": 3, "width": 12, "height": 9},
    "for each": [[{"x": 1.9, "y": -4.5, "width": 10.3, "height": 12.2}, {"x": 20, "y": 8, "width": 4, "height": 6}], [{"x": 30, "y": 20, "width": 100, "height": 3}]],
    "for all": [[{"x": 0, "y": 0, "width": 3, "height": 25}]],
    "outside": [[{"x": 90, "y": 3, "width": 12, "height": 9}], []],
}
for name, boxes in BOXES.items():
    for padding, aspect in ((0, "stretch"), (4, "pad")):
        out = nodes_sdpose.CropByBBoxes.execute(made([2, 26, 40, 3], 8), boxes, 64, 72, padding, aspect).result[0]
        case(f"CropByBBoxes {name} {padding} {aspect}", out[:, ::4, ::4], node="CropByBBoxes", boxes=boxes, options={"output_width": 64, "output_height": 72, "padding": padding, "keep_aspect": aspect})

DRAWN = {
    **BOXES,
    "list": [{"x": 2, "y": 2, "width": 4, "height": 5, "score": 0.4, "label": "thing"}, {"x": 4, "y": 3, "width": 20, "height": 2, "score": 0.2}, {"x": 8, "y": 9, "width": 0, "height": 1}],
    "none": [],
}
for name, boxes in DRAWN.items():
    case(f"DrawBBoxes {name}", nodes_rtdetr.DrawBBoxes.execute(boxes, made([2, 26, 40, 3], 8)).result[0], node="DrawBBoxes", boxes=boxes)
case("DrawBBoxes without an image", nodes_rtdetr.DrawBBoxes.execute(DRAWN["list"]).result[0], node="DrawBBoxes", boxes=DRAWN["list"], bare=True)
case("DrawBBoxes RGBA", nodes_rtdetr.DrawBBoxes.execute(BOXES["one"], made([1, 20, 20, 4], 9)).result[0], node="DrawBBoxes RGBA", boxes=BOXES["one"])

def disk(h, w, y, x, r, inside=1.0, outside=0.0):
    ys, xs = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
    return torch.where((ys - y) ** 2 + (xs - x) ** 2 <= r * r, inside, outside).float()
MASKS = {"disk": [40, 50, 18, 27, 9, 1.0, 0.0], "inverted": [40, 50, 20, 25, 12, 0.0, 1.0], "edge": [40, 50, 38, 3, 8, 1.0, 0.02], "empty": [40, 50, 0, 0, 0, 0.4, 0.3], "dark": [40, 50, 18, 27, 9, 0.1, 0.0], "small": [20, 25, 9, 12, 4, 0.9, 0.0]}
for (name, mask), (width, height), pad, grow, colour in ((m, *o) for m in MASKS.items() for o in (((64, 64), 1.0, 0, "#000000"), ((64, 88), 1.3, 3, "#ff8800"), ((80, 64), 1.1, -2, "#f80"))):
    out = nodes_images.ImageCropToMask.execute(made([1, 40, 50, 3], 12, 1.2), disk(*mask).unsqueeze(0), width, height, pad, grow, colour).result[0]
    case(f"ImageCropToMask {name} {width}x{height}", out[:, ::3, ::3], node="ImageCropToMask", mask=mask, shape=[1, 40, 50, 3], options={"width": width, "height": height, "pad_factor": pad, "grow_mask": grow, "background": colour})
out = nodes_images.ImageCropToMask.execute(made([2, 120, 90, 4], 13, 1.2), disk(120, 90, 70, 30, 25).unsqueeze(0), 64, 64, 1.2, 1, "#123456").result[0]
case("ImageCropToMask large", out[:, ::3, ::3], node="ImageCropToMask", mask=[120, 90, 70, 30, 25, 1.0, 0.0], shape=[2, 120, 90, 4], options={"width": 64, "height": 64, "pad_factor": 1.2, "grow_mask": 1, "background": "#123456"})
write(here, "lists_and_boxes", cases, tensors)
