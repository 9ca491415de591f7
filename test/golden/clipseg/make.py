# Makes cases.json.gz and cases.safetensors.gz: transformers' CLIPSegForImageSegmentation of small random weights (seeded.py), and what the
# CLIPSeg node makes of its logits (scipy, OpenCV 5.0, matplotlib 3.11). python make.py
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import cv2
import numpy as np
import torch
from matplotlib import cm
from PIL import Image
from scipy.ndimage import gaussian_filter
from transformers import CLIPSegConfig, CLIPSegForImageSegmentation
from seeded import fill, noise, write

torch.set_grad_enabled(False)
START, END = 49406, 49407
MEAN, STD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)

def model(refined):
    config = CLIPSegConfig(
        text_config={"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 1, "vocab_size": 49408, "eos_token_id": END, "bos_token_id": START, "pad_token_id": END},
        vision_config={"hidden_size": 128, "intermediate_size": 160, "num_hidden_layers": 11, "num_attention_heads": 2, "image_size": 48, "patch_size": 16},
        projection_dim=24, extract_layers=[3, 6, 9], reduce_dim=16, decoder_num_attention_heads=4, decoder_intermediate_size=40, use_complex_transposed_convolution=refined,
    )
    config._attn_implementation = "eager"
    made = CLIPSegForImageSegmentation(config).eval()
    return made, fill(made, gain=1.5)

def picture(h, w, seed):
    grid = torch.from_numpy(noise(5 * 6 * 3, seed, 1.0) + np.float32(0.5)).reshape(1, 5, 6, 3).movedim(-1, 1)
    big = torch.nn.functional.interpolate(grid, (h, w), mode="bicubic", align_corners=True).clamp(0, 1)
    return ((big * 255).round() / 255).movedim(1, -1).contiguous()

def pixels(image):
    """ViTImageProcessor of the file's settings: 8 bits, PIL's bilinear to 352, /255, normalised."""
    small = Image.fromarray((image.numpy().squeeze() * 255).astype(np.uint8), mode="RGB").resize((352, 352), Image.BILINEAR)
    values = (np.asarray(small).astype(np.float64) * (1 / 255)).astype(np.float32)
    return torch.from_numpy(((values - MEAN) / STD).transpose(2, 0, 1)[None].copy())

def colours(mask, colormap):
    return (colormap(mask)[:, :, :3] * 255).astype(np.uint8)

def node(image, logits, blur, threshold, dilation):
    """What the node does with the logits [352,352]: mask, heat map, black and white, in 0..1."""
    tensor = torch.sigmoid(logits)
    cut = torch.where(tensor > threshold, tensor, torch.tensor(0, dtype=torch.float))
    smooth = torch.from_numpy(gaussian_filter(cut.numpy(), sigma=blur))
    normal = (smooth - smooth.min()) / (smooth.max() - smooth.min())
    side = int(dilation * 2) + 1
    grown = cv2.dilate(normal.numpy(), np.ones((side, side), np.uint8), iterations=1)
    back = (image.numpy().squeeze() * 255).astype(np.uint8)
    size = (back.shape[1], back.shape[0])
    heat, plain = (cv2.resize(colours(grown, c), size, interpolation=cv2.INTER_LINEAR) for c in (cm.viridis, cm.Greys_r))
    heat, plain = cv2.addWeighted(back, 0.5, heat, 0.5, 0), cv2.addWeighted(back, 0, plain, 1, 0)
    return plain[..., 0], heat, plain

tensors, cases, networks, measured = {}, [], {}, {}
for refined in (True, False):
    made, specs = model(refined)
    name = "refined" if refined else "plain"
    networks[name] = specs
    for h, w, ids, tries in (
        (60, 75, [320, 736, 3240], [(7.0, 0.4, 4), (3.0, 0.5, 0), (0.0, 0.5, 10), (7.0, 0.999, 4)]),
        (200, 176, [1929], [(1.3, 0.05, 1)]),
    )[: 2 if refined else 1]:
        image = picture(h, w, h)
        tokens = torch.tensor([[START, *ids] + [END] * (76 - len(ids))])
        out = made(input_ids=tokens, pixel_values=pixels(image), attention_mask=(torch.arange(77) < len(ids) + 2).long()[None])
        logits = out.logits[0]
        id = f"{name} {w}x{h}"
        exact = made.double()(input_ids=tokens, pixel_values=pixels(image).double(), attention_mask=(torch.arange(77) < len(ids) + 2).long()[None])
        made.float()
        measured[f"{id}/logits"] = [float((exact.logits[0] - logits).abs().max())]
        measured[f"{id}/embedding"] = [float((exact.conditional_embeddings - out.conditional_embeddings).abs().max())]
        tensors |= {f"{id}/image": (image * 255).round().to(torch.uint8), f"{id}/pixels": pixels(image)[0, :, ::8, ::8].contiguous(), f"{id}/embedding": out.conditional_embeddings, f"{id}/logits": logits[::8, ::8].contiguous()}
        outputs = {k: f"{id}/{k}" for k in ("pixels", "embedding", "logits")}
        for i, (blur, threshold, dilation) in enumerate(tries):
            mask, heat, plain = node(image, logits, blur, threshold, dilation)
            step = 2 if h > 100 else 1
            for k, v in (("mask", mask), ("heat", heat), ("plain", plain)):
                tensors[f"{id}/{k}.{i}"] = torch.from_numpy(v[::step, ::step].copy())
                outputs[f"{k}.{i}"] = f"{id}/{k}.{i}"
            print(id, blur, threshold, dilation, "mask mean", float(mask.mean()), "std", float(mask.std()))
        cases.append({"id": id, "params": {"network": name, "ids": ids, "tries": tries, "step": step, "logit": [float(logits.min()), float(logits.max())]}, "inputs": {"image": f"{id}/image"}, "outputs": outputs})
        print(id, "logits", cases[-1]["params"]["logit"])
write(here, "cases", cases, tensors, measured, conditionings=networks)
