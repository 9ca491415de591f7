# Makes vocabularies.json.gz: the token ids of mixed texts by T5TokenizerFast and Qwen2Tokenizer of
# transformers 4.57.1 with ComfyUI's vocabularies, and by sentencepiece 0.2.3 with the model in
# tiny_gemma2_2b. python make_vocabularies.py COMFYUI_FOLDER
import gzip, json, os, random, struct, sys
from sentencepiece import SentencePieceProcessor
from transformers import Qwen2Tokenizer, T5TokenizerFast

here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(sys.argv[1], "comfy", "text_encoders")
fixture = gzip.open(os.path.join(here, "../../fixtures/tiny_gemma2_2b.safetensors.gz")).read()
size = struct.unpack("<Q", fixture[:8])[0]
start, end = json.loads(fixture[8:8 + size])["spiece_model"]["data_offsets"]
t5 = T5TokenizerFast.from_pretrained(os.path.join(folder, "t5_tokenizer"))
qwen = Qwen2Tokenizer.from_pretrained(os.path.join(folder, "qwen25_tokenizer"))
gemma = SentencePieceProcessor(model_proto=fixture[8 + size + start:8 + size + end], add_bos=False, add_eos=False)

ASCII = (0x20, 0x7E)
RANGES = [ASCII] * 6 + [
    (0, 0x1F), (0x7F, 0xFF), (0x100, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF), (0x590, 0x6FF), (0x900, 0x97F), (0xE00, 0xE7F), (0x1100, 0x11FF), (0x1F600, 0x1F64F),
    (0x1F1E6, 0x1F1FF), (0x1F3FB, 0x1F3FF), (0x2000, 0x206F), (0x2100, 0x214F), (0x2460, 0x24FF), (0x3000, 0x30FF), (0x3200, 0x33FF), (0x4E00, 0x4FFF), (0xAC00, 0xAD00), (0xF900, 0xFAFF),
    (0xFB00, 0xFDFF), (0xFE00, 0xFE0F), (0xFF00, 0xFFEF), (0x1D400, 0x1D7FF), (0x20000, 0x20100), (0x200B, 0x200F), (0xFEFF, 0xFEFF), (0x2581, 0x2581), (0xE0020, 0xE007F),
]
WORDS = [
    "a photo", "cat", "masterpiece", "</s>", "<pad>", "<extra_id_7>", "<|im_start|>", "<|im_end|>", "<think>", "<unk>", "don't", "I'LL", "\n", "\n\n", "  ", "   ", " ", "\t", "\r\n", "123", "3.14",
    "e\u0301", "\ufb01\u0301", "\U0001F468\u200d\U0001F469\u200d\U0001F467", "\u2764\ufe0f", "\u017f", "'\u017f", "\ud55c\uad6d", "\x85", "\u2028", "<mask>", "<bos>", "\u2581\u2581", "<0x0A>",
]
chance = random.Random(7)

def text():
    parts = []
    for _ in range(chance.randint(1, 14)):
        if chance.random() < 0.45:
            parts.append(chance.choice(WORDS))
        else:
            first, last = chance.choice(RANGES)
            parts.append("".join(chr(chance.randint(first, last)) for _ in range(chance.randint(1, 4))))
        if chance.random() < 0.3:
            parts.append(" ")
    return "".join(parts)

cases = []
for i in range(600):
    prompt = text()
    ids = {"t5": t5(prompt)["input_ids"][:-1], "qwen": qwen(prompt)["input_ids"], "gemma": gemma.encode(prompt)}
    cases.append({"id": str(i), "params": {"prompt": prompt}, "inputs": {}, "outputs": {}, "scalars": ids})
info = {"family": "text", "group": "vocabularies", "cases": cases}
with open(os.path.join(here, "vocabularies.json.gz"), "wb") as file:
    file.write(gzip.compress(json.dumps(info).encode(), 9, mtime=0))
