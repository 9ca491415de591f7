"""CLIP's byte pair encoding for plain ASCII captions, from the same merges as the program's own tokenizer; token rows for training."""
import gzip
import os
import re

import torch

MERGES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "assets", "clip-bpe", "merges.txt.gz")
BOS, EOS, LENGTH = 49406, 49407, 77
UNKNOWN = 1  # an id that no caption uses


def byte_symbols():
    """The characters that stand for the 256 bytes, in the order of the vocabulary."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in shown]
    return [chr(b) for b in shown] + [chr(256 + i) for i in range(len(hidden))]


class Tokenizer:
    def __init__(self, path=MERGES):
        with gzip.open(path, "rt", encoding="utf8") as f:
            merges = [tuple(line.split()) for line in f.read().split("\n")[1:] if line]
        symbols = byte_symbols()
        self.rank = {pair: i for i, pair in enumerate(merges)}
        self.id = {s: i for i, s in enumerate([*symbols, *(s + "</w>" for s in symbols), *map("".join, merges)])}
        self.cache = {}

    def word(self, word):
        parts = [*word[:-1], word[-1] + "</w>"]
        while len(parts) > 1:
            pairs = list(zip(parts, parts[1:]))
            best = min(pairs, key=lambda p: self.rank.get(p, 1 << 30))
            if best not in self.rank:
                break
            i = pairs.index(best)
            parts[i:i + 2] = ["".join(best)]
        return [self.id[p] for p in parts]

    def ids(self, text):
        """Token ids without begin, end and padding."""
        if text not in self.cache:
            self.cache[text] = [i for word in re.findall(r"[a-z]+|[0-9]|[^\sa-z0-9]+", text.lower()) for i in self.word(word)][:LENGTH - 2]
        return self.cache[text]


def rows_for(texts, tokenizer, rng):
    """Token rows for CLIP-L (padded with EOS) and CLIP-G (padded with 0). One caption in ten is dropped, for guidance; unknown
    words are inserted, so that they do little harm in use."""
    rows = []
    for text in texts:
        if rng.random() < 0.1:
            ids = [UNKNOWN] * rng.choice((0, 0, 0, rng.randint(1, 12)))
        else:
            ids = list(tokenizer.ids(text))
            for _ in range(rng.randint(1, 5) if rng.random() < 0.15 else 0):
                ids.insert(rng.randint(0, len(ids)), UNKNOWN)
        rows.append([BOS, *ids[:LENGTH - 2], EOS])
    pad = lambda value: torch.tensor([row + [value] * (LENGTH - len(row)) for row in rows])
    return pad(EOS), pad(0)


def known_tokens(texts, tokenizer):
    """The ids of every token in the texts; all other embedding rows stay zero."""
    return sorted({0, BOS, EOS, *(i for text in texts for i in tokenizer.ids(text))})
