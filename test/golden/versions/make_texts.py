# Makes texts_<release>.json.gz: embeddings in prompts, counters of file names, and texts of PreviewAny. See releases.py.
import json, logging, os, re, tempfile, time, types
from releases import FOLDERS, OLD, here, outcome, take
import torch
from seeded import write
logging.disable(logging.WARNING)

# The tokenizer, with one token for each word. Embeddings have this many vectors.
VECTORS = {"foo": 2, "bar": 1, "we[1]": 3}
PROMPTS = ["a embedding:foo b", "a\tembedding:foo b", "a\r\nembedding:foo b", "a\nembedding:foo\nb", "a\u00a0embedding:foo b", "a,embedding:foo", "embedding:foo", " embedding:foo", "  embedding:foo  embedding:bar",
    "embedding:foo<lora:x:1>", "embedding:foo[a|b]", "embedding:foo[a b] c", "embedding:we[1]", "embedding:we[1] c", "embedding:missing[a] c", "embedding:missing<x> c", "embedding:missing, c", "embedding:foo,bar", "embedding:foo, c",
    "embedding:foo,[a] c", "embedding:foo[a],b", "embedding:,foo, c", "embedding:missing,<a> c", "(embedding:foo:1.2) c", "(a embedding:foo<b>:1.3)", "embedding: foo", "embedding:[a]", "embedding:<a> b",
    "a embedding:foo\x0bembedding:bar", "a\fembedding:bar", "a\x0bembedding:bar", "\u3000embedding:bar", "a\x1cembedding:bar", "a\ufeffembedding:bar", "a\u200bembedding:bar"]

def tokens(v, prompt):
    env = dict(re=re, logging=logging, torch=torch, CLIPTokenizer=None, load_embed=lambda name, *a: torch.zeros(VECTORS[name], 4) if name in VECTORS else None)
    take(v, "comfy/sd1_clip.py", env, "parse_parentheses", "token_weights", "escape_important", "unescape_important", "SDTokenizer")
    t = env["SDTokenizer"].__new__(env["SDTokenizer"])
    t.tokenizer = lambda text: {"input_ids": ["<s>"] + text.split() + ["</s>"]}
    t.max_length, t.min_length, t.min_padding, t.pad_left, t.disable_weights = 77, None, None, False, False
    t.end_token, t.start_token, t.tokens_start, t.tokenizer_adds_end_token = "</s>", "<s>", 1, True
    t.pad_with_end, t.pad_token, t.pad_to_max_length, t.max_word_length = True, "</s>", True, 8
    t.embedding_identifier, t.embedding_directory, t.embedding_size, t.embedding_key = "embedding:", ["x"], 4, "clip_l"
    chunk, = t.tokenize_with_weights(prompt, return_word_ids=True)
    return [["VECTOR" if torch.is_tensor(x) else x, w, word] for x, w, word in chunk if torch.is_tensor(x) or x not in ("<s>", "</s>")]

FILES = [["p_00001_.png"], ["p_00007.png"], ["p_00007_.png", "p_00009.png"], ["p_12.5.png"], ["p_3.tar.gz"], ["p_7.png_"], ["p_ 8 .png"], ["p_1_000_.png"], ["p_5.webp", "p_4_.png"], ["p_00003_x.png"], ["p_2024.01.png"], ["p_.5_.png"], ["p_+6.png"], ["q_9.png"]]

def counter(v, names):
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            open(os.path.join(folder, name), "w").close()
        helpers = [] if v == OLD else ["is_within_directory"]
        return take(v, "folder_paths.py", dict(os=os, time=time, logging=logging), "get_save_image_path", *helpers)["get_save_image_path"]("p", folder, 8, 8)[2]

VALUES = [{"a": 1, "b": [1, 2.5, None, True], "ü": "é☃"}, [1, 2], [], {}, [[], {}], ["ä", "𝄞\u2028\x7f\x00\"\\\n"], {"x": {"y": [{}, [[]]]}}, "text ü", 3, 2.0, 1e22, True, None]

t = lambda *shape: torch.linspace(-1, 2, max(1, torch.Size(shape).numel())).reshape(shape) if 0 not in shape else torch.zeros(shape)
TENSORS = {"whole": torch.arange(6.0), "long": torch.arange(2000.0).reshape(1, 2, 1000), "rows": t(20, 60), "image": t(1, 4, 5, 3), "large image": t(1, 20, 20, 3), "mask": t(1, 30, 40), "zeros": torch.zeros(1, 2, 3),
    "empty": t(0, 3), "empty vector": t(0), "one": t(1), "small": torch.tensor([1e-5, 1.0]), "wide range": torch.tensor([0.5, 2000.0]), "large": torch.tensor([1e9, 2e9]), "large whole": torch.tensor([1.0, 5000.0]),
    "negative": torch.tensor([[-1.5, 2.25], [0.0, -0.0]]), "not finite": torch.tensor([float("nan"), float("inf"), -float("inf"), 1.0]), "not finite, fractions": torch.tensor([float("nan"), float("inf"), 1.5]), "only nan": torch.tensor([float("nan")]),
    "ties": torch.tensor([0.03125, 0.09375, 0.15625, 1.00005]), "ties of exponents": torch.tensor([10000.5, 10001.5, 1.0]), "sigmas": torch.tensor([14.6146, 9.0, 3.25, 0.0292, 0.0]), "many": t(8, 200), "tall": t(200, 8), "denormal": torch.tensor([1e-40, 3e-39]), "4d": t(2, 3, 14, 15)}

def preview(v, value):
    torch.set_printoptions(profile="default")
    env = dict(json=json, torch=torch, IO=types.SimpleNamespace(ANY="*", STRING="STRING"))
    return take(v, "comfy_extras/nodes_preview_any.py", env, "PreviewAny")["PreviewAny"]().main(value)["ui"]["text"][0]

for v in FOLDERS:
    case = lambda kind, id, params, value: {"id": id, "params": {"kind": kind, **params}, "inputs": {}, "outputs": {}, "scalars": {"value": value}}
    cases = [case("prompt", repr(p), {"prompt": p}, tokens(v, p)) for p in PROMPTS]
    cases += [case("counter", " ".join(names), {"names": names}, counter(v, names)) for names in FILES]
    cases += [case("value", json.dumps(x), {"value": x}, preview(v, x)) for x in VALUES]
    cases += [case("tensor", name, {"tensor": f"in/{name}"}, preview(v, x)) for name, x in TENSORS.items()]
    cases.append(case("latent", "latent", {"tensor": "in/image"}, preview(v, {"samples": TENSORS["image"]})))
    write(here, f"texts_{v}", cases, {f"in/{name}": x for name, x in TENSORS.items()}, vectors=VECTORS)
