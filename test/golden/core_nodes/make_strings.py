# Makes strings.json.gz: what ComfyUI's own string nodes make of texts. python make_strings.py COMFYUI_FOLDER
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here)]
from originals import load
run = load(sys.argv[1])
from seeded import write

S = "comfy_extras.nodes_string"
cases = []
def case(type, **inputs):
    try:
        [value] = run(S, type, inputs)
    except Exception as error:
        cases.append({"id": f"{len(cases)} {type}", "params": {"node": type, **inputs}, "inputs": {}, "outputs": {}, "note": f"raises {error}"})
        return
    cases.append({"id": f"{len(cases)} {type}", "params": {"node": type, **inputs}, "inputs": {}, "outputs": {}, "scalars": {"value": value}})

TEXTS = ["", "a red fox", "  Tabs\tand\n lines \x1c\u00a0\ufeff", "they're BILL'S friends from the UK", "straße ǆ ŉ İ ﬁne Ωμέγα Σας", "\U0001F98A fox \U0001F98A", "1st 2nd x2y É\u0301cole", "a-b_c9D"]
for text in TEXTS:
    case("StringLength", string=text)
    for mode in ("UPPERCASE", "lowercase", "Capitalize", "Title Case"):
        case("CaseConverter", string=text, mode=mode)
    for mode in ("Both", "Left", "Right"):
        case("StringTrim", string=text, mode=mode)
    for start, end in ((0, 3), (-4, -1), (2, 100), (5, 2), (0, 0)):
        case("StringSubstring", string=text, start=start, end=end)
    for find, by in (("", "-"), ("e", "$&"), ("\U0001F98A", "cat"), ("fox", "")):
        case("StringReplace", string=text, find=find, replace=by)
case("StringConcatenate", string_a="a", string_b="b\n", delimiter=", ")
for a, b in (("Fox", "fox"), ("fox red", "Fox"), ("red fox", "FOX"), ("", "")):
    for sensitive in (True, False):
        case("StringContains", string=a, substring=b, case_sensitive=sensitive)
        for mode in ("Starts With", "Ends With", "Equal"):
            case("StringCompare", string_a=a, string_b=b, mode=mode, case_sensitive=sensitive)

PATTERNS = [
    r"fox", r"(\w+) (\w+)", r"^\s*\w+", r"\bfox\b", r"\d+", r"(?P<first>\w)(?P=first)?", r"x*", r"[^\w\s]+", r"a.b", r"line$", r"^line", r"\Aa|\Z", r"(a)|(b)", r"(?:red|blue)\s(fox|cat)",
    r"(\w)(?=\w*\1)", r"(?<!\w)[a-c]{1,2}", r"[]a-c]+", r"[\d\-.]+", r"\x66\u006fx", r"a{,2}b", r"a{x", r"}", r"/\/", r"(unclosed", r"[z-a]", r"*", r"(?i)FOX", r"(?#note)cat", r"\$\^\.", r"\S+$", r"[\w'-]+", r"\141", "\U0001F98A+", r"[\U0001F980-\U0001F98F]", r"\q", r"(?P<a>.)(?P<b>.)?", r"\s", r"\B\w",
]
STRINGS = ["a red fox and a blue cat", "line one\nline two\n", "aab-3.14, b_2 /x/ $^. {}", "Fox\u00a0\U0001F98A\U0001F98A ca\u0301t ٣", "a{x aXb a\nb ÉÀ"]
for pattern in PATTERNS:
    for string in STRINGS:
        for flags in ({"case_insensitive": True, "multiline": False, "dotall": False}, {"case_insensitive": False, "multiline": True, "dotall": True}):
            case("RegexMatch", string=string, regex_pattern=pattern, **flags)
            case("RegexReplace", string=string, regex_pattern=pattern, replace=r"<\g<0>\n\\>", count=0, **flags)
            for mode in ("First Match", "All Matches", "First Group", "All Groups"):
                case("RegexExtract", string=string, regex_pattern=pattern, mode=mode, group_index=1, **flags)
for template in (r"\2 \1", r"\g<2>-\g<1>", r"\g<0>\t", r"\3", r"\x", r"$1 $&", r"\0\101", r"\."):
    for count in (0, 1, 2):
        case("RegexReplace", string=STRINGS[0], regex_pattern=r"(\w+) (\w+)", replace=template, count=count)
case("RegexReplace", string="12 ab", regex_pattern=r"(?P<digit>\d)|(?P<letter>[a-z])", replace=r"[\g<digit>|\g<letter>]")
for group in (0, 1, 2, 3):
    for mode in ("First Group", "All Groups"):
        case("RegexExtract", string=STRINGS[0], regex_pattern=r"(\w+) (\w+)", mode=mode, case_insensitive=True, multiline=False, dotall=False, group_index=group)
write(here, "strings", cases, {})
