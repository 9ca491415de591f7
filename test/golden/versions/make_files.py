# python make_files.py FOLDER_OF_0.3.64 FOLDER_OF_0.33.0 (any for the first): small image files in many forms, and
# what LoadImage's VideoFromFile of 0.33.0 returns for them with av 18.1.0 on x86-64: shapes and SHA-256 of float32.
import base64, gzip, hashlib, io, itertools, json, logging, os, struct, zlib
from fractions import Fraction
import av, numpy as np, torch
from PIL import Image, ImageFile
from releases import NEW, here, take

ImageFile.MAXBLOCK = 1 << 24
env = take("0.33.0", "comfy_api/latest/_input_impl/video_types.py",
           dict(av=av, np=np, torch=torch, itertools=itertools, logging=logging, VideoComponents=lambda **k: k,
                Fraction=Fraction),
           "last_decodable_audio_stream", "VideoFromFile.get_components_internal")

class Video:
    def _get_first_video_stream(self, container): return container.streams.video[0]
    def get_active_trim_window(self): return 0, 0

rng = np.random.default_rng(11)

flat = lambda a: a[..., 0] if a.shape[2] == 1 else a

def noise(w, h, channels=3):
    small = rng.integers(0, 256, (max(1, h // 3), max(1, w // 3), channels), dtype=np.uint8)
    image = np.array(Image.fromarray(flat(small)).resize((w, h), Image.BICUBIC)).reshape(h, w, channels)
    return np.clip(image.astype(int) + rng.integers(-9, 10, image.shape), 0, 255).astype(np.uint8)

def saved(array, kind, mode=None, **options):
    image = Image.fromarray(flat(array))
    image = image.convert(mode) if mode else image
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()

def png(w, h, colour, bits, trns=None):
    samples = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    rows = rng.integers(0, 256, (h, (w * samples * bits + 7) // 8), dtype=np.uint8)
    chunk = lambda t, d: struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, bits, colour, 0, 0, 0)) + (
        chunk(b"tRNS", trns) if trns else b"") + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + r.tobytes() for r in rows))) + chunk(b"IEND", b"")

files = {}
for (w, h), subsampling in itertools.product([(32, 16), (33, 18), (34, 17), (35, 19), (1, 1), (1, 2), (2, 1), (9, 8), (64, 33)], (0, 1, 2)):
    for quality, progressive in [(30, True), (95, False), (3, False)]:
        files[f"{w}x{h} {['4:4:4', '4:2:2', '4:2:0'][subsampling]} q{quality}{' progressive' * progressive}.jpg"] = saved(
            noise(w, h), "JPEG", quality=quality, subsampling=subsampling, progressive=progressive,
            **({"restart_marker_blocks": 2} if quality == 95 else {}))
for orientation in range(1, 9):
    exif = Image.Exif(); exif[0x112] = orientation
    files[f"orientation {orientation}.jpg"] = saved(noise(22, 13), "JPEG", exif=exif)
for w in (32, 21):
    rgb, rgba, grey = noise(w, 19), np.concatenate([noise(w, 19), noise(w, 19, 1)], 2), noise(w, 19, 1)
    files[f"grey {w}.jpg"] = saved(grey, "JPEG"); files[f"rgb {w}.jpg"] = saved(rgb, "JPEG", keep_rgb=True)
    files[f"cmyk {w}.jpg"] = saved(rgb, "JPEG", "CMYK")
    for colour, bits in [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (4, 8), (6, 8)]:
        files[f"colour {colour} bits {bits} {w}.png"] = png(w, 19, colour, bits)
    files[f"grey trns {w}.png"] = png(w, 19, 0, 8, b"\0\7"); files[f"rgb trns {w}.png"] = png(w, 19, 2, 8, b"\0\7\0\7\0\7")
    files[f"palette {w}.png"] = saved(rgb, "PNG", "P"); files[f"palette trns {w}.png"] = saved(rgb, "PNG", "P", transparency=3)
    files[f"rgb {w}.bmp"] = saved(rgb, "BMP"); files[f"grey {w}.bmp"] = saved(grey, "BMP"); files[f"palette {w}.bmp"] = saved(rgb, "BMP", "P")
    files[f"rgb {w}.gif"] = saved(rgb, "GIF"); files[f"trns {w}.gif"] = saved(rgb, "GIF", "P", transparency=3)
    files[f"rgb {w}.webp"] = saved(rgb, "WEBP", lossless=True); files[f"rgba {w}.webp"] = saved(rgba, "WEBP", lossless=True, exact=True)
    files[f"rgb {w}.ppm"] = saved(rgb, "PPM"); files[f"grey {w}.pgm"] = saved(grey, "PPM"); files[f"bilevel {w}.pbm"] = saved(grey, "PPM", "1")
    files[f"two frames {w}.gif"] = saved(rgb, "GIF", save_all=True, append_images=[Image.fromarray(noise(w, 19))])
    files[f"two frames {w}.png"] = saved(rgb, "PNG", save_all=True, append_images=[Image.fromarray(noise(w, 19))])

digest = lambda t: {"shape": list(t.shape), "sha256": hashlib.sha256(np.ascontiguousarray(t.numpy().astype("<f4")).tobytes()).hexdigest()}
cases = []
for name, data in files.items():
    with av.open(io.BytesIO(data)) as container:
        parts = env["VideoFromFile_get_components_internal"](Video(), container)
    images, alpha = parts["images"], parts["alpha"]
    mask = 1.0 - alpha[..., -1] if alpha is not None else torch.zeros((images.shape[0], 64, 64))
    cases.append({"name": name, "file": base64.b64encode(data).decode(), "image": digest(images), "mask": digest(mask)})
with open(os.path.join(here, "files_0.33.0.json.gz"), "wb") as f:
    f.write(gzip.compress(json.dumps(cases).encode(), 9, mtime=0))
print(len(cases))
