# Makes validation_<release>.json.gz: what POST /prompt answers to prompts of small nodes. See releases.py.
import asyncio, inspect, sys, traceback, types
from releases import FOLDERS, here, take
from seeded import write

class Add:
    RETURN_TYPES = ("INT",)
    INPUT_TYPES = classmethod(lambda cls: {"required": {"a": ("INT", {"forceInput": True}), "b": ("INT", {"forceInput": True})}})
class Choose:
    RETURN_TYPES = ("INT",)
    INPUT_TYPES = classmethod(lambda cls: {"required": {"choice": (["euler", "it's"],)}})
class Save:
    RETURN_TYPES, OUTPUT_NODE = (), True
    INPUT_TYPES = classmethod(lambda cls: {"required": {"value": ("INT", {"forceInput": True})}})
NODES = {"TestAdd": Add, "TestChoose": Choose, "TestSave": Save}

class Ordered(dict):
    """A set in the order of insertion: the original's order changes from start to start."""
    def __init__(self, items=()):
        super().__init__(dict.fromkeys(items))
    def union(self, other):
        return Ordered([*self, *other])
    def add(self, item):
        self[item] = None

def node(type_, title=None, **inputs):
    return {"class_type": type_, "inputs": inputs, **({"_meta": {"title": title}} if title else {})}
add = lambda a, b=1, **k: node("TestAdd", a=a, b=b, **k)
save = lambda source: node("TestSave", value=[source, 0])
choose = lambda value: {"1": node("TestChoose", choice=value), "2": save("1")}
PROMPTS = {
    "an unknown class": {"5": node("TestNumbr"), "6": node("Nowhere")},
    "an unknown class with a title": {"5": node("TestNumbr", title="My node's title")},
    "no class": {"7": {"inputs": {}}},
    "no class, with a title": {"7": {"inputs": {}, "_meta": {"title": "Mine"}}},
    "a cycle of two": {"1": add(["2", 0]), "2": add(["1", 0]), "3": save("1")},
    "a cycle of one": {"1": add(["1", 0]), "3": save("1")},
    "a cycle behind a node": {"0": add(["1", 0]), "1": add(["2", 0]), "2": add(["1", 0]), "3": save("0")},
    "two cycles through a node": {"1": add(["2", 0], ["4", 0]), "2": add(["1", 0]), "4": add(["1", 0]), "3": save("1")},
    "a cycle and another error": {"1": add(["2", 0], [1]), "2": add(["1", 0], "x"), "3": save("1")},
    "a cycle and two outputs": {"1": add(["2", 0]), "2": add(["1", 0]), "3": save("1"), "4": save("2"), "5": save("6"), "6": add(1)},
    **{f"the choice {value!r}": choose(value) for value in ["eule", "it is", 'it"s', "it'll", "a\\b\n", 3, 1.5, True, None, {"a": 1}]},
}

def answer(v, prompt):
    env = dict(set=Ordered, asyncio=asyncio, inspect=inspect, sys=sys, traceback=traceback, nodes=types.SimpleNamespace(NODE_CLASS_MAPPINGS=NODES), _ComfyNodeInternal=type("None_", (), {}), io=types.SimpleNamespace(Combo=types.SimpleNamespace(io_type="COMBO")),
        logging=types.SimpleNamespace(error=lambda *a: None, warning=lambda *a: None, info=lambda *a: None), Union=None, validate_node_input=lambda received, wanted: received == wanted, ExecutionBlocker=type("Blocker", (), {}))
    take(v, "comfy_execution/graph.py", env, "get_input_info")
    take(v, "execution.py", env, "validate_inputs", "validate_prompt", "full_type_name")
    valid, error, outputs, node_errors = asyncio.run(env["validate_prompt"]("id", prompt, None))
    return {"error": error, "outputs": sorted(outputs), "node_errors": node_errors}

for v in FOLDERS:
    cases = []
    for id, prompt in PROMPTS.items():
        if v == "0.3.64" and "cycle" in id:
            continue  # Python's stack overflows
        value = answer(v, prompt)
        for one in value["node_errors"].values():
            for error in one["errors"]:
                error["extra_info"].pop("input_config", None)
        cases.append({"id": id, "params": {"prompt": PROMPTS[id]}, "inputs": {}, "outputs": {}, "scalars": value})
        print(v, id, str(value)[:400])
    write(here, f"validation_{v}", cases, {})
