# Makes nested.json.gz and nested.safetensors.gz: nodes of ComfyUI 0.33.0 with inputs that grow or follow from a choice, by the originals: ResizeImageMaskNode with every rule and filter,
# batches of different sizes, ColorTransfer, and what SaveImageAdvanced writes. pip install torch kornia av opencv-python-headless; python make_nested.py COMFYUI_0.33.0
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here)]
from originals import Finder, load
Finder.names = tuple(name for name in Finder.names if name != "av")
load(sys.argv[1])
import cv2, numpy, torch
from comfy_extras import nodes_images, nodes_post_processing as nodes
from seeded import noise, write

made = lambda shape, seed, scale=1.0, around=0.5: torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, scale)).reshape(shape) + around
tensors, cases, measured = {}, [], {}
def case(node, run, **params):
    id = f"{node} {len(cases)}"
    try:
        tensors[id] = run().contiguous().clone()
        outputs = {"out": id}
    except Exception as error:
        outputs, params = {}, {**params, "error": type(error).__name__}
    cases.append({"id": id, "params": {"node": node, **params}, "inputs": {}, "outputs": outputs})

IMAGE, MASK, SQUARE = [2, 9, 13, 3], [2, 9, 13], [1, 8, 8, 3]
RULES = [
    *({"resize_type": "scale dimensions", "width": w, "height": h, "crop": c} for w, h in ((7, 5), (0, 6), (20, 0), (0, 0), (5, 20)) for c in ("disabled", "center")),
    *({"resize_type": "scale by multiplier", "multiplier": m} for m in (0.5, 1.7, 0.01)), *({"resize_type": "scale longer dimension", "longer_size": s} for s in (6, 31, 0)),
    *({"resize_type": "scale shorter dimension", "shorter_size": s} for s in (6, 31)), {"resize_type": "scale width", "width": 6}, {"resize_type": "scale height", "height": 21}, {"resize_type": "scale width", "width": 0},
    {"resize_type": "scale total pixels", "megapixels": 0.01}, *({"resize_type": "scale to multiple", "multiple": m} for m in (1, 2, 4, 5, 16)), *({"resize_type": "match size", "crop": c} for c in ("disabled", "center")),
]
for rule in RULES:
    many = rule["resize_type"] in ("scale dimensions", "scale by multiplier", "scale to multiple")
    for shape in (IMAGE, MASK, SQUARE):
        for method in (("nearest-exact", "bilinear", "area", "bicubic", "lanczos") if many and shape != SQUARE else ("area",)):
            if rule["resize_type"] == "scale total pixels" and shape != MASK:
                continue
            given = {**rule, "match": made([1, 6, 11], 9)} if rule["resize_type"] == "match size" else rule
            case("ResizeImageMaskNode", lambda: nodes.ResizeImageMaskNode.execute(made(shape, 1), method, given).result[0], shape=shape, method=method, rule=rule)

SHAPES = {"BatchImagesNode": ([[1, 6, 8, 3]], [[1, 6, 8, 3], [2, 9, 5, 3]], [[1, 6, 8, 3], [1, 6, 8, 4], [1, 4, 4, 3]], [[2, 5, 5, 4], [1, 5, 5, 3]], [[1, 6, 8, 1], [1, 6, 8, 3]]), "BatchMasksNode": ([[1, 6, 8]], [[1, 6, 8], [2, 9, 5], [1, 6, 8]]),
          "BatchLatentsNode": ([[1, 4, 6, 8], [2, 4, 9, 5]], [[2, 4, 6, 8], [1, 4, 6, 8]], [[1, 4, 6, 8], [1, 16, 6, 8]])}
for node, lists in SHAPES.items():
    for shapes in lists:
        items = [made(shape, 20 + i) for i, shape in enumerate(shapes)]
        if node == "BatchLatentsNode":
            given = {f"latent{i}": {"samples": item, **({"batch_index": [7] * item.shape[0]} if i == 1 else {})} for i, item in enumerate(items)}
            def run():
                out = nodes.BatchLatentsNode.execute(given).result[0]
                indices.append(out["batch_index"])
                return out["samples"]
            indices = []
            case(node, run, shapes=shapes)
            cases[-1]["params"]["batch_index"] = indices[-1] if indices else None
        else:
            case(node, lambda: getattr(nodes, node).execute({f"item{i}": item for i, item in enumerate(items)}).result[0], shapes=shapes)

TARGET, ONE, TWO = made([3, 7, 9, 3], 31, 0.9), made([1, 5, 6, 3], 32, 0.6, 0.4), made([2, 5, 6, 3], 33, 0.7, 0.6)
flat = torch.full([1, 4, 4, 3], 0.25)
for method in ("reinhard_lab", "mkl_lab", "histogram"):
    for stats in ({"source_stats": "per_frame"}, {"source_stats": "uniform"}, {"source_stats": "target_frame", "target_index": 1}, {"source_stats": "target_frame", "target_index": 9}):
        for name, ref in (("one", ONE), ("two", TWO)):
            for strength in (1.0, 0.4, 1.5, 0.0):
                def run(turn=lambda x: x):
                    return turn(nodes.ColorTransfer.execute(turn(TARGET), turn(ref), method, stats, strength).result[0])
                case("ColorTransfer", run, method=method, stats=stats, ref=name, strength=strength)
                id = cases[-1]["id"]  # sums in another order: the pixels reversed
                measured[id] = [float((tensors[id] - run(lambda x: x.flip(1, 2))).abs().max()), float(tensors[id].abs().max())]
    if method == "histogram":  # of one colour, the others divide by the rounding errors of its mean
        case("ColorTransfer", lambda: nodes.ColorTransfer.execute(flat, ONE, method, {"source_stats": "per_frame"}, 1.0).result[0], method=method, stats={"source_stats": "per_frame"}, ref="one", strength=1.0, flat=True)

for channels in (1, 3, 4, 2):
    image = made([5, 6, channels], 40 + channels, 1.4)
    for depth in ("8-bit", "16-bit"):
        case("SaveImageAdvanced", lambda: torch.from_numpy((lambda a: a if a.ndim == 2 else a[..., [2, 1, 0, 3][:a.shape[-1]]])(cv2.imdecode(numpy.frombuffer(nodes_images._encode_image(image, "png", depth, "sRGB"), numpy.uint8), cv2.IMREAD_UNCHANGED)).astype(numpy.int32)), channels=channels, format={"format": "png", "bit_depth": depth, "input_color_space": "sRGB"})
    for space in ("sRGB", "HDR", "linear"):
        case("SaveImageAdvanced", lambda: torch.frombuffer(bytearray(nodes_images.inject_exr_metadata(nodes_images._encode_image(image, "exr", "32-bit float", space), None, None, space)), dtype=torch.uint8), channels=channels, format={"format": "exr", "bit_depth": "32-bit float", "input_color_space": space})
write(here, "nested", cases, tensors, measured)
