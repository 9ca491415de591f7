# Makes saving_<release>.json.gz: what clients are told of saved files, and the texts in them. See releases.py.
import abc, json, os, random, tempfile, types
from releases import FOLDERS, OLD, here, take
import numpy as np
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from seeded import write

PROMPT, EXTRA = {"1": {}}, {"workflow": {}}
class Folder(str):
    value = property(str)
folders = types.SimpleNamespace(input=Folder("input"), output=Folder("output"), temp=Folder("temp"))

def run(v, node, images, **options):
    """`ui` of a node, and the keywords of the texts in its first file."""
    with tempfile.TemporaryDirectory() as folder:
        paths = types.SimpleNamespace(get_output_directory=lambda: folder, get_temp_directory=lambda: folder, get_input_directory=lambda: folder,
            get_save_image_path=lambda prefix, folder, *a: (folder, prefix, 1, "", prefix))
        env = dict(torch=torch, np=np, Image=Image, PILImage=Image, PngInfo=PngInfo, json=json, os=os, random=random, folder_paths=paths, args=types.SimpleNamespace(disable_metadata=False),
            FileLocator=dict, FolderType=folders, ComfyNode=object, ABC=abc.ABC, abstractmethod=abc.abstractmethod, _UIOutput=object)
        if v == OLD:
            env["nodes"] = types.SimpleNamespace(SaveImage=take(v, "nodes.py", env, "SaveImage")["SaveImage"])
            made = take(v, f"comfy_extras/nodes_{'mask' if node == 'MaskPreview' else 'images'}.py", env, node)[node]()
            f = made.execute if node == "MaskPreview" else made.save_images
            ui = f(images, **options, prompt=PROMPT, extra_pnginfo=EXTRA)["ui"]
        else:
            take(v, "comfy_api/latest/_ui.py", env, "SavedResult", "SavedImages", "ImageSaveHelper", "PreviewImage", "PreviewMask", "_get_directory_by_folder_type")
            hidden = types.SimpleNamespace(prompt=PROMPT, extra_pnginfo=EXTRA)
            cls, save, o = types.SimpleNamespace(hidden=hidden), env["ImageSaveHelper"], options
            ui = {"MaskPreview": lambda: env["PreviewMask"](images),
                "SaveAnimatedPNG": lambda: save.get_save_animated_png_ui(images, o["filename_prefix"], cls, o["fps"], o["compress_level"]),
                "SaveAnimatedWEBP": lambda: save.get_save_animated_webp_ui(images, o["filename_prefix"], cls, o["fps"], o["lossless"], o["quality"], 4)}[node]().as_dict()
        with Image.open(os.path.join(folder, sorted(os.listdir(folder))[0])) as file:
            file.load()
            return {"images": len(ui["images"]), "flags": {k: x for k, x in ui.items() if k != "images"}, "texts": sorted(getattr(file, "text", {}))}

png = dict(filename_prefix="p", fps=6.0, compress_level=4)
webp = dict(filename_prefix="p", fps=6.0, lossless=True, quality=80, method="default")
for v in FOLDERS:
    cases = []
    for node, options in [("SaveAnimatedPNG", png), ("SaveAnimatedWEBP", webp), ("MaskPreview", {})]:
        for count in (1, 2):
            shape = (count, 8, 8) if node == "MaskPreview" else (count, 8, 8, 3)
            made = run(v, node, torch.rand(shape, generator=torch.Generator().manual_seed(0)), **options)
            cases.append({"id": f"{node} of {count}", "params": {"node": node, "shape": shape, "options": options}, "inputs": {}, "outputs": {}, "scalars": made})
            print(v, cases[-1]["id"], made)
    write(here, f"saving_{v}", cases, {})
