# Makes encoders.json.gz and .safetensors.gz: prompts encoded by merged and multiplied text encoders of flow models, and the tensors that CLIPSave and CheckpointSave write of them,
# by ComfyUI 0.33.0's own nodes. The second file of a merge has each weight times 1 + noise. python make_encoders.py COMFYUI_FOLDER (torch on the CPU)
import gzip, hashlib, os, sys, tempfile
import torch

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import comfyui

comfyui.start(sys.argv[1])
import comfy.sd, comfy.supported_models, comfy.utils
import comfy.text_encoders.t5 as t5
from comfy.ldm.modules.attention import attention_pytorch
import comfy_extras.nodes_attention_multiply as attention
import comfy_extras.nodes_model_merging as merging
from safetensors.torch import load, save_file
from seeded import noise, write

torch.set_num_threads(1)
torch.set_grad_enabled(False)
OPTIONS = comfyui.small_text_encoders("clip_l", "clip_g")

folder = tempfile.mkdtemp()
path = lambda name: os.path.join(folder, f"{name}.safetensors")


def fixture(name):
    return load(gzip.open(os.path.join(comfyui.FIXTURES, f"{name}.safetensors.gz")).read())


def varied(name):
    """Each weight times 1 + noise of 0.5, seeded by its place in the order of names."""
    tensors = fixture(name)
    for seed, key in enumerate(sorted(tensors), 1):
        t = tensors[key]
        if t.dtype.is_floating_point and not key.startswith("spiece"):
            factor = torch.from_numpy(noise(t.numel(), seed, 0.5)).reshape(t.shape) + 1
            tensors[key] = (t.float() * factor).to(t.dtype)
    return tensors


FAMILIES = {
    "flux": (["tiny_clip_l", "tiny_t5xxl"], comfy.supported_models.Flux),
    "sd3": (["tiny_clip_l", "tiny_clip_g", "tiny_t5xxl"], comfy.supported_models.SD3),
    "chroma": (["tiny_t5xxl"], comfy.supported_models.Chroma),
    "z-image": (["tiny_qwen3_4b"], comfy.supported_models.ZImage),
    "lumina2": (["tiny_gemma2_2b"], comfy.supported_models.Lumina2),
}
for name in {name for names, _ in FAMILIES.values() for name in names}:
    save_file(fixture(name), path(name))
    save_file(varied(name), path(f"varied_{name}"))

TYPES = {"z-image": "LUMINA2"}


def loaded(family, prefix=""):
    files = [path(prefix + name) for name in FAMILIES[family][0]]
    return comfy.sd.load_clip(files, clip_type=comfy.sd.CLIPType[TYPES.get(family, family.upper())], model_options=dict(OPTIONS))


NODES = {
    "none": lambda one, two: one,
    "CLIPMergeSimple": lambda one, two: merging.CLIPMergeSimple().merge(one, two, 0.3)[0],
    "CLIPMergeAdd": lambda one, two: merging.CLIPAdd().merge(one, two)[0],
    "CLIPMergeSubtract": lambda one, two: merging.CLIPSubtract().merge(one, two, 0.5)[0],
    "CLIPAttentionMultiply": lambda one, two: attention.CLIPAttentionMultiply.execute(one, 1.2, 0.8, 1.1, 0.9)[0],
}
saved = {}


def described(sd):
    """Type, shape and hash of each tensor that is written, by name."""
    raw = lambda t: t.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if t.numel() else b""
    return {k: [str(t.dtype).removeprefix("torch."), list(t.shape), hashlib.sha256(raw(t)).hexdigest()[:16]] for k, t in sd.items()}


comfy.utils.save_torch_file = lambda sd, name, metadata=None: saved.update({os.path.basename(name): described(sd)})
merging.folder_paths.get_save_image_path = lambda prefix, folder: (folder, os.path.basename(prefix), 1, "", prefix)


def encoded(act, family):
    """The changed text encoders, and the features of a prompt."""
    clip = act(loaded(family), loaded(family, "varied_"))
    cond, pooled = clip.encode_from_tokens(clip.tokenize("a red fox in the snow"), return_pooled=True)
    return clip, {k: v for k, v in {"cond": cond[:, :24], "pooled": pooled}.items() if v is not None}


cases, tensors, measured = [], {}, {}
for family, (names, config) in FAMILIES.items():
    for node, act in NODES.items():
        id = f"{family} {node}"
        outputs, scalars = {}, {}
        # SD3 pads features to a width that the small encoders do not have
        if family == "sd3":
            if node == "CLIPMergeAdd":
                continue
            clip = act(loaded(family), loaded(family, "varied_"))
        else:
            clip, made = encoded(act, family)
            outputs = {k: f"{id}/{k}" for k in made}
            tensors.update({f"{id}/{k}": v.float() for k, v in made.items()})
            # the attention of T5 is not scaled: with doubled weights it multiplies differences of rounding, those of threads and of SDPA (in float64 the modules are 1e-3 away)
            if node == "CLIPMergeAdd" and "tiny_t5xxl" in names:
                torch.set_num_threads(2)
                _, threaded = encoded(act, family)
                torch.set_num_threads(1)
                usual, t5.optimized_attention_for_device = t5.optimized_attention_for_device, lambda *a, **k: attention_pytorch
                _, other = encoded(act, family)
                t5.optimized_attention_for_device = usual
                measured.update({f"{id}/{k}": [max((made[k] - again[k]).abs().max().item() for again in (threaded, other))] for k in made})
        if node in ("none", "CLIPMergeSimple"):
            saved.clear()
            merging.CLIPSave().save(clip, "x")
            checkpoint = config({}).process_clip_state_dict_for_saving(clip.state_dict_for_saving())
            scalars = {"files": dict(saved), "checkpoint": described(checkpoint), "vae": config.vae_key_prefix[0]}
        cases.append({"id": id, "params": {"family": family, "node": node, "files": names}, "inputs": {}, "outputs": outputs, "scalars": scalars})
        print(id)
write(here, "encoders", cases, tensors, measured)
