# Makes lettering.json.gz and .safetensors.gz: texts in pictures by the originals of ComfyUI 0.33.0 with Pillow 13 (FreeType 2.14.3): the layer of TextOverlay and its images, previews of
# CreateBoundingBoxes, labels of DrawBBoxes. python make_lettering.py COMFYUI_0.33.0
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
from comfy_extras import nodes_bounding_boxes, nodes_rtdetr
from comfy_extras.nodes_text_overlay import TextOverlay
from seeded import noise, write

made = lambda shape, seed, scale=1.0, around=0.5: torch.from_numpy(noise(int(torch.tensor(shape).prod()), seed, scale)).reshape(shape) + around
tensors, cases = {}, []
def case(id, out, **params):
    tensors[id] = out.contiguous()
    cases.append({"id": id, "params": params, "inputs": {}, "outputs": {"out": id}})
levels = lambda x: (x * 255).round().to(torch.uint8)

TEXTS = (
    ("Hello world", 5.0, "top", "left", True, 200, 120),
    ("The quick brown fox jumps over the lazy dog, twice: äöü ß € «é»", 8.0, "bottom", "center", True, 180, 161),
    ("one\\ntwo longer\\n\n\\tthree", 6.0, "top", "right", False, 131, 99),
    ("Supercalifragilisticexpialidocious words", 20.0, "bottom", "right", True, 97, 140),
    ("Ay", 50.0, "top", "center", True, 301, 201),
    ("日本 \u2003 0123456789 (){}[]@#%&", 7.0, "top", "left", True, 150, 150),
    ("many words " * 40, 10.0, "top", "left", True, 160, 120),
    ("tiny", 0.5, "bottom", "center", False, 33, 40),
    ("W" * 30, 30.0, "top", "right", True, 64, 64),
    ("large", 45.0, "bottom", "left", True, 500, 400),
)
for i, (text, size, position, align, outline, width, height) in enumerate(TEXTS):
    shown = text.replace("\\n", "\n").replace("\\t", "\t")
    rgb, alpha = TextOverlay.render_overlay_text(width, height, shown, position, align, size, (255, 136, 0, 255), (0, 0, 0, 255) if outline else (0, 0, 0, 0))
    case(f"layer {i}", levels(torch.cat([rgb, alpha], -1)), node="layer", text=text, options={"fontSize": size, "position": position, "align": align, "outline": outline}, width=width, height=height)
for color in ("#ffffff", "#1239", "#abc", "#11223344"):
    out = TextOverlay.execute(made([2, 40, 60, 3], 3), "Text Ög", 30.0, color, "bottom", "center", True).result[0]
    case(f"TextOverlay {color}", out[:, ::2], node="TextOverlay", color=color)

meta = lambda **more: {"type": "obj", "text": "", "desc": "", "palette": [], **more}
BOXES = [
    {"x": 20, "y": 30, "width": 200, "height": 150, "metadata": meta(desc="a red fox in the snow, looking back over its shoulder at dusk", palette=["#ff8800", "#222222", "", "#eee", "#0000ff", "#00ff00", "#123456"])},
    {"x": 260.5, "y": 90.25, "width": -90, "height": 60, "metadata": meta(type="text", text="SALE", desc="large letters", palette=["#101040"])},
    {"x": 300, "y": 200, "width": 500, "height": 500, "metadata": meta(type="text", text="only text")},
    {"x": 0, "y": 0, "width": 3, "height": 3},
]
ELEMENTS = [{"type": "text", "bbox": [100, 50, 400, 900], "text": "Hi", "desc": "a sign", "color_palette": ["#aabbcc"]}, {"bbox": [900, 900, 200, 300], "desc": "a tree"}]
import json
INPUTS = {
    "drawn": {"editor_state": BOXES},
    "nothing": {"editor_state": []},
    "new boxes": {"editor_state": BOXES, "bboxes": [BOXES[1:3]]},
    "known boxes": {"editor_state": BOXES[:1], "bboxes": BOXES[1], "last_incoming": [BOXES[1]]},
    "elements": {"editor_state": [], "bboxes": ELEMENTS},
    "JSON": {"editor_state": [], "bboxes": json.dumps(ELEMENTS[1])},
}
for name, inputs in INPUTS.items():
    for width, height, background in ((400, 304, None), (400, 304, [1, 150, 230, 3]), (2048, 1024, [2, 1100, 700, 4])):
        if background and name != "drawn": continue
        step = 1 if background is None else 4 if width == 400 else 12
        result = nodes_bounding_boxes.CreateBoundingBoxes.execute(width, height, background=None if background is None else made(background, 5), **inputs)
        preview, boxes, elements = result.result
        case(f"CreateBoundingBoxes {name} {background}", levels(preview)[:, ::step, ::step], node="CreateBoundingBoxes", step=step, inputs=inputs, width=width, height=height, background=background, boxes=boxes, elements=elements, ui=result.ui)

LABELS = [{"x": 3, "y": 4, "width": 60, "height": 30, "label": "cat", "score": 0.876}, {"x": 30.6, "y": 12.2, "width": 50, "height": 40, "label": "teddy bear", "score": 0.5}, {"x": 1, "y": 1, "width": 5, "height": 5, "label": "unicorn"}]
for channels in (3, 4):
    case(f"DrawBBoxes {channels}", levels(nodes_rtdetr.DrawBBoxes.execute(LABELS, made([1, 60, 110, channels], 8)).result[0])[:, ::2], node="DrawBBoxes", boxes=LABELS, channels=channels)
write(here, "lettering", cases, tensors)
