# Makes images.json.gz and images.safetensors.gz: what ComfyUI's own nodes make of small pictures and masks (kornia 0.8.1, torch and PIL on the CPU).
# `measured`: how far the same node is from itself in double precision. python make_images.py COMFYUI_FOLDER
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here)]
from originals import load
run = load(sys.argv[1])
import torch
from seeded import noise, write

def picture(n, h, w, c, seed):
    values = torch.from_numpy(noise(n * h * w * c, seed, 1.0)).reshape(n, h, w, c) + 0.5
    return ((values * 255).round().clamp(0, 255) / 255).contiguous()

def mask(n, h, w, seed):
    return picture(n, h, w, 1, seed)[..., 0].contiguous()

tensors, cases, measured = {}, [], {}
FRESH = {"ImageBlur", "ImageSharpen"}

def case(module, type, **inputs):
    id = f"{len(cases)} {type}"
    given = {k: v for k, v in inputs.items() if torch.is_tensor(v)}
    lists = {k: v for k, v in inputs.items() if isinstance(v, list) and torch.is_tensor(v[0])}
    params = {"node": type, **{k: str(v) if k == "seed" else v for k, v in inputs.items() if k not in given and k not in lists}}
    try:
        results = run(module, type, inputs)
    except Exception as error:
        print(id, "raises", error)
        cases.append({"id": id, "params": params, "inputs": store(id, given, lists), "outputs": {}, "note": f"raises {error.__class__.__name__}"})
        return
    outputs = {}
    for i, result in enumerate(results):
        for j, one in enumerate(result if isinstance(result, list) else [result]):
            if torch.is_tensor(one):
                name = f"{id}/out{i}.{j}" if isinstance(result, list) else f"{id}/out{i}"
                tensors[name] = one.float().clone().contiguous()
                outputs[name.split("/")[1]] = name
                if type in FRESH:
                    exact = run(module, type, {k: v.double() if torch.is_tensor(v) else v for k, v in inputs.items()}) if type == "ImageSharpen" else None
                    if exact is not None:
                        measured[name] = [float((exact[i].float() - one).abs().max())]
    scalars = [r for r in results if isinstance(r, (int, float, str, bool))]
    cases.append({"id": id, "params": params, "inputs": store(id, given, lists), "outputs": outputs, **({"scalars": {"values": scalars}} if scalars else {})})

def store(id, given, lists):
    """Names of the inputs; equal ones are kept once."""
    named = {}
    for key, value in [*given.items(), *((f"{k}.{j}", v) for k, vs in lists.items() for j, v in enumerate(vs))]:
        known = next((n for n, t in inputs_kept.items() if t.shape == value.shape and torch.equal(t, value)), None)
        named[key] = known or f"in/{len(inputs_kept)}"
        inputs_kept[named[key]] = tensors[named[key]] = value.clone()
    return named

inputs_kept = {}
A, B, WIDE = picture(1, 9, 12, 3, 1), picture(2, 12, 9, 3, 2), picture(1, 8, 21, 3, 3)
RGBA, RGBA2 = picture(1, 9, 12, 4, 4), picture(2, 7, 10, 4, 5)

N, I, P, M, C, K = "nodes", "comfy_extras.nodes_images", "comfy_extras.nodes_post_processing", "comfy_extras.nodes_mask", "comfy_extras.nodes_compositing", "comfy_extras.nodes_morphology"

for color in (0, 0xFFFFFF, 0x1A7FC3):
    case(N, "EmptyImage", width=5, height=3, batch_size=2, color=color)
case(I, "GetImageSize", image=B)
case(N, "ImageBatch", image1=A, image2=A.flip(1).contiguous())
case(N, "ImageBatch", image1=A, image2=B)
case(N, "ImageBatch", image1=B, image2=WIDE)
case(N, "ImageBatch", image1=A, image2=RGBA)
case(I, "RepeatImageBatch", image=B, amount=3)
for index, length in ((0, 1), (1, 5), (9, 1)):
    case(I, "ImageFromBatch", image=B, batch_index=index, length=length)
case("comfy_extras.nodes_rebatch", "RebatchImages", images=[B, picture(3, 12, 9, 3, 6), picture(1, 12, 9, 3, 7)], batch_size=[4])
case("comfy_extras.nodes_rebatch", "RebatchImages", images=[A, B], batch_size=[1])
case("comfy_extras.nodes_rebatch", "RebatchImages", images=[A, B], batch_size=[2])
for seed, strength in ((0, 0.5), (12345678901234567890 % 2 ** 63, 0.13), (7, 1.0)):
    case(I, "ImageAddNoise", image=B, seed=seed, strength=strength)
for x, y, width, height in ((0, 0, 512, 512), (3, 2, 4, 5), (100, 100, 3, 3), (10, 0, 8, 4)):
    case(I, "ImageCrop", image=A, width=width, height=height, x=x, y=y)
for method in ("x-axis: vertically", "y-axis: horizontally"):
    case(I, "ImageFlip", image=B, flip_method=method)
for rotation in ("none", "90 degrees", "180 degrees", "270 degrees"):
    case(I, "ImageRotate", image=B, rotation=rotation)
for direction in ("right", "down", "left", "up"):
    for match in (True, False):
        case(I, "ImageStitch", image1=A, image2=B, direction=direction, match_image_size=match, spacing_width=3, spacing_color="red")
case(I, "ImageStitch", image1=B, image2=A, direction="right", match_image_size=False, spacing_width=0, spacing_color="white")
case(I, "ImageStitch", image1=A, image2=RGBA2, direction="down", match_image_size=False, spacing_width=2, spacing_color="blue")
case(I, "ImageStitch", image1=RGBA, image2=WIDE, direction="left", match_image_size=True, spacing_width=4, spacing_color="black")
case(I, "ImageStitch", image1=A, direction="left", match_image_size=True, spacing_width=4, spacing_color="black")
for colour, how in (("white", "area"), ("black", "lanczos"), ("white", "bicubic"), ("black", "nearest-exact"), ("black", "bilinear")):
    case(I, "ResizeAndPadImage", image=A, target_width=20, target_height=11, padding_color=colour, interpolation=how)
case(I, "ResizeAndPadImage", image=RGBA, target_width=5, target_height=17, padding_color="white", interpolation="bilinear")
for image, size in ((A, 7), (B, 31), (picture(1, 6, 6, 3, 8), 9)):
    for how in ("area", "lanczos", "bilinear", "nearest-exact", "bicubic"):
        case(I, "ImageScaleToMaxDimension", image=image, upscale_method=how, largest_size=size)
for how in ("nearest-exact", "area"):
    case(P, "ImageScaleToTotalPixels", image=picture(1, 5, 7, 3, 9), upscale_method=how, megapixels=0.01)
for radius, sigma in ((1, 1.0), (3, 0.4), (7, 2.5), (8, 10.0), (9, 1.0)):
    case(P, "ImageBlur", image=A, blur_radius=radius, sigma=sigma)
case(P, "ImageBlur", image=RGBA2, blur_radius=2, sigma=0.1)
for radius, sigma, alpha in ((1, 1.0, 1.0), (2, 0.5, 0.3), (6, 3.0, 5.0), (8, 0.2, 0.0)):
    case(P, "ImageSharpen", image=B, sharpen_radius=radius, sigma=sigma, alpha=alpha)
for operation in ("erode", "dilate", "open", "close", "gradient", "bottom_hat", "top_hat"):
    for size in (3, 4, 7):
        case(K, "Morphology", image=B, operation=operation, kernel_size=size)
case(K, "Morphology", image=A, operation="dilate", kernel_size=25)
case(K, "ImageRGBToYUV", image=B)
case(K, "ImageYUVToRGB", Y=A, U=picture(1, 9, 12, 3, 10), V=picture(1, 9, 12, 1, 11))

for x, y, resize, with_mask in ((0, 0, False, None), (3, 4, False, mask(1, 12, 9, 12)), (5, 1, True, mask(1, 4, 4, 13)), (40, 40, False, None)):
    case(M, "ImageCompositeMasked", destination=A, source=B, x=x, y=y, resize_source=resize, **({} if with_mask is None else {"mask": with_mask}))
case(M, "ImageCompositeMasked", destination=A, source=RGBA, x=2, y=1, resize_source=False, mask=mask(1, 9, 12, 14))
case(M, "ImageCompositeMasked", destination=RGBA, source=A, x=2, y=1, resize_source=False)
for mode in ("ADD", "CLEAR", "DARKEN", "DST", "DST_ATOP", "DST_IN", "DST_OUT", "DST_OVER", "LIGHTEN", "MULTIPLY", "OVERLAY", "SCREEN", "SRC", "SRC_ATOP", "SRC_IN", "SRC_OUT", "SRC_OVER", "XOR"):
    case(C, "PorterDuffImageComposite", source=picture(1, 4, 5, 3, 15), source_alpha=mask(1, 4, 5, 16), destination=picture(1, 4, 5, 3, 17), destination_alpha=mask(1, 4, 5, 18), mode=mode)
case(C, "PorterDuffImageComposite", source=B, source_alpha=mask(2, 6, 6, 19), destination=picture(3, 9, 12, 3, 20), destination_alpha=mask(2, 10, 7, 21), mode="SRC_OVER")
case(C, "PorterDuffImageComposite", source=A, source_alpha=mask(1, 9, 12, 22), destination=RGBA, destination_alpha=mask(1, 9, 12, 23), mode="ADD")
case(C, "SplitImageWithAlpha", image=RGBA2)
case(C, "SplitImageWithAlpha", image=B)
case(C, "JoinImageWithAlpha", image=B, alpha=mask(3, 5, 6, 24))
case(C, "JoinImageWithAlpha", image=RGBA, alpha=mask(1, 9, 12, 25))
for color in (0xFF0000, 0x00FF00, 0):
    flat = torch.zeros(1, 4, 4, 3); flat[:, :2, :, 0] = 1.0; flat[:, :, 3, 1] = 0.999
    case(M, "ImageColorToMask", image=flat, color=color)
for value in (0.5, 0.0, 1.0):
    case(M, "ThresholdMask", mask=mask(2, 5, 6, 26), value=value)
write(here, "images", cases, tensors, measured)
