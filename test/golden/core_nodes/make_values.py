# Makes values.json.gz: expressions, numbers, formatted texts and JSON by ComfyUI's own nodes, as texts of Python's repr; where a node raises, "error".
# pip install torch simpleeval; python make_values.py COMFYUI_0.33.0
import gzip, json, os, random, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.dirname(here)]
from originals import Finder, load
Finder.names = (*(name for name in Finder.names if name != "av"), "kornia")
load(sys.argv[1])
from comfy_extras import nodes_math, nodes_number_convert, nodes_string

cases = []
def of(value):
    """A value and its type, as JSON keeps them."""
    return {"bool": lambda: value, "int": lambda: {"int": str(value)}, "float": lambda: {"float": repr(value)}}.get(type(value).__name__, lambda: value)()

def case(kind, run, **params):
    try:
        result = [of(one) for one in run().result]
    except Exception as error:
        result = {"error": type(error).__name__}
    cases.append({"id": f"{kind} {len(cases)}", "params": {"kind": kind, **params, "result": result}, "inputs": {}, "outputs": {}})

def math(expression, **values):
    case("math", lambda: nodes_math.MathExpressionNode.execute(expression, values), expression=expression, values={name: of(value) for name, value in values.items()})

NUMBERS = (0, 1, -1, 7, -7, 3, 2**53 + 1, -(10**20), 0.0, -0.0, 0.5, -2.5, 3.75, 1e300, 7.0, True, False)
for a in NUMBERS:
    for b in NUMBERS:
        for operator in ("+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "|", "^", "==", "<", ">="):
            if operator == "**" and (abs(a) > 100 or abs(b) > 100):
                continue
            math(f"a {operator} b", a=a, b=b)
    for expression in ("-a", "+a", "~a", "not a", "abs(a)", "round(a)", "round(a, 1)", "round(a, -1)", "ceil(a)", "floor(a)", "sqrt(a)", "log(a)", "log2(a)", "log10(a)", "sin(a)", "cos(a)", "tan(a)", "int(a)", "float(a)", "a"):
        math(expression, a=a)
for expression in """(a // 32) * 32|(b - c) * (a - 1)|a if a > b else b|min(a, b, c)|max(values)|sum(values)|sum(values[1:])|sum(a, b)|values[0] + values[-1]|values[::-1][0]|1 < a < 10|a < b < c|a and b|a or b
not a or b|a in values|5 not in values|a is None|None is None|pow(a, 2)|pow(2, 5000)|pow(a, -1)|2 ** -1|-2 ** 2|(-2) ** 2|(-2) ** 0.5|(-8) ** (1/3)|2 ** 3 ** 2|10 ** 400|10 ** 308|1e400|0x1f + 0b101 + 0o17|1_000 * 2|.5 + 5.|1e-3|012
round(2.5)|round(3.5)|round(0.5)|round(-0.5)|round(2.675, 2)|round(1.005, 2)|round(1234.5678, -2)|round(25, -1)|round(35, -1)|round(1e22, 2)|round(5e-324, 400)|int('12')|int(' -1_0 ')|int('1.5')|float('1e3')|float('nan')|float('inf')|float('abc')
'a' == 'a'|'abc' < 'abd'|'a' in 'abc'|'a' * 3|'a' + 'b'|len('a')|__import__('os')|a.real|(1).__class__|[1, 2]|(1, 2)|{1: 2}|lambda: 1|x|max|max()|min(5)|min(values) + max(values)|a b|a +|(a|a)|a; b|a = 5|a += 5|a # remark|
a == 1 == True|True + True|~True|True & False|True & 1|5 & 2.0|1 << 10000|1 << 10001|1 << -1|7.5 // 2|-7.5 // 2|7.5 % -2|-7 // 2|-7 % 3|0.1 + 0.2|1 / 3|10**20 / 3|(2**60 + 1) / 2**3|1 // 0|1 / 0|1.0 / 0|1 % 0|0 ** -1|0.0 ** -1
log(8, 2)|log(100, 10)|log(0)|log(-1)|log(10**400)|log2(2**2000)|log10(10**400)|sqrt(-1)|sqrt(2)|sin(1e22)|cos(1e300)|tan(1.5707963267948966)|ceil(2.1)|floor(-2.1)|ceil(1e300)|9007199254740993|9007199254740993 + 0.0|123456789012345678901234567890 // 7
((((((((((a))))))))))|- - - -a|a if b else c if a else b|1 if 0 else 2|not not a|a <= a|a != a|1 == 1.0|9007199254740993 == 9007199254740992.0|'é' == 'é'|1j|f'{a}'|a @ b|a := 5|round(a, ndigits=1)|min(a, b, key=abs)|abs(-a)|   a   |sum([1,2])""".replace("\n", "|").split("|"):
    math(expression, a=5, b=2.5, c=-3)
random.seed(7)
for _ in range(300):
    a, b, c = (random.choice((random.randint(-50, 4096), round(random.uniform(-10, 4096), random.randint(0, 6)), random.uniform(-4, 4))) for _ in range(3))
    math(random.choice(("a / b + c", "round(a * b, 3)", "sin(a) * cos(b)", "abs(a) ** 0.5 + b", "log(abs(a) + 1) / log(abs(b) + 2)", "a // (b or 1) % (c or 1)", "int(a / 8) * 8", "max(a, b) - min(b, c)", "abs(a) ** (b / 1000)", "tan(a / 100)", "log2(abs(a) + 1)", "round(a / 64) * 64", "ceil(a) + floor(b)")), a=a, b=b, c=c)

for value in (*NUMBERS, 10**400, float("inf"), float("-inf"), float("nan"), 2.9, -2.9, "12", " 12 ", "-1.5e3", "1_000", "0x10", "", "  ", "nan", "inf", "1e400", "9007199254740993", "9007199254740993.0", "abc", "1,5", "True", ".5", "5.", "+7", None):
    case("number", lambda: nodes_number_convert.NumberConvertNode.execute(value), value=of(value))

def text(f_string, **values):
    case("format", lambda: nodes_string.StringFormat.execute(values, f_string), f_string=f_string, values={name: of(value) for name, value in values.items()})
SPECS = ("", "d", "5", "<8", ">8", "^9", "=+8", "*^9", "08", "08.2f", ".2f", ".0f", "#.0f", "+.3f", " d", ",", "_", ",.2f", "_d", "010,", "012,.1f", "e", ".3e", "E", "g", ".3g", "#.3g", "G", "%", ".1%", "x", "#x", "X", "#b", "o", "_b", "c", "s", "n", ".2", ".10", "z.0f", "-5", "+", "<05", "é>6", "q", ".", "10.3s", "{", "5.", "#o", "08x", ",x", "0=8")
for value in (0, 1, -7, 1234567, -(10**20), 0.0, -0.0, 0.5, 1.5, 2.5, -2.675, 1234567.891, 1e16, 1e-5, 1.0, 123456789.0, 1e300, float("inf"), float("nan"), True, False, "abc", "héllo", "", None, [1, 2.0, "a"], {"k": 1}):
    for spec in SPECS:
        text("{a:" + spec + "}", a=value)
for f_string in "{a}|{a} and {b}|{{a}}|{{{a}}}|{a!r}|{a!s:>5}|{a!a}|{a!x}|{b!r:>8}|{|}|{a|a}|{}|{0}|{z}|{a:{b}}|{a:{b}.{b}f}|{a:>{b}}|{a:{b:{c}}}|{c[0]}|{c[1]}|{c[9]}|{d[k]}|{d[z]}|{a.real}|{a[0]}|{a!}|{a!r|{a!rx}|{a:}|}}{{|{ a }|{a }|{c}|{d}|{c!r:}|{c[0]}{c[1]}|{d[k][0]}|{c[x]}|{c[]}|{c[0}|{c[0]x}".split("|"):
    text(f_string, a="tée\n'x'", b=6, c=[1, 2.5, None, "é"], d={"k": [True]})

for key in ("a", "b", "c", "d", "e", "missing", "1"):
    for source in ('{"a": "x", "b": 1, "c": 1.0, "d": [1, 2.50, true, null, "é"], "e": {"k": null, "10": 1e3, "2": 0}, "1": "one"}', '{"a": null, "a": 2}', '[1]', '"a"', "", "{bad", '{"b": 12345678901234567890123, "c": NaN, "d": -0.0, "e": 1e16}', '\ufeff{"a": 1}', ' {"a": false} '):
        case("extract", lambda: nodes_string.JsonExtractString.execute(source, key), source=source, key=key)
VALUES = ({}, {"a": 1, "é": [1, 2.5, None, True, "x\"\n\u007f"], "n": {"k": {}}, "l": []}, {"f": 1e16, "g": 1e-7, "h": -0.0}, [], [1, [2, [3]], {"a": "b"}], ["\u2028 ü \\ /"])
for value in VALUES:
    for indent in (0, 1, 2, 4, 8):
        node = nodes_string.ConvertDictionaryToString if isinstance(value, dict) else nodes_string.ConvertArrayToString
        case("json", lambda: node.execute(value, indent), value=json.dumps(value), indent=indent)
with gzip.GzipFile(os.path.join(here, "values.json.gz"), "wb", 9, mtime=0) as f:
    f.write(json.dumps({"cases": cases}).encode())
print(len(cases), "cases")
