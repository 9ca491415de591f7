# Makes the tiny YOLO models (*.pt.gz), cases.json.gz and cases.safetensors.gz: what they give for a tensor, and what the detectors of
# the Impact Subpack find with them in a drawn picture. Weights are random, in steps of 1/32, stored as float16.
# ultralytics 8.4.190, opencv-python-headless 5.0.0, torch 2.13. python make.py FOLDER_OF_COMFYUI_IMPACT_SUBPACK
import gzip, json, os, re, sys, types
from collections import namedtuple
import cv2
import numpy as np
import torch
from PIL import Image
from safetensors.torch import save
from ultralytics import YOLO
from ultralytics.nn import autobackend
from ultralytics.nn.tasks import DetectionModel, SegmentationModel

here = os.path.dirname(os.path.abspath(__file__))
autobackend.AutoBackend.warmup = lambda *a, **k: None  # it imports torchvision; torch's own choice among boxes is the same

def layers(text):
    """One layer a line: from, repeats, class, arguments."""
    return [[eval(part) if i != 2 else part for i, part in enumerate(line.split(" ", 3))] for line in text.strip().splitlines()]

V8 = layers("""-1 1 Conv [16,3,2]
-1 1 Conv [16,3,2]
-1 1 C2f [16,True]
-1 1 Conv [16,3,2]
-1 2 C2f [16,True]
-1 1 Conv [16,3,2]
-1 1 C2f [16,True]
-1 1 Conv [16,3,2]
-1 1 C2f [16,True]
-1 1 SPPF [16,5]""")
V8_HEAD = layers("""-1 1 nn.Upsample [None,2,"nearest"]
[-1,6] 1 Concat [1]
-1 1 C2f [16]
-1 1 nn.Upsample [None,2,"nearest"]
[-1,4] 1 Concat [1]
-1 1 C2f [16]
-1 1 Conv [16,3,2]
[-1,12] 1 Concat [1]
-1 1 C2f [16]
-1 1 Conv [16,3,2]
[-1,9] 1 Concat [1]
-1 1 C2f [16]""")
V11 = layers("""-1 1 Conv [16,3,2]
-1 1 Conv [16,3,2]
-1 1 C3k2 [16,False,0.25]
-1 1 Conv [16,3,2]
-1 1 C3k2 [16,False,0.25]
-1 1 Conv [16,3,2]
-1 1 C3k2 [16,True]
-1 1 Conv [16,3,2]
-1 1 C3k2 [16,True]
-1 1 SPPF [16,5]
-1 1 C2PSA [16]""")
V11_HEAD = layers("""-1 1 nn.Upsample [None,2,"nearest"]
[-1,6] 1 Concat [1]
-1 1 C3k2 [16,False]
-1 1 nn.Upsample [None,2,"nearest"]
[-1,4] 1 Concat [1]
-1 1 C3k2 [16,False]
-1 1 Conv [16,3,2]
[-1,13] 1 Concat [1]
-1 1 C3k2 [16,False]
-1 1 Conv [16,3,2]
[-1,10] 1 Concat [1]
-1 1 C3k2 [16,True]""")
# no model that people have: every other layer once
OTHERS = layers("""-1 1 Conv [16,3,2]
-1 1 AConv [16]
-1 1 ELAN1 [16,16,8]
-1 1 ADown [16]
-1 1 RepNCSPELAN4 [16,16,8,1]
-1 1 SCDown [16,3,2]
-1 1 C3 [16]
-1 1 GhostConv [16,3,2]
-1 1 C2fCIB [16,True]
-1 1 SPPELAN [16,8]""")

def network(backbone, head, kind, levels):
    last = [levels, 1, kind, ["nc"] if kind == "Detect" else ["nc", 4, 16]]
    return dict(nc=3, reg_max=4, depth_multiple=1.0, width_multiple=1.0, backbone=backbone, head=head + [last])

MODELS = {
    "v8-detect": (DetectionModel, network(V8, V8_HEAD, "Detect", [15, 18, 21])),
    "v8-segment": (SegmentationModel, network(V8, V8_HEAD, "Segment", [15, 18, 21])),
    "v11-detect": (DetectionModel, network(V11, V11_HEAD, "Detect", [16, 19, 22])),
    "v11-segment": (SegmentationModel, network(V11, V11_HEAD, "Segment", [16, 19, 22])),
    "v9-detect": (DetectionModel, network(OTHERS, V8_HEAD, "Detect", [15, 18, 21])),
}

def picture(width, height):
    y, x = np.mgrid[0:height, 0:width]
    channels = [(x * 7 + y * 3) % 256, (x * x // 9 + y) % 256, ((x // 13) * 31 + (y // 11) * 57) % 256]
    return np.stack(channels, -1).astype(np.uint8)

def subpack(folder):
    """The detectors of subcore.py, without its reading of files."""
    read = lambda name: open(os.path.join(folder, "modules", name)).read()
    utils = types.ModuleType("utils")
    exec(re.sub(r"(?m)^import folder_paths.*$", "", read("utils.py")), utils.__dict__)
    fields = ["cropped_image", "cropped_mask", "confidence", "crop_region", "bbox", "label", "control_net_wrapper"]
    names = dict(cv2=cv2, np=np, torch=torch, Image=Image, utils=utils, SEG=namedtuple("SEG", fields, defaults=[None]))
    text = read("subcore.py")
    exec(text[text.index("def create_segmasks"):text.index("# Limit the commands")], names)
    exec(text[text.index("def inference_bbox"):], names)
    return names

def randomize(model):
    g = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "dfl" in name:
                continue
            if p.ndim == 4:
                fan = p.shape[0] if "upsample" in name else p[0].numel()
                p.copy_(torch.randn(p.shape, generator=g) * (2.0 / fan) ** 0.5)
            elif name.endswith("bn.weight"):
                p.copy_(torch.rand(p.shape, generator=g) * 0.5 + 0.75)
            else:
                p.copy_(torch.randn(p.shape, generator=g) * 0.2)
            p.copy_(torch.round(p * 32) / 32)
        for name, b in model.named_buffers():
            if name.endswith("running_mean"):
                b.copy_(torch.round(torch.randn(b.shape, generator=g) * 8) / 32)
            if name.endswith("running_var"):
                b.copy_(torch.round((torch.rand(b.shape, generator=g) + 0.5) * 32) / 32)
        for scores in model.model[-1].cv3:
            scores[-1].weight.mul_(8.0)
            scores[-1].bias.fill_(-2.0)

detectors = subpack(sys.argv[1])
tensors, cases = {"x": torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(3)).sigmoid()}, []
for key, (cls, config) in MODELS.items():
    model = cls(config, ch=3, verbose=False)
    randomize(model)
    model.names, model.args = {0: "face", 1: "hand", 2: "person's eye"}, {}
    model.eval().half()
    file = os.path.join(here, f"{key}.pt")
    args = {"imgsz": 96, "task": "segment" if "seg" in key else "detect", "mode": "train"}
    torch.save(dict(epoch=-1, best_fitness=None, model=model, ema=None, updates=None, optimizer=None, train_args=args), file)
    with torch.no_grad():
        raw = model.float()(tensors["x"])[0]
    if isinstance(raw, tuple):
        raw, tensors[f"{key}.protos"] = raw
    tensors[f"{key}.raw"] = raw.contiguous()
    yolo = YOLO(file)
    for width, height in [(96, 64), (150, 101), (41, 70)]:
        image = torch.from_numpy(picture(width, height).astype(np.float32) / 255)[None]
        for kind in ["bbox", "segm"] if "seg" in key else ["bbox"]:
            name = f"{key}.{width}x{height}.{kind}"
            detector = detectors["UltraBBoxDetector" if kind == "bbox" else "UltraSegmDetector"](yolo)
            options = dict(threshold=0.3, dilation=4 if width != 41 else 0, crop_factor=1.5, drop_size=3)
            _, segs = detector.detect(image, **options)
            tensors[f"{name}.combined"] = detector.detect_combined(image, options["threshold"], options["dilation"]).float()
            shown = []
            for i, seg in enumerate(segs[:5]):
                tensors[f"{name}.{i}.mask"] = torch.from_numpy(np.ascontiguousarray(seg.cropped_mask)).float()
                confidence = float(np.array(seg.confidence).reshape(-1)[0])
                shown.append(dict(label=seg.label, confidence=confidence, bbox=[float(v) for v in seg.bbox], crop=seg.crop_region))
            cases.append(dict(name=name, model=key, width=width, height=height, kind=kind, **options, count=len(segs), segs=shown))
    with open(file + ".gz", "wb") as out:
        out.write(gzip.compress(open(file, "rb").read(), 9, mtime=0))
    os.remove(file)
for name, content in [("cases.json", json.dumps({"cases": cases}).encode()), ("cases.safetensors", save(tensors))]:
    with open(os.path.join(here, name + ".gz"), "wb") as out:
        out.write(gzip.compress(content, 9, mtime=0))
