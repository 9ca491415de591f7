# Makes tiny_sam.safetensors.gz (a Segment Anything model with random weights), cases.json.gz and cases.safetensors.gz: what it gives for
# a drawn picture, and the masks that the Impact Pack makes of it for some SEGS. segment_anything 1.0, torch 2.13.
# python make.py FOLDER_OF_COMFYUI_IMPACT_PACK
import gzip, json, os, re, sys, types
from functools import partial
import cv2
import numpy as np
import torch
from PIL import Image
from safetensors.torch import save

here = os.path.dirname(os.path.abspath(__file__))

# of torchvision only the resize of pictures is needed: Pillow's
def module(name, **content):
    m = types.ModuleType(name)
    m.__dict__.update(content)
    sys.modules[name] = m
resize = lambda image, size: image.resize((size[1], size[0]), Image.BILINEAR)
module("torchvision")
module("torchvision.transforms")
module("torchvision.transforms.functional", resize=resize, to_pil_image=Image.fromarray)
module("torchvision.ops")
module("torchvision.ops.boxes", batched_nms=None, box_area=None)
from segment_anything import SamPredictor
from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

sam = Sam(
    image_encoder=ImageEncoderViT(depth=3, embed_dim=32, img_size=128, mlp_ratio=2, norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
        num_heads=2, patch_size=16, qkv_bias=True, use_rel_pos=True, global_attn_indexes=(1,), window_size=3, out_chans=32),
    prompt_encoder=PromptEncoder(embed_dim=32, image_embedding_size=(8, 8), input_image_size=(128, 128), mask_in_chans=4),
    mask_decoder=MaskDecoder(num_multimask_outputs=3, transformer=TwoWayTransformer(depth=2, embedding_dim=32, mlp_dim=64, num_heads=8),
        transformer_dim=32, iou_head_depth=3, iou_head_hidden_dim=32),
    pixel_mean=[123.675, 116.28, 103.53], pixel_std=[58.395, 57.12, 57.375])
g = torch.Generator().manual_seed(6)
with torch.no_grad():
    for name, p in sam.named_parameters():
        if "norm" in name and name.endswith("weight"):
            p.copy_(torch.rand(p.shape, generator=g) * 0.5 + 0.75)
        elif p.ndim >= 2 and "rel_pos" not in name and "embed" not in name:
            p.copy_(torch.randn(p.shape, generator=g) * (2.0 / (p[0].numel())) ** 0.5)
        else:
            p.copy_(torch.randn(p.shape, generator=g) * 0.5)
        p.copy_(torch.round(p * 64) / 64)
    # scores between 0 and 1
    last = sam.mask_decoder.iou_prediction_head.layers[-1]
    last.weight.mul_(0.25)
    last.bias.copy_(torch.tensor([0.5, 0.5, 0.75, 0.25]))
    sam.prompt_encoder.pe_layer.positional_encoding_gaussian_matrix.copy_(torch.round(torch.randn(2, 16, generator=g) * 64) / 64)
sam.eval()
weights = {k: v.contiguous() for k, v in sam.state_dict().items() if not k.startswith("pixel")}

def picture(width, height):
    y, x = np.mgrid[0:height, 0:width]
    channels = [(x * 7 + y * 3) % 256, (x * x // 9 + y) % 256, ((x // 13) * 31 + (y // 11) * 57) % 256]
    return np.stack(channels, -1).astype(np.uint8)

# the Impact Pack's functions, as they stand in its files
def functions(file, names):
    text = open(os.path.join(sys.argv[1], "modules", "impact", file)).read()
    return "\n".join(re.search(rf"(?ms)^def {name}\(.*?(?=^(?:def|class) )", text).group(0) for name in names)
scope = dict(np=np, torch=torch, cv2=cv2, use_gpu_opencv=lambda: False)
exec(functions("utils.py", ["center_of_bbox", "combine_masks2", "make_2d_mask", "make_3d_mask", "dilate_mask"]), scope)
scope["utils"] = types.SimpleNamespace(make_3d_mask=scope["make_3d_mask"])
exec(functions("core.py", ["gen_detection_hints_from_mask_area", "gen_negative_hints", "sam_predict", "make_sam_mask",
    "generate_detection_hints", "convert_and_stack_masks", "merge_and_stack_masks", "make_sam_mask_segmented"]), scope)

class Wrapper:
    def prepare_device(self): pass
    def release_device(self): pass
    def predict(self, image, points, plabs, bbox, threshold):
        predictor = SamPredictor(sam)
        predictor.set_image(image, "RGB")
        return scope["sam_predict"](predictor, points, plabs, bbox, threshold)
sam.sam_wrapper = Wrapper()

tensors, cases = {}, []
predictor = SamPredictor(sam)
for width, height in [(150, 101), (64, 90)]:
    predictor.set_image(picture(width, height))
    masks, scores, low = predictor.predict(np.array([[40.5, 30.0], [20.0, 60.0]]), np.array([1, 0]), np.array([[10, 12, 55, 70]]))
    name = f"{width}x{height}"
    tensors[f"{name}.features"] = predictor.features[0].contiguous()
    tensors[f"{name}.low"], tensors[f"{name}.scores"] = torch.from_numpy(low), torch.from_numpy(scores)

def segs(width, height):
    class Seg: pass
    found = []
    for x1, y1, x2, y2 in [(10, 12, 30, 40), (33, 20, 39, 60)]:
        seg = Seg()
        seg.bbox, seg.crop_region = [x1, y1, x2, y2], [x1 - 4, y1 - 4, x2 + 8, y2 + 8]
        h, w = y2 - y1 + 12, x2 - x1 + 12
        y, x = np.mgrid[0:h, 0:w]
        seg.cropped_mask = ((x - w / 2) ** 2 / w ** 2 + (y - h / 2) ** 2 / h ** 2 < 0.16).astype(np.float32)
        found.append(seg)
    return (height, width), found

hints = ["center-1", "horizontal-2", "vertical-2", "rect-4", "diamond-4", "mask-area", "mask-points", "mask-point-bbox", "none"]
for i, hint in enumerate(hints):
    for negative in ["False", "Small", "Outter"]:
        width, height = [(150, 101), (64, 90)][i % 2]
        options = [hint, [0, 3, -2][i % 3], [0.9, 0.5, 0.3][(i + len(negative)) % 3], [0, 5][i % 2], 0.7, negative]
        image = torch.from_numpy(picture(width, height).astype(np.float32) / 255)[None]
        with torch.no_grad():
            combined = scope["make_sam_mask"](sam, segs(width, height), image, *options)
            _, batch = scope["make_sam_mask_segmented"](sam, segs(width, height), image, *options)
        name = f"{hint}.{negative}"
        tensors[f"{name}.combined"], tensors[f"{name}.batch"] = combined.to(torch.uint8), batch.to(torch.uint8).contiguous()
        cases.append(dict(name=name, width=width, height=height, options=options))
        print(name, combined.mean().item(), list(batch.shape))
for name, content in [("cases.json", json.dumps({"cases": cases}).encode()), ("cases.safetensors", save(tensors)),
                      ("tiny_sam.safetensors", save(weights))]:
    with open(os.path.join(here, name + ".gz"), "wb") as out:
        out.write(gzip.compress(content, 9, mtime=0))
