"""Captions of training images: "red apple, noto style, blue background" and its many forms."""
from art import STYLES


def article(words):
    """"a fox", "an umbrella"; plurals stay as they are."""
    if words.endswith("s") and not words.endswith(("ss", "us")):
        return words
    return ("an " if words[0] in "aeiou" else "a ") + words


def subject_of(names, rng):
    """The names in one image's cells from left to right, None for an empty cell; no names for an empty image."""
    there = [name for name in names if name]
    if len(names) == 1 and there:
        [name] = names
        return rng.choice((name, name, name, article(name), "emoji of " + article(name)))
    if rng.random() < 0.5:
        places = ["left", *[""] * (len(names) - 2), "right"]
        return ", ".join(f"{name} {place}".strip() for name, place in zip(names, places) if name)
    return " and ".join(map(rng.choice((str, article)), there))


def caption(items, colour, rng):
    """A caption of the given items (None for an empty cell) on a background. Style and white background are often omitted, the
    order varies."""
    there = [item for item in items if item]
    subject = subject_of([item and rng.choice(item["captions"]) for item in items], rng)
    tail = []
    if rng.random() < 0.65:
        style = there[0]["style"] if there else rng.choice(STYLES)
        tail.append(rng.choice((f"{style} style", f"{style} style", f"{style} emoji")))
    if colour != "white" or not there or rng.random() < 0.4:
        if subject and not tail and rng.random() < 0.5:
            return f"{subject} on {article(colour)} background"
        tail.append(f"{colour} background")
    if rng.random() < 0.3:
        rng.shuffle(tail)
    parts = [*([subject] if subject else []), *tail]
    if rng.random() < 0.1:
        rng.shuffle(parts)
    return ", ".join(parts)


def vocabulary(items, styles, backgrounds):
    """Texts that hold every word a caption can have."""
    names = {article(name) for item in items for name in item["captions"]}
    return names | {"a an emoji of and on left, right background style", *styles, *map(article, backgrounds)}
