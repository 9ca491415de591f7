# Makes files.json.gz, files.safetensors.gz and avif.*: image files of many formats, whole and damaged, and what LoadImage and LoadImageMask of
# ComfyUI v0.3.64 make of them with Pillow 13.0 (libjpeg-turbo 3.2, OpenJPEG 2.5.4, libavif 1.4.2). python make.py
import base64, io, os, struct, sys, warnings, zlib
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import numpy as np
import torch
from PIL import Image, ImageFile, ImageOps, ImageSequence, PngImagePlugin, UnidentifiedImageError
from seeded import noise, write

warnings.simplefilter("ignore")
W, H = 23, 17
tensors, cases = {}, []

def pillow(fn, arg):
    """node_helpers.pillow; also whether it had to allow damaged files."""
    try:
        return fn(arg), False
    except (OSError, UnidentifiedImageError, ValueError):
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            return fn(arg), True
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False

def load_image(data):
    img, damaged = pillow(Image.open, io.BytesIO(data))
    images, masks = [], []
    for i in ImageSequence.Iterator(img):
        i, truncated = pillow(ImageOps.exif_transpose, i)
        damaged |= truncated
        if i.mode == "I":
            i = i.point(lambda i: i * (1 / 255))
        image = i.convert("RGB")
        if images and image.size != images[0].shape[1::-1]:
            continue
        if "A" in i.getbands():
            mask = 255 - np.array(i.getchannel("A"))
        elif i.mode == "P" and "transparency" in i.info:
            mask = 255 - np.array(i.convert("RGBA").getchannel("A"))
        else:
            mask = np.zeros((64, 64), np.uint8)
        images.append(np.array(image))
        masks.append(mask)
    return np.stack(images), np.stack(masks), damaged

def load_alpha(data):
    i = pillow(ImageOps.exif_transpose, pillow(Image.open, io.BytesIO(data))[0])[0]
    if i.getbands() != ("R", "G", "B", "A"):
        if i.mode == "I":
            i = i.point(lambda i: i * (1 / 255))
        i = i.convert("RGBA")
    return 255 - np.array(i.getchannel("A"))

def add(id, data):
    params = {"file": base64.b64encode(bytes(data)).decode()}
    try:
        image, mask, params["damaged"] = load_image(data)
    except Exception as e:
        params["refused"] = type(e).__name__
        cases.append({"id": id, "params": params, "inputs": {}, "outputs": {}})
        return
    outputs = {"image": f"{id}/image", "mask": f"{id}/mask", "alpha": f"{id}/alpha"}
    for name, values in (("image", image), ("mask", mask), ("alpha", load_alpha(data)[None])):
        tensors[outputs[name]] = torch.from_numpy(np.ascontiguousarray(values))
    cases.append({"id": id, "params": params, "inputs": {}, "outputs": outputs})

def finish(group):
    write(here, group, cases, tensors)
    tensors.clear()
    cases.clear()

random = np.random.default_rng(18)
def data(count):
    return random.integers(0, 256, count).astype(np.uint8).tobytes()

def pixels(channels, seed=0, w=W, h=H):
    """A gradient with some noise."""
    y, x = np.mgrid[0:h, 0:w]
    base = np.stack([(x * (9 + c) + y * (7 - c) + seed * 40 + c * 60) % 256 for c in range(channels)], -1)
    grain = noise(base.size, 1 + seed, 12.0).reshape(base.shape)
    return np.clip(base + grain, 0, 255).astype(np.uint8)

def picture(mode, seed=0, w=W, h=H):
    if mode in ("1", "LA"):
        return Image.fromarray(pixels(4, seed, w, h)).convert(mode)
    if mode == "P":
        return Image.fromarray(pixels(3, seed, w, h)).quantize(40)
    if mode == "I;16":
        return Image.fromarray(pixels(1, seed, w, h)[..., 0].astype(np.uint16) * 37)
    array = pixels({"L": 1, "RGB": 3, "RGBA": 4}[mode], seed, w, h)
    return Image.fromarray(array[..., 0] if mode == "L" else array)

def save(image, fmt, **options):
    out = io.BytesIO()
    image.save(out, fmt, **options)
    return out.getvalue()

# PNG
def chunks(file):
    at = 8
    while at + 8 <= len(file):
        length = struct.unpack(">I", file[at:at + 4])[0]
        yield at, file[at + 4:at + 8], length
        at += 12 + length

def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

def wrong_checksum(file, kind):
    at, _, length = next(c for c in chunks(file) if c[1] == kind)
    broken = bytearray(file)
    broken[at + 8 + length] ^= 0x55
    return bytes(broken)

def adam7(mode):
    array = np.array(picture(mode)).reshape(H, W, -1)
    rows = b""
    for x, y, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        rows += b"".join(b"\0" + row.tobytes() for row in array[y::dy, x::dx])
    header = struct.pack(">IIBBBBB", W, H, 8, {"L": 0, "RGB": 2, "RGBA": 6}[mode], 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")

def with_corrupt_byte(file, share):
    """One byte of the compressed rows changed; the checksum of the chunk is right."""
    out = file[:8]
    for at, kind, length in chunks(file):
        content = bytearray(file[at + 8:at + 8 + length])
        if kind == b"IDAT":
            content[int(length * share)] ^= 0x41
        out += chunk(kind, bytes(content))
    return out

for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
    options = {"transparency": bytes([0, 90, 255, 128])} if mode == "P" else {}
    file = save(picture(mode), "PNG", **options)
    add(f"png {mode}", file)
    for share in (0.4, 0.7, 0.95):
        add(f"png {mode} cut at {share}", file[:int(len(file) * share)])
    add(f"png {mode} without IEND", file[:-12])
    add(f"png {mode} with junk behind it", file + b"junk behind the end")
    for kind in (b"IHDR", b"IDAT", b"IEND"):
        add(f"png {mode} wrong checksum of {kind.decode()}", wrong_checksum(file, kind))
    for share in (0.2, 0.5, 0.8):
        add(f"png {mode} corrupt at {share}", with_corrupt_byte(file, share))
paletted = save(picture("P"), "PNG", transparency=bytes([0, 90, 255]))
add("png wrong checksum of PLTE", wrong_checksum(paletted, b"PLTE"))
add("png wrong checksum of tRNS", wrong_checksum(paletted, b"tRNS"))
turned = Image.Exif()
turned[0x112] = 6
info = PngImagePlugin.PngInfo()
info.add_text("prompt", "{}")
texts = save(picture("RGB"), "PNG", exif=turned, pnginfo=info)
for kind in (b"eXIf", b"tEXt"):
    add(f"png wrong checksum of {kind.decode()}", wrong_checksum(texts, kind))
for mode in ("L", "RGB", "RGBA"):
    add(f"png {mode} adam7", adam7(mode))
finish("png")

# animated PNG
for mode in ("L", "LA", "P", "RGB", "RGBA"):
    for disposal in (0, 1, 2):
        for blend in (0, 1):
            for default in (False, True):
                frames = []
                for i in range(3):
                    frame = picture(mode, i) if i != 1 else frames[0].copy()
                    if i == 1:
                        array = np.array(frame)
                        array[3:9, 5:16] = random.integers(0, 40, array[3:9, 5:16].shape)
                        if mode == "P":
                            frame.putdata(array.reshape(-1).tolist())
                        else:
                            frame = Image.fromarray(array)
                    frames.append(frame)
                options = {"transparency": bytes([0, 255, 128])} if mode == "P" and disposal == 0 else {}
                try:
                    file = save(frames[0], "PNG", save_all=True, append_images=frames[1:], disposal=disposal, blend=blend, default_image=default, **options)
                except (ValueError, OSError):
                    continue  # Pillow does not write it
                add(f"apng {mode} disposal {disposal} blend {blend} default {default}", file)
finish("apng")

# JPEG
for mode, subsampling in (("RGB", 0), ("RGB", 1), ("RGB", 2), ("L", 0), ("CMYK", 0)):
    for progressive in (False, True):
        for interval in (0, 3):
            image = picture("L" if mode == "L" else "RGB", w=61, h=45).convert(mode)
            options = {"restart_marker_blocks": interval} if interval else {}
            file = save(image, "JPEG", quality=85, subsampling=subsampling, progressive=progressive, **options)
            name = f"jpeg {mode} {subsampling}{' progressive' if progressive else ''}{' restarts' if interval else ''}"
            add(name, file)
            add(f"{name} without EOI", file[:-2])
            add(f"{name} with junk behind it", file + b"junk behind the end")
            for share in (0.5, 0.65, 0.8, 0.95):
                add(f"{name} cut at {share}", file[:int(len(file) * share)])
for interlace in (0, 1):
    file = save(picture("P", w=61, h=45), "GIF", interlace=interlace)
    name = f"gif{' interlaced' if interlace else ''}"
    add(name, file)
    add(f"{name} with junk behind it", file + b"junk behind the end")
    for share in (0.3, 0.5, 0.7, 0.9):
        add(f"{name} cut at {share}", file[:int(len(file) * share)])
add("jpeg without pixels", save(picture("RGB"), "JPEG")[:300])
finish("jpeg")

# BMP
def bmp(bits, rows, compression=0, masks=b"", palette=b"", size=40, top_down=False, w=W, h=H):
    header = struct.pack("<IiiHHIIiiII", size, w, -h if top_down else h, 1, bits, compression, len(rows), 0, 0, len(palette) // 4, 0) + masks
    header += bytes(max(0, size - len(header)))
    start = 14 + len(header) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + header + palette + rows

def rows_of(bits, w=W, h=H):
    return data((w * bits + 31) // 32 * 4 * h)

for mode in ("1", "L", "P", "RGB", "RGBA"):
    add(f"bmp {mode}", save(picture(mode), "BMP"))
for bits in (1, 4, 8, 16, 24, 32):
    palette = data(4 << bits) if bits <= 8 else b""
    for top_down in (False, True):
        file = bmp(bits, rows_of(bits), palette=palette, top_down=top_down)
        name = f"bmp {bits} bits{' top down' if top_down else ''}"
        add(name, file)
        add(f"{name} cut", file[:-len(file) // 4])
BIT_FIELDS = {
    32: [(0xFF0000, 0xFF00, 0xFF, 0), (0xFF000000, 0xFF0000, 0xFF00, 0), (0xFF000000, 0xFF00, 0xFF, 0), (0xFF000000, 0xFF0000, 0xFF00, 0xFF),
         (0xFF, 0xFF00, 0xFF0000, 0xFF000000), (0xFF0000, 0xFF00, 0xFF, 0xFF000000), (0xFF000000, 0xFF00, 0xFF, 0xFF0000), (0, 0, 0, 0), (0xFF, 0xFF00, 0xFF0000, 0)],
    24: [(0xFF0000, 0xFF00, 0xFF, 0)],
    16: [(0xF800, 0x7E0, 0x1F, 0), (0x7C00, 0x3E0, 0x1F, 0), (0xF00, 0xF0, 0xF, 0)],
}
for bits, layouts in BIT_FIELDS.items():
    for layout in layouts:
        for size in (40, 52, 56, 124):
            masks = struct.pack("<4I", *layout)[:12 if size < 56 else 16]
            add(f"bmp {bits} bits, fields {' '.join(f'{m:x}' for m in layout)} header {size}", bmp(bits, rows_of(bits), 3, masks, size=size))
for nibbles in (False, True):
    for style in ("runs", "deltas", "short rows"):
        rows = b""
        for y in range(H):
            x = 0
            while x < W:
                n = min(int(random.integers(1, 9)), W - x)
                if n < 3 or random.random() < 0.5:
                    rows += bytes([n]) + data(1)
                else:
                    count = (n + 1) // 2 if nibbles else n
                    rows += bytes([0, n]) + data(count) + b"\0" * (count % 2)
                x += n
                if style == "deltas" and random.random() < 0.1 and x < W - 3:
                    rows += b"\0\2\2\0"
                    x += 2
                if style == "short rows" and random.random() < 0.1:
                    break
            rows += b"\0\0"
        file = bmp(4 if nibbles else 8, rows + b"\0\1", 2 if nibbles else 1, palette=data(64 if nibbles else 1024))
        add(f"bmp run lengths of {4 if nibbles else 8} bits, {style}", file)
        add(f"bmp run lengths of {4 if nibbles else 8} bits, {style}, cut", file[:-20])
for bits in (1, 4, 8, 24):
    palette = data(3 << bits) if bits <= 8 else b""
    add(f"bmp os2 {bits} bits", b"BM" + struct.pack("<IHHI", 0, 0, 0, 26 + len(palette)) + struct.pack("<IHHHH", 12, W, H, 1, bits) + palette + rows_of(bits))
add("bmp grey ramp", bmp(8, rows_of(8), palette=b"".join(bytes([v, v, v, 0]) for v in range(256))))
add("bmp of 60000 x 60000 pixels", bmp(24, b"", w=60000, h=60000))

# ICO
def dib(size, bits):
    palette = data(4 << bits) if bits <= 8 else b""
    mask = data((size + 31) // 32 * 4 * size)
    return struct.pack("<IiiHHIIiiII", 40, size, 2 * size, 1, bits, 0, 0, 0, 0, 0, 0) + palette + rows_of(bits, size, size) + mask

def ico(*images, declared=True):
    contents = [dib(*image) for image in images]
    head, body = struct.pack("<HHH", 0, 1, len(images)), b""
    for (size, bits), content in zip(images, contents):
        head += struct.pack("<BBBBHHII", size, size, 1 << bits if bits < 8 else 0, 0, 1, bits if declared else 0, len(content), 6 + 16 * len(images) + len(body))
        body += content
    return head + body

for fmt in ("png", "bmp"):
    for mode in ("L", "P", "RGB", "RGBA"):
        add(f"ico {mode} as {fmt}", save(picture(mode, w=32, h=32), "ICO", sizes=[(16, 16), (32, 32)], bitmap_format=fmt))
for images in ([(16, 4), (16, 8), (16, 32)], [(16, 32), (16, 4)], [(20, 1)], [(33, 24)], [(17, 8)], [(32, 24), (16, 32)], [(16, 16)]):
    for declared in (True, False):
        file = ico(*images, declared=declared)
        name = f"ico {images}{'' if declared else ' without depths'}"
        add(name, file)
        add(f"{name} cut", file[:-30])

# TGA
def tga(kind, depth, rows, map_depth=0, flags=0, w=13, h=9):
    start, count = (2, 200) if map_depth else (0, 0)
    head = struct.pack("<BBBHHBHHHHBB", 4, 1 if map_depth else 0, kind, start, count, map_depth, 0, 0, w, h, depth, flags)
    return head + b"name" + data(map_depth // 8 * count) + rows

def runs(size, w=13, h=9):
    rows, left, x = b"", w * h, 0
    while left:
        n = int(random.integers(1, 20))
        if random.random() < 0.5:
            n = min(n, w - x)
            rows += bytes([0x80 | (n - 1)]) + data(size)
        else:
            n = min(n, left)
            rows += bytes([n - 1]) + data(size * n)
        left, x = left - n, (x + n) % w
    return rows

for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
    for compression in (None, "tga_rle"):
        if mode != "1" or not compression:
            file = save(picture(mode), "TGA", compression=compression)
            add(f"tga {mode}{' rle' if compression else ''}", file)
            add(f"tga {mode}{' rle' if compression else ''} cut", file[:len(file) * 2 // 3])
for flags in (0, 0x10, 0x20, 0x30):
    for kind, depth, map_depth in ((2, 16, 0), (2, 24, 0), (2, 32, 0), (3, 8, 0), (3, 16, 0), (1, 8, 16), (1, 8, 24), (1, 8, 32), (10, 16, 0), (10, 32, 0), (11, 8, 0), (9, 8, 24)):
        size = depth // 8
        add(f"tga type {kind} of {depth} bits, palette {map_depth}, flags {flags:x}", tga(kind, depth, runs(size) if kind & 8 else data(size * 117), map_depth, flags))
plain = tga(2, 32, data(4 * 117))
for kind in (0, 3):
    add(f"tga attributes {kind}", plain + bytes(494) + bytes([kind]) + struct.pack("<II", len(plain), 0) + b"TRUEVISION-XFILE.\0")

# PBM, PGM, PPM, PFM
for mode in ("1", "L", "RGB", "I;16"):
    file = save(picture(mode), "PPM")
    add(f"pnm {mode}", file)
    add(f"pnm {mode} cut", file[:len(file) * 2 // 3])
floats = (noise(W * H, 5, 600.0) + 100).reshape(H, W)
add("pnm floats", save(Image.fromarray(floats), "PPM"))
add("pnm big-endian floats", b"Pf\n23 17\n1.0\n" + floats.astype(">f4").tobytes())
for maximum in (1, 3, 100, 255, 256, 1023, 65535):
    for bands, kind in ((1, 2), (3, 3)):
        values = random.integers(0, maximum + 1, 13 * 9 * bands)
        head = f"# a comment\n13 9\n{maximum}\n"
        text = " ".join(map(str, values))
        add(f"pnm P{kind} {maximum}", f"P{kind}\n{head}{text}".encode())
        add(f"pnm P{kind} {maximum} with comments", f"P{kind}\n{head}{text.replace(' ', ' # 1 2' + chr(10), 3)}".encode())
        add(f"pnm P{kind} {maximum} cut", f"P{kind}\n{head}{text[:-20]}".encode())
        binary = values.astype(">u2" if maximum > 255 else "u1").tobytes()
        add(f"pnm P{kind + 3} {maximum}", f"P{kind + 3}\n{head}".encode() + binary)
        add(f"pnm P{kind + 3} {maximum} cut", f"P{kind + 3}\n{head}".encode() + binary[:-7])
bits = "".join(map(str, random.integers(0, 2, 13 * 9)))
add("pnm P1", f"P1 13 9 {bits}".encode())
add("pnm P1 with a comment", f"P1 13 9 {bits[:40]}#0 1\n{bits[40:]}".encode())
add("pnm P1 cut", f"P1 13 9 {bits[:-4]}".encode())
add("pnm cmyk", b"P0CMYK\n13 9\n255\n" + data(13 * 9 * 4))
add("pnm PAM", b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n" + bytes(6))

# JPEG 2000
for mode in ("L", "RGB", "I;16"):
    for no_jp2 in (False, True):
        for name, options in (("lossless", {}), ("lossy", {"irreversible": True, "quality_mode": "dB", "quality_layers": [30, 40]}), ("tiles", {"tile_size": (16, 16)})):
            add(f"jpeg2000 {mode} {name}{' codestream' if no_jp2 else ''}", save(picture(mode), "JPEG2000", no_jp2=no_jp2, **options))

# deep grey TIFF
for name, values in (("I;16", picture("I;16")), ("I;16B", Image.frombytes("I;16B", (W, H), np.array(picture("I;16")).astype(">u2").tobytes())), ("I", Image.fromarray(np.array(picture("I;16")).astype(np.int32) * 9))):
    add(f"tiff {name}", save(values, "TIFF"))
finish("files")

# AVIF
for mode in ("L", "LA", "RGB", "RGBA"):
    for subsampling in ("4:2:0", "4:2:2", "4:4:4", "4:0:0"):
        for r in ("full", "limited"):
            add(f"avif {mode} {subsampling} {r}", save(picture(mode, w=46, h=30), "AVIF", subsampling=subsampling, range=r))
for orientation in range(2, 9):
    turned[0x112] = orientation
    add(f"avif orientation {orientation}", save(picture("RGBA"), "AVIF", exif=turned))
finish("avif")
